"""The NumPy layers against TensorFlow's own, forward and backward; apart because TensorFlow takes long to start."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import assert_close, convolutions, explicit_sides

from utils import layers

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
RNG = np.random.default_rng(23)


def tensorflow_conv2d(x, kernel, strides, padding, dilation):
    if not isinstance(padding, str):
        padding = [(0, 0), *explicit_sides(x, None, strides, padding, dilation), (0, 0)]
    else:
        padding = padding.upper()
    return tf.nn.conv2d(x, kernel, strides, padding, dilations=dilation)


def gradients(function, grad, *variables):
    """TensorFlow's gradients of Σ grad · function(variables)."""
    variables = [tf.constant(v) for v in variables]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        out = function(*variables)
    return out.numpy(), [g.numpy() for g in tape.gradient(out, variables, output_gradients=tf.constant(grad))]


def with_gaps(kernel, dilation):
    """Put zeros between the kernel's positions; TensorFlow's gradients on a CPU know no dilation."""
    size = [(n - 1) * d + 1 for n, d in zip(kernel.shape[:2], dilation, strict=True)]
    wide = np.zeros((*size, *kernel.shape[2:]), kernel.dtype)
    wide[:: dilation[0], :: dilation[1]] = kernel
    return wide


def compare_convolution(x, kernel, bias, strides, padding, dilation):
    how = strides, padding, dilation
    out = layers.conv2d(x, kernel, bias, *how)
    if 1 in (max(strides), max(dilation)):
        assert_close(out, tensorflow_conv2d(x, kernel, *how) + bias)
    grad = RNG.normal(size=out.shape).astype(x.dtype)
    theirs, (dx, dwide, dbias) = gradients(
        lambda x, k, b: tensorflow_conv2d(x, k, strides, padding, (1, 1)) + b,
        grad,
        x,
        with_gaps(kernel, dilation),
        bias,
    )
    assert out.dtype == theirs.dtype
    assert_close(out, theirs)
    wanted = dx, dwide[:: dilation[0], :: dilation[1]], dbias
    for ours, g in zip(layers.conv2d_backward(grad, x, kernel, *how), wanted, strict=True):
        assert_close(ours, g)


@settings(max_examples=100, deadline=None)
@given(convolutions())
def test_convolution(case):
    compare_convolution(*case)


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "strides", "padding"),
    [
        ((2, 64, 64, 3), (3, 3, 3, 32), 1, "same"),
        ((2, 32, 32, 64), (3, 3, 64, 64), 1, "same"),
        ((2, 32, 32, 64), (3, 3, 64, 64), 2, "valid"),
        ((1, 61, 59, 3), (7, 7, 3, 64), 2, "same"),
        ((2, 28, 28, 1), (5, 5, 1, 6), 1, "valid"),
    ],
)
def test_convolution_at_the_sizes_of_the_lessons(shape, kernel_shape, strides, padding):
    arrays = [RNG.normal(size=s).astype(np.float32) for s in (shape, kernel_shape, kernel_shape[3:])]
    compare_convolution(*arrays, (strides, strides), padding, (1, 1))


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 2), st.integers(4, 12), st.integers(4, 12), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["valid", "same"]),
    st.integers(0, 2**32 - 1),
)
def test_pooling(shape, size, strides, padding, seed):
    x = np.random.default_rng(seed).integers(-2, 3, size=shape).astype(np.float32)  # many ties
    pairs = (
        (tf.nn.max_pool2d, layers.max_pool2d, layers.max_pool2d_backward),
        (tf.nn.avg_pool2d, layers.average_pool2d, layers.average_pool2d_backward),
    )
    for theirs, ours, backward in pairs:
        out = ours(x, size, strides, padding)
        grad = RNG.normal(size=out.shape).astype(np.float32)
        wanted, (dx,) = gradients(lambda v, pool=theirs: pool(v, size, strides, padding.upper()), grad, x)
        assert_close(out, wanted)
        assert_close(backward(grad, x, size, strides, padding), dx)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense_relu_softmax_and_cross_entropy(dtype):
    x, kernel, bias = (RNG.normal(size=s).astype(dtype) for s in ((8, 5), (5, 4), (4,)))
    labels = RNG.integers(0, 4, size=8)
    hidden = layers.dense(x, kernel, bias)
    loss = layers.softmax_cross_entropy(layers.relu(hidden), labels)

    def network(x, kernel, bias):
        logits = tf.nn.relu(x @ kernel + bias)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    wanted, theirs = gradients(network, dtype(1), x, kernel, bias)
    assert loss.dtype == dtype
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    grad = layers.softmax_cross_entropy_backward(layers.relu(hidden), labels)
    for ours, g in zip(
        layers.dense_backward(layers.relu_backward(grad, hidden), x, kernel), theirs, strict=True
    ):
        assert_close(ours, g)
    grad = RNG.normal(size=hidden.shape).astype(dtype)
    wanted, (dlogits,) = gradients(tf.nn.softmax, grad, hidden)
    assert_close(layers.softmax(hidden), wanted)
    assert_close(layers.softmax_backward(grad, hidden), dlogits)
