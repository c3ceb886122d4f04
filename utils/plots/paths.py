"""A network as boxes and arrows: which layer feeds which."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

from utils.plots.style import PALETTE


def show_paths(columns: Sequence[Sequence[str]], coloured: Sequence[int] = ()) -> None:
    """Draw columns of boxes from left to right; every box feeds every box of the next column.

    Parameters
    ----------
    columns
        For each column the texts of its boxes, from top to bottom; several boxes are parallel paths.
    coloured
        Indices of the columns to be filled with colour.

    Raises
    ------
    ValueError
        If a column is empty.
    """
    if not columns or not all(columns):
        raise ValueError(f"columns must each hold at least one box, got {columns!r}")
    tallest = max(map(len, columns))
    _, ax = plt.subplots(figsize=(1.1 * len(columns), 0.8 * tallest + 0.2))
    before: list[Text] = []
    for x, texts in enumerate(columns):
        style = {"facecolor": "#F6D9C4" if x in coloured else "#E3EFF7", "edgecolor": PALETTE[0]}
        heights = [(len(texts) - 1) / 2 - i for i in range(len(texts))]
        boxes = [
            ax.text(
                x, y, text, ha="center", va="center", fontsize=9, bbox={"boxstyle": "round,pad=0.35", **style}
            )
            for y, text in zip(heights, texts, strict=True)
        ]
        for source in before:
            for target in boxes:
                _connect(ax, source, target)
        before = boxes
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-tallest / 2, tallest / 2))
    ax.axis("off")
    plt.show()


def _connect(ax: Axes, source: Text, target: Text) -> None:
    """Draw an arrow from the edge of one box to the edge of another; after the boxes, whose size is known then."""
    ends = {"patchA": source.get_bbox_patch(), "patchB": target.get_bbox_patch(), "shrinkA": 1, "shrinkB": 1}
    style = {"arrowstyle": "-|>", "color": "0.4", **ends}
    ax.annotate("", target.get_position(), source.get_position(), arrowprops=style, zorder=4)
