"""What depth does to plain and residual networks: training losses, and gradients layer by layer."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import PALETTE

COLOURS = {"plain": PALETTE[1], "residual": PALETTE[0]}


def show_depths(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw the training loss at the end against depth: a dot for each start, a line through their means.

    Parameters
    ----------
    rows
        Of the run ``residual-depths``: ``kind`` (``"plain"`` or ``"residual"``), ``depth`` and ``final_loss``.

    Raises
    ------
    ValueError
        When a row is of another kind.
    """
    for row in rows:
        _check_kind(row["kind"])
    _, ax = plt.subplots()
    for kind, colour in COLOURS.items():
        of_kind = [row for row in rows if row["kind"] == kind]
        depths = sorted({row["depth"] for row in of_kind})
        means = [np.mean([row["final_loss"] for row in of_kind if row["depth"] == d]) for d in depths]
        ax.plot(depths, means, color=colour, label=kind)
        ax.scatter(
            [row["depth"] for row in of_kind],
            [row["final_loss"] for row in of_kind],
            s=26,
            facecolors="none",
            edgecolors=colour,
        )
    ax.set(xlabel="layers", ylabel="training loss", xticks=sorted({row["depth"] for row in rows}))
    ax.set_ylim(bottom=0)
    ax.legend()
    plt.show()


def show_training(losses: Mapping[str, Sequence[float]], window: int = 10) -> None:
    """Draw training losses step by step, as running means; deeper networks in darker lines.

    Parameters
    ----------
    losses
        ``"plain 56"`` → one loss a step. The first word is the kind, the second the number of layers.
    window
        Number of steps in a mean.

    Raises
    ------
    ValueError
        When a name begins with another kind, or a curve is shorter than ``window``.
    """
    for name, values in losses.items():
        _check_kind(name.split()[0])
        if len(values) < window:
            raise ValueError(f"losses of {name!r} must be at least {window}, got {len(values)}")
    deepest = max(int(name.split()[1]) for name in losses)
    _, ax = plt.subplots(figsize=(6, 3))
    for name, values in losses.items():
        kind, depth = name.split()
        means = np.convolve(values, np.full(window, 1 / window), "valid")
        style = {"linewidth": 2.2} if int(depth) == deepest else {"linestyle": "--", "linewidth": 1.4}
        steps = np.arange(window, len(values) + 1)
        ax.plot(steps, means, color=COLOURS[kind], label=f"{name} layers", **style)
    ax.axhline(np.log(10), color="0.5", linestyle=":", label="guessing, ln 10")
    ax.set(xlabel="step", ylabel=f"training loss, mean of {window} steps")
    ax.set_ylim(0, max(ax.get_ylim()[1], 1.6 * np.log(10)))  # room for the legend above a guess
    ax.legend(ncols=2, loc="upper right", fontsize=9)
    plt.show()


def show_gradient_norms(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draw the length of the gradient of each layer's kernel, on a logarithmic scale, in panels side by side.

    Parameters
    ----------
    panels
        Title of a panel → name of a curve → one positive number a layer, the first layer first. Curves called
        ``"plain"`` and ``"residual"`` have the colours of the other figures.

    Raises
    ------
    ValueError
        When there is no panel.
    """
    if not panels:
        raise ValueError("panels must hold at least one, got none")
    _, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 3), squeeze=False)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for number, (name, norms) in enumerate(curves.items()):
            colour = COLOURS.get(name, PALETTE[number])
            ax.semilogy(np.arange(1, len(norms) + 1), norms, color=colour, label=name)
        ax.set(title=title, xlabel="layer")
        ax.legend()
    axes[0][0].set_ylabel("length of the gradient")
    plt.show()


def _check_kind(kind: str) -> None:
    if kind not in COLOURS:
        raise ValueError(f"kind must be one of {tuple(COLOURS)}, got {kind!r}")
