"""Pooling against windows cut out one by one, ties, and numerical gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import DTYPES, assert_close, explicit_sides, numerical_gradient

from utils.layers import average_pool2d, average_pool2d_backward, max_pool2d, max_pool2d_backward

RNG = np.random.default_rng(21)


@st.composite
def poolings(draw):
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    strides = draw(st.one_of(st.none(), st.tuples(st.integers(1, 5), st.integers(1, 5))))
    padding = draw(st.sampled_from(["valid", "same"]))
    low = (1, 1) if padding == "same" else size
    height, width = (draw(st.integers(n, n + 9)) for n in low)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.integers(-4, 5, size=(draw(st.integers(1, 3)), height, width, draw(st.integers(1, 4))))
    return x.astype(draw(DTYPES)), size, strides, padding


def windows(x, size, strides, padding):
    """Yield the output's row and column, the window's corner in the picture, and the pixels inside the picture."""
    strides = strides or size
    (top, bottom), (left, right) = explicit_sides(x, size, strides, padding, (1, 1))
    rows = range(-top, x.shape[1] + bottom - size[0] + 1, strides[0])
    columns = range(-left, x.shape[2] + right - size[1] + 1, strides[1])
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            corner = max(row, 0), max(column, 0)
            yield i, j, corner, x[:, corner[0] : row + size[0], corner[1] : column + size[1]]


def one_by_one(x, operation, *how):
    cut = list(windows(x, *how))
    out = np.zeros((len(x), cut[-1][0] + 1, cut[-1][1] + 1, x.shape[3]), x.dtype)
    for i, j, _, pixels in cut:
        out[:, i, j] = operation(pixels, axis=(1, 2))
    return out


@settings(max_examples=150, deadline=None)
@given(poolings())
def test_forward_equals_windows_cut_one_by_one(case):
    for layer, operation in ((max_pool2d, np.max), (average_pool2d, np.mean)):
        out = layer(*case)
        assert out.dtype == case[0].dtype
        assert not np.shares_memory(out, case[0])
        assert_close(out, one_by_one(case[0], operation, *case[1:]))


@settings(max_examples=150, deadline=None)
@given(poolings())
def test_max_gradient_goes_to_the_first_largest_pixel(case):
    x, *how = case
    grad = RNG.normal(size=max_pool2d(*case).shape).astype(x.dtype)
    wanted = np.zeros_like(x)
    for i, j, (row, column), pixels in windows(x, *how):
        first = pixels.transpose(0, 3, 1, 2).reshape(len(x), x.shape[3], -1).argmax(axis=2)
        for n, c in np.ndindex(first.shape):
            down, across = divmod(first[n, c], pixels.shape[2])
            wanted[n, row + down, column + across, c] += grad[n, i, j, c]
    dx = max_pool2d_backward(grad, x, *how)
    assert dx.dtype == x.dtype
    assert_close(dx, wanted)


def test_a_tie_gives_one_position_everything():
    dx = max_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0], [0, 0]])


def test_padding_never_wins_over_negative_pixels():
    x = np.full((1, 3, 3, 1), -5.0, np.float32)
    np.testing.assert_array_equal(max_pool2d(x, 2, padding="same"), np.full((1, 2, 2, 1), -5))
    np.testing.assert_array_equal(average_pool2d(x, 2, padding="same"), np.full((1, 2, 2, 1), -5))


@pytest.mark.parametrize(
    "how", [(2, None, "valid"), ((3, 2), (2, 1), "same"), (3, 1, "same"), (2, 3, "valid")]
)
@pytest.mark.parametrize(
    ("layer", "backward"), [(max_pool2d, max_pool2d_backward), (average_pool2d, average_pool2d_backward)]
)
def test_backward_equals_central_differences(layer, backward, how):
    x = RNG.permutation(2 * 5 * 6 * 2).reshape(2, 5, 6, 2).astype(np.float64)
    grad = RNG.normal(size=layer(x, *how).shape)
    wanted = numerical_gradient(lambda v: layer(v, *how), x, grad, step=1e-3)
    np.testing.assert_allclose(backward(grad, x, *how), wanted, atol=1e-7)


def test_many_pictures_are_pooled_in_several_parts():
    x = RNG.normal(size=(5, 150, 160, 16)).astype(np.float32)
    wanted = x.reshape(5, 75, 2, 80, 2, 16).max(axis=(2, 4))
    np.testing.assert_array_equal(max_pool2d(x), wanted)
