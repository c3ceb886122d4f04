"""Where a window lies on a picture: padding, strides, dilation and the size of what comes out.

Convolution and pooling share this arithmetic. See V. Dumoulin and F. Visin, "A guide to convolution
arithmetic for deep learning" (2016), relationships 6 and 15, and TensorFlow's rule for ``"same"``, which
puts the odd pixel of padding at the bottom and on the right. NumPy alone is imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.layers.validation import PICTURE_AXES, as_floating, as_integer, as_pair, is_integer

AxisPadding = tuple[int, int]
Padding = str | int | tuple[AxisPadding, AxisPadding]
PADDING_WANTED = '"valid", "same", an integer or ((top, bottom), (left, right))'


@dataclass(frozen=True)
class Window:
    """A window that slides over a picture; every pair is (height, width).

    Attributes
    ----------
    size : tuple of int
        Positions of the window that carry a weight.
    strides : tuple of int
        Pixels from one window to the next.
    dilation : tuple of int
        Pixels from one position of the window to the next.
    padding : tuple of tuple of int
        ``((top, bottom), (left, right))`` in pixels.
    picture : tuple of int
        Size of the picture without padding.
    output : tuple of int
        Number of windows.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[AxisPadding, AxisPadding]
    picture: tuple[int, int]
    output: tuple[int, int]

    @property
    def padded(self) -> tuple[int, int]:
        """Size of the padded picture."""
        (top, bottom), (left, right) = self.padding
        return self.picture[0] + top + bottom, self.picture[1] + left + right


def place_window(
    picture: Sequence[int],
    size: tuple[int, int],
    strides: Any,
    padding: Any,
    dilation: Any = 1,
    what: str = "kernel",
) -> Window:
    """Check the arguments of a sliding window and work out its padding and its number of positions.

    Parameters
    ----------
    picture
        ``(height, width)`` of the picture.
    size
        ``(height, width)`` of the window.
    strides, dilation
        An integer or a pair.
    padding
        ``"valid"``, ``"same"``, an integer, or ``((top, bottom), (left, right))``.
    what
        The argument that gives the size, for the message.

    Returns
    -------
    Window
        The window, all of its numbers settled.

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed, or the dilated window is larger than the padded picture.
    """
    strides, dilation = as_pair("strides", strides), as_pair("dilation", dilation)
    reaches = tuple(_reach(n, d) for n, d in zip(size, dilation, strict=True))
    pads = _as_axis_paddings(padding)
    if pads == "same":
        pads = tuple(_same(*numbers) for numbers in zip(picture, reaches, strides, strict=True))
    padded = tuple(n + sum(pad) for n, pad in zip(picture, pads, strict=True))
    if any(reach > n for reach, n in zip(reaches, padded, strict=True)):
        raise ValueError(
            f"{what} covers {reaches[0]}×{reaches[1]} pixels (size {tuple(size)}, dilation {dilation}) "
            f"but must fit into the padded picture of {padded[0]}×{padded[1]}"
        )
    output = tuple((n - r) // s + 1 for n, r, s in zip(padded, reaches, strides, strict=True))
    return Window(tuple(size), strides, dilation, pads, tuple(picture), output)


def conv_output_length(
    n: int, kernel: int, stride: int = 1, padding: str | int | AxisPadding = "valid", dilation: int = 1
) -> int:
    """Return the number of window positions along one axis, ⌊(n + p − d(k − 1) − 1) / s⌋ + 1.

    Parameters
    ----------
    n
        Pixels along the axis, at least 1.
    kernel
        Positions of the window along the axis, at least 1.
    stride, dilation
        Pixels between windows and between positions of a window, at least 1.
    padding
        ``"valid"`` (none), ``"same"`` (as much as makes the result ⌈n / s⌉), an integer for both ends, or
        ``(before, after)``.

    Returns
    -------
    int
        The length of the output, at least 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed, or the window does not fit into the padded axis.
    """
    n, kernel = as_integer("n", n, 1), as_integer("kernel", kernel, 1)
    stride, dilation = as_integer("stride", stride, 1), as_integer("dilation", dilation, 1)
    reach = _reach(kernel, dilation)
    if padding == "same":
        return -(-n // stride)
    padded = n + sum(_as_axis_padding(padding))
    if reach > padded:
        raise ValueError(f"kernel covers {reach} pixels and must fit into the padded axis of {padded}")
    return (padded - reach) // stride + 1


def pad2d(x: np.ndarray, padding: int | tuple[AxisPadding, AxisPadding]) -> np.ndarray:
    """Put zeros around the pictures of a batch.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels); integers are converted to float32.
    padding
        Pixels on every side, or ``((top, bottom), (left, right))``.

    Returns
    -------
    numpy.ndarray
        A new array, shape (batch, top + height + bottom, left + width + right, channels).

    Raises
    ------
    TypeError, ValueError
        If `x` is not four-dimensional, empty, not finite, or `padding` is malformed or negative.
    """
    (x,) = as_floating({"x": PICTURE_AXES}, x=x)
    if isinstance(padding, str):
        raise TypeError(f"padding must be an integer or ((top, bottom), (left, right)); got {padding!r}")
    return np.pad(x, ((0, 0), *_as_axis_paddings(padding), (0, 0)))


def _reach(size: int, dilation: int) -> int:
    return (size - 1) * dilation + 1


def _same(n: int, reach: int, stride: int) -> AxisPadding:
    missing = max((-(-n // stride) - 1) * stride + reach - n, 0)
    return missing // 2, missing - missing // 2


def _as_axis_paddings(padding: Any) -> str | tuple[AxisPadding, AxisPadding]:
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise ValueError(f"padding must be {PADDING_WANTED}; got {padding!r}")
        return padding if padding == "same" else ((0, 0), (0, 0))
    if is_integer(padding):
        sides = as_pair("padding", padding, smallest=0)
        return sides, sides
    if not isinstance(padding, Sequence | np.ndarray):
        raise TypeError(f"padding must be {PADDING_WANTED}; got {padding!r}")
    if len(padding) != 2 or any(is_integer(sides) for sides in padding):
        raise ValueError(f"padding must be {PADDING_WANTED}; got {padding!r}")
    return as_pair("padding", padding[0], smallest=0), as_pair("padding", padding[1], smallest=0)


def _as_axis_padding(padding: Any) -> AxisPadding:
    if isinstance(padding, str):
        if padding != "valid":
            raise ValueError(
                f'padding must be "valid", "same", an integer or (before, after); got {padding!r}'
            )
        return 0, 0
    return as_pair("padding", padding, smallest=0)
