"""Figures of lesson 1 of week 4: who is compared with whom, how far apart, and what a threshold makes of it."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from utils.data.images import to_float
from utils.plots.style import PALETTE

SAME, DIFFERENT, BOX = PALETTE[0], PALETTE[1], PALETTE[6]


def show_faces(pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int = 6) -> None:
    """Show small pictures with a caption above each.

    Parameters
    ----------
    pictures : sequence of ndarray, (height, width, 3) or (height, width)
        uint8 or floating in [0, 1].
    captions : sequence of str
        One a picture.
    columns : int
        How many stand side by side.
    """
    width, used = 6.2 / columns, min(columns, len(pictures))
    rows = -(-len(pictures) // used)
    tall = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    lines = max(caption.count("\n") + 1 for caption in captions)
    size = (width * used, rows * (width * tall + 0.16 * lines + 0.06))
    _, axes = plt.subplots(rows, used, figsize=size, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        ax.imshow(to_float(picture), vmin=0, vmax=1)
        ax.set_title(caption, fontsize=8)
    plt.show()


def show_alignment(
    picture: np.ndarray, box: Sequence[float], landmarks: np.ndarray, crop: np.ndarray
) -> None:
    """Show a picture, the box of its face, the landmarks in it, and the crop in which the eyes are level.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        The whole picture.
    box : sequence of 4 floats
        Corners x1, y1, x2, y2 in pixels.
    landmarks : ndarray, (n, 2)
        Points x, y in pixels.
    crop : ndarray, (size, size, 3)
        The aligned face.
    """
    x1, y1, x2, y2 = box
    _, axes = plt.subplots(1, 3, figsize=(4.8, 1.85))
    axes[0].imshow(to_float(picture))
    axes[0].add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=BOX, linewidth=2.5))
    axes[1].imshow(to_float(picture))
    axes[1].plot(*landmarks.T, "o", markersize=2, color=BOX, markeredgecolor="black", markeredgewidth=0.2)
    margin = 0.25 * (x2 - x1)
    axes[1].set(xlim=(x1 - margin, x2 + margin), ylim=(y2 + margin, y1 - margin))
    axes[2].imshow(to_float(crop))
    titles = ("the box", f"{len(landmarks)} landmarks", f"the crop, {len(crop)}×{len(crop)}")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=9)
        ax.axis("off")
    plt.show()


def show_distance_table(
    pictures: Sequence[np.ndarray], distances: np.ndarray, people: Sequence[str], threshold: float
) -> None:
    """Show the distances of all pairs, with the pictures at the edges; pairs of one person have a frame.

    Parameters
    ----------
    pictures : sequence of ndarray
        n small pictures.
    distances : ndarray, (n, n)
        Between them.
    people : sequence of str
        Who each shows.
    threshold : float
        Distances up to it are blue, larger ones red, the paler the nearer to it.
    """
    n = len(pictures)
    _, axes = plt.subplots(n + 1, n + 1, figsize=(3.9, 3.9), gridspec_kw={"wspace": 0.05, "hspace": 0.05})
    spread = np.abs(distances - threshold).max()
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for i, picture in enumerate(pictures):
        axes[0, i + 1].imshow(to_float(picture))
        axes[i + 1, 0].imshow(to_float(picture))
        for j in range(n):
            ax, value = axes[i + 1, j + 1], distances[i, j]
            shade = plt.get_cmap("RdBu_r")(0.5 + 0.42 * (value - threshold) / spread)
            ax.set_facecolor(shade)
            ink = "white" if sum(shade[:3]) < 1.4 else "black"
            ax.text(
                0.5,
                0.5,
                f"{value:.2f}",
                ha="center",
                va="center",
                color=ink,
                transform=ax.transAxes,
                fontsize=9,
            )
            if people[i] == people[j] and i != j:
                ax.spines[:].set_visible(True)
                ax.spines[:].set_linewidth(2)
    plt.show()


def show_siamese(
    pictures: Sequence[np.ndarray], encodings: np.ndarray, distance: float, network: str
) -> None:
    """Draw two pictures on their way through one network to one distance.

    Parameters
    ----------
    pictures : two ndarrays, (height, width, 3)
        Crops of faces.
    encodings : ndarray, (2, d)
        What the network makes of them; the first 16 numbers are drawn.
    distance : float
        Between the encodings.
    network : str
        What is written into the network's box.
    """
    figure, ax = plt.subplots(figsize=(6.2, 2.35))
    ax.set(xlim=(0, 10), ylim=(0, 4))
    ax.axis("off")
    limit = np.abs(encodings).max()
    for row, (picture, encoding) in enumerate(zip(pictures, encodings, strict=True)):
        y = 2.15 - 2.1 * row
        inset = ax.inset_axes((0.2, y, 1.75, 1.75), transform=ax.transData)
        inset.imshow(to_float(picture))
        inset.axis("off")
        _draw_box(ax, (2.75, y + 0.25, 2.5, 1.25), network)
        strip = ax.inset_axes((6.0, y + 0.7, 1.9, 0.4), transform=ax.transData)
        strip.imshow(encoding[None, :16], cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
        strip.set(xticks=[], yticks=[])
        ax.text(6.95, y + 0.62, f"{len(encoding)} numbers", ha="center", va="top", fontsize=9)
        for start, end in (((2.0, y + 0.88), (2.7, y + 0.88)), ((5.3, y + 0.88), (5.95, y + 0.88))):
            _draw_arrow(ax, start, end)
        _draw_arrow(ax, (7.95, y + 0.88), (8.6, 2.0 + (0.25 if row == 0 else -0.25)))
    _draw_arrow(ax, (4.0, 2.36), (4.0, 1.34), both=True)
    ax.text(4.12, 1.85, "the same weights", fontsize=9, va="center")
    ax.text(9.2, 2.0, f"distance\n{distance:.2f}", ha="center", va="center", fontsize=11)
    figure.set_layout_engine("none")
    plt.show()


def show_pair_distances(distances: np.ndarray, same: np.ndarray, threshold: float, label: str) -> None:
    """Draw how distances of pairs of one person and of two are spread, on each side of a threshold.

    Parameters
    ----------
    distances : ndarray, (n,)
        Of pairs.
    same : ndarray of bool, (n,)
        Whether a pair shows one person.
    threshold : float
        Drawn as a line; what lies on its wrong side is hatched.
    label : str
        Of the horizontal axis.
    """
    _, ax = plt.subplots(figsize=(5.6, 2.3))
    edges = np.linspace(0, distances.max(), 70)
    for chosen, colour, name, wrong_above in (
        (same, SAME, "one person", True),
        (~same, DIFFERENT, "two people", False),
    ):
        share, _ = np.histogram(distances[chosen], edges)
        share = share / chosen.sum()
        ax.stairs(share, edges, fill=True, color=colour, alpha=0.45, label=name)
        beyond = edges[:-1] >= threshold if wrong_above else edges[1:] <= threshold
        ax.stairs(
            np.where(beyond, share, 0), edges, fill=True, facecolor="none", edgecolor=colour, hatch="////"
        )
    ax.axvline(threshold, color="black", linestyle="--")
    ax.text(threshold, ax.get_ylim()[1], f" threshold {threshold:.2f}", va="top", fontsize=9)
    ax.set(xlabel=label, ylabel="share of the pairs")
    ax.legend(loc="upper left")
    plt.show()


def show_growing_database(
    sizes: np.ndarray, measured: np.ndarray, formula: np.ndarray, interval: np.ndarray | None = None
) -> None:
    """Draw how often a stranger is taken for somebody, against the number of people in the database.

    Parameters
    ----------
    sizes, measured, formula : ndarray, (n,)
        Numbers of people; shares of strangers who are let in, as measured and as 1 − (1 − p)^K.
    interval : ndarray, (2, n), optional
        Lower and upper end of the middle half of the measurements.
    """
    _, ax = plt.subplots(figsize=(4.8, 2.4))
    ax.plot(sizes, formula, "--", color="black", label="1 − (1 − p)$^K$")
    ax.plot(sizes, measured, "o-", color=DIFFERENT, label="measured")
    if interval is not None:
        ax.fill_between(sizes, *interval, color=DIFFERENT, alpha=0.2, linewidth=0)
    ax.set(xlabel="K, people in the database", ylabel="strangers let in", ylim=(0, None))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    ax.legend()
    plt.show()


def show_errors_by_person(measured: np.ndarray, expected: np.ndarray, label: str) -> None:
    """Draw each person's share of errors, sorted, beside what chance alone would do if all were alike.

    Parameters
    ----------
    measured : ndarray, (people,)
        Share of errors of each.
    expected : ndarray, (people,)
        The same, sorted, for people who are all alike: largest first.
    label : str
        Of the vertical axis.
    """
    _, ax = plt.subplots(figsize=(5.6, 2.2))
    place = np.arange(len(measured))
    ax.bar(place, np.sort(measured)[::-1], color=DIFFERENT, width=0.8, label="measured")
    ax.step(place, np.sort(expected)[::-1], where="mid", color="black", label="if all were alike")
    ax.axhline(measured.mean(), color="black", linestyle=":", linewidth=1)
    ax.text(len(measured) - 0.5, measured.mean(), "mean ", ha="right", va="bottom", fontsize=9)
    ax.set(xlabel="people, most errors first", ylabel=label, xticks=[])
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    ax.legend()
    plt.show()


def show_rates_by_group(rates: dict[str, tuple[float, float, float]], label: str) -> None:
    """Draw error rates of groups with their intervals.

    Parameters
    ----------
    rates : dict of str to (rate, low, high)
        By group, from top to bottom.
    label : str
        Of the horizontal axis.
    """
    _, ax = plt.subplots(figsize=(5.4, 0.4 * len(rates) + 0.7))
    place = np.arange(len(rates))[::-1]
    rate, low, high = np.array(list(rates.values())).T
    ax.errorbar(rate, place, xerr=(rate - low, high - rate), fmt="o", color=DIFFERENT, capsize=4, linewidth=2)
    ax.set(yticks=place, yticklabels=list(rates), xlabel=label, ylim=(-0.6, len(rates) - 0.4))
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    plt.show()


def _draw_box(ax: Axes, box: tuple[float, float, float, float], text: str) -> None:
    x, y, width, height = box
    style = {"boxstyle": "round,pad=0,rounding_size=.15", "facecolor": "#E8EEF4", "edgecolor": "black"}
    ax.add_patch(FancyBboxPatch((x, y), width, height, **style))
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=8)


def _draw_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], both: bool = False) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="<->" if both else "->", mutation_scale=13, shrinkA=0, shrinkB=0
        )
    )
