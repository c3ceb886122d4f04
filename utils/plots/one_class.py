"""Figures of one-class classification."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np


def show_scores(scores: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw histograms of anomaly scores, one field a description.

    Parameters
    ----------
    scores : mapping of str to (ndarray, ndarray)
        Title → scores of normal and of strange pictures, (n,) and (m,).
    """
    _, axes = plt.subplots(1, len(scores), figsize=(4.2 * len(scores), 2.7), squeeze=False)
    for ax, (title, pair) in zip(axes[0], scores.items(), strict=True):
        bins = np.linspace(0, np.quantile(np.concatenate(pair), 0.99), 40)
        for values, name in zip(pair, ("normal", "anomalies"), strict=True):
            ax.hist(values, bins=bins, density=True, alpha=0.6, label=name)
        ax.set(title=title, xlabel="anomaly score", yticks=[])
    axes[0, 0].set_ylabel("share")
    axes[0, 0].legend(fontsize=9)
    plt.show()


def show_areas(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Draw the areas under ROC curves of a logged run, a line for each kind, a dot for each training.

    Parameters
    ----------
    rows : sequence of mapping
        ``one`` (the kind), ``pixels``, ``descriptive`` and ``compact``.
    names : sequence of str
        Of the kinds.
    """
    _, ax = plt.subplots(figsize=(7.5, 4))
    marks = {"pixels": "s", "descriptive": "o", "compact": "D"}
    for place, (name, mark) in enumerate(marks.items()):
        ax.plot(
            [row[name] for row in rows],
            [row["one"] + 0.22 * (place - 1) for row in rows],
            mark,
            markersize=5,
            label=name,
        )
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel="area under the ROC curve")
    ax.invert_yaxis()
    ax.grid(axis="y", alpha=0.3)
    ax.legend(loc="lower left", fontsize=9)
    plt.show()
