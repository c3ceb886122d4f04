"""Figures of the lesson on data augmentation: distorted pictures, clouds of colours, strengths, who waits for whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from utils.plots.style import PALETTE

Window = tuple[int, int, int, int]
Span = tuple[float, float]

WALL_WIDTH = 6.0  # inches; photographs make a notebook heavy


def show_wall(rows: Sequence[Sequence[np.ndarray]], columns: Sequence[str]) -> None:
    """Draw pictures in rows and columns without gaps, the columns named.

    Parameters
    ----------
    rows : sequence of sequences of ndarray, (height, width, 3)
        One row a photograph; pictures of a column may differ in size.
    columns : sequence of str
        One name a column.
    """
    if not rows or any(len(row) != len(columns) for row in rows):
        raise ValueError(f"every row must hold {len(columns)} pictures, got {[len(row) for row in rows]}")
    shape = rows[0][0].shape
    side = min(WALL_WIDTH / len(columns), 0.9)
    figure, axes = plt.subplots(
        len(rows),
        len(columns),
        figsize=(side * len(columns), len(rows) * side * shape[0] / shape[1] + 0.3),
        squeeze=False,
        layout="constrained",
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    for row, pictures in zip(axes, rows, strict=True):
        for ax, picture in zip(row, pictures, strict=True):
            ax.imshow(picture, aspect="auto", interpolation="antialiased")
            ax.axis("off")
    for ax, name in zip(axes[0], columns, strict=True):
        ax.set_title(name, fontsize=9, pad=3)
    plt.show()


def show_cut_outs(image: np.ndarray, windows: Sequence[Window]) -> None:
    """Draw a photograph with framed windows, and beside it what is in them.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The photograph.
    windows : sequence of (top, left, height, width)
        In pixels.
    """
    _, axes = plt.subplots(
        1,
        1 + len(windows),
        figsize=(4.8, 1.6),
        width_ratios=[image.shape[1] / image.shape[0], *(w[3] / w[2] for w in windows)],
    )
    axes[0].imshow(image)
    axes[0].axis("off")
    for ax, (top, left, height, width), colour in zip(axes[1:], windows, PALETTE[1:], strict=False):
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=2)
        axes[0].add_patch(frame)
        ax.imshow(image[top : top + height, left : left + width])
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=colour, linewidth=2)
    plt.show()


def show_moved_boxes(
    pictures: Mapping[str, tuple[np.ndarray, np.ndarray]], names: Sequence[Sequence[str]]
) -> None:
    """Draw pictures side by side with named boxes.

    Parameters
    ----------
    pictures : mapping of str to (image, boxes)
        Title → picture (height, width, 3) and corners (n, 4) in pixels.
    names : sequence of sequences of str
        For each picture one name a box.
    """
    ratios = [image.shape[1] / image.shape[0] for image, _ in pictures.values()]
    _, axes = plt.subplots(1, len(pictures), figsize=(4, 4 / sum(ratios) + 0.35), width_ratios=ratios)
    for ax, (title, (image, boxes)), labels in zip(axes, pictures.items(), names, strict=True):
        ax.imshow(image, interpolation="antialiased")
        ax.set_title(title)
        ax.axis("off")
        for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
            ax.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=PALETTE[4], linewidth=2))
            ax.text(x1 + 3, y1 + 3, label, color="black", backgroundcolor=PALETTE[4], fontsize=8, va="top")
    plt.show()


def show_color_cloud(images: np.ndarray, axes: np.ndarray) -> None:
    """Draw the colours of pixels as points, two channels at a time, with their principal axes.

    Parameters
    ----------
    images : ndarray, (..., 3)
        Values in [0, 1].
    axes : ndarray, (3, 3)
        One axis a column, as long as the colours spread; drawn at twice that length.
    """
    pixels = images.reshape(-1, 3)
    shown = pixels[:: max(1, len(pixels) // 500)]
    mean = pixels.mean(axis=0)
    _, panels = plt.subplots(1, 2, figsize=(5, 2.6))
    names = ("red", "green", "blue")
    for ax, (i, j) in zip(panels, ((0, 1), (0, 2)), strict=True):
        ax.scatter(shown[:, i], shown[:, j], c=shown, s=7, linewidths=0)
        for axis, colour in zip(axes.T, (PALETTE[7], PALETTE[1], PALETTE[5]), strict=True):
            ends = np.stack([mean - 2 * axis, mean + 2 * axis])
            ax.plot(ends[:, i], ends[:, j], color=colour, linewidth=2.5)
        ax.set(xlabel=names[i], ylabel=names[j], xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    plt.show()


def show_strengths(rows: Sequence[Mapping[str, Any]], pictures: int) -> None:
    """Draw accuracy against the strength of distortion: seeds as points, their mean as a line.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of the run ``augmentation-strength``.
    pictures : int
        How many pictures the accuracies were measured on; a standard error is drawn around the means.
    """
    plain = [row for row in rows if not row["mirror"]]
    strengths = sorted({row["strength"] for row in plain})
    _, ax = plt.subplots(figsize=(7, 3.2))
    for key, label, colour in (
        ("validation_accuracy", "validation digits, untouched", PALETTE[0]),
        ("accuracy", "training digits, distorted", PALETTE[1]),
    ):
        groups = [[100 * row[key] for row in plain if row["strength"] == s] for s in strengths]
        means = np.array([np.mean(group) for group in groups])
        ax.plot(strengths, means, color=colour, label=label)
        for strength, group in zip(strengths, groups, strict=True):
            ax.plot([strength] * len(group), group, ".", color=colour)
        if key == "validation_accuracy":
            error = np.sqrt(means * (100 - means) / pictures)
            ax.fill_between(strengths, means - error, means + error, color=colour, alpha=0.2, linewidth=0)
    mirrored = [row for row in rows if row["mirror"]]
    ax.plot(
        [row["strength"] for row in mirrored],
        [100 * row["validation_accuracy"] for row in mirrored],
        "x",
        color=PALETTE[7],
        label="validation, with mirroring",
    )
    ax.set(xlabel="strength of the distortion", ylabel="accuracy, %", title="Logged run, 500 training digits")
    ax.legend(loc="lower left")
    plt.show()


def show_timelines(
    runs: Mapping[str, tuple[Sequence[Span], Sequence[Span]]], seconds: float | None = None
) -> None:
    """Draw when pictures were loaded and when the network trained, one panel a run.

    Parameters
    ----------
    runs : mapping of str to (loads, steps)
        Title → spans (start, end) in seconds.
    seconds : float, optional
        Where the time axis ends; by default the longest run's end.
    """
    _, axes = plt.subplots(len(runs), 1, figsize=(9, 1.4 * len(runs) + 0.4), sharex=True, squeeze=False)
    for ax, (title, (loads, steps)) in zip(axes.flat, runs.items(), strict=True):
        begin = min(start for start, _ in (*loads, *steps))
        for height, spans, colour in ((1, loads, PALETTE[4]), (0, steps, PALETTE[0])):
            bars = [(start - begin, end - start) for start, end in spans]
            ax.broken_barh(bars, (height + 0.1, 0.8), facecolors=colour, alpha=0.75)
        ax.set(yticks=[0.5, 1.5], yticklabels=["training", "loading"], ylim=(0, 2), title=title)
        ax.tick_params(axis="y", length=0)
    axes[-1, 0].set(xlabel="seconds", xlim=(0, seconds))
    plt.show()
