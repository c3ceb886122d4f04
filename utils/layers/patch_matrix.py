"""All windows of a batch as rows of one matrix ("im2col"), whole and in the plain order that week 1 teaches.

`conv2d` never holds this matrix, which is as many times larger than the picture as a window has pixels; lessons that
look at it, or build on it, take it from here. NumPy alone is imported.
"""

import numpy as np

from utils.layers.shapes import pad2d, place_window
from utils.layers.validation import PICTURE_AXES, as_floating, as_integer


def patch_matrix(x: np.ndarray, size: int, stride: int = 1, pad: int = 0) -> np.ndarray:
    """Write every square window of a batch as one row.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels); integers are converted to float32.
    size
        Pixels along a side of the window, at least 1.
    stride
        Pixels from one window to the next, at least 1.
    pad
        Zeros on every side of the picture, at least 0.

    Returns
    -------
    numpy.ndarray
        Shape (batch · output height · output width, size · size · channels), of the type of `x`. Rows run over
        pictures, then output rows, then output columns; a row holds its window's rows, columns and channels in that
        order, as ``kernel.reshape(-1, filters)`` has its rows.

    Raises
    ------
    TypeError, ValueError
        If `x` is not four-dimensional, empty or not finite, a number is malformed, or the window does not fit.
    """
    (x,) = as_floating({"x": PICTURE_AXES}, x=x)
    size, stride, pad = (
        as_integer("size", size, 1),
        as_integer("stride", stride, 1),
        as_integer("pad", pad, 0),
    )
    window = place_window(x.shape[1:3], (size, size), stride, pad, what="size")
    padded = pad2d(x, pad)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(len(x) * window.output[0] * window.output[1], -1)
