"""Residual blocks as drawings: the main path from top to bottom, the shortcut beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from utils.plots.style import PALETTE

_SIDE = 1.9


@dataclass(frozen=True)
class BlockDrawing:
    """What is written in one drawing.

    Attributes
    ----------
    main : sequence of str
        Steps of the main path, from the input to the Add.
    shortcut : sequence of str
        Steps of the shortcut; empty where it passes on what it gets.
    after : sequence of str
        Steps after the Add.
    leaves_after : int
        Number of steps of the main path after which the shortcut leaves it; 0 is the input.
    """

    main: Sequence[str]
    shortcut: Sequence[str] = ()
    after: Sequence[str] = ()
    leaves_after: int = 0


def show_residual_blocks(blocks: Mapping[str, BlockDrawing]) -> None:
    """Draw residual blocks side by side.

    Parameters
    ----------
    blocks
        A title for each drawing.

    Raises
    ------
    ValueError
        When there is no block.
    """
    if not blocks:
        raise ValueError("blocks must hold at least one drawing, got none")
    rows = max(len(block.main) + len(block.after) for block in blocks.values()) + 2
    _, axes = plt.subplots(1, len(blocks), figsize=(2.8 * len(blocks), 0.5 * rows + 0.4), squeeze=False)
    for ax, (title, block) in zip(axes[0], blocks.items(), strict=True):
        _draw(ax, block)
        ax.set_title(title, fontsize=10)
        ax.set(xlim=(-1.2, _SIDE + 1.2), ylim=(-rows + 0.3, 0.5))
        ax.axis("off")
    plt.show()


def _draw(ax: Axes, block: BlockDrawing) -> None:
    texts = ["X", *block.main, "+", *block.after]
    add_row = len(block.main) + 1
    for row, text in enumerate(texts):
        if row:
            _arrow(ax, (0, -row + 1), (0, -row))
        _box(ax, 0, -row, text, plain=text in ("X", "+"))
    start = -block.leaves_after - 0.5
    ax.plot([0, _SIDE], [start, start], color=PALETTE[1], linewidth=1.5)
    ax.plot([_SIDE, _SIDE], [start, -add_row], color=PALETTE[1], linewidth=1.5)
    _arrow(ax, (_SIDE, -add_row), (0.1, -add_row), PALETTE[1])
    middle = (start - add_row) / 2 + (len(block.shortcut) - 1) / 2
    for number, text in enumerate(block.shortcut):
        _box(ax, _SIDE, middle - number, text)


def _box(ax: Axes, x: float, y: float, text: str, plain: bool = False) -> None:
    colour = "white" if plain else "#F6D9C4" if text.startswith("Conv") else "#E3EFF7"
    box = {"boxstyle": "round,pad=0.3", "facecolor": colour, "edgecolor": PALETTE[0]}
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5, bbox=box, zorder=5)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = "0.4") -> None:
    gap = 0.22 if start[0] == end[0] else 0.1
    end = (end[0], end[1] + gap) if start[0] == end[0] else (end[0] + gap, end[1])
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.3}, zorder=4)
