"""Figures about results on a benchmark: where knowledge comes from, crops at test time, gains with their error bars."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Polygon, Rectangle

from utils.plots.style import PALETTE

Interval = tuple[float, float, float]


def show_knowledge(fields: Mapping[str, float]) -> None:
    """Draw fields on a scale from few labelled data to many, above the share of knowledge that people build in.

    Parameters
    ----------
    fields
        Name → place on the scale, from 0 (few data) to 1 (many). Places are a picture, not a measurement.

    Raises
    ------
    ValueError
        When a place lies outside 0…1.
    """
    outside = {name: place for name, place in fields.items() if not 0 <= place <= 1}
    if outside:
        raise ValueError(f"fields must have places from 0 to 1, got {outside}")
    _, ax = plt.subplots(figsize=(7, 2.2))
    ax.add_patch(Polygon([(0, 0), (0, 1), (1, 0)], color=PALETTE[4], alpha=0.45, linewidth=0))
    ax.add_patch(Polygon([(1, 1), (0, 1), (1, 0)], color=PALETTE[5], alpha=0.45, linewidth=0))
    ax.text(0.01, 0.06, "hand engineering:\nfeatures, parts", va="bottom", fontsize=9)
    ax.text(0.99, 0.92, "data:\nsimple learners", va="top", ha="right", fontsize=9)
    for name, place in fields.items():
        ax.plot([place, place], [0, 1], color="0.25", linewidth=1, linestyle=":")
        ax.text(place, 1.04, name, ha="center", va="bottom")
    ax.annotate("", (1, -0.1), (0, -0.1), arrowprops={"arrowstyle": "->", "color": "0.25"})
    ax.text(0, -0.16, "few labelled examples", va="top")
    ax.text(1, -0.16, "many", va="top", ha="right")
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.35, 1.2))
    ax.axis("off")
    plt.show()


def show_crop_frames(picture: np.ndarray, size: int) -> None:
    """Draw the five squares of a multi-crop, four corners and the centre, as frames on a picture.

    Parameters
    ----------
    picture
        ``(height, width, 3)`` or ``(height, width)``; floats in [0, 1] or uint8.
    size
        Side of a square, 1 to the picture's shorter side.

    Raises
    ------
    ValueError
        When the squares do not fit into the picture.
    """
    height, width = picture.shape[:2]
    if not 1 <= size <= min(height, width):
        raise ValueError(f"size must be from 1 to {min(height, width)}, got {size!r}")
    low, right = height - size, width - size
    places = {
        "top left": (0, 0),
        "top right": (0, right),
        "bottom left": (low, 0),
        "bottom right": (low, right),
        "centre": (low // 2, right // 2),
    }
    _, ax = plt.subplots(figsize=(2.4 * width / height + 1.6, 2.4))
    ax.imshow(picture, alpha=0.75)
    for (name, (top, left)), colour in zip(places.items(), PALETTE[:4] + PALETTE[6:7], strict=True):
        frame = Rectangle((left - 0.5, top - 0.5), size, size, fill=False, edgecolor=colour, linewidth=2.5)
        frame.set_label(name)
        frame.set_clip_on(False)
        ax.add_patch(frame)
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    ax.axis("off")
    plt.show()


def show_intervals(rows: Mapping[str, Interval], xlabel: str, zero: str = "") -> None:
    """Draw numbers with their intervals one below the other, the first on top.

    Parameters
    ----------
    rows
        Name → ``(value, low, high)``.
    xlabel
        What the numbers are, with their unit.
    zero
        What a value of 0 means; if given, a line marks it, and intervals that hold 0 are drawn in grey.

    Raises
    ------
    ValueError
        When there are no rows, or a value lies outside its interval.
    """
    if not rows:
        raise ValueError("rows must hold at least one interval")
    for name, (value, low, high) in rows.items():
        if not low <= value <= high:
            raise ValueError(f"rows[{name!r}] must be (value, low, high) in order, got {(value, low, high)}")
    _, ax = plt.subplots(figsize=(6, 0.29 * len(rows) + 1))
    for y, (value, low, high) in enumerate(rows.values()):
        unclear = zero and low <= 0 <= high
        ax.plot([low, high], [y, y], color="0.6" if unclear else PALETTE[0], linewidth=3)
        ax.plot(value, y, "o", color="0.4" if unclear else PALETTE[0], markersize=7)
    if zero:
        ax.axvline(0, color=PALETTE[1], linestyle="--", label=zero)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    plt.show()


def show_agreement(before: np.ndarray, after: np.ndarray, names: tuple[str, str]) -> None:
    """Draw how many pictures both classifiers get right, only one of them, or none.

    Parameters
    ----------
    before, after
        ``(pictures,)``, boolean: which pictures each gets right.
    names
        Names of the two.

    Raises
    ------
    ValueError
        When the two are not about the same pictures.
    """
    before, after = np.asarray(before, bool), np.asarray(after, bool)
    if before.shape != after.shape:
        raise ValueError(
            f"before and after must be about the same pictures, got {before.shape} and {after.shape}"
        )
    counts = np.array(
        [
            [(before & after).sum(), (before & ~after).sum()],
            [(~before & after).sum(), (~before & ~after).sum()],
        ]
    )
    _, ax = plt.subplots(figsize=(4.2, 2.2))
    ax.imshow([[0, 1], [1, 0]], cmap="Oranges", vmin=0, vmax=2.5, aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        ax.text(
            j, i, f"{count:,}", ha="center", va="center", fontsize=15, color="0.45" if i == j else "black"
        )
    ax.set_xticks([0, 1], [f"{names[1]}\nright", f"{names[1]}\nwrong"])
    ax.set_yticks([0, 1], [f"{names[0]}\nright", f"{names[0]}\nwrong"])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    plt.show()
