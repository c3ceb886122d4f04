"""What lesson 2 calls right must be what Keras and TensorFlow do: sizes, paddings and parameter counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.answers.week1 import w1l2

pytestmark = pytest.mark.slow  # starts TensorFlow

SETTINGS = settings(max_examples=25, deadline=None)


@SETTINGS
@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 3), st.integers(1, 4))
def test_output_size_is_that_of_tensorflow(n, f, pad, stride):
    import tensorflow as tf

    if f > n + 2 * pad:
        return
    x = np.zeros((1, n, n, 1), np.float32)
    borders = [[0, 0], [pad, pad], [pad, pad], [0, 0]]
    result = tf.nn.conv2d(x, np.zeros((f, f, 1, 1), np.float32), strides=stride, padding=borders)
    assert result.shape[1] == w1l2.conv_output_size_oracle(n, f, pad, stride)


@pytest.mark.parametrize("f", [1, 3, 5, 7, 9])
def test_same_padding_gives_what_tensorflow_calls_same(f):
    import tensorflow as tf

    rng = np.random.default_rng(f)
    x = rng.normal(size=(1, 8, 9, 2)).astype(np.float32)
    kernel = rng.normal(size=(f, f, 2, 3)).astype(np.float32)
    padded = w1l2.zero_pad_oracle(x, w1l2.same_padding_oracle(f)).astype(np.float32)
    same = tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
    valid = tf.nn.conv2d(padded, kernel, strides=1, padding="VALID")
    np.testing.assert_allclose(valid, same, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("f", "before", "after"), [(3, 3, 10), (1, 64, 16), (5, 1, 6), (2, 7, 9)])
def test_parameter_count_is_that_of_keras(f, before, after):
    import keras

    layer = keras.layers.Conv2D(after, f)
    layer.build((None, 20, 20, before))
    assert layer.count_params() == w1l2.parameter_count_oracle(f, before, after)


def test_single_step_is_one_number_of_tensorflows_convolution():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    a, weights = rng.normal(size=(2, 3, 3, 4)).astype(np.float32)
    b = rng.normal(size=(1, 1, 1)).astype(np.float32)
    number = tf.nn.conv2d(a[None], weights[..., None], strides=1, padding="VALID") + b.ravel()
    assert w1l2.conv_single_step_oracle(a, weights, b) == pytest.approx(float(number[0, 0, 0, 0]), rel=1e-4)
