"""Figures of lesson 3 of week 3: overlaps of boxes, and suppression step by step."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.plots.boxes import draw_boxes
from utils.plots.style import PALETTE

CHOSEN, BEATEN, WAITING = PALETTE[2], PALETTE[1], PALETTE[5]


def show_overlaps(pairs: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> None:
    """Show pairs of boxes beside each other, their intersection dark.

    Parameters
    ----------
    pairs : mapping of str to (box, box)
        By title; corners (x1, y1, x2, y2) in any unit.
    """
    _, axes = plt.subplots(1, len(pairs), figsize=(2.4 * len(pairs), 2.4), squeeze=False)
    for ax, (title, (first, second)) in zip(axes[0], pairs.items(), strict=True):
        for box, colour in ((first, PALETTE[0]), (second, PALETTE[1])):
            _rectangle(ax, box, facecolor=colour, alpha=0.3, edgecolor="none")
            _rectangle(ax, box, fill=False, edgecolor=colour, linewidth=2)
        x1, y1 = np.maximum(first[:2], second[:2])
        x2, y2 = np.minimum(first[2:], second[2:])
        if x1 < x2 and y1 < y2:
            _rectangle(ax, (x1, y1, x2, y2), facecolor="0.3", alpha=0.7, edgecolor="none")
        both = np.array([first, second])
        low, high = both[:, :2].min(axis=0), both[:, 2:].max(axis=0)
        ax.set(
            xlim=(low[0] - 0.5, high[0] + 0.5),
            ylim=(high[1] + 0.5, low[1] - 0.5),
            aspect="equal",
            title=title,
        )
        ax.axis("off")
    plt.show()


def show_overlap_matrix(overlaps: np.ndarray, names: Sequence[str]) -> None:
    """Show a matrix of overlaps in [0, 1], (n, n), with its numbers and a name for each row and column."""
    side = 0.45 * len(names) + 0.8
    _, ax = plt.subplots(figsize=(side, side))
    ax.imshow(overlaps, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(overlaps.shape):
        value = overlaps[row, column]
        if value > 0:
            colour = "white" if value > 0.5 else "black"
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=7)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.spines[:].set_visible(False)
    plt.show()


def show_suppression(
    image: np.ndarray, boxes: np.ndarray, steps: Sequence[tuple[int, Sequence[int]]], columns: int = 4
) -> None:
    """Show greedy suppression as a film strip: one picture a step.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    boxes : ndarray, (n, 4)
        Corners in pixels.
    steps : sequence of (int, sequence of int)
        The box that is chosen, and those that it suppresses.
    columns : int
        Pictures in a row.
    """
    rows = -(-len(steps) // columns)
    height = 2.2 * image.shape[0] / image.shape[1] + 0.35
    figure, axes = plt.subplots(rows, columns, figsize=(2.2 * columns, height * rows + 0.3), squeeze=False)
    waiting, chosen = set(range(len(boxes))), []
    for number, (ax, (best, beaten)) in enumerate(zip(axes.ravel(), steps, strict=False), start=1):
        ax.imshow(image)
        waiting -= {best, *beaten}
        for rows_of, colour, width, style in (
            (sorted(waiting), WAITING, 1.2, "-"),
            (chosen, CHOSEN, 1.2, "-"),
            (beaten, BEATEN, 1.8, "--"),
            ([best], CHOSEN, 3.0, "-"),
        ):
            for row in rows_of:
                _rectangle(ax, boxes[row], fill=False, edgecolor=colour, linewidth=width, linestyle=style)
        chosen.append(best)
        ax.set_title(f"{number}: keep {best}, drop {', '.join(map(str, beaten)) or 'none'}")
    for ax in axes.ravel():
        ax.axis("off")
    names = {"kept": (CHOSEN, "-"), "dropped in this step": (BEATEN, "--"), "still waiting": (WAITING, "-")}
    lines = [
        plt.Line2D([], [], color=colour, linestyle=style, label=name)
        for name, (colour, style) in names.items()
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=3)
    plt.show()


def show_box_choices(
    image: np.ndarray, choices: Mapping[str, tuple[np.ndarray, Sequence[str] | None]], width: float = 2.2
) -> None:
    """Show one picture several times, each with other boxes.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    choices : mapping of str to (boxes, labels)
        By title; corners in pixels (n, 4), and a label each or None.
    width : float
        Of one picture, in inches.
    """
    size = (width * len(choices), width * image.shape[0] / image.shape[1] + 0.3)
    _, axes = plt.subplots(1, len(choices), figsize=size, squeeze=False)
    for ax, (title, (boxes, labels)) in zip(axes[0], choices.items(), strict=True):
        draw_boxes(ax, image, boxes, labels)
        ax.set_title(title)
    plt.show()


def _rectangle(ax: Axes, box: Sequence[float], **how) -> None:
    x1, y1, x2, y2 = box
    ax.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **how))
