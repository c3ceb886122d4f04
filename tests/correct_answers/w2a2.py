"""Right answers to assignment 2 of week 2, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
from keras import layers
from keras.initializers import glorot_uniform, random_uniform

from utils.models.resnet import bottleneck_block


def identity_block__course_style(X, f, filters, training=True, initializer=random_uniform):
    F1, F2, F3 = filters
    X_shortcut = X
    X = layers.Conv2D(
        filters=F1, kernel_size=1, strides=(1, 1), padding="valid", kernel_initializer=initializer(seed=0)
    )(X)
    X = layers.BatchNormalization(axis=3, epsilon=1.001e-5)(X, training=training)
    X = layers.Activation("relu")(X)
    X = layers.Conv2D(F2, (f, f), padding="same", kernel_initializer=initializer(seed=0))(X)
    X = layers.BatchNormalization(axis=3, epsilon=1.001e-5)(X, training=training)
    X = layers.Activation("relu")(X)
    X = layers.Conv2D(F3, (1, 1), kernel_initializer=initializer(seed=0))(X)
    X = layers.BatchNormalization(axis=3, epsilon=1.001e-5)(X, training=training)
    X = layers.Add()([X_shortcut, X])
    return layers.Activation("relu")(X)


def identity_block__loop_and_plus(X, f, filters, training=True, initializer=random_uniform):
    x = X
    for width, size in zip(filters, (1, f, 1), strict=True):
        if x is not X:
            x = keras.ops.relu(x)
        padded = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(width, size, kernel_initializer=initializer(), name=None)(padded)
        x = layers.BatchNormalization(epsilon=1.001e-5, momentum=0.9)(x, training=training)
    return keras.ops.relu(x + X)


def identity_block__library(X, f, filters, training=True, initializer=random_uniform):
    return bottleneck_block(X, filters, f, training=training, initializer=initializer)


def convolutional_block__shortcut_first(X, f, filters, s=2, training=True, initializer=glorot_uniform):
    def conv_bn(x, width, size=1, stride=1):
        x = layers.Conv2D(
            width, size, strides=stride, padding="same", kernel_initializer=initializer(), activation=None
        )(x)
        return layers.BatchNormalization(epsilon=1.001e-5)(x, training=training)

    shortcut = conv_bn(X, filters[2], stride=s)
    main = layers.ReLU()(conv_bn(X, filters[0], stride=s))
    main = layers.ReLU()(conv_bn(main, filters[1], f))
    return layers.ReLU()(layers.add([conv_bn(main, filters[2]), shortcut]))


def convolutional_block__shortcut_last(X, f, filters, s=2, training=True, initializer=glorot_uniform):
    F1, F2, F3 = filters
    normal = {"axis": 3, "epsilon": 1.001e-5}
    main = layers.Conv2D(F1, 1, (s, s), kernel_initializer=initializer(seed=0))(X)
    main = layers.Activation("relu")(layers.BatchNormalization(**normal)(main, training=training))
    main = layers.Conv2D(F2, f, padding="same", kernel_initializer=initializer(seed=0))(main)
    main = layers.Activation("relu")(layers.BatchNormalization(**normal)(main, training=training))
    main = layers.Conv2D(F3, 1, kernel_initializer=initializer(seed=0))(main)
    main = layers.BatchNormalization(**normal)(main, training=training)
    side = layers.Conv2D(F3, 1, (s, s), padding="valid", kernel_initializer=initializer(seed=0))(X)
    side = layers.BatchNormalization(**normal)(side, training=training)
    return layers.Activation(keras.activations.relu)(main + side)


def convolutional_block__pixels_left_out(X, f, filters, s=2, training=True, initializer=glorot_uniform):
    """A 1×1 convolution with a stride sees every s-th pixel only."""
    return bottleneck_block(
        X[:, ::s, ::s], filters, f, projection=True, training=training, initializer=initializer
    )


def ResNet50__written_out(input_shape=(64, 64, 3), classes=6):
    inputs = keras.Input(input_shape)
    x = layers.ZeroPadding2D((3, 3))(inputs)
    x = layers.Conv2D(64, (7, 7), strides=(2, 2), kernel_initializer=glorot_uniform(seed=0))(x)
    x = layers.BatchNormalization(axis=3, epsilon=1.001e-5)(x)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D((3, 3), strides=(2, 2))(layers.ZeroPadding2D(1)(x))
    x = bottleneck_block(x, (64, 64, 256), projection=True)
    x = bottleneck_block(x, (64, 64, 256))
    x = bottleneck_block(x, (64, 64, 256))
    x = bottleneck_block(x, (128, 128, 512), strides=2, projection=True)
    for _ in range(3):
        x = bottleneck_block(x, (128, 128, 512))
    x = bottleneck_block(x, (256, 256, 1024), strides=2, projection=True)
    for _ in range(5):
        x = bottleneck_block(x, (256, 256, 1024))
    x = bottleneck_block(x, (512, 512, 2048), strides=2, projection=True)
    x = bottleneck_block(x, (512, 512, 2048))
    x = bottleneck_block(x, (512, 512, 2048))
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def ResNet50__of_keras(input_shape=(64, 64, 3), classes=6):
    return keras.applications.ResNet50(weights=None, input_shape=input_shape, classes=classes)


def batchnorm_forward__rows(
    x, gamma, beta, moving_mean, moving_var, training=True, momentum=0.99, epsilon=1e-5
):
    rows = x.reshape(-1, x.shape[-1])
    mean, var = moving_mean, moving_var
    if training:
        mean = rows.sum(axis=0) / len(rows)
        var = ((rows - mean) ** 2).sum(axis=0) / len(rows)
        moving_mean = moving_mean - (1 - momentum) * (moving_mean - mean)
        moving_var = moving_var - (1 - momentum) * (moving_var - var)
    y = gamma * (rows - mean) / np.sqrt(var + epsilon) + beta
    return y.reshape(x.shape), moving_mean, moving_var


def batchnorm_forward__channel_by_channel(
    x, gamma, beta, moving_mean, moving_var, training=True, momentum=0.99, epsilon=1e-5
):
    y, means, variances = np.empty_like(x), moving_mean.copy(), moving_var.copy()
    for c in range(x.shape[-1]):
        channel = x[..., c]
        mean, var = (channel.mean(), channel.var()) if training else (means[c], variances[c])
        y[..., c] = (channel - mean) / (var + epsilon) ** 0.5 * gamma[c] + beta[c]
        if training:
            means[c] = momentum * means[c] + (1 - momentum) * mean
            variances[c] = momentum * variances[c] + (1 - momentum) * var
    return [y, means, variances]


def preactivation_block__helper(X, f, filters, s=1, training=True, initializer=glorot_uniform):
    def activate(x):
        return keras.ops.relu(layers.BatchNormalization(epsilon=1.001e-5)(x, training=training))

    def conv(x, width, size=1, stride=1):
        return layers.Conv2D(width, size, stride, padding="same", kernel_initializer=initializer())(x)

    P = activate(X)
    shortcut = conv(P, filters[2], stride=s) if s > 1 or X.shape[-1] != filters[2] else X
    main = conv(P, filters[0], stride=s)
    main = conv(activate(main), filters[1], f)
    return shortcut + conv(activate(main), filters[2])


def preactivation_block__in_order(X, f, filters, s=1, training=True, initializer=glorot_uniform):
    F1, F2, F3 = filters
    x = layers.BatchNormalization(axis=-1, epsilon=1.001e-5)(X, training=training)
    x = side = layers.Activation("relu")(x)
    x = layers.Conv2D(F1, (1, 1), strides=s, kernel_initializer=initializer(seed=1))(x)
    x = layers.BatchNormalization(axis=-1, epsilon=1.001e-5)(x, training=training)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(F2, (f, f), padding="same", kernel_initializer=initializer(seed=2))(x)
    x = layers.BatchNormalization(axis=-1, epsilon=1.001e-5)(x, training=training)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(F3, (1, 1), kernel_initializer=initializer(seed=3))(x)
    if s == 1 and X.shape[3] == F3:
        side = X
    else:
        side = layers.Conv2D(F3, (1, 1), strides=s, kernel_initializer=initializer(seed=4))(side)
    return layers.Add()([side, x])
