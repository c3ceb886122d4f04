"""Quantised kernels: the error stays within half a step of each channel's scale, and vectors pass unchanged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from utils.data.compact import halve_kernels, pack_kernels, unpack_kernels

_VALUES = st.floats(-1e3, 1e3, width=32)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=4, max_side=5), elements=_VALUES))
def test_error_is_at_most_half_a_step(kernel):
    packed = pack_kernels({"k": kernel})
    back = unpack_kernels(packed)["k"]
    assert packed["k"].dtype == np.int8
    assert back.shape == kernel.shape
    step = np.abs(kernel).max() / 127
    np.testing.assert_allclose(back, kernel, atol=step * 0.501 + 1e-9)


def test_each_output_channel_has_its_own_scale():
    kernel = np.ones((3, 3, 2, 4), dtype=np.float32) * np.array([1e-3, 1, 10, 1000], dtype=np.float32)
    back = unpack_kernels(pack_kernels({"k": kernel}))["k"]
    np.testing.assert_allclose(back, kernel, rtol=1e-6)


def test_each_channel_of_a_depthwise_kernel_has_its_own_scale():
    kernel = (
        np.ones((3, 3, 4, 1), dtype=np.float32) * np.array([1e-3, 1, 10, 1000], dtype=np.float32)[:, None]
    )
    packed = pack_kernels({"k": kernel})
    assert packed["k_scale"].shape == (4,)
    np.testing.assert_allclose(unpack_kernels(packed)["k"], kernel, rtol=1e-6)


def test_vectors_and_zeros_pass():
    weights = {"b": np.arange(3, dtype=np.float32), "k": np.zeros((2, 2), dtype=np.float32)}
    back = unpack_kernels(pack_kernels(weights))
    np.testing.assert_array_equal(back["b"], weights["b"])
    np.testing.assert_array_equal(back["k"], weights["k"])


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=4, max_side=5), elements=_VALUES))
def test_half_precision_keeps_three_digits(kernel):
    back = unpack_kernels(halve_kernels({"k": kernel}))["k"]
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, kernel, rtol=1e-3, atol=1e-7)


def test_values_beyond_half_precision_are_refused():
    with pytest.raises(ValueError, match="k holds values beyond"):
        halve_kernels({"k": np.full((2, 2), 1e5, dtype=np.float32)})
