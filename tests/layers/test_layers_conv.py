"""Convolution against SciPy and numerical gradients, over every padding, stride, dilation and form."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import assert_close, convolutions, numerical_gradient, scipy_conv2d
from scipy import signal

from utils.layers import conv2d, conv2d_backward, conv_output_length, correlate2d, pad2d

RNG = np.random.default_rng(20)


@settings(max_examples=150, deadline=None)
@given(convolutions())
def test_forward_equals_scipy(case):
    x, kernel, _, strides, padding, dilation = case
    out = conv2d(*case)
    assert out.dtype == x.dtype
    assert_close(out, scipy_conv2d(*case))
    assert_close(conv2d(x, kernel, None, strides, padding, dilation), scipy_conv2d(x, kernel, 0, *case[3:]))


@settings(max_examples=100, deadline=None)
@given(convolutions())
def test_backward_is_the_transpose_of_the_forward(case):
    """The layer is linear in each argument, so ⟨grad, f(v)⟩ = ⟨f*(grad), v⟩ for any v: an exact check of all of f*."""
    x, kernel, bias, *how = case
    grad = RNG.normal(size=scipy_conv2d(*case).shape).astype(x.dtype)
    dx, dkernel, dbias = conv2d_backward(grad, x, kernel, *how)
    other_x = RNG.normal(size=x.shape)
    other_kernel = RNG.normal(size=kernel.shape)
    tolerance = {
        "rtol": 0,
        "atol": (1e-3 if x.dtype == np.float32 else 1e-9) * np.sqrt(grad.size * kernel[..., 0].size),
    }
    np.testing.assert_allclose(
        (dx * other_x).sum(), (grad * scipy_conv2d(other_x, kernel, 0, *how)).sum(), **tolerance
    )
    np.testing.assert_allclose(
        (dkernel * other_kernel).sum(), (grad * scipy_conv2d(x, other_kernel, 0, *how)).sum(), **tolerance
    )
    np.testing.assert_allclose(dbias, grad.sum(axis=(0, 1, 2), dtype=np.float64), **tolerance)
    assert (dx.shape, dkernel.shape, dbias.shape) == (x.shape, kernel.shape, bias.shape)
    assert dx.dtype == dkernel.dtype == dbias.dtype == x.dtype


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "strides", "padding", "dilation"),
    [
        ((2, 5, 6, 2), (3, 3, 2, 3), 1, "same", 1),
        ((1, 6, 5, 1), (2, 3, 1, 2), (2, 1), "valid", 1),
        ((1, 7, 7, 2), (3, 2, 2, 1), 1, 1, 2),
        ((1, 4, 4, 2), (2, 2, 2, 2), 3, ((3, 0), (1, 2)), 1),
        ((1, 3, 14, 17), (2, 2, 17, 2), 1, "same", 1),
    ],
)
def test_backward_equals_central_differences(shape, kernel_shape, strides, padding, dilation):
    x, kernel, bias = RNG.normal(size=shape), RNG.normal(size=kernel_shape), RNG.normal(size=kernel_shape[3])
    how = strides, padding, dilation
    grad = RNG.normal(size=conv2d(x, kernel, bias, *how).shape)
    dx, dkernel, dbias = conv2d_backward(grad, x, kernel, *how)
    close = {"rtol": 1e-6, "atol": 1e-6}
    np.testing.assert_allclose(
        dx, numerical_gradient(lambda v: conv2d(v, kernel, bias, *how), x, grad), **close
    )
    np.testing.assert_allclose(
        dkernel, numerical_gradient(lambda v: conv2d(x, v, bias, *how), kernel, grad), **close
    )
    np.testing.assert_allclose(
        dbias, numerical_gradient(lambda v: conv2d(x, kernel, v, *how), bias, grad), **close
    )


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "strides", "padding"),
    [
        ((2, 200, 150, 3), (3, 3, 3, 8), 1, "same"),  # one picture needs several tiles
        ((40, 6, 7, 3), (3, 3, 3, 8), 1, "same"),  # a tile holds several pictures, the last fewer
        ((3, 130, 61, 64), (3, 3, 64, 32), 2, "valid"),  # positions in several tiles
        ((1, 90, 90, 80), (3, 3, 80, 24), 1, "same"),
        ((9, 31, 29, 20), (3, 5, 20, 40), (1, 3), "same"),
        ((1, 300, 301, 1), (5, 5, 1, 1), 1, "valid"),
        ((3, 9, 9, 33), (1, 1, 33, 65), 1, "valid"),
    ],
)
def test_every_form_and_tiling_agrees_with_scipy(shape, kernel_shape, strides, padding):
    x = RNG.normal(size=shape).astype(np.float32)
    kernel = RNG.normal(size=kernel_shape).astype(np.float32)
    bias = RNG.normal(size=kernel_shape[3]).astype(np.float32)
    strides = (strides, strides) if isinstance(strides, int) else strides
    few = kernel[..., :4], bias[:4]
    assert_close(
        conv2d(x, kernel, bias, strides, padding)[..., :4], scipy_conv2d(x, *few, strides, padding, (1, 1))
    )


def test_neither_order_nor_gaps_in_memory_matter():
    x = RNG.normal(size=(2, 9, 8, 3))
    kernel = RNG.normal(size=(3, 3, 3, 4))
    wanted = conv2d(x, kernel, padding="same")
    np.testing.assert_array_equal(
        conv2d(np.asfortranarray(x), np.asfortranarray(kernel), padding="same"), wanted
    )
    gaps = np.repeat(x, 2, axis=2)[:, :, ::2]
    np.testing.assert_array_equal(conv2d(gaps, kernel, padding="same"), wanted)
    large = RNG.normal(size=(3, 64, 12, 14))
    turned = large.transpose(0, 2, 3, 1)
    kernel = RNG.normal(size=(3, 3, 64, 4))
    np.testing.assert_allclose(
        conv2d(turned, kernel), conv2d(np.ascontiguousarray(turned), kernel), atol=1e-10
    )


def test_arguments_are_left_alone():
    x, kernel, bias = RNG.normal(size=(1, 5, 5, 2)), RNG.normal(size=(3, 3, 2, 2)), RNG.normal(size=2)
    for array in (x, kernel, bias):
        array.flags.writeable = False
    out = conv2d(x, kernel, bias, padding="same")
    out.flags.writeable = False
    conv2d_backward(out, x, kernel, padding="same")


def test_integers_become_float32_and_float64_wins():
    x = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    out = conv2d(x, np.ones((3, 3, 1, 1), int), [1])
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out[0, :, :, 0], [[46, 55], [82, 91]])
    assert conv2d(x, np.ones((3, 3, 1, 1))).dtype == np.float64
    assert conv2d(x.astype(np.float16), np.ones((3, 3, 1, 1), np.float32)).dtype == np.float32


def test_huge_finite_values_are_no_error():
    x = np.full((1, 4, 4, 1), 1e30, np.float32)
    np.testing.assert_array_equal(conv2d(x, np.ones((1, 1, 1, 1), np.float32)), x)


def test_extra_memory_stays_below_three_outputs_at_three_channels():
    x = RNG.normal(size=(16, 64, 64, 3)).astype(np.float32)
    kernel = RNG.normal(size=(3, 3, 3, 32)).astype(np.float32)
    bias = np.zeros(32, np.float32)
    tracemalloc.start()
    out = conv2d(x, kernel, bias, padding="same")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - out.nbytes < 2 * out.nbytes


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.integers(0, 4))
def test_output_length_counts_the_windows(n, kernel, stride, dilation, pad):
    reach = (kernel - 1) * dilation + 1
    starts = [i for i in range(0, n + 2 * pad, stride) if i + reach <= n + 2 * pad]
    if starts:
        assert conv_output_length(n, kernel, stride, pad, dilation) == len(starts)
        assert conv_output_length(n, kernel, stride, (2 * pad, 0), dilation) == len(starts)
    assert conv_output_length(n, kernel, stride, "same", dilation) == int(np.ceil(n / stride))


@pytest.mark.parametrize("kernel_shape", [(3, 3), (1, 5), (7, 1), (5, 3)])
def test_correlate2d_equals_scipy(kernel_shape):
    image, kernel = RNG.normal(size=(11, 13)), RNG.normal(size=kernel_shape)
    for mode in ("valid", "same"):
        np.testing.assert_allclose(
            correlate2d(image, kernel, mode), signal.correlate2d(image, kernel, mode), atol=1e-12
        )


def test_correlate2d_same_reaches_down_and_right_with_an_even_kernel():
    image = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(
        correlate2d(image, np.ones((2, 2)), "same"), [[8, 12, 7], [20, 24, 13], [13, 15, 8]]
    )


def test_pad2d_equals_numpy_pad():
    x = RNG.normal(size=(2, 3, 4, 2)).astype(np.float32)
    np.testing.assert_array_equal(pad2d(x, ((1, 2), (0, 3))), np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))))
    np.testing.assert_array_equal(pad2d(x, 2), np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))))
    assert pad2d(x.astype(int), 0).dtype == np.float32
    assert not np.shares_memory(pad2d(x, 0), x)
