"""Figures about pairs of faces: a network with two inputs, comparisons and their weights, scores and curves."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from utils.plots.style import PALETTE

SAME, DIFFERENT = PALETTE[0], PALETTE[1]
# Fill colours of the drawing: pictures, encoders, steps without weights, the last layer.
_FILLS = {"picture": "white", "encoder": "#F6D9C4", "step": "white", "weigh": "#E3EFF7"}


def show_face_pairs(first: np.ndarray, second: np.ndarray, titles: Sequence[str], columns: int = 6) -> None:
    """Draw pairs of pictures side by side.

    Parameters
    ----------
    first, second
        ``(pairs, height, width)`` or ``(pairs, height, width, 1)``, grey.
    titles
        One for each pair.
    columns
        Pairs in a row.

    Raises
    ------
    ValueError
        When there are not as many titles as pairs.
    """
    if not len(first) == len(second) == len(titles) > 0:
        raise ValueError(
            f"first, second and titles must have one length above 0, got {len(first)}, {len(second)} and {len(titles)}"
        )
    rows = -(-len(titles) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(1.3 * columns, 1.15 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, one, other, title in zip(axes.flat, first, second, titles, strict=False):
        both = np.concatenate([np.squeeze(one), np.squeeze(other)], axis=1)
        ax.imshow(both, vmin=0, vmax=1 if both.dtype.kind == "f" else 255)
        ax.set_title(title, fontsize=9)
    plt.show()


def show_siamese_network() -> None:
    """Draw a Siamese classifier: two pictures, one encoder used twice, a comparison, one weighing layer."""
    _, ax = plt.subplots(figsize=(7.2, 2.3))
    for y, name in ((1, "a"), (-1, "b")):
        _box(ax, 0, y, f"picture {name}", "picture")
        _box(ax, 2.1, y, "encoder f", "encoder")
        _arrow(ax, (0.62, y), (1.5, y))
        _arrow(ax, (2.7, y), (4.1, 0.16 * y))
        ax.text(3.35, 0.78 * y, f"f({name})", ha="center", va="center", fontsize=9)
    ax.plot([2.1, 2.1], [-0.62, 0.62], color="0.4", linestyle=":")
    ax.text(2.2, 0, "the same weights", fontsize=8.5, va="center")
    _box(ax, 4.9, 0, "|f(a) − f(b)|", "step")
    _arrow(ax, (5.68, 0), (6.35, 0))
    _box(ax, 7.1, 0, "weigh, sum,\nadd a bias", "weigh")
    _arrow(ax, (7.75, 0), (8.45, 0))
    _box(ax, 8.75, 0, "σ", "weigh")
    _arrow(ax, (9.0, 0), (9.6, 0))
    ax.text(9.7, 0, "P(same)", va="center", fontsize=10)
    ax.set(xlim=(-0.8, 10.8), ylim=(-1.5, 1.5))
    ax.axis("off")
    plt.show()


def show_comparison(first: np.ndarray, second: np.ndarray, weights: np.ndarray, bias: float) -> None:
    """Draw a logistic regression on the differences of two encodings, step by step, as bars.

    Parameters
    ----------
    first, second
        ``(d,)``.
    weights
        ``(d,)``, one for each difference.
    bias
        Of the regression.
    """
    difference = np.abs(first - second)
    logit = float(weights @ difference + bias)
    place = np.arange(len(first))
    _, axes = plt.subplots(1, 3, figsize=(7.6, 2.3))
    axes[0].bar(place - 0.2, first, 0.4, label="f(a)", color=PALETTE[2])
    axes[0].bar(place + 0.2, second, 0.4, label="f(b)", color=PALETTE[4])
    axes[0].legend(fontsize=8)
    axes[0].set_title("two encodings")
    axes[1].bar(place, difference, color="0.45")
    axes[1].set_title("|f(a) − f(b)|")
    axes[2].bar(place, weights * difference, color=DIFFERENT)
    axes[2].bar(len(place), bias, color=SAME)
    axes[2].axhline(0, color="0.3", linewidth=0.8)
    axes[2].set_title(f"times weight; sum {logit:.2f}, σ {1 / (1 + np.exp(-logit)):.2f}", fontsize=10)
    for ax in axes[:2]:
        ax.set_xticks(place, [f"k = {k + 1}" for k in place], fontsize=8)
    axes[2].set_xticks(np.arange(len(place) + 1), [*(f"k = {k + 1}" for k in place), "bias"], fontsize=8)
    plt.show()


def show_pair_scores(probabilities: np.ndarray, same: np.ndarray, bins: int = 25) -> None:
    """Draw how often each probability was given, for pairs of one person and of two, counts on a logarithmic scale.

    Parameters
    ----------
    probabilities
        ``(pairs,)``, that both pictures show one person.
    same
        ``(pairs,)``, whether they do.
    bins
        Bars a kind.
    """
    _, ax = plt.subplots(figsize=(6.4, 2.7))
    edges = np.linspace(0, 1, bins + 1)
    for truth, colour, words in ((False, DIFFERENT, "two people"), (True, SAME, "one person")):
        values = probabilities[same == truth]
        ax.hist(values, edges, color=colour, alpha=0.55, label=f"{words}: {len(values):,} pairs")
    ax.set(yscale="log", xlabel="P(same)", ylabel="pairs", xlim=(0, 1))
    ax.legend(loc="upper center", fontsize=9)
    plt.show()


def show_pair_curves(curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]], most: float = 0.5) -> None:
    """Draw shares of accepted pairs of one person over shares of accepted pairs of two.

    Parameters
    ----------
    curves
        Name → false accepts, true accepts, area under the curve.
    most
        Share of false accepts at which the figure ends.
    """
    _, ax = plt.subplots(figsize=(4.6, 3.2))
    for number, (name, (wrong, right, area)) in enumerate(curves.items()):
        ax.plot(wrong, right, color=PALETTE[number], label=f"{name}: {area:.3f}")
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":")
    ax.set(xlabel="two people accepted", ylabel="one person accepted", xlim=(-0.005, most), ylim=(0, 1.01))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="lower right", fontsize=9, title="area under the curve", title_fontsize=9)
    plt.show()


def show_reliability(said: Mapping[str, np.ndarray], same: np.ndarray, bins: int = 10) -> None:
    """Draw how often pairs show one person among those that were given about the same probability.

    Parameters
    ----------
    said
        Name → probabilities ``(pairs,)``. Groups of fewer than ten pairs are not drawn.
    same
        ``(pairs,)``, whether a pair shows one person.
    bins
        Groups of probabilities.
    """
    _, ax = plt.subplots(figsize=(4.6, 3.2))
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":", label="what is said happens")
    for number, (name, probabilities) in enumerate(said.items()):
        group = np.minimum((probabilities * bins).astype(int), bins - 1)
        rows = [group == k for k in range(bins) if (group == k).sum() >= 10]
        mean = [probabilities[row].mean() for row in rows]
        ax.plot(mean, [same[row].mean() for row in rows], "o-", color=PALETTE[number], label=name)
    ax.set(xlabel="P(same) that was said", ylabel="share of one person", xlim=(0, 1), ylim=(0, 1))
    ax.legend(fontsize=8.5)
    plt.show()


def show_feature_weights(weights: np.ndarray, kept: Sequence[int], areas: Sequence[float]) -> None:
    """Draw the weights of all differences in order, and the area under the curve with only some of them.

    Parameters
    ----------
    weights
        ``(d,)``.
    kept
        How many of the heaviest were kept.
    areas
        Area under the curve, one for each of these.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.6), width_ratios=(1.5, 1))
    order = np.argsort(weights)
    colours = [DIFFERENT if value < 0 else SAME for value in weights[order]]
    left.bar(np.arange(len(weights)), weights[order], color=colours, width=0.8)
    left.axhline(0, color="0.3", linewidth=0.8)
    left.set(xlabel="numbers of an encoding, sorted by weight", ylabel="weight", xticks=[])
    right.plot(kept, areas, "o-", color=PALETTE[2])
    right.set(xscale="log", xlabel="numbers kept, heaviest first", ylabel="area under the curve")
    right.set_xticks(list(kept), [str(count) for count in kept])
    right.minorticks_off()
    plt.show()


