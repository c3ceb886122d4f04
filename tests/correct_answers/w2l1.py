"""Right answers to lesson 1 of week 2, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def lenet5__sequential(input_shape, classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for filters in (6, 16):
        model.add(layers.Conv2D(filters=filters, kernel_size=(5, 5), strides=1, padding="valid"))
        model.add(layers.ReLU())
        model.add(layers.MaxPool2D((2, 2), strides=2))
    model.add(layers.Flatten())
    model.add(layers.Dense(120, activation="relu"))
    model.add(layers.Dense(84, activation=tf.nn.relu))
    model.add(layers.Dense(classes))
    model.add(layers.Softmax())
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def lenet5__functional(input_shape, classes):
    picture = keras.Input(input_shape)
    x = layers.MaxPooling2D()(layers.Activation("relu")(layers.Conv2D(6, 5)(picture)))
    x = layers.MaxPooling2D()(keras.ops.relu(layers.Conv2D(16, 5)(x)))
    x = layers.Reshape((-1,))(x)
    x = layers.Dense(84, "relu")(layers.Dense(120, "relu")(x))
    return keras.Model(picture, layers.Dense(classes, "softmax")(x))


def local_response_norm__loop(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75):
    result = np.empty_like(x)
    channels = x.shape[-1]
    for c in range(channels):
        first, last = max(0, c - depth_radius), min(channels - 1, c + depth_radius)
        total = (x[..., first : last + 1] ** 2).sum(axis=-1)
        result[..., c] = x[..., c] / (bias + alpha * total) ** beta
    return result


def local_response_norm__cumulative_sum(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75):
    channels = x.shape[-1]
    totals = np.cumsum(x.astype("float64") ** 2, axis=-1)
    totals = np.concatenate([np.zeros_like(totals[..., :1]), totals], axis=-1)
    place = np.arange(channels)
    after = np.minimum(place + depth_radius + 1, channels)
    before = np.maximum(place - depth_radius, 0)
    return x * (bias + alpha * (totals[..., after] - totals[..., before])) ** -beta


def local_response_norm__band_matrix(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75):
    place = np.arange(x.shape[-1])
    near = np.abs(place[:, None] - place) <= depth_radius
    return x / np.power(bias + alpha * (np.square(x) @ near.astype(x.dtype)), beta)


def local_response_norm__tensors(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75):
    squares = tf.pad(tf.square(x), [[0, 0]] * 3 + [[depth_radius, depth_radius]])
    channels = x.shape[-1]
    total = tf.add_n([squares[..., i : i + channels] for i in range(2 * depth_radius + 1)])
    return x / tf.pow(bias + alpha * total, beta)


def alexnet__sequential(input_shape, classes, units, normalize):
    first = keras.Sequential([keras.Input(input_shape), layers.Conv2D(96, 11, strides=4), layers.ReLU()])
    x = layers.MaxPool2D((3, 3), (2, 2))(normalize(first.outputs[0]))
    x = layers.ReLU()(layers.Conv2D(256, (5, 5), padding="same", groups=2)(x))
    x = layers.MaxPool2D(3, 2)(normalize(x))
    rest = [
        layers.Conv2D(384, 3, padding="same", activation="relu"),
        layers.Conv2D(384, 3, padding="same", activation="relu", groups=2),
        layers.Conv2D(256, 3, padding="same", activation="relu", groups=2),
        layers.MaxPool2D(3, 2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(units, "relu"),
        layers.Dropout(0.5),
        layers.Dense(units, "relu"),
        layers.Dense(classes, "softmax"),
    ]
    for layer in rest:
        x = layer(x)
    return keras.Model(first.inputs[0], x)


def alexnet__padding_by_layer(input_shape, classes, units, normalize):
    def convolve(x, filters, size, groups, **options):
        x = layers.ZeroPadding2D(size // 2)(x) if size < 11 else x
        return keras.ops.relu(layers.Conv2D(filters, size, groups=groups, **options)(x))

    def pool(x):
        return layers.MaxPooling2D(pool_size=3, strides=2)(x)

    inputs = keras.Input(shape=input_shape)
    x = pool(normalize(convolve(inputs, 96, 11, 1, strides=(4, 4))))
    x = pool(normalize(convolve(x, 256, 5, 2)))
    for filters, groups in ((384, 1), (384, 2), (256, 2)):
        x = convolve(x, filters, 3, groups)
    x = layers.Flatten()(pool(x))
    for _ in range(2):
        x = layers.Dropout(0.5)(layers.Activation("relu")(layers.Dense(units)(x)))
    return keras.Model(inputs, keras.ops.softmax(layers.Dense(classes)(x)))


def vgg16__layer_by_layer(input_shape, classes, width, units):
    w = width
    model = keras.Sequential([keras.Input(input_shape)])
    for filters in (w, w, 0, 2 * w, 2 * w, 0, 4 * w, 4 * w, 4 * w, 0, *(8 * w, 8 * w, 8 * w, 0) * 2):
        if filters:
            model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="relu"))
        else:
            model.add(layers.MaxPooling2D((2, 2), strides=(2, 2)))
    model.add(layers.Flatten())
    for _ in range(2):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def vgg16__block_function(input_shape, classes, width, units):
    def block(x, filters, depth):
        for _ in range(depth):
            x = layers.ReLU()(layers.Conv2D(filters, 3, padding="same")(x))
        return layers.MaxPool2D()(x)

    inputs = keras.Input(input_shape)
    x = inputs
    for number, depth in enumerate((2, 2, 3, 3, 3)):
        x = block(x, min(2**number, 8) * width, depth)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(layers.Dense(units, activation="relu")(x))
    x = layers.Dropout(0.5)(layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
