"""Two-dimensional convolution (as networks mean it: cross-correlation) and its gradients, in pure NumPy.

Written for speed with the matrix product as the only fast tool; week 1's lessons write the readable loops
themselves and use this module once the pictures grow. NumPy alone is imported.
"""

from typing import Any

import numpy as np

from utils.layers.patches import Tiling, add_patches, patch_tiles
from utils.layers.products import banded, convolve, plan_group
from utils.layers.shapes import Padding, Window, place_window
from utils.layers.validation import PICTURE_AXES, as_floating, check_shape

AXES = {
    "x": PICTURE_AXES,
    "kernel": ("height", "width", "channels", "filters"),
    "bias": ("filters",),
    "grad": ("batch", "height", "width", "filters"),
}

# From here on the input's gradient at stride 1 is faster as another convolution than by adding up patches.
MANY_CHANNELS = 16


def conv2d(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    strides: int | tuple[int, int] = 1,
    padding: Padding = "valid",
    dilation: int | tuple[int, int] = 1,
) -> np.ndarray:
    """Convolve pictures with a bank of filters; the kernel is not flipped, as in every deep-learning library.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels). Integers are converted to float32 here and in the
        other arguments.
    kernel
        Filters, shape (height, width, channels, filters).
    bias
        Shape (filters,), or None for no bias.
    strides, dilation
        Pixels between neighbouring windows, and between neighbouring positions of a window: an integer or
        (height, width), at least 1.
    padding
        ``"valid"`` (none), ``"same"`` (output ⌈n / stride⌉, the odd pixel at the bottom and on the right, as
        TensorFlow), an integer for all sides, or ``((top, bottom), (left, right))``.

    Returns
    -------
    numpy.ndarray
        Shape (batch, output height, output width, filters), sizes as `conv_output_length`; float64 when an
        argument is float64, otherwise float32.

    Raises
    ------
    TypeError
        If an argument is of a wrong kind, for instance a string or a fractional stride.
    ValueError
        If an array is empty, not finite or of a shape that does not fit, if a number is out of range, or if
        the dilated kernel is larger than the padded picture.
    """
    x, kernel, bias = as_floating(AXES, x=x, kernel=kernel, bias=bias, optional=["bias"])
    window = _place(x, kernel, strides, padding, dilation)
    if bias is not None:
        check_shape("bias", bias, kernel.shape[3:], "one value for each filter of the kernel")
    return convolve(x, kernel, bias, window)


def conv2d_backward(
    grad: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: int | tuple[int, int] = 1,
    padding: Padding = "valid",
    dilation: int | tuple[int, int] = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of a loss with respect to the input, the kernel and the bias of `conv2d`.

    Parameters
    ----------
    grad
        Gradient of the loss with respect to the layer's output, shape (batch, output height, output width,
        filters).
    x, kernel, strides, padding, dilation
        As given to `conv2d`.

    Returns
    -------
    tuple of numpy.ndarray
        ``(dx, dkernel, dbias)``, shaped as x, kernel and (filters,).

    Raises
    ------
    TypeError, ValueError
        As `conv2d`; also if `grad` is not shaped as the layer's output.
    """
    grad, x, kernel = as_floating(AXES, grad=grad, x=x, kernel=kernel)
    window = _place(x, kernel, strides, padding, dilation)
    check_shape("grad", grad, (len(x), *window.output, kernel.shape[3]), "that of the layer's output")
    dkernel, dbias = _weight_gradients(grad, x, kernel, window)
    return _input_gradient(grad, kernel, window), dkernel, dbias


def _place(x: np.ndarray, kernel: np.ndarray, strides: Any, padding: Any, dilation: Any) -> Window:
    window = place_window(x.shape[1:3], kernel.shape[:2], strides, padding, dilation)
    if x.shape[3] != kernel.shape[2]:
        raise ValueError(
            f"kernel must have as many input channels (third axis) as x has channels, {x.shape[3]}; "
            f"got kernel shape {kernel.shape}"
        )
    return window


def _weight_gradients(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, window: Window
) -> tuple[np.ndarray, np.ndarray]:
    tiling = plan_group(window, *kernel.shape[2:], x.itemsize)
    total = np.zeros((tiling.patch_size + 1, tiling.group * kernel.shape[3]), x.dtype)
    for pictures, rows, patches in patch_tiles(x, tiling, ones=True):
        total += patches.T @ _grouped(grad[pictures, rows], tiling)
    filters = kernel.shape[3]
    bands = total[:-1].reshape(kernel.shape[0], tiling.columns, -1, tiling.group, filters)
    across = window.strides[1]
    starts = range(0, tiling.group * across, across)
    dkernel = sum(bands[:, start : start + kernel.shape[1], :, j] for j, start in enumerate(starts))
    return np.ascontiguousarray(dkernel), total[-1].reshape(tiling.group, filters).sum(axis=0)


def _input_gradient(grad: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    mirrored = _mirrored(window)
    if mirrored and kernel.shape[2] >= MANY_CHANNELS:
        turned = np.ascontiguousarray(kernel[::-1, ::-1].swapaxes(2, 3))
        return convolve(grad, turned, None, mirrored)
    return _scattered(grad, kernel, window)


def _mirrored(window: Window) -> Window | None:
    """Return the window that takes the output's gradient back by a convolution; there is none with strides.

    Nor is there one where the padding is as wide as the kernel or wider: some outputs then see no pixel at all.
    """
    reaches = [(n - 1) * d for n, d in zip(window.size, window.dilation, strict=True)]
    padding = tuple(
        (reach - before, reach - after)
        for reach, (before, after) in zip(reaches, window.padding, strict=True)
    )
    if window.strides != (1, 1) or min(min(sides) for sides in padding) < 0:
        return None
    return Window(window.size, (1, 1), window.dilation, padding, window.output, window.picture)


def _scattered(grad: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    """Take the output's gradient back to patches and add these up where they lie."""
    channels = kernel.shape[2]
    tiling = plan_group(window, *kernel.shape[2:], grad.itemsize)
    weights = banded(kernel, None, tiling).T
    (top, _), (left, _) = window.padding
    height, width = window.picture
    dx = np.empty((len(grad), height, width, channels), grad.dtype)
    buffer = np.empty((tiling.pictures, *tiling.buffer_size, channels), grad.dtype)
    for first in range(0, len(grad), tiling.pictures):
        part = grad[first : first + tiling.pictures]
        padded = buffer[: len(part)]
        padded[...] = 0
        for start in range(0, window.output[0], tiling.rows):
            rows = slice(start, min(start + tiling.rows, window.output[0]))
            add_patches(padded, _grouped(part[:, rows], tiling) @ weights, rows, tiling)
        dx[first : first + len(part)] = padded[:, top : top + height, left : left + width]
    return dx


def _grouped(grad: np.ndarray, tiling: Tiling) -> np.ndarray:
    """Output gradients as (pictures · rows · groups, group · filters), zeros beyond the last output."""
    beyond = tiling.groups * tiling.group - grad.shape[2]
    if beyond:
        grad = np.pad(grad, ((0, 0), (0, 0), (0, beyond), (0, 0)))
    return grad.reshape(-1, tiling.group * grad.shape[3])
