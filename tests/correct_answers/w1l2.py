"""Right answers of lesson 2, written in other ways than the notebook's: all must be accepted."""

import math

import numpy as np


def conv_output_size__floor_and_int(n, f, pad, stride):
    return int(np.floor((n + 2 * pad - f) / stride)) + 1


def conv_output_size__math_floor(n, f, pad, stride):
    return math.floor((n + 2 * pad - f) / stride + 1)


def conv_output_size__count_places(n, f, pad, stride):
    places, start = 0, -pad
    while start + f <= n + pad:
        places += 1
        start += stride
    return places


def conv_output_size__numpy_integer(n, f, pad, stride):
    return np.int64((n + 2 * pad - f) // stride + 1)


def same_padding__half_rounded_down(f):
    if f % 2 != 1:
        raise ValueError("only odd filters have a padding that keeps the size")
    return f // 2


def same_padding__divmod(f):
    pad, rest = divmod(f - 1, 2)
    if rest:
        raise ValueError(f)
    return pad


def zero_pad__slices(X, pad):
    m, height, width, channels = X.shape
    result = np.zeros((m, height + 2 * pad, width + 2 * pad, channels), dtype=X.dtype)
    result[:, pad : pad + height, pad : pad + width, :] = X
    return result


def zero_pad__float64_default(X, pad):
    m, height, width, channels = X.shape
    result = np.zeros((m, height + 2 * pad, width + 2 * pad, channels))
    for i in range(m):
        for h in range(height):
            result[i, h + pad, pad : pad + width] = X[i, h]
    return result


def zero_pad__concatenate(X, pad):
    m, height, width, channels = X.shape
    side = np.zeros((m, height, pad, channels), X.dtype)
    wide = np.concatenate([side, X, side], axis=2)
    band = np.zeros((m, pad, width + 2 * pad, channels), X.dtype)
    return np.concatenate([band, wide, band], axis=1)


def conv_single_step__python_float(a_slice_prev, W, b):
    return float(np.sum(a_slice_prev * W) + b[0, 0, 0])


def conv_single_step__loops(a_slice_prev, W, b):
    total = b.item()
    for h, w, c in np.ndindex(W.shape):
        total += a_slice_prev[h, w, c] * W[h, w, c]
    return total


def conv_single_step__squeezed_array(a_slice_prev, W, b):
    return np.einsum("hwc,hwc->", a_slice_prev, W) + np.squeeze(b)


def parameter_count__weights_and_biases(f, n_C_prev, n_C):
    weights = f**2 * n_C_prev * n_C
    biases = n_C
    return weights + biases


def parameter_count__by_filter(f, n_C_prev, n_C):
    return sum(math.prod((f, f, n_C_prev)) + 1 for _ in range(n_C))
