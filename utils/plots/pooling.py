"""Pooling by numbers: the windows on a small array and what each of them leaves."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.plots.style import PALETTE


def show_pooling(x: np.ndarray, f: int, stride: int, mode: str = "max") -> None:
    """Draw a small array with its pooling windows, and beside it the pooled array in the same colours.

    Where windows overlap, only the four in the corners are drawn: all of them would hide each other.

    Parameters
    ----------
    x
        Numbers, shape (height, width), at most about 8 × 8 to stay readable.
    f
        Side of the window in pixels.
    stride
        Pixels from one window to the next.
    mode
        ``"max"`` or ``"average"``.

    Raises
    ------
    ValueError
        If `mode` is another word, or no window fits.
    """
    if mode not in ("max", "average"):
        raise ValueError(f'mode must be "max" or "average", got {mode!r}')
    windows = np.lib.stride_tricks.sliding_window_view(x, (f, f))[::stride, ::stride]
    pooled = windows.max(axis=(2, 3)) if mode == "max" else windows.mean(axis=(2, 3))
    _, (before, after) = plt.subplots(
        1,
        2,
        figsize=(5.6, 0.5 * x.shape[0] + 0.4),
        width_ratios=(x.shape[1], max(x.shape[1] - 1, pooled.shape[1])),
    )
    _grid(before, x, f"before: {x.shape[0]} × {x.shape[1]}")
    _grid(after, pooled, f"{mode} of each window: {pooled.shape[0]} × {pooled.shape[1]}")
    after.set_ylim(*before.get_ylim())
    last = np.array(pooled.shape) - 1
    places = [
        (i, j)
        for i, j in np.ndindex(pooled.shape)
        if stride >= f or (i in (0, last[0]) and j in (0, last[1]))
    ]
    for number, (i, j) in enumerate(places):
        colour = PALETTE[number % 6]
        _window(before, i * stride, j * stride, f, colour)
        _window(after, i, j, 1, colour)
    plt.show()


def _grid(axes: Axes, values: np.ndarray, title: str) -> None:
    height, width = values.shape
    axes.set(xlim=(-0.05, width + 0.05), ylim=(height + 0.05, -0.05), aspect="equal", title=title)
    axes.axis("off")
    for i, j in np.ndindex(values.shape):
        axes.add_patch(Rectangle((j, i), 1, 1, facecolor="white", edgecolor="0.8", linewidth=0.8))
        axes.text(j + 0.5, i + 0.5, f"{values[i, j]:g}", ha="center", va="center", fontsize=12)


def _window(axes: Axes, row: int, column: int, size: int, colour: str) -> None:
    side, corner = size - 0.12, (column + 0.06, row + 0.06)
    axes.add_patch(Rectangle(corner, side, side, facecolor=colour, alpha=0.15))
    axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=2))
