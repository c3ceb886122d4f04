"""Figures of lesson 6 of week 3: a U-Net as a drawing, and masks over the pictures that they belong to."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle

from utils.plots.style import PALETTE

# Class 0 is the background and has no colour.
_CLASS_COLOURS = (PALETTE[1], PALETTE[2], PALETTE[0], PALETTE[4], PALETTE[3], PALETTE[5])


def paint_mask(image: np.ndarray, mask: np.ndarray, opacity: float = 0.6) -> np.ndarray:
    """Return a picture in grey with the colour of each pixel's class laid over it.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        In [0, 1], or uint8.
    mask : ndarray of int, (height, width)
        Class of each pixel, 0 for the background, which gets no colour; at most 6.
    opacity : float
        Of the colours, in [0, 1].

    Returns
    -------
    ndarray, (height, width, 3)
        In [0, 1].
    """
    if mask.shape != image.shape[:2]:
        raise ValueError(f"mask must have the picture's size {image.shape[:2]}, got {mask.shape}")
    grey = (image / 255 if image.dtype == np.uint8 else image).mean(axis=-1, keepdims=True)
    painted = np.repeat(grey, 3, axis=-1)
    for label, colour in enumerate(_CLASS_COLOURS, start=1):
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        inside = mask == label
        painted[inside] = (1 - opacity) * painted[inside] + opacity * rgb
    return painted


def show_masks(
    images: np.ndarray, masks: Mapping[str, np.ndarray], names: Sequence[str], width: float = 9
) -> None:
    """Show a row of pictures, and below it a row for each set of masks.

    Parameters
    ----------
    images : ndarray, (n, height, width, 3)
        uint8 or in [0, 1].
    masks : mapping of str to ndarray, (n, height, width)
        By the name of the row.
    names : sequence of str
        Of the classes from 1.
    width : float
        Of the figure, in inches.
    """
    rows = {"picture": images}
    rows |= {
        name: np.array([paint_mask(image, mask) for image, mask in zip(images, of_row, strict=True)])
        for name, of_row in masks.items()
    }
    side = (width - 1) / len(images)
    figure, axes = plt.subplots(
        len(rows), len(images), figsize=(width, side * len(rows) + 0.3), squeeze=False
    )
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    handles = [Patch(color=colour, label=name) for name, colour in zip(names, _CLASS_COLOURS, strict=False)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names))
    plt.show()


def show_unet(widths: Sequence[int], sizes: Sequence[int], classes: int) -> None:
    """Draw a U-Net: a box for each block, and the ways between them.

    Parameters
    ----------
    widths, sizes : sequence of int
        Channels, and pixels along a side, of each level from the top.
    classes : int
        Channels at the end.
    """
    _, ax = plt.subplots(figsize=(8, 0.95 * len(widths) + 0.3))
    bottom = len(widths) - 1
    places = [(2.1 * level, level) for level in range(bottom)] + [(2.1 * bottom, bottom)]
    places += [(2.1 * (2 * bottom - level), level) for level in reversed(range(bottom))]
    for number, (x, level) in enumerate(places):
        colour = PALETTE[5] if number <= bottom else PALETTE[4]
        ax.add_patch(Rectangle((x - 0.8, -level - 0.26), 1.6, 0.52, fc=colour, ec="none", alpha=0.6))
        ax.text(x, -level, f"{sizes[level]}² × {widths[level]}", ha="center", va="center", fontsize=9)
    for number in range(len(places) - 1):
        (x1, l1), (x2, l2) = places[number : number + 2]
        down = l2 > l1
        _arrow(ax, (x1, -l1 - 0.26 if down else -l1 + 0.26), (x2, -l2 + 0.26 if down else -l2 - 0.26), "-")
    for level in range(bottom):
        _arrow(ax, (2.1 * level + 0.8, -level), (2.1 * (2 * bottom - level) - 0.8, -level), "--", PALETTE[1])
    right = 2.1 * 2 * bottom
    _arrow(ax, (right + 0.8, 0), (right + 1.5, 0), "-")
    ax.text(right + 1.6, 0, f"{sizes[0]}² × {classes}\nscores", va="center", fontsize=9)
    ax.text(1.05 + 0.25, -0.5, "pool", fontsize=8, color="0.4")
    ax.text(right - 1.05 - 0.25, -0.5, "transposed", fontsize=8, color="0.4", ha="right")
    ax.text(2.1 * bottom, 0.08, "joined", fontsize=8, color=PALETTE[1], ha="center")
    ax.set(xlim=(-1, right + 3.2), ylim=(-bottom - 0.4, 0.45))
    ax.axis("off")
    plt.show()


def _arrow(ax, start: tuple[float, float], end: tuple[float, float], style: str, colour: str = "0.3") -> None:
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, linestyle=style, color=colour)
    )


def show_scores_by_class(names: Sequence[str], scores: Mapping[str, Sequence[float]], ylabel: str) -> None:
    """Show groups of bars, one group a class, one bar a network; scores in [0, 1]."""
    _, ax = plt.subplots(figsize=(7, 2.8))
    wide = 0.8 / len(scores)
    for number, (label, values) in enumerate(scores.items()):
        places = np.arange(len(names)) + (number - (len(scores) - 1) / 2) * wide
        ax.bar(places, values, 0.92 * wide, label=label)
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel=ylabel, ylim=(0, 1))
    ax.legend(ncols=len(scores), loc="upper right")
    plt.show()