def show_chi_square_terms(values: Sequence[float] = (0.1, 0.4, 0.8)) -> None:
    """Draw what one number adds to a comparison, for a few values of a over all values of b.

    Parameters
    ----------
    values
        Values of a, greater than 0.
    """
    b = np.linspace(0, 1, 401)
    forms = {
        "|a − b|": lambda a: np.abs(a - b),
        "(a − b)²": lambda a: (a - b) ** 2,
        "(a − b)² / (a + b)": lambda a: (a - b) ** 2 / (a + b),
    }
    _, axes = plt.subplots(1, 3, figsize=(7.6, 2.4), sharey=True)
    for ax, (title, form) in zip(axes, forms.items(), strict=True):
        for number, a in enumerate(values):
            ax.plot(b, form(a), color=PALETTE[number], label=f"a = {a:g}")
        ax.set_title(title)
        ax.set(xlabel="b", xlim=(0, 1), ylim=(0, None))
    axes[0].legend(fontsize=8.5)
    plt.show()


def show_seeds(
    areas: Mapping[str, Sequence[float]], least: float, label: str = "area under the curve"
) -> None:
    """Draw one dot a seed for each method, and their mean.

    Parameters
    ----------
    areas
        Name → values, one a seed.
    least
        Where the scale begins.
    label
        Of the scale.
    """
    _, ax = plt.subplots(figsize=(6.6, 0.5 * len(areas) + 0.8))
    for row, values in enumerate(areas.values()):
        ax.plot(values, np.full(len(values), row), "o", color=PALETTE[row % len(PALETTE)], alpha=0.6)
        mean = float(np.mean(values))
        ax.plot([mean, mean], [row - 0.25, row + 0.25], color="0.2", linewidth=1.5)
        ax.annotate(f"{mean:.3f}", (1, row), (6, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(range(len(areas)), list(areas))
    ax.set(xlim=(least, 1), ylim=(len(areas) - 0.5, -0.5), xlabel=f"{label}; dots: seeds, lines: means")
    plt.show()


def _box(ax: Axes, x: float, y: float, text: str, kind: str) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": _FILLS[kind], "edgecolor": PALETTE[0]}
    ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=box, zorder=5)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.3"})
