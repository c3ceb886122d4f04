"""Figures of lesson 2 of week 3: windows on a picture, where they come from, and what they say as a map of heat."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.plots.style import PALETTE


def show_cut_windows(image: np.ndarray, corners: Sequence[tuple[int, int]], side: int) -> None:
    """Show a picture with some windows on it, numbered, and what each of them sees.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        In [0, 1].
    corners : sequence of (int, int)
        Row and column of each window's upper left pixel.
    side : int
        Of the square windows, in pixels.
    """
    columns = 3
    rows = -(-len(corners) // columns)
    figure, axes = plt.subplot_mosaic(
        [["all"] * 4 + [f"{row * columns + column}" for column in range(columns)] for row in range(rows)],
        figsize=(8, 2.9),
    )
    axes["all"].imshow(image)
    for number, (top, left) in enumerate(corners):
        colour = PALETTE[1]
        axes["all"].add_patch(Rectangle((left - 0.5, top - 0.5), side, side, fill=False, ec=colour, lw=1.5))
        axes["all"].text(left + 1, top - 2, str(number + 1), color=colour, fontsize=9, fontweight="bold")
        axes[str(number)].imshow(image[top : top + side, left : left + side])
        axes[str(number)].set_title(str(number + 1), color=colour)
    for ax in figure.axes:
        ax.axis("off")
    plt.show()


def show_examples(groups: Mapping[str, np.ndarray]) -> None:
    """Show rows of small pictures, (n, height, width, 3) in [0, 1], each row under its name."""
    most = max(map(len, groups.values()))
    _, axes = plt.subplots(len(groups), 1, figsize=(8, 8 / most * len(groups) + 0.35 * len(groups)))
    for ax, (name, pictures) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        gap = np.ones((pictures.shape[1], 2, 3), np.float32)
        ax.imshow(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1))
        ax.set_title(name, loc="left")
        ax.axis("off")
    plt.show()


def draw_heat(ax: Axes, image: np.ndarray, heat: np.ndarray, window: int, stride: int) -> None:
    """Lay a map of heat over a picture, each window's value at its middle.

    Parameters
    ----------
    ax : Axes
        To draw into.
    image : ndarray, (height, width, 3)
        In [0, 1].
    heat : ndarray, (rows, columns)
        In [0, 1]; 0 leaves the picture as it is.
    window, stride : int
        Side of the windows, and pixels from one to the next.
    """
    ax.imshow(image)
    start = window / 2 - stride / 2 - 0.5
    rows, columns = heat.shape
    colours = plt.get_cmap("autumn")(heat)
    colours[..., 3] = 0.85 * heat
    extent = (start, start + stride * columns, start + stride * rows, start)
    ax.imshow(colours, extent=extent, interpolation="nearest")
    ax.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    ax.axis("off")


def show_heat(
    image: np.ndarray,
    heats: Mapping[str, np.ndarray],
    window: int,
    stride: int,
    names: Sequence[tuple[float, float, str]] = (),
    width: float = 8,
) -> None:
    """Show maps of heat over a picture, side by side.

    Parameters
    ----------
    image, window, stride
        As in :func:`draw_heat`.
    heats : mapping of str to ndarray, (rows, columns)
        By title.
    names : sequence of (x, y, text)
        What to write, and where, in pixels.
    width : float
        Of the figure, in inches.
    """
    each = width / len(heats)
    size = (width, each * image.shape[0] / image.shape[1] + 0.35)
    _, axes = plt.subplots(1, len(heats), figsize=size, squeeze=False)
    for ax, (title, heat) in zip(axes[0], heats.items(), strict=True):
        draw_heat(ax, image, heat, window, stride)
        ax.set_title(title)
        for x, y, text in names:
            box = {"facecolor": "black", "edgecolor": "none", "pad": 1.2}
            ax.text(x, y, text, color="white", fontsize=9, ha="center", va="center", bbox=box)
    plt.show()


def show_window_levels(levels: Sequence[tuple[str, int, int]], size: int, windows: Sequence[int]) -> None:
    """Show along one axis what lies below numbers at the top of a network, level by level.

    Parameters
    ----------
    levels : sequence of (str, int, int)
        Name, kernel size and stride of each layer, from the picture up; no padding.
    size : int
        Pixels of the picture along the axis.
    windows : sequence of int
        Positions at the top; each has its colour, and what it depends on is filled down to the pixels.
    """
    sizes, jumps, fields = [size], [1], [1]
    for _, kernel, stride in levels:
        sizes.append((sizes[-1] - kernel) // stride + 1)
        fields.append(fields[-1] + (kernel - 1) * jumps[-1])
        jumps.append(jumps[-1] * stride)
    spans = [[(position, position + 1) for position in windows]]
    for _, kernel, stride in reversed(levels):
        spans.append([(low * stride, (high - 1) * stride + kernel) for low, high in spans[-1]])
    _, ax = plt.subplots(figsize=(8, 0.62 * len(sizes) + 0.2))
    for height, parts in enumerate(reversed(spans)):
        # Each number stands above the middle of the pixels that it sees, as wide as the step to the next.
        left, wide = (fields[height] - jumps[height]) / 2, jumps[height]
        for cell in range(sizes[height]):
            ax.add_patch(Rectangle((left + cell * wide, height), wide, 0.42, fc="white", ec="0.7", lw=0.6))
        for number, (low, high) in enumerate(parts):
            corner, tall = (left + low * wide, height + 0.21 * (number % 2)), 0.21
            ax.add_patch(Rectangle(corner, (high - low) * wide, tall, fc=PALETTE[number], alpha=0.75))
        name = levels[height - 1][0] if height else "picture"
        ax.text(-1, height + 0.21, f"{name}: {sizes[height]}", ha="right", va="center", fontsize=9)
    ax.set(xlim=(-0.3 * size, size + 1), ylim=(-0.1, len(sizes) - 0.4))
    ax.axis("off")
    plt.show()


def show_scores_by_size(sizes: Sequence[float], shares: Sequence[float], trained: float, xlabel: str) -> None:
    """Show which share of things is found at each size, and mark the size of the training pictures."""
    _, ax = plt.subplots(figsize=(6, 2.8))
    ax.axvline(trained, color="0.6", linestyle="--", label="as in training")
    ax.plot(sizes, shares, "o-", color=PALETTE[0])
    ax.set(xlabel=xlabel, ylabel="share found", ylim=(0, 1.02))
    ax.legend()
    plt.show()
