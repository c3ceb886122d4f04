"""Figures of a window that slides over a picture: its places one after the other, and how often each pixel counts."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.plots.filters import Box, draw_box, draw_numbers
from utils.plots.style import PALETTE

_MOST_FRAMES = 16


def show_sliding_window(
    image: np.ndarray, kernel: np.ndarray, pad: int = 0, stride: int = 1, first: int = _MOST_FRAMES
) -> None:
    """Draw the places of a sliding window as frames: the picture with the window, the result so far beside it.

    The numbers of the picture are written inside the window only.

    Parameters
    ----------
    image : ndarray, shape (height, width)
        Small whole numbers.
    kernel : ndarray, shape (kernel height, kernel width)
    pad : int
        Width of the border of zeros, drawn outside a dashed frame.
    stride : int
        Pixels from one place to the next.
    first : int
        How many frames to draw at most; 16 by default.

    Raises
    ------
    ValueError
        When the window has no place, or `first` is not from 1 to 16.
    """
    if not 1 <= first <= _MOST_FRAMES:
        raise ValueError(f"first must be from 1 to {_MOST_FRAMES}, got {first!r}")
    padded, (high, wide) = np.pad(image, pad), kernel.shape
    if high > padded.shape[0] or wide > padded.shape[1]:
        raise ValueError(f"kernel must fit into the padded image {padded.shape}, got {kernel.shape}")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    result = np.einsum("ijuv,uv->ij", windows, kernel)
    places = list(np.ndindex(result.shape))[:first]
    columns = min(3, len(places))
    rows = -(-len(places) // columns)
    # A narrow empty column keeps neighbouring frames apart.
    ratios = [padded.shape[1], 0.75 * padded.shape[1], 0.15 * padded.shape[1]] * columns
    figure = plt.figure(figsize=(2.05 * columns, 1.2 * rows))
    grid = figure.add_gridspec(rows, 3 * columns, width_ratios=ratios)
    for frame, (i, j) in enumerate(places):
        row, column = divmod(frame, columns)
        left = figure.add_subplot(grid[row, 3 * column])
        right = figure.add_subplot(grid[row, 3 * column + 1])
        window = (i * stride, j * stride, high, wide)
        draw_numbers(left, padded, box=window)
        _keep_numbers(left, window)
        left.set_ylabel(frame + 1, rotation=0, labelpad=8)
        if pad:
            _dash(left, pad, *image.shape)
        so_far = np.where(np.arange(result.size).reshape(result.shape) <= frame, result, np.nan)
        draw_numbers(right, so_far, signed=True, box=(i, j, 1, 1), limit=np.abs(result).max())
    plt.show()


def _keep_numbers(ax: Axes, box: Box) -> None:
    """Remove the numbers outside of the box: the window's own are the ones to look at."""
    top, left, height, width = box
    for text in list(ax.texts):
        column, row = text.get_position()
        if not (top <= row < top + height and left <= column < left + width):
            text.remove()


def _dash(ax: Axes, pad: int, height: int, width: int) -> None:
    low, right, bottom = pad - 0.5, pad + width - 0.5, pad + height - 0.5
    xs, ys = [low, right, right, low, low], [low, low, bottom, bottom, low]
    ax.plot(xs, ys, color=PALETTE[0], linestyle="--", linewidth=1.2)


def show_counts(counts: Mapping[str, np.ndarray]) -> None:
    """Draw how many windows each pixel takes part in, one array of numbers for each title.

    Parameters
    ----------
    counts : mapping of str to ndarray, shape (height, width)
        Whole numbers; light is often.
    """
    _, axes = plt.subplots(1, len(counts), figsize=(1.8 * len(counts), 1.95), squeeze=False)
    limit = max(count.max() for count in counts.values())
    for ax, (title, count) in zip(axes.flat, counts.items(), strict=True):
        draw_numbers(ax, count, title, limit=limit)
    plt.show()


def show_volume_step(window: np.ndarray, weights: np.ndarray, names: tuple[str, ...]) -> None:
    """Draw one place of a convolution over a volume: the window, the filter and the products, channel by channel.

    Parameters
    ----------
    window, weights : ndarray, shape (f, f, channels)
        Small numbers.
    names : tuple of str
        One for each channel.
    """
    channels = len(names)
    products = window * weights
    _, axes = plt.subplots(3, channels, figsize=(1.15 * channels, 3.2), squeeze=False)
    limits = [0.0, np.abs(weights).max(), np.abs(products).max()]
    for c, name in enumerate(names):
        draw_numbers(axes[0, c], window[..., c], name, limit=window.max())
        draw_numbers(axes[1, c], weights[..., c], signed=True, limit=limits[1])
        draw_numbers(axes[2, c], products[..., c], signed=True, limit=limits[2])
        axes[2, c].set_xlabel(f"sum {products[..., c].sum():g}")
    for ax, label in zip(axes[:, 0], ("window", "× filter", "= products"), strict=True):
        ax.set_ylabel(label)
    plt.show()


def show_shrinking(picture: np.ndarray, results: Mapping[str, np.ndarray]) -> None:
    """Draw a grey picture and smaller ones that were made from its middle, all at one scale.

    Parameters
    ----------
    picture : ndarray, shape (height, width)
        Values in [0, 1].
    results : mapping of str to ndarray, shape (at most height, at most width)
        Each is drawn at the middle of a frame of the picture's size.
    """
    height, width = picture.shape
    _, axes = plt.subplots(1, 1 + len(results), figsize=(2.2 * (1 + len(results)), 1.9))
    for ax, (title, result) in zip(axes, {"the picture": picture, **results}.items(), strict=True):
        top, left = (height - result.shape[0]) / 2, (width - result.shape[1]) / 2
        extent = (left - 0.5, left + result.shape[1] - 0.5, top + result.shape[0] - 0.5, top - 0.5)
        ax.imshow(result, vmin=0, vmax=1, extent=extent)
        ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)
        draw_box(ax, (0, 0, height, width), "0.7")
        ax.axis("off")
    plt.show()
