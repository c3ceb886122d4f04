"""Figures of lesson 2 of week 4: triplets, margins, zones, tables of distances, how well people are told apart."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Circle

from utils.plots.style import PALETTE

SAME, DIFFERENT, ZONE = PALETTE[0], PALETTE[1], PALETTE[4]
KIND_COLOURS = {"hard": PALETTE[1], "semi-hard": PALETTE[4], "easy": PALETTE[2]}
_NAMES = ("anchor", "positive", "negative")
_MARKERS = "osD^v<>phX"


def show_triplets(pictures: np.ndarray, near: Sequence[float], far: Sequence[float]) -> None:
    """Show triplets, one a row, with both squared distances between the faces.

    Parameters
    ----------
    pictures : ndarray, (triplets, 3, height, width)
        Anchor, positive, negative; [0, 1].
    near, far : sequence of float
        Squared distance of each anchor from its positive and from its negative.
    """
    rows = len(pictures)
    fig, axes = plt.subplots(rows, 3, figsize=(4.4, 1.28 * rows + 0.3), squeeze=False)
    for row, three in enumerate(pictures):
        for ax, picture, name in zip(axes[row], three, _NAMES, strict=True):
            ax.imshow(picture, vmin=0, vmax=1, interpolation="bicubic")
            ax.axis("off")
            if row == 0:
                ax.set_title(name)
        for column, (value, colour) in enumerate(((near[row], SAME), (far[row], DIFFERENT)), start=1):
            axes[row, column].text(
                -0.12,
                0.5,
                f"{value:.2f}",
                transform=axes[row, column].transAxes,
                ha="right",
                va="center",
                color=colour,
                fontsize=11,
                weight="bold",
            )
    fig.supxlabel("before each face: its squared distance from the anchor", fontsize=9, x=0.52)
    plt.show()


def show_margin(near: float, alpha: float, negatives: Mapping[str, float]) -> None:
    """Draw a line of distances from an anchor: the positive, the margin behind it, and some negatives.

    Parameters
    ----------
    near : float
        Squared distance of the positive.
    alpha : float
        The margin.
    negatives : mapping of str to float
        Text and squared distance of each.
    """
    _, ax = plt.subplots(figsize=(7.5, 2.1))
    ax.axhline(0, color="0.3", linewidth=1, zorder=0)
    ax.axvspan(near, near + alpha, ymin=0.3, ymax=0.7, color=ZONE, alpha=0.35, linewidth=0)
    ax.text(near + alpha / 2, -0.62, f"margin α = {alpha:g}", ha="center", va="top", color="0.2")
    ax.plot(0, 0, "*", color="black", markersize=14)
    ax.text(0, 0.35, "anchor", ha="center")
    ax.plot(near, 0, "o", color=SAME, markersize=11)
    ax.text(near, 0.35, f"positive\n{near:g}", ha="right", color=SAME)
    for text, value in negatives.items():
        ax.plot(value, 0, "X", color=DIFFERENT, markersize=11)
        ax.text(value + 0.005, 0.35, f"{text}\n{value:g}", ha="left", color=DIFFERENT)
    right = max(near + alpha, *negatives.values())
    ax.set(xlim=(-0.06, right + 0.18), ylim=(-1, 1), yticks=[], xlabel="squared distance from the anchor")
    ax.spines["left"].set_visible(False)
    plt.show()


def show_hinge(alpha: float, points: Mapping[str, float]) -> None:
    """Draw what a triplet costs against how much farther its negative is than its positive.

    Parameters
    ----------
    alpha : float
        The margin.
    points : mapping of str to float
        Triplets to mark: text, and squared distance of the negative less that of the positive.
    """
    _, ax = plt.subplots(figsize=(7, 2.9))
    x = np.array([-0.5, alpha, 0.8])
    for (low, high), (name, colour) in zip(
        ((-0.5, 0), (0, alpha), (alpha, 0.8)), KIND_COLOURS.items(), strict=True
    ):
        ax.axvspan(low, high, color=colour, alpha=0.15, linewidth=0)
        ax.text((low + high) / 2, 0.83, name, ha="center", color="0.2")
    ax.plot(x, np.maximum(alpha - x, 0), color="black", linewidth=2)
    for text, value in points.items():
        ax.plot(value, max(alpha - value, 0), "o", color=DIFFERENT, markersize=8)
        ax.annotate(text, (value, max(alpha - value, 0)), (6, 8), textcoords="offset points", color=DIFFERENT)
    ax.set(
        xlabel="how much farther the negative is: ‖a − n‖² − ‖a − p‖²",
        ylabel="loss",
        ylim=(-0.03, 0.92),
        xlim=(-0.5, 0.8),
    )
    plt.show()


def show_regions(
    anchor: np.ndarray, positive: np.ndarray, near: float, others: np.ndarray, far: np.ndarray, alpha: float
) -> None:
    """Lay faces of strangers around an anchor, each as far from it as its encoding is, with the three zones.

    Parameters
    ----------
    anchor, positive : ndarray, (height, width)
        Faces of one person, [0, 1].
    near : float
        Squared distance of the positive.
    others : ndarray, (n, height, width)
        Faces of strangers.
    far : ndarray, (n,)
        Their squared distances.
    alpha : float
        The margin.
    """
    fig, ax = plt.subplots(figsize=(6.2, 4.9))
    edge = max(float(np.max(far)), near + alpha) * 1.12
    for radius, kind in ((edge * 1.5, "easy"), (near + alpha, "semi-hard"), (near, "hard")):
        ax.add_patch(Circle((0, 0), radius, facecolor="white", edgecolor="none"))
        ax.add_patch(Circle((0, 0), radius, facecolor=KIND_COLOURS[kind], alpha=0.25, edgecolor="none"))
    for radius in (near, near + alpha):
        ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor="0.25", linestyle="--"))
    for text, radius in (("‖a − p‖²", near), ("‖a − p‖² + α", near + alpha)):
        ax.text(0, -radius, text, ha="center", va="center", fontsize=9, backgroundcolor="white")
    _face(ax, anchor, (0, 0), "black")
    _face(ax, positive, (-near, 0), SAME)
    turns = np.linspace(-0.9, 2.6, len(others))
    for picture, distance, turn in zip(others, far, turns, strict=True):
        kind = "hard" if distance < near else "semi-hard" if distance < near + alpha else "easy"
        _face(ax, picture, (distance * np.cos(turn), distance * np.sin(turn)), KIND_COLOURS[kind])
    handles = [plt.Line2D([], [], color=colour, lw=6, label=kind) for kind, colour in KIND_COLOURS.items()]
    handles += [
        plt.Line2D([], [], color="black", lw=3, label="anchor"),
        plt.Line2D([], [], color=SAME, lw=3, label="positive"),
    ]
    fig.legend(handles=handles, loc="outside right upper")
    ax.set(xlim=(-edge, edge), ylim=(-edge * 0.8, edge), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    plt.show()


def show_distance_tables(tables: Mapping[str, np.ndarray], pictures: int) -> None:
    """Draw tables of squared distances between the faces of several people, one beside the other.

    Parameters
    ----------
    tables : mapping of str to ndarray, (n, n)
        By title; the rows of a person follow each other.
    pictures : int
        Rows of each person.
    """
    fig, axes = plt.subplots(1, len(tables), figsize=(4.2 * len(tables), 3.7), squeeze=False)
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        drawn = ax.imshow(table, cmap="viridis", vmin=0)
        lines = np.arange(0, len(table) + 1, pictures) - 0.5
        ax.vlines(lines, -0.5, len(table) - 0.5, color="white", linewidth=0.8)
        ax.hlines(lines, -0.5, len(table) - 0.5, color="white", linewidth=0.8)
        places = lines[:-1] + pictures / 2
        names = [f"{i + 1}" for i in range(len(places))]
        ax.set(title=title, xlabel="person")
        ax.set_xticks(places, names)
        ax.set_yticks(places, names)
        ax.tick_params(length=0)
        fig.colorbar(drawn, ax=ax, shrink=0.8, label="squared distance")
    axes[0, 0].set_ylabel("person")
    plt.show()


def show_distance_histograms(
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], threshold: float | None = None
) -> None:
    """Draw how far apart pairs of one person and pairs of two people are, one panel a network.

    Parameters
    ----------
    pairs : mapping of str to (distances, same)
        Euclidean distances (n,) and whether a pair shows one person (n,), by title.
    threshold : float, optional
        Drawn as a line.
    """
    _, axes = plt.subplots(1, len(pairs), figsize=(4.4 * len(pairs), 2.8), sharey=True, squeeze=False)
    bins = np.linspace(0, max(float(distances.max()) for distances, _ in pairs.values()), 41)
    for ax, (title, (distances, same)) in zip(axes[0], pairs.items(), strict=True):
        for kind, name, colour in ((same, "one person", SAME), (~same, "two people", DIFFERENT)):
            share = np.full(kind.sum(), 1 / kind.sum())
            ax.hist(distances[kind], bins, weights=share, color=colour, alpha=0.6, label=name)
        if threshold is not None:
            ax.axvline(threshold, color="black", linestyle="--", linewidth=1)
        ax.set(title=title, xlabel="distance")
    axes[0, 0].set_ylabel("share of the pairs")
    axes[0, 0].legend()
    plt.show()


def show_roc(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], equal_errors: Mapping[str, float]) -> None:
    """Draw true accepts against false accepts, with the points at which both errors are equal.

    Parameters
    ----------
    curves : mapping of str to (false_accept, true_accept)
        Rates (k,) in [0, 1], by name.
    equal_errors : mapping of str to float
        Equal error rate of each.
    """
    _, ax = plt.subplots(figsize=(5, 4.4))
    ax.plot([0, 1], [1, 0], color="0.6", linewidth=1, linestyle=":")
    ax.text(0.66, 0.36, "both errors equal", color="0.4", rotation=-42, fontsize=9)
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
    ax.text(0.42, 0.34, "guessing", color="0.4", rotation=42, fontsize=9)
    for (name, (false_accept, true_accept)), colour in zip(curves.items(), PALETTE, strict=False):
        ax.plot(false_accept, true_accept, color=colour, linewidth=2, label=name)
        ax.plot(equal_errors[name], 1 - equal_errors[name], "o", color=colour)
    ax.set(
        xlabel="false accepts (share of pairs of two people)",
        ylabel="true accepts (share of pairs of one)",
        aspect="equal",
        xlim=(-0.01, 1),
        ylim=(0, 1.01),
    )
    ax.legend(loc="lower right")
    plt.show()


def show_planes(planes: Mapping[str, np.ndarray], labels: np.ndarray) -> None:
    """Draw encodings as points of a plane, a colour and a marker a person.

    Parameters
    ----------
    planes : mapping of str to ndarray, (n, 2)
        Two numbers a picture, by title.
    labels : ndarray of int, (n,)
        Who is seen.
    """
    _, axes = plt.subplots(1, len(planes), figsize=(4.4 * len(planes), 4), squeeze=False)
    for ax, (title, points) in zip(axes[0], planes.items(), strict=True):
        for i, person in enumerate(np.unique(labels)):
            mine = points[labels == person]
            ax.plot(
                *mine.T, _MARKERS[i % 10], color=PALETTE[i % 8], markersize=6, alpha=0.8, markeredgewidth=0
            )
        ax.set(title=title, xticks=[], yticks=[])
        ax.set_aspect("equal", adjustable="datalim")
    plt.show()


def show_face_pairs(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Show pairs of faces that were judged wrongly, a row each kind, with their distances.

    Parameters
    ----------
    pairs : mapping of str to (pictures, distances)
        Pictures (k, 2, height, width) in [0, 1] and distances (k,), by a sentence; as many pairs in each row.
    """
    count = max(len(pictures) for pictures, _ in pairs.values())
    fig = plt.figure(figsize=(1.7 * count, 1.55 * len(pairs)))
    for part, (title, (pictures, distances)) in zip(
        np.atleast_1d(fig.subfigures(len(pairs), 1)), pairs.items(), strict=True
    ):
        part.suptitle(title, fontsize=10)
        axes = part.subplots(1, count, squeeze=False)[0]
        for ax in axes:
            ax.axis("off")
        for ax, two, distance in zip(axes, pictures, distances, strict=False):
            ax.imshow(np.concatenate(list(two), axis=1), vmin=0, vmax=1, interpolation="bicubic")
            ax.set_title(f"{distance:.2f}", fontsize=9, pad=2)
    plt.show()


