"""The answer key of lesson 4 against two more experiments: an instrumented loop, and Keras' gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.answers.week1.w1l4 import ANSWERS

WORK = ANSWERS["multiply_adds"].oracle
FIELD = ANSWERS["receptive_field"].oracle


class Counted:
    """A number that counts how often numbers of its kind were multiplied."""

    multiplications = 0

    def __mul__(self, other):
        Counted.multiplications += 1
        return self

    def __add__(self, other):
        return self


def count_multiplications(layer, input_shape):
    x = np.full(input_shape, Counted())
    Counted.multiplications = 0
    if layer["type"] == "dense":
        x @ np.full((*input_shape, layer["units"]), Counted())
        return Counted.multiplications
    f, stride = layer["size"], layer["stride"]
    kernel = np.full((f, f, input_shape[2], layer["filters"]), Counted())
    if layer["padding"] == "same":
        x = np.pad(x, ((f // 2, f // 2), (f // 2, f // 2), (0, 0)), constant_values=Counted())
    for i in range(0, x.shape[0] - f + 1, stride):
        for j in range(0, x.shape[1] - f + 1, stride):
            np.tensordot(x[i : i + f, j : j + f], kernel, 3)
    return Counted.multiplications


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(5, 9), st.integers(5, 9), st.integers(1, 3)),
    size=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same"]),
    filters=st.integers(1, 3),
)
def test_convolutions_multiply_as_often_as_an_instrumented_loop(shape, size, stride, padding, filters):
    layer = {"type": "conv", "size": size, "stride": stride, "padding": padding, "filters": filters}
    assert WORK(layer, shape) == count_multiplications(layer, shape)


@given(inputs=st.integers(1, 40), units=st.integers(1, 20))
def test_dense_layers_multiply_as_often_as_an_instrumented_product(inputs, units):
    layer = {"type": "dense", "units": units}
    assert WORK(layer, (inputs,)) == count_multiplications(layer, (inputs,))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["conv", "pool"]), st.integers(1, 4), st.integers(1, 3)),
        min_size=1,
        max_size=4,
    )
)
def test_the_field_is_where_keras_has_a_gradient(rows):
    import tensorflow as tf

    layers = [{"type": kind, "size": size, "stride": stride} for kind, size, stride in rows]
    side = FIELD(layers) + 3
    x = tf.Variable(tf.ones((1, side, side, 1)))
    with tf.GradientTape() as tape:
        y = x
        for kind, size, stride in rows:
            if kind == "conv":
                y = tf.nn.conv2d(y, tf.ones((size, size, 1, 1)), stride, "VALID")
            else:  # an average looks at all of its window; a maximum has a gradient at one place only
                y = tf.nn.avg_pool2d(y, size, stride, "VALID")
        value = y[0, 0, 0, 0]
    rows_reached = np.flatnonzero(tape.gradient(value, x).numpy()[0, :, :, 0].any(axis=1))
    assert rows_reached[-1] - rows_reached[0] + 1 == FIELD(layers)
