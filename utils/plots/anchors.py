"""Figures of lesson 4 of week 3: grid cells, shapes of boxes, targets, and how good a detector is."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.plots.boxes import draw_boxes
from utils.plots.style import PALETTE

CELL, CENTRE = PALETTE[4], PALETTE[1]
# Dark enough for white letters.
KINDS = (PALETTE[0], PALETTE[1], "#007A59", "#A8487E", "#7A5200", "#444444")


def show_cells(image: np.ndarray, boxes: np.ndarray, grid: tuple[int, int], width: float = 6.5) -> None:
    """Show which cells of a grid are responsible for the objects of a picture: those that hold their centres.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    boxes : ndarray, (n, 4)
        Corners in pixels, with centres inside the picture.
    grid : tuple of int
        ``(rows, columns)``.
    width : float
        Of the figure, in inches.
    """
    boxes = np.asarray(boxes, float)
    _, ax = plt.subplots(figsize=(width, width * image.shape[0] / image.shape[1]))
    cell = np.array([image.shape[1] / grid[1], image.shape[0] / grid[0]])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for corner in np.unique(np.floor(centres / cell), axis=0) * cell:
        ax.add_patch(Rectangle(corner, *cell, facecolor=CELL, alpha=0.35, edgecolor="none"))
    draw_boxes(ax, image, boxes)
    _draw_grid(ax, grid, cell)
    ax.plot(*centres.T, "o", color=CENTRE, markersize=6, markeredgecolor="white")
    plt.show()


def show_sizes(wh: np.ndarray, choices: Mapping[str, np.ndarray], owners: Mapping[str, np.ndarray]) -> None:
    """Show sizes of boxes as points, coloured by the anchor that they belong to, and the anchors as outlines beside.

    Parameters
    ----------
    wh : ndarray, (n, 2)
        Widths and heights in grid cells.
    choices : mapping of str to ndarray
        Title → anchors, (k, 2); a column of the figure each.
    owners : mapping of str to ndarray
        The same titles → number of the anchor of each size, (n,).
    """
    limit = 1.08 * wh.max()
    _, axes = plt.subplots(2, len(choices), figsize=(3.1 * len(choices), 5.6), squeeze=False)
    for (points, shapes), title in zip(axes.T, choices, strict=True):
        for number, (w, h) in enumerate(choices[title]):
            colour = PALETTE[number % len(PALETTE)]
            mine = wh[owners[title] == number]
            points.plot(*mine.T, ".", color=colour, markersize=3, alpha=0.5)
            points.plot(w, h, "X", color=colour, markersize=11, markeredgecolor="black")
            shapes.add_patch(Rectangle((-w / 2, -h / 2), w, h, fill=False, edgecolor=colour, linewidth=2))
        points.set(title=title, xlabel="width in cells", xlim=(0, limit), ylim=(0, limit), aspect="equal")
        shapes.set(xlim=(-limit / 2, limit / 2), ylim=(-limit / 2, limit / 2), aspect="equal")
        shapes.axis("off")
    axes[0, 0].set_ylabel("height in cells")
    plt.show()


def show_lines(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    labels: tuple[str, str],
    mark: float | None = None,
) -> None:
    """Draw several lines over one axis.

    Parameters
    ----------
    x : sequence of float
        Such as numbers of anchors, or epochs.
    lines : mapping of str to sequence of float
        Name → heights, one for each of `x`.
    labels : tuple of str
        Of the axes, x and y.
    mark : float, optional
        Where an upright dashed line stands.
    """
    _, ax = plt.subplots(figsize=(6, 3))
    for (name, values), marker in zip(lines.items(), "os^v", strict=False):
        ax.plot(x, values, marker=marker, markersize=4, label=name)
    if mark is not None:
        ax.axvline(mark, color="0.6", linestyle="--")
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.legend(loc="best")
    plt.show()


def show_targets(image: np.ndarray, target: np.ndarray, anchors: np.ndarray) -> None:
    """Show a picture's targets, one panel an anchor: the responsible cells, the boxes, and the anchor's own shape.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    target : ndarray, (rows, columns, k, 6)
        Centre x, y, width, height in cells, 1 where an object is, class.
    anchors : ndarray, (k, 2)
        Widths and heights in cells.
    """
    rows, columns, k = target.shape[:3]
    cell = np.array([image.shape[1] / columns, image.shape[0] / rows])
    _, axes = plt.subplots(
        1, k, figsize=(1.55 * k, 1.55 * image.shape[0] / image.shape[1] + 0.35), squeeze=False
    )
    for number, ax in enumerate(axes[0]):
        ax.imshow(image, alpha=0.75, interpolation="bilinear")
        _draw_grid(ax, (rows, columns), cell)
        for row, column in np.argwhere(target[:, :, number, 4] == 1):
            centre, size = target[row, column, number, :2] * cell, target[row, column, number, 2:4] * cell
            shape = anchors[number] * cell
            ax.add_patch(Rectangle((column, row) * cell, *cell, facecolor=CELL, alpha=0.5, edgecolor="none"))
            ax.add_patch(Rectangle(centre - size / 2, *size, fill=False, edgecolor=PALETTE[0], linewidth=2.5))
            ax.add_patch(
                Rectangle(
                    centre - shape / 2, *shape, fill=False, edgecolor=CENTRE, linewidth=1.5, linestyle="--"
                )
            )
            ax.plot(*centre, "o", color=CENTRE, markersize=5, markeredgecolor="white")
        width, height = anchors[number]
        ax.set_title(f"anchor {number}: {width:.1f} × {height:.1f}", fontsize=8)
        ax.axis("off")
        ax.set(xlim=(0, image.shape[1]), ylim=(image.shape[0], 0))
    plt.show()


def show_finds(
    images: np.ndarray,
    boxes: Sequence[np.ndarray],
    labels: Sequence[Sequence[str]],
    kinds: Sequence[Sequence[int]],
    columns: int = 4,
    width: float = 1.6,
) -> None:
    """Show several pictures with their boxes, labels and, by colour, kinds.

    Parameters
    ----------
    images : ndarray, (n, height, width, 3)
        The pictures.
    boxes : sequence of ndarray, (·, 4)
        Corners in pixels, one array a picture.
    labels : sequence of sequences of str
        One a box.
    kinds : sequence of sequences of int
        Boxes of one kind have one colour.
    columns : int
        Pictures in a row.
    width : float
        Of one picture, in inches.
    """
    rows = -(-len(images) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(width * columns, width * rows), squeeze=False)
    for ax in axes.ravel():
        ax.axis("off")
    for ax, image, *found in zip(axes.ravel(), images, boxes, labels, kinds, strict=False):
        ax.imshow(image, interpolation="bilinear")
        for box, label, kind in zip(*found, strict=True):
            _draw_find(ax, box, label, KINDS[kind % len(KINDS)])
    plt.show()


def show_curves(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw precision against recall, with the envelope under which the area is taken.

    Parameters
    ----------
    curves : mapping of str to (recall, precision)
        Name, such as a class → arrays (n,) each, by falling score.
    """
    _, ax = plt.subplots(figsize=(6, 3.6))
    for (name, (recall, precision)), colour in zip(curves.items(), PALETTE, strict=False):
        best = np.maximum.accumulate(precision[::-1])[::-1]
        ax.plot(recall, precision, color=colour, alpha=0.35, linewidth=1)
        ax.step(np.append(0, recall), np.append(best[:1], best), where="pre", color=colour, label=name)
    ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(loc="lower left")
    plt.show()


def _draw_find(ax: Axes, box: Sequence[float], label: str, colour: str) -> None:
    """Draw a box with its label inside the picture: at the upper edge of the box, on the side where there is room."""
    x1, y1, x2, y2 = box
    ax.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=1.8))
    if not label:
        return
    right, bottom = ax.get_xlim()[1], ax.get_ylim()[0]
    right_side = x1 > 0.5 * right
    ax.text(
        min(x2, right) if right_side else max(x1, 0),
        max(y1, 0),
        label,
        fontsize=6.5,
        color="white",
        ha="right" if right_side else "left",
        va="top" if y1 < 0.1 * bottom else "bottom",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1},
    )


def _draw_grid(ax: Axes, grid: tuple[int, int], cell: np.ndarray) -> None:
    for row in range(1, grid[0]):
        ax.axhline(row * cell[1], color="white", linewidth=0.8, alpha=0.8)
    for column in range(1, grid[1]):
        ax.axvline(column * cell[0], color="white", linewidth=0.8, alpha=0.8)
