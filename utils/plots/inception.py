"""Networks of Inception modules as drawings: one module, and a whole network with its side classifiers."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from utils.plots.style import PALETTE

_PLAIN, _NARROW = "#E3EFF7", "#F6D9C4"
_ROW_COLOURS = {"conv": PALETTE[5], "pool": "#DDDDDD", "inception": PALETTE[0], "side": PALETTE[4]}


def show_inception_module(channels: int, filters: Sequence[int]) -> None:
    """Draw the four paths of an Inception module; 1×1 convolutions are coloured.

    Parameters
    ----------
    channels
        Number of channels that arrive.
    filters
        Six numbers: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection.
    """
    n1, n3_reduce, n3, n5_reduce, n5, n_pool = filters
    _, ax = plt.subplots(figsize=(8, 3.6))
    paths = (
        (("1×1", n1),),
        (("1×1", n3_reduce), ("3×3", n3)),
        (("1×1", n5_reduce), ("5×5", n5)),
        (("max 3×3", channels), ("1×1", n_pool)),
    )
    source = _box(ax, 0, 0, f"x\n{channels} channels", "white")
    joint = _box(ax, 3, 0, f"joined\n{n1 + n3 + n5 + n_pool} channels", "white")
    for y, path in zip((2.1, 0.6, -0.6, -1.8), paths, strict=True):
        before = source
        for x, (kind, count) in zip((1, 2) if len(path) == 2 else (1.5,), path, strict=True):
            box = _box(ax, x, y, f"{kind}\n{count} channels", _NARROW if kind == "1×1" else _PLAIN)
            _arrow(ax, before, box)
            before = box
        _arrow(ax, before, joint)
    ax.set(xlim=(-0.45, 3.45), ylim=(-2.2, 2.5))
    ax.axis("off")
    plt.show()


def show_inception_network(table: Sequence[Mapping[str, Any]]) -> None:
    """Draw a network's table from left to right; side classifiers hang below the row that they look at.

    Parameters
    ----------
    table
        Rows with a ``"type"``: conv, pool, inception or side; a conv row also has ``"size"``.
    """
    _, ax = plt.subplots(figsize=(9, 2.4))
    left = 0.0
    for row in table:
        kind = row["type"]
        if kind == "side":
            ax.annotate("", (left - 0.65, -1.05), (left - 0.65, -0.5), arrowprops={"arrowstyle": "-|>"})
            _upright(ax, left - 1, -1.75, 0.7, kind, "side")
            continue
        label = f"conv {row['size']}×{row['size']}" if kind == "conv" else kind
        _upright(ax, left, -0.5, 1.5, kind, label)
        left += 1
    _upright(ax, left, -0.5, 1.5, "side", "mean, classes")
    ax.plot((-0.6, left + 0.3), (0.25, 0.25), color="0.6", linewidth=1, zorder=0)
    ax.set(xlim=(-0.8, left + 1), ylim=(-1.9, 1.1))
    ax.axis("off")
    plt.show()


def _upright(ax: Axes, left: float, bottom: float, height: float, kind: str, label: str) -> None:
    """Draw one tall box with its label running upwards."""
    width = 0.7
    ax.add_patch(
        Rectangle(
            (left, bottom), width, height, facecolor=_ROW_COLOURS[kind], edgecolor="black", linewidth=0.7
        )
    )
    ax.text(
        left + width / 2,
        bottom + height / 2,
        label,
        rotation=90,
        ha="center",
        va="center",
        fontsize=9,
        color="white" if kind == "inception" else "black",
    )


def _box(ax: Axes, x: float, y: float, text: str, colour: str) -> Text:
    style = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": PALETTE[0]}
    return ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=style)


def _arrow(ax: Axes, source: Text, target: Text) -> None:
    ends = {"patchA": source.get_bbox_patch(), "patchB": target.get_bbox_patch(), "shrinkA": 1, "shrinkB": 1}
    style = {"arrowstyle": "-|>", "color": "0.4", **ends}
    ax.annotate("", target.get_position(), source.get_position(), arrowprops=style, zorder=4)
