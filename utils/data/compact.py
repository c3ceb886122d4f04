"""Network weights in a quarter or half of their size.

A quarter: kernels as int8 with one scale an output channel, symmetric, as in Jacob et al. 2018 (arXiv:1712.05877),
section 2.1. Half: kernels as float16, for networks whose narrow layers (depthwise convolutions) lose too much in int8.
Biases and batch-norm values are few and stay float32.
"""

from collections.abc import Mapping

import numpy as np

_SCALE, _OFFSET = "_scale", "_offset"


def pack_kernels(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Pack float weights.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Kernels of 2 dimensions or more, output channels last (depthwise: (height, width, channels, 1)), and vectors.

    Returns
    -------
    dict of str to ndarray
        Kernels as int8 in [-127, 127] beside ``<name>_scale`` (float32, one an output channel); the rest as float32.
    """
    packed: dict[str, np.ndarray] = {}
    for name, value in weights.items():
        value = np.asarray(value, dtype=np.float32)
        if value.ndim < 2:
            packed[name] = value
            continue
        scale = np.maximum(np.abs(value).max(axis=_other_axes(value), keepdims=True) / 127, np.float32(1e-12))
        packed[name] = np.rint(value / scale).astype(np.int8)
        packed[name + _SCALE] = scale.ravel().astype(np.float32)
    return packed


def halve_kernels(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Pack float weights: kernels (2 dimensions or more) as float16, vectors as float32.

    Raises
    ------
    ValueError
        When a kernel holds values beyond float16's range of ±65,504.
    """
    packed: dict[str, np.ndarray] = {}
    for name, value in weights.items():
        value = np.asarray(value, dtype=np.float32)
        if value.ndim >= 2 and np.abs(value).max(initial=0) > np.finfo(np.float16).max:
            raise ValueError(f"{name} holds values beyond the range of float16")
        packed[name] = value.astype(np.float16) if value.ndim >= 2 else value
    return packed


def unpack_kernels(packed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn the arrays of :func:`pack_kernels` or :func:`halve_kernels` into float32 weights.

    Integers with ``<name>_offset`` beside ``<name>_scale`` (of one value, or one an output channel) mean value × scale
    + offset: the affine form in which some networks are published.
    """
    weights: dict[str, np.ndarray] = {}
    for name, value in packed.items():
        if any(name.endswith(part) and name.removesuffix(part) in packed for part in (_SCALE, _OFFSET)):
            continue
        if name + _SCALE in packed:
            shape = [1] * value.ndim
            shape[_channel_axis(value)] = -1
            weight = value.astype(np.float32) * packed[name + _SCALE].reshape(shape)
            if name + _OFFSET in packed:
                weight = weight + packed[name + _OFFSET].reshape(shape)
            weights[name] = weight.astype(np.float32, copy=False)
        else:
            weights[name] = value.astype(np.float32)
    return weights


def _channel_axis(kernel: np.ndarray) -> int:
    """Return the axis of output channels: the last, or in a depthwise kernel the one before."""
    depthwise = (
        kernel.ndim == 4 and kernel.shape[-1] == 1 and kernel.shape[-2] > 1 and max(kernel.shape[:2]) > 1
    )
    return kernel.ndim - 2 if depthwise else kernel.ndim - 1


def _other_axes(kernel: np.ndarray) -> tuple[int, ...]:
    return tuple(axis for axis in range(kernel.ndim) if axis != _channel_axis(kernel))
