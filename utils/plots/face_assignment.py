"""Figures of week 4's first assignment: a module of nn4.small2, encodings that a loss moves, visits at a door."""

from collections.abc import Sequence
from typing import Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from utils.data.images import to_float

_OPEN, _SHUT = "#0072B2", "#D55E00"
_PEOPLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


class _Module(Protocol):
    name: str
    n1: int
    n3_reduce: int
    n3: int
    n5_reduce: int
    n5: int
    pool: str
    n_pool: int


def show_module(module: _Module, channels: int) -> None:
    """Draw the paths of an inception module with the numbers of their maps.

    Parameters
    ----------
    module : utils.models.nn4.Module
        With all four paths.
    channels : int
        Maps that come in.
    """
    pool = "maximum" if module.pool == "max" else "L2 pooling"
    paths = (
        (("1×1", module.n3_reduce), ("3×3", module.n3)),
        (("1×1", module.n5_reduce), ("5×5", module.n5)),
        ((f"3×3 {pool}", channels), ("1×1", module.n_pool)),
        (("1×1", module.n1),),
    )
    _, ax = plt.subplots(figsize=(7.2, 2.4))
    for row, steps in enumerate(reversed(paths)):
        ax.plot((0.6, 1.5, 5.8, 6.9), (1.5, row, row, 1.5), color="0.5", linewidth=1, zorder=1)
        for x, (what, maps) in zip((2.6, 4.8) if len(steps) == 2 else (3.7,), steps, strict=True):
            _box(ax, x, row, f"{what}: {maps}")
    _box(ax, 0.6, 1.5, f"{channels} maps")
    total = module.n1 + module.n3 + module.n5 + module.n_pool
    _box(ax, 6.9, 1.5, f"stacked:\n{total} maps")
    ax.set(xlim=(-0.1, 7.7), ylim=(-0.5, 3.5))
    ax.axis("off")
    plt.show()


def show_moves(path: np.ndarray, people: np.ndarray, losses: Sequence[float]) -> None:
    """Draw encodings on a circle before, on their way and after, and the loss that moved them.

    Parameters
    ----------
    path : ndarray, (steps + 1, n)
        Angles of n encodings after each step, in radians.
    people : ndarray of int, (n,)
        Whom each shows, from 0 to 3.
    losses : sequence of float
        One a step.
    """
    _, axes = plt.subplots(1, 3, figsize=(7.2, 2.6), gridspec_kw={"width_ratios": (1, 1, 1.25)})
    _draw_circle(axes[0], path[0], people, "before")
    _draw_circle(axes[1], path[-1], people, f"after {len(path) - 1} steps")
    for one, person in zip(path.T, people, strict=True):
        axes[1].plot(np.cos(one), np.sin(one), color=_PEOPLE[person], linewidth=1, alpha=0.4)
    axes[2].plot(losses, color="black")
    axes[2].set(xlabel="step", title="triplet loss", ylim=(0, None))
    plt.show()


def show_visits(
    pictures: Sequence[np.ndarray | None],
    visitors: Sequence[str],
    answers: Sequence[tuple[bool, str]],
    columns: int = 4,
) -> None:
    """Show who came to a door, each in a frame that says whether it opened.

    Parameters
    ----------
    pictures : sequence of ndarray or None
        (height, width, 3) or grey (height, width), uint8 or floating in [0, 1]; None for what is no picture.
    visitors : sequence of str
        Who it is, above the picture.
    answers : sequence of (bool, str)
        Whether the door opens, and what it says, below the picture.
    columns : int
        How many stand side by side.
    """
    rows = -(-len(pictures) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(7.2, 2.35 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, picture, visitor, (opens, says) in zip(axes.flat, pictures, visitors, answers, strict=False):
        colour = _OPEN if opens else _SHUT
        if picture is None:
            ax.text(0.5, 0.5, "no picture", ha="center", va="center", transform=ax.transAxes, color="grey")
        else:
            ax.imshow(to_float(picture), cmap="gray", vmin=0, vmax=1)
        ax.set_box_aspect(1)
        ax.spines[:].set(visible=True, color=colour, linewidth=3, linestyle="-" if opens else ":")
        ax.set_title(visitor, fontsize=9)
        ax.set_xlabel(f"{'open' if opens else 'shut'}: {says}", fontsize=8, color=colour)
    plt.show()


def _draw_circle(ax: Axes, angles: np.ndarray, people: np.ndarray, title: str) -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turn), np.sin(turn), color="lightgrey", linewidth=1)
    for person, marker in zip(np.unique(people), "osD^", strict=False):
        mine = angles[people == person]
        ax.plot(np.cos(mine), np.sin(mine), marker, color=_PEOPLE[person], markersize=7)
    ax.set(title=title, aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    ax.axis("off")


def _box(ax: Axes, x: float, y: float, text: str) -> None:
    look = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "0.4"}
    ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=look)
