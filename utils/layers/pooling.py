"""Max and average pooling and their gradients, in pure NumPy. NumPy alone is imported.

A window's maximum is the maximum of its columns' maxima, and likewise for sums, so that both are taken along
the height first and along the width after: f + f operations a window instead of f · f.
"""

from typing import Any

import numpy as np

from utils.layers.shapes import Window, place_window
from utils.layers.validation import (
    PICTURE_AXES,
    all_finite,
    as_floating,
    as_pair,
    check_finite,
    check_shape,
)

CACHE_BYTES = 1 << 19  # of pictures that are pooled together; a quarter of a second-level cache of today
AXES = {"x": PICTURE_AXES, "grad": PICTURE_AXES}


def max_pool2d(
    x: np.ndarray,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Largest value under each window, channel by channel.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels); integers are converted to float32.
    pool_size
        Size of the window, an integer or (height, width).
    strides
        Pixels between neighbouring windows, an integer or (height, width); None stands for `pool_size`.
    padding
        ``"valid"`` or ``"same"`` (output ⌈n / stride⌉; pixels outside the picture never win).

    Returns
    -------
    numpy.ndarray
        Shape (batch, output height, output width, channels), of the type of `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` is not four-dimensional, empty or not finite, or another argument is malformed.
    """
    (x,) = as_floating(AXES, x=x, unchecked=["x"])
    window = _place(x, pool_size, strides, padding)
    return _reduce(x, window, np.maximum, -np.inf)


def max_pool2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Gradient of a loss with respect to the input of `max_pool2d`.

    Each output's gradient goes to the position of its maximum; of a tie, to the first position in row-major
    order, as TensorFlow does.

    Parameters
    ----------
    grad
        Gradient with respect to the layer's output, shape (batch, output height, output width, channels).
    x, pool_size, strides, padding
        As given to `max_pool2d`.

    Returns
    -------
    numpy.ndarray
        Shaped as `x`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`; also if `grad` is not shaped as the layer's output.
    """
    grad, x = as_floating(AXES, grad=grad, x=x, unchecked=["x"])
    window = _place(x, pool_size, strides, padding)
    check_shape("grad", grad, (len(x), *window.output, x.shape[3]), "that of the layer's output")
    largest = _reduce(x, window, np.maximum, -np.inf)
    padded = _pad(x, window, -np.inf)
    dx = np.zeros_like(padded)
    free = np.ones(grad.shape, bool)
    for i in range(window.size[0]):
        for j in range(window.size[1]):
            wins = (_at(padded, window, i, j) == largest) & free
            _at(dx, window, i, j)[...] += grad * wins
            free &= ~wins
    return _crop(dx, window)


def average_pool2d(
    x: np.ndarray,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Mean of the values under each window, channel by channel; with ``"same"`` only of those in the picture.

    Parameters
    ----------
    x, pool_size, strides, padding
        As in `max_pool2d`.

    Returns
    -------
    numpy.ndarray
        Shape (batch, output height, output width, channels), of the type of `x`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.
    """
    (x,) = as_floating(AXES, x=x, unchecked=["x"])
    window = _place(x, pool_size, strides, padding)
    sums = _reduce(x, window, np.add, 0)
    sums /= _counts(window, x.dtype)
    return sums


def average_pool2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    pool_size: int | tuple[int, int] = 2,
    strides: int | tuple[int, int] | None = None,
    padding: str = "valid",
) -> np.ndarray:
    """Gradient of a loss with respect to the input of `average_pool2d`: spread evenly over each window.

    Parameters
    ----------
    grad
        Gradient with respect to the layer's output, shape (batch, output height, output width, channels).
    x, pool_size, strides, padding
        As given to `average_pool2d`.

    Returns
    -------
    numpy.ndarray
        Shaped as `x`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.
    """
    grad, x = as_floating(AXES, grad=grad, x=x)
    window = _place(x, pool_size, strides, padding)
    check_shape("grad", grad, (len(x), *window.output, x.shape[3]), "that of the layer's output")
    share = grad / _counts(window, grad.dtype)
    dx = np.zeros((len(x), *window.padded, x.shape[3]), grad.dtype)
    for i in range(window.size[0]):
        for j in range(window.size[1]):
            _at(dx, window, i, j)[...] += share
    return _crop(dx, window)


def _place(x: np.ndarray, pool_size: Any, strides: Any, padding: Any) -> Window:
    size = as_pair("pool_size", pool_size)
    if not isinstance(padding, str) or padding not in ("valid", "same"):
        raise ValueError(f'padding must be "valid" or "same"; got {padding!r}')
    return place_window(x.shape[1:3], size, size if strides is None else strides, padding, what="pool_size")


def _pad(x: np.ndarray, window: Window, value: float) -> np.ndarray:
    if window.padded == window.picture:
        return x
    return np.pad(x, ((0, 0), *window.padding, (0, 0)), constant_values=value)


def _crop(padded: np.ndarray, window: Window) -> np.ndarray:
    (top, _), (left, _) = window.padding
    height, width = window.picture
    return np.ascontiguousarray(padded[:, top : top + height, left : left + width])


def _at(padded: np.ndarray, window: Window, i: int, j: int) -> np.ndarray:
    """View the pixels that stand at position (i, j) of the windows, shaped as the output."""
    return _along(_along(padded, window, 0, i), window, 1, j)


def _along(x: np.ndarray, window: Window, axis: int, position: int) -> np.ndarray:
    last = position + (window.output[axis] - 1) * window.strides[axis] + 1
    chosen = slice(position, last, window.strides[axis])
    return x[:, chosen] if axis == 0 else x[:, :, chosen]


def _reduce(x: np.ndarray, window: Window, operation: np.ufunc, outside: float) -> np.ndarray:
    """Combine the pixels under each window; a new array shaped as the output. Refuses pixels that are not finite."""
    out = np.empty((len(x), *window.output, x.shape[3]), x.dtype)
    # A few pictures at a time: they are still in the cache for the columns, and the columns' results for the rows.
    pictures = max(CACHE_BYTES // x[0].nbytes, 1)
    buffer = np.empty((pictures, window.output[0], window.padded[1], x.shape[3]), x.dtype)
    for first in range(0, len(x), pictures):
        part = x[first : first + pictures]
        if not all_finite(part):
            check_finite("x", x)
        columns = _combine(_pad(part, window, outside), window, 0, operation, buffer[: len(part)])
        _combine(columns, window, 1, operation, out[first : first + pictures])
    return out


def _combine(x: np.ndarray, window: Window, axis: int, operation: np.ufunc, out: np.ndarray) -> np.ndarray:
    """Combine what stands under each window along one axis; returns `out`."""
    first, *others = (_along(x, window, axis, position) for position in range(window.size[axis]))
    if not others:
        out[...] = first
        return out
    operation(first, others[0], out=out)
    for other in others[1:]:
        operation(out, other, out=out)
    return out


def _counts(window: Window, dtype: np.dtype) -> np.ndarray:
    """Pixels of the picture under each window, shape (1, output height, output width, 1)."""
    return _reduce(np.ones((1, *window.picture, 1), dtype), window, np.add, 0)
