"""A network as a row of boxes: how the volumes shrink while their channels grow."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from utils.plots.style import PALETTE

# Oblique projection: a step into the picture goes this far right and up.
_RIGHT, _UP = 0.3, 0.22


def show_volumes(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> None:
    """Draw what leaves each layer as a box, to scale: height and width in pixels, thickness in channels.

    Parameters
    ----------
    names
        What is written under each box.
    shapes
        ``(height, width, channels)`` for a volume, ``(units,)`` for a vector, drawn as a thin column.

    Raises
    ------
    ValueError
        If there are not as many names as shapes.
    """
    if len(names) != len(shapes):
        raise ValueError(f"names must be as many as shapes, {len(shapes)}; got {len(names)}")
    volumes = [shape for shape in shapes if len(shape) == 3]
    unit = 1 / max(shape[0] for shape in volumes)
    thick = 1 / max(shape[2] for shape in volumes)
    _, axes = plt.subplots(figsize=(8, 2.5))
    left, longest = 0.0, max((shape[0] for shape in shapes if len(shape) == 1), default=1)
    for name, shape in zip(names, shapes, strict=True):
        if len(shape) == 3:
            width = _box(axes, left, shape[0] * unit, shape[1] * unit, 0.5 * shape[2] * thick)
        else:
            width = _column(axes, left, max(0.15, 1.2 * (shape[0] / longest) ** 0.5))
        # Many boxes stand close together: then the channels go on a line of their own.
        apart = len(shape) == 3 and len(shapes) > 8
        label = f"{shape[0]}×{shape[1]}\n×{shape[2]}" if apart else "×".join(map(str, shape))
        axes.text(left + width / 2, -0.72, f"{name}\n{label}", ha="center", va="top", fontsize=9)
        left += max(width, 0.42) + 0.28
    axes.set(xlim=(-0.15, left), ylim=(-1.25 if len(shapes) > 8 else -1.05, 0.85), aspect="equal")
    axes.axis("off")
    plt.show()


def _box(axes: Axes, left: float, height: float, depth: float, thickness: float) -> float:
    """Draw a box centred on y = 0; return how much room it takes."""
    low, right = -height / 2, left + thickness
    dx, dy = _RIGHT * depth, _UP * depth
    style = {"edgecolor": "black", "linewidth": 0.7}
    axes.add_patch(Rectangle((left, low), thickness, height, facecolor=PALETTE[5], **style))
    top = [(left, -low), (right, -low), (right + dx, -low + dy), (left + dx, -low + dy)]
    axes.add_patch(Polygon(top, facecolor="#BFE3F7", **style))
    side = [(right, low), (right, -low), (right + dx, -low + dy), (right + dx, low + dy)]
    axes.add_patch(Polygon(side, facecolor=PALETTE[0], **style))
    return thickness + dx


def _column(axes: Axes, left: float, height: float) -> float:
    axes.add_patch(
        Rectangle((left, -height / 2), 0.08, height, facecolor=PALETTE[4], edgecolor="black", linewidth=0.7)
    )
    return 0.08