def show_triplet_training(losses: Mapping[str, Sequence[float]], alpha: float) -> None:
    """Draw the loss as its mean over the last ten steps.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        By training.
    alpha : float
        The margin: what the loss is when all encodings are equal.
    """
    _, ax = plt.subplots(figsize=(7, 3))
    for (name, values), colour in zip(losses.items(), PALETTE, strict=False):
        steps = np.arange(1, len(values) + 1)
        sums = np.cumsum(values)
        sums[10:] -= sums[:-10].copy()
        ax.plot(steps, sums / np.minimum(steps, 10), color=colour, label=name)
    ax.axhline(alpha, color="0.3", linestyle=":", label="all encodings equal")
    ax.set(xlabel="step", ylabel="loss of the hardest triplets", ylim=(0, None))
    ax.legend()
    plt.show()


def show_zones(steps: Sequence[int], shares: Mapping[str, Sequence[float]]) -> None:
    """Draw what share of all triplets is hard, semi-hard and easy as training goes on.

    Parameters
    ----------
    steps : sequence of int
        Where they were counted.
    shares : mapping of str to sequence of float
        Of "hard", "semi-hard" and "easy" triplets, in [0, 1].
    """
    fig, ax = plt.subplots(figsize=(7, 2.8))
    ax.stackplot(
        steps, [shares[name] for name in KIND_COLOURS], labels=KIND_COLOURS, colors=KIND_COLOURS.values()
    )
    ax.set(xlabel="step", ylabel="share of all triplets", ylim=(0, 1), xlim=(steps[0], steps[-1]))
    fig.legend(loc="outside right upper")
    plt.show()


