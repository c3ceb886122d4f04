"""Figures of lesson 1 of week 3: a label drawn on its picture, found and true boxes, numbered landmarks."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from utils.plots.style import PALETTE

TRUE, FOUND = PALETTE[6], PALETTE[1]  # yellow and red: both stand out from photographs


def show_label(image: np.ndarray, label: Sequence[float]) -> None:
    """Draw the numbers of a label on its picture: centre, height and width of the box.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture; its axes are drawn from 0 to 1.
    label : sequence of float
        p_c, b_x, b_y, b_h, b_w, relative to the picture; what follows is not drawn.
    """
    _, x, y, h, w = label[:5]
    _, ax = plt.subplots(figsize=(4.4, 4.4 * image.shape[0] / image.shape[1]))
    ax.imshow(image, extent=(0, 1, 1, 0), aspect=image.shape[0] / image.shape[1])
    ax.add_patch(Rectangle((x - w / 2, y - h / 2), w, h, fill=False, edgecolor=TRUE, linewidth=2.5))
    ax.plot(x, y, "o", color=TRUE, markeredgecolor="black", markersize=8)
    arrow = {"arrowstyle": "<->", "color": "white", "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
    left, above = x - w / 2 - 0.03, y - h / 2 - 0.04
    ax.annotate("", (left, y - h / 2), (left, y + h / 2), arrowprops=arrow)
    ax.annotate("", (x - w / 2, above), (x + w / 2, above), arrowprops=arrow)
    _tag(ax, x + 0.02, y + 0.01, f"(b_x, b_y) = ({x:.2f}, {y:.2f})", ha="left", va="top")
    _tag(ax, left - 0.02, y, f"b_h = {h:.2f}", ha="right", va="center")
    _tag(ax, x, above - 0.02, f"b_w = {w:.2f}", ha="center", va="bottom")
    ax.set(xlabel="x, share of the width", ylabel="y, share of the height")
    ax.xaxis.set_label_position("top")
    ax.xaxis.tick_top()
    plt.show()


def show_found_boxes(
    images: Sequence[np.ndarray],
    found: np.ndarray,
    captions: Sequence[str],
    true: np.ndarray | None = None,
    columns: int = 6,
) -> None:
    """Show pictures with the box that was found in each and, if given, the true one, dashed.

    Parameters
    ----------
    images : sequence of ndarray, (height, width, 3)
        The pictures.
    found, true : ndarray, (m, 4)
        b_x, b_y, b_h, b_w, relative to the picture. A row of NaN: no box.
    captions : sequence of str
        One a picture, written above it.
    columns : int
        Pictures in a row.
    """
    axes = _picture_axes(images, captions, columns)
    for i, (ax, image) in enumerate(zip(axes, images, strict=True)):
        if true is not None:
            _relative_box(ax, image, true[i], edgecolor=TRUE, linestyle="--", linewidth=1.8)
        _relative_box(ax, image, found[i], edgecolor=FOUND, linewidth=2)
    if true is not None:
        axes[0].figure.legend(
            handles=[
                plt.Line2D([], [], color=FOUND, label="found"),
                plt.Line2D([], [], color=TRUE, linestyle="--", label="true"),
            ],
            loc="outside lower center",
            ncols=2,
            frameon=True,
            facecolor="0.45",
            labelcolor="white",
        )
    plt.show()


def show_landmarks(
    images: Sequence[np.ndarray],
    landmarks: Sequence[np.ndarray],
    captions: Sequence[str] | None = None,
    columns: int = 3,
    closed: bool = False,
) -> None:
    """Show pictures with numbered landmarks.

    Parameters
    ----------
    images : sequence of ndarray, (height, width, 3)
        The pictures.
    landmarks : sequence of ndarray, (n, 2)
        x, y in pixels, of each picture.
    captions : sequence of str, optional
        One a picture.
    columns : int
        Pictures in a row.
    closed : bool
        Whether lines join the landmarks of a picture to a closed figure.
    """
    for ax, points in zip(_picture_axes(images, captions, columns), landmarks, strict=True):
        ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())  # points beyond the picture do not widen it
        if closed:
            ax.add_patch(Polygon(points, fill=False, edgecolor=FOUND, linewidth=2))
        for number, (x, y) in enumerate(points, start=1):
            ax.plot(x, y, "o", color=TRUE, markeredgecolor="black", markersize=9)
            ax.annotate(str(number), (x, y), ha="center", va="center_baseline", fontsize=7, color="black")
    plt.show()


def _picture_axes(images: Sequence[np.ndarray], captions: Sequence[str] | None, columns: int) -> list[Axes]:
    """Lay pictures out in rows and return the axes of each."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cell = min(6.2 / max(columns, 5), 1.75) if columns > 3 else 1.75
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    size = (cell * columns, (cell * tallest + (0.3 if captions else 0.05)) * rows + 0.3)
    _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(images):
            ax.imshow(images[i])
            if captions is not None:
                ax.set_title(captions[i], fontsize=9)
    return list(axes.flat[: len(images)])


def _relative_box(ax: Axes, image: np.ndarray, box: Sequence[float], **how) -> None:
    if not np.isfinite(box).all():
        return
    x, y, h, w = np.asarray(box) * np.array(image.shape)[[1, 0, 0, 1]]
    ax.add_patch(Rectangle((x - w / 2 - 0.5, y - h / 2 - 0.5), w, h, fill=False, **how))


def _tag(ax: Axes, x: float, y: float, text: str, **how) -> None:
    ax.text(x, y, text, fontsize=10, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5}, **how)
