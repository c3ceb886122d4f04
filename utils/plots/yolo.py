"""Figures of week 3's assignment: a YOLO network's output cell by cell, and what becomes of its boxes."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle

from utils.plots.boxes import draw_boxes
from utils.plots.style import PALETTE

_WORTH_SAYING = 0.05  # smaller confidences are not written into their cells


def show_cell_numbers(numbers: np.ndarray, names: Sequence[str]) -> None:
    """Show the raw numbers of one grid cell as a table, coloured by sign and size.

    Parameters
    ----------
    numbers : ndarray, (boxes, columns)
        One row a box.
    names : sequence of str
        Heads of the columns.
    """
    _, ax = plt.subplots(figsize=(0.72 * len(names) + 0.6, 0.42 * len(numbers) + 0.7))
    strongest = float(np.abs(numbers).max()) or 1.0
    ax.imshow(numbers, cmap="RdBu", vmin=-strongest, vmax=strongest, aspect="auto")
    for row, column in np.ndindex(numbers.shape):
        value = numbers[row, column]
        colour = "white" if abs(value) > 0.6 * strongest else "black"
        ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(len(names)), names, fontsize=8)
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(numbers)), [f"box {i}" for i in range(len(numbers))], fontsize=8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    plt.show()


def show_cells(
    image: np.ndarray, confidence: np.ndarray, scores: np.ndarray, labels: np.ndarray, names: Sequence[str]
) -> None:
    """Show how sure each cell of the network's grid is, and what it would say, over the picture.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        What the network sees.
    confidence : ndarray, (rows, columns)
        Best box confidence of each cell, in [0, 1].
    scores, labels : ndarray, (rows, columns)
        Best score of each cell in [0, 1], and its class.
    names : sequence of str
        Of the classes.
    """
    figure, axes = plt.subplots(1, 2, figsize=(6.2, 3.4))
    rows, columns = confidence.shape
    whole = (0, columns, rows, 0)
    axes[0].imshow(confidence, extent=whole, cmap="Blues", vmin=0, vmax=1)
    axes[1].imshow(image, extent=whole)
    for ax, title in zip(axes, ("best confidence of each cell", "best class of each cell"), strict=True):
        ax.set_title(title)
        ax.set_xticks(range(columns + 1), [])
        ax.set_yticks(range(rows + 1), [])
        ax.tick_params(length=0)
        ax.grid(color="0.8", linewidth=0.8)
        ax.spines[:].set_visible(False)
    for row, column in np.argwhere(confidence >= _WORTH_SAYING):
        value = confidence[row, column]
        colour = "white" if value > 0.5 else "black"
        place = {"ha": "center", "va": "center", "fontsize": 7}
        axes[0].text(column + 0.5, row + 0.5, f"{value:.2f}", color=colour, **place)
    for row, column in np.ndindex(labels.shape):
        colour, strength = PALETTE[labels[row, column] % len(PALETTE)], 0.12 + 0.75 * scores[row, column]
        axes[1].add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=strength, edgecolor="none"))
    kinds = [Patch(color=PALETTE[i % len(PALETTE)], label=name) for i, name in enumerate(names)]
    figure.legend(handles=kinds, loc="outside lower center", ncols=len(names), fontsize=8)
    plt.show()


def show_all_boxes(image: np.ndarray, boxes: np.ndarray, scores: np.ndarray, kinds: Sequence[int]) -> None:
    """Show every box a network proposes: the better its score, the thicker its line.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    boxes : ndarray, (n, 4)
        Corners (x1, y1, x2, y2) in pixels.
    scores : ndarray, (n,)
        In [0, 1].
    kinds : sequence of int
        Boxes of one kind have one colour.
    """
    height, width = image.shape[:2]
    _, ax = plt.subplots(figsize=(3.8, 3.8 * height / width))
    ax.imshow(image)
    ax.axis("off")
    for row in np.argsort(scores):
        x1, y1, x2, y2 = boxes[row]
        line = {"edgecolor": PALETTE[kinds[row] % len(PALETTE)], "linewidth": 0.4 + 3.5 * scores[row]}
        ax.add_patch(
            Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, alpha=0.12 + 0.88 * scores[row], **line)
        )
    ax.set(xlim=(0, width), ylim=(height, 0))
    plt.show()


def show_detections(
    pictures: Sequence[tuple[np.ndarray, np.ndarray, Sequence[str], Sequence[int]]],
    columns: int = 3,
    width: float = 3.2,
    truth: Sequence[np.ndarray] | None = None,
) -> None:
    """Show pictures beside each other, each with its boxes.

    Parameters
    ----------
    pictures : sequence of (image, boxes, labels, kinds)
        As `draw_boxes` takes them; boxes (x1, y1, x2, y2) in pixels.
    columns : int
        Pictures in a row.
    width : float
        Of a picture, in inches.
    truth : sequence of ndarray, (n, 4), optional
        For each picture the boxes that are right, drawn as dashed white lines.
    """
    shapes = [image.shape[0] / image.shape[1] for image, *_ in pictures]
    heights = [max(shapes[start : start + columns]) for start in range(0, len(shapes), columns)]
    _, axes = plt.subplots(
        len(heights),
        columns,
        figsize=(width * columns, width * sum(heights)),
        height_ratios=heights,
        squeeze=False,
    )
    for ax in axes.ravel():
        ax.axis("off")
    for i, (ax, (image, boxes, labels, kinds)) in enumerate(zip(axes.ravel(), pictures, strict=False)):
        draw_boxes(ax, image, boxes, labels, kinds)
        for x1, y1, x2, y2 in truth[i] if truth is not None else ():
            line = {"edgecolor": "white", "linewidth": 1.2, "linestyle": (0, (3, 3))}
            ax.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, **line))
        ax.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    plt.show()
