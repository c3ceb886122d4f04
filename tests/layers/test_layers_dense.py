"""Dense layer, activations and losses against SciPy and numerical gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import assert_close, numerical_gradient
from scipy import special

from utils.layers import (
    dense,
    dense_backward,
    relu,
    relu_backward,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)

RNG = np.random.default_rng(22)
CLOSE = {"rtol": 1e-6, "atol": 1e-8}


def test_dense_forward_and_backward():
    x, kernel, bias = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5)), RNG.normal(size=5)
    np.testing.assert_allclose(dense(x, kernel, bias), np.einsum("nf,fu->nu", x, kernel) + bias)
    np.testing.assert_allclose(dense(x, kernel), np.einsum("nf,fu->nu", x, kernel))
    grad = RNG.normal(size=(4, 5))
    dx, dkernel, dbias = dense_backward(grad, x, kernel)
    np.testing.assert_allclose(dx, numerical_gradient(lambda v: dense(v, kernel, bias), x, grad), **CLOSE)
    np.testing.assert_allclose(
        dkernel, numerical_gradient(lambda v: dense(x, v, bias), kernel, grad), **CLOSE
    )
    np.testing.assert_allclose(dbias, numerical_gradient(lambda v: dense(x, kernel, v), bias, grad), **CLOSE)


def test_dense_keeps_the_type():
    assert dense(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32)).dtype == np.float32
    assert dense(np.ones((1, 2), np.float32), np.ones((2, 1)), [0.5]).dtype == np.float64
    assert dense(np.ones((1, 2), int), np.ones((2, 1), int)).dtype == np.float32


def test_relu_and_its_gradient():
    x = np.array([[-1.5, 0.0, 2.0]])
    np.testing.assert_array_equal(relu(x), [[0, 0, 2]])
    np.testing.assert_array_equal(relu_backward(np.array([[3.0, 4.0, 5.0]]), x), [[0, 0, 5]])
    assert relu(np.array(-3)).shape == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.floats(0, 1e4),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 1000),
)
def test_softmax_equals_scipy(shape, spread, dtype, seed):
    logits = (np.random.default_rng(seed).normal(size=shape) * spread).astype(dtype)
    out = softmax(logits)
    assert out.dtype == dtype
    assert_close(out, special.softmax(logits, axis=-1))


def test_softmax_gradient():
    logits, grad = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4))
    np.testing.assert_allclose(
        softmax_backward(grad, logits), numerical_gradient(softmax, logits, grad), **CLOSE
    )


@pytest.mark.parametrize("spread", [1, 1e4])
def test_cross_entropy_equals_scipy(spread):
    logits = RNG.normal(size=(6, 4)) * spread
    labels = np.array([0, 3, 1, 2, 2, 0])
    wanted = -special.log_softmax(logits, axis=1)[np.arange(6), labels].mean()
    np.testing.assert_allclose(softmax_cross_entropy(logits, labels), wanted)
    assert softmax_cross_entropy(logits.astype(np.float32), labels.astype(np.uint8)).dtype == np.float32


def test_cross_entropy_gradient():
    logits = RNG.normal(size=(5, 3))
    labels = [0, 2, 1, 1, 0]
    wanted = numerical_gradient(lambda v: softmax_cross_entropy(v, labels), logits, 1.0)
    np.testing.assert_allclose(softmax_cross_entropy_backward(logits, labels), wanted, **CLOSE)
