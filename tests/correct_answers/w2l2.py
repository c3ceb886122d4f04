"""Right answers to lesson 2 of week 2, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def residual_forward__where(x, W1, W2):
    z1 = np.dot(x, W1)
    a1 = np.where(z1 > 0, z1, 0)
    z2 = x + np.dot(a1, W2)
    return z2 * (z2 > 0)


def residual_forward__sample_by_sample(x, W1, W2):
    rows = []
    for row in x:
        hidden = [max(0, float(row @ column)) for column in W1.T]
        main = [float(np.array(hidden) @ column) for column in W2.T]
        rows.append([max(0, m + float(value)) for m, value in zip(main, row, strict=True)])
    return rows


def residual_forward__clip_and_einsum(x, W1, W2):
    hidden = np.clip(np.einsum("mn,nh->mh", x, W1), 0, None)
    return (np.einsum("mh,hn->mn", hidden, W2) + x).clip(min=0)


def plain_network__sequential(depth, input_shape=(14, 14, 1), classes=10, width=8):
    model = keras.Sequential([keras.Input(input_shape)])
    filters = [width] + [width * 2**stage for stage in range(3) for _ in range((depth - 2) // 3)]
    for number, (before, count) in enumerate(zip([width, *filters[:-1]], filters, strict=True)):
        strides = 2 if number and count > before else 1
        model.add(layers.Conv2D(count, 3, strides=strides, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.GlobalAvgPool2D())
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def plain_network__zeros_around_the_picture(depth, input_shape=(14, 14, 1), classes=10, width=8):
    def layer(x, filters, strides=1):
        x = layers.Conv2D(filters, 3, strides, use_bias=False)(layers.ZeroPadding2D(1)(x))
        return ops.relu(layers.BatchNormalization(axis=3)(x))

    inputs = keras.Input(shape=input_shape)
    x = layer(inputs, width)
    for stage in range(3):
        x = layer(x, width << stage, 2 if stage else 1)
        for _ in range(2 * ((depth - 2) // 6) - 1):
            x = layer(x, width << stage)
    scores = layers.Dense(classes)(ops.mean(x, axis=(1, 2)))
    return keras.Model(inputs, layers.Softmax()(scores))


def residual_network__block_function(depth, input_shape=(14, 14, 1), classes=10, width=8, projection=False):
    def convolve(x, filters, size, strides):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    def block(x, filters):
        halve = filters != x.shape[-1]
        strides = 2 if halve else 1
        if not halve:
            carried = x
        elif projection:
            carried = convolve(x, filters, 1, 2)
        else:
            small = layers.MaxPooling2D(1, strides=2)(x)
            carried = layers.Concatenate()([small, *[ops.zeros_like(small)] * (filters // x.shape[-1] - 1)])
        main = convolve(layers.ReLU()(convolve(x, filters, 3, strides)), filters, 3, 1)
        return layers.ReLU()(layers.Add()([carried, main]))

    inputs = keras.Input(input_shape)
    x = layers.ReLU()(convolve(inputs, width, 3, 1))
    for filters in (width, 2 * width, 4 * width):
        for _ in range((depth - 2) // 6):
            x = block(x, filters)
    outputs = layers.Dense(classes, "softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs=inputs, outputs=outputs)


def residual_network__plus_sign(depth, input_shape=(14, 14, 1), classes=10, width=8, projection=False):
    def convolve(x, filters, size=3, strides=1):
        x = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(filters, size, strides, use_bias=False, kernel_initializer="he_normal")(x)
        return layers.BatchNormalization()(x)

    x = inputs = keras.Input(input_shape)
    x = ops.relu(convolve(x, width))
    blocks = [(width, 1)] * ((depth - 2) // 6)
    for factor in (2, 4):
        blocks += [(factor * width, 2)] + [(factor * width, 1)] * ((depth - 2) // 6 - 1)
    for filters, strides in blocks:
        y = convolve(ops.relu(convolve(x, filters, 3, strides)), filters)
        if strides == 2 and projection:
            x = convolve(x, filters, 1, 2)
        elif strides == 2:
            x = ops.pad(x[:, ::2, ::2, :], [[0, 0], [0, 0], [0, 0], [0, filters // 2]])
        x = ops.relu(x + y)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(ops.mean(x, [1, 2])))


def gradient_norms__layer_by_layer(model, X, Y):
    norms = []
    with tf.GradientTape(persistent=True) as tape:
        loss = keras.losses.SparseCategoricalCrossentropy()(Y, model(X, training=True))
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            norms.append(float(tf.norm(tape.gradient(loss, layer.kernel))))
    return norms


def gradient_norms__own_loss(model, X, Y):
    with tf.GradientTape() as tape:
        probabilities = model(tf.convert_to_tensor(X), training=True)
        right = tf.gather(probabilities, Y, axis=1, batch_dims=1)
        loss = -tf.reduce_mean(tf.math.log(right))
    weights = model.trainable_weights
    pairs = zip(weights, tape.gradient(loss, weights), strict=True)
    return tf.stack([tf.sqrt(tf.reduce_sum(g * g)) for w, g in pairs if len(w.shape) >= 2])
