"""Right answers to lesson 3 of week 4, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
from keras import layers, ops


def siamese_classifier__layers(encoder, input_shape):
    first = keras.Input(shape=input_shape, name="left")
    second = keras.Input(shape=input_shape, name="right")
    difference = layers.Subtract()([encoder(first), encoder(second)])
    size = layers.Maximum()([difference, ops.negative(difference)])
    logit = layers.Dense(1)(size)
    return keras.Model(inputs=[first, second], outputs=layers.Activation("sigmoid")(logit))


def siamese_classifier__one_call(encoder, input_shape):
    a, b = keras.Input(input_shape), keras.Input(input_shape)
    encodings = ops.reshape(encoder(ops.concatenate([a, b], axis=0)), (2, -1, encoder.output_shape[-1]))
    difference = ops.max(encodings, axis=0) - ops.min(encodings, axis=0)
    return keras.Model((a, b), layers.Dense(units=1, activation=ops.sigmoid)(difference))


class _Weighing(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 1), initializer="glorot_uniform")
        self.bias = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, x):
        return 1 / (1 + ops.exp(-(ops.matmul(x, self.kernel) + self.bias)))


def siamese_classifier__own_layer(encoder, input_shape):
    pair = [keras.Input(input_shape) for _ in range(2)]
    a, b = map(encoder, pair)
    return keras.Model(pair, _Weighing()(ops.sqrt(ops.square(b - a))))


def chi_square_similarity__where(a, b):
    if min(a.min(), b.min()) < 0:
        raise ValueError("encodings must not be negative")
    total = a + b
    safe = np.where(total == 0, 1, total)
    return (((a - b) ** 2) / safe).sum(-1)


def chi_square_similarity__tiny_denominator(a, b):
    if not (np.all(a >= 0) and np.all(b >= 0)):
        raise ValueError("negative")
    return np.sum(np.square(b - a) / (a + b + 1e-9), axis=-1)


def chi_square_similarity__loop(a, b):
    a, b = np.broadcast_arrays(a, b)
    total = np.zeros(a.shape[:-1])
    for k in range(a.shape[-1]):
        one, other = a[..., k], b[..., k]
        if (one < 0).any() or (other < 0).any():
            raise ValueError(f"number {k} is negative")
        both = one + other
        total += np.divide((one - other) ** 2, both, out=np.zeros(both.shape), where=both != 0)
    return total


def chi_square_similarity__nan_to_num(a, b):
    if (np.asarray(a) < 0).any() or (np.asarray(b) < 0).any():
        raise ValueError("negative")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum((a - b) ** 2 / (a + b), axis=-1)
