"""Right answers to lesson 3 of week 2, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
from keras import layers, ops


def conv1x1__einsum(x, W, b):
    return np.einsum("mhwc,ck->mhwk", x, W[0, 0]) + b


def conv1x1__pixels_as_rows(x, W, b):
    rows = x.reshape(-1, x.shape[-1])
    z = np.dot(rows, W.reshape(W.shape[2:])) + b.ravel()
    return z.reshape(*x.shape[:-1], -1)


def conv1x1__loop_over_filters(x, W, b):
    z = np.empty((*x.shape[:3], W.shape[3]))
    for k in range(W.shape[3]):
        z[..., k] = np.sum(x * W[0, 0, :, k], axis=-1) + b[0, 0, 0, k]
    return z


def multiplications__list_of_layers(input_shape, size, filters, bottleneck=None):
    steps = [(size, filters)] if bottleneck is None else [(1, bottleneck), (size, filters)]
    height, width, channels = input_shape
    work = 0
    for f, n in steps:
        work += height * width * n * f * f * channels
        channels = n
    return work


def multiplications__recursive(input_shape, size, filters, bottleneck=None):
    if bottleneck:
        first = multiplications__recursive(input_shape, 1, bottleneck)
        return first + multiplications__recursive((*input_shape[:2], bottleneck), size, filters)
    return np.prod([*input_shape, size, size, filters])


def inception_module__activations_apart(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool):
    def conv(tensor, filters, size):
        return layers.ReLU()(layers.Conv2D(filters, (size, size), padding="same")(tensor))

    pooled = layers.MaxPool2D((3, 3), strides=(1, 1), padding="same")(x)
    paths = [conv(x, n1, 1), conv(conv(x, n3_reduce, 1), n3, 3), conv(conv(x, n5_reduce, 1), n5, 5)]
    return ops.concatenate([*paths, conv(pooled, n_pool, 1)], axis=-1)


def inception_module__paths_as_lists(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool):
    paths = [
        [layers.Conv2D(n1, 1, activation="relu")],
        [
            layers.Conv2D(n3_reduce, 1, activation="relu"),
            layers.Conv2D(n3, 3, padding="same", activation="relu"),
        ],
        [
            layers.Conv2D(n5_reduce, 1, activation="relu"),
            layers.ZeroPadding2D(2),
            layers.Conv2D(n5, 5, activation=keras.activations.relu),
        ],
        [layers.MaxPooling2D(3, 1, "same"), layers.Conv2D(n_pool, 1, activation="relu")],
    ]
    ends = []
    for path in paths:
        y = x
        for layer in path:
            y = layer(y)
        ends.append(y)
    return layers.concatenate(ends, axis=3)


def _module(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool):
    return inception_module__paths_as_lists(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool)


def googlenet__sides_as_sequential_models(table, input_shape, classes, auxiliary=True):
    inputs = keras.Input(input_shape)
    x, outputs = inputs, []
    for row in table:
        match row["type"]:
            case "conv":
                x = layers.Conv2D(row["filters"], row["size"], row["stride"], "same")(x)
                x = layers.Activation("relu")(x)
            case "pool":
                x = layers.MaxPool2D((3, 3), (2, 2), padding="same")(x)
            case "inception":
                x = _module(x, *row["filters"])
            case "side":
                side = keras.Sequential(
                    [
                        layers.AvgPool2D(5, 3),
                        layers.Conv2D(row["filters"], 1, activation="relu"),
                        layers.Flatten(),
                        layers.Dense(row["units"], "relu"),
                        layers.Dropout(0.7),
                        layers.Dense(classes, "softmax"),
                    ]
                )
                outputs += [side(x)] * auxiliary
    x = layers.Dropout(0.4)(layers.GlobalAvgPool2D()(x))
    return keras.Model(inputs=inputs, outputs=[layers.Dense(classes, activation="softmax")(x), *outputs])


def googlenet__one_function_a_row(table, input_shape, classes, auxiliary=True):
    def classify(x, rate):
        return ops.softmax(layers.Dense(classes)(layers.Dropout(rate)(x)))

    def side(x, row):
        x = layers.Conv2D(row["filters"], (1, 1), padding="same")(layers.AveragePooling2D((5, 5), 3)(x))
        x = layers.Dense(row["units"])(layers.Flatten()(ops.relu(x)))
        return classify(ops.relu(x), 0.7)

    rows = {
        "conv": lambda x, row: layers.Conv2D(
            row["filters"], row["size"], strides=row["stride"], padding="same", activation="relu"
        )(x),
        "pool": lambda x, row: layers.MaxPooling2D(3, strides=2, padding="same")(x),
        "inception": lambda x, row: _module(x, *row["filters"]),
    }
    x = inputs = keras.Input(shape=input_shape, name="pictures")
    sides = []
    for row in table:
        if row["type"] == "side":
            sides.append((x, row))
        else:
            x = rows[row["type"]](x, row)
    main = classify(ops.mean(x, axis=(1, 2)), 0.4)
    if auxiliary and sides:
        return keras.Model(inputs, [main] + [side(*branch) for branch in sides])
    return keras.Model(inputs, main)