def show_mining_kinds(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], final: Mapping[str, Mapping[str, Sequence[float]]]
) -> None:
    """Draw how ways of mining do on people that no network saw, over several seeds.

    Parameters
    ----------
    curves : mapping of str to (steps, areas)
        Steps (k,) and areas under the ROC curve (seeds, k), by kind.
    final : mapping of str to mapping of str to sequence of float
        By what was measured, by kind: one value a seed, drawn as dots with their mean and standard error.
    """
    _, axes = plt.subplots(
        1, 1 + len(final), figsize=(4.2 + 2.6 * len(final), 3.2), width_ratios=[1.5] + [1] * len(final)
    )
    for (name, (steps, areas)), colour in zip(curves.items(), PALETTE, strict=False):
        mean, spread = areas.mean(axis=0), _standard_error(areas)
        axes[0].plot(steps, mean, color=colour, label=name)
        axes[0].fill_between(steps, mean - spread, mean + spread, color=colour, alpha=0.25, linewidth=0)
    axes[0].set(xlabel="step", ylabel="area under the ROC curve")
    axes[0].legend(loc="lower right")
    for ax, (what, kinds) in zip(axes[1:], final.items(), strict=True):
        for place, (values, colour) in enumerate(zip(kinds.values(), PALETTE, strict=False)):
            values = np.asarray(values)
            ax.plot(place + np.linspace(-0.12, 0.12, len(values)), values, "o", color=colour, alpha=0.5)
            ax.errorbar(
                place,
                values.mean(),
                _standard_error(values),
                color="black",
                fmt="_",
                capsize=4,
                markersize=14,
            )
        ax.set_xticks(range(len(kinds)), list(kinds), rotation=20)
        ax.set(title=what, xlim=(-0.6, len(kinds) - 0.4))
    plt.show()


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Return the standard error of means over the first axis."""
    return np.std(values, axis=0, ddof=1) / np.sqrt(len(values))


def _face(ax: Axes, picture: np.ndarray, place: tuple[float, float], colour: str) -> None:
    image = OffsetImage(picture, zoom=0.62, cmap="gray", clim=(0, 1))
    frame = {"edgecolor": colour, "linewidth": 2.5, "facecolor": colour}
    ax.add_artist(AnnotationBbox(image, place, pad=0.05, bboxprops=frame))
