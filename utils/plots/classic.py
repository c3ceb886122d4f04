"""Figures about the classic networks: who is connected to whom, and where the weights and the work are."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import PALETTE


def show_connection_table(connections: Sequence[Sequence[int]]) -> None:
    """Draw which incoming maps each filter sees, as a table of squares: rows come in, columns go out.

    Parameters
    ----------
    connections
        For each filter the numbers of the maps that it sees, counted from 0.
    """
    incoming = 1 + max(max(seen) for seen in connections)
    table = np.zeros((incoming, len(connections)))
    for column, seen in enumerate(connections):
        table[list(seen), column] = 1
    _, ax = plt.subplots(figsize=(0.38 * len(connections) + 0.8, 0.38 * incoming + 0.8))
    ax.pcolormesh(table, cmap="Blues", vmin=0, vmax=1.5, edgecolors="white", linewidth=2)
    ax.set_xticks(np.arange(len(connections)) + 0.5, range(len(connections)))
    ax.set_yticks(np.arange(incoming) + 0.5, range(incoming))
    ax.set(xlabel="map of C3", ylabel="map of S2", aspect="equal")
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    plt.show()


def show_weights_and_work(names: Sequence[str], parameters: Sequence[int], work: Sequence[int]) -> None:
    """Draw each layer's share of a network's parameters and of its multiply-adds, as two rows of bars.

    Parameters
    ----------
    names
        One a layer. Names that begin with "dense" get a colour of their own.
    parameters, work
        Parameters and multiply-adds of each layer.

    Raises
    ------
    ValueError
        If the three do not have the same length.
    """
    if not len(names) == len(parameters) == len(work):
        raise ValueError(
            f"names, parameters and work must be equally many, got {len(names)}, {len(parameters)}, {len(work)}"
        )
    colours = [PALETTE[1] if name.startswith("dense") else PALETTE[0] for name in names]
    _, axes = plt.subplots(2, 1, figsize=(7, 3.3), sharex=True)
    for ax, title, values in zip(axes, ("parameters", "multiply-adds"), (parameters, work), strict=True):
        ax.bar(range(len(names)), 100 * np.array(values) / sum(values), color=colours)
        ax.set(ylabel="per cent", title=f"{title}, {sum(values):,} in all")
    axes[1].set_xticks(range(len(names)), names, rotation=60 if len(names) > 10 else 30, ha="right")
    plt.show()
