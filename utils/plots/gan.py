"""Figures of two networks that play against each other: the game, its losses, what is made, and what goes wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

MADE, REAL = "C1", "C0"


def show_players(z: np.ndarray, made: np.ndarray, real: np.ndarray, verdicts: tuple[float, float]) -> None:
    """Draw the game: noise, generator, a made and a real picture, discriminator, and what it says of both.

    Parameters
    ----------
    z : ndarray, (n,)
        A latent vector.
    made, real : ndarray, (height, width)
        Pictures in [0, 1].
    verdicts : pair of float
        The discriminator's probabilities that the made one and the real one are real.
    """
    _, ax = plt.subplots(figsize=(9, 3.4))
    ax.set(xlim=(0, 18), ylim=(0, 6.8))
    ax.axis("off")
    side = int(np.ceil(np.sqrt(len(z))))
    noise = np.resize(z, (side, side))
    for picture, place, name, limits in (
        (noise, (0.2, 3.7), "noise z", (-2.5, 2.5)),
        (made, (6.6, 3.7), "made", (0, 1)),
        (real, (6.6, 0.2), "real", (0, 1)),
    ):
        x, y = place
        ax.imshow(
            picture, cmap="gray", extent=(x, x + 2.4, y, y + 2.4), vmin=limits[0], vmax=limits[1], zorder=2
        )
        ax.text(x + 1.2, y + 2.55, name, ha="center", va="bottom")
    for x, y, name, colour in ((3.4, 4.2, "generator\nG", MADE), (10.4, 2.2, "discriminator\nD", REAL)):
        box = FancyBboxPatch((x, y), 2.6, 1.5, boxstyle="round,pad=0.1", facecolor=colour, alpha=0.3)
        ax.add_patch(box)
        ax.text(x + 1.3, y + 0.75, name, ha="center", va="center")
    for begin, end in (
        ((2.7, 4.95), (3.2, 4.95)),
        ((6.2, 4.95), (6.5, 4.95)),
        ((9.1, 4.9), (10.3, 3.6)),
        ((9.1, 1.4), (10.3, 2.3)),
        ((13.2, 3.3), (14.1, 4.5)),
        ((13.2, 2.6), (14.1, 1.7)),
    ):
        ax.annotate("", end, begin, arrowprops={"arrowstyle": "->", "linewidth": 1.5})
    for y, probability, what in (
        (4.6, verdicts[0], "of the made one"),
        (1.5, verdicts[1], "of the real one"),
    ):
        ax.text(14.2, y, f"“real” with probability\n{probability:.2f} {what}", va="center", fontsize=9.5)
    ax.set_aspect("equal")
    plt.show()


def show_stamps(x: np.ndarray, kernel: np.ndarray, stride: int = 2) -> np.ndarray:
    """Draw a transposed convolution of one channel: the kernel times each number, laid down at its place, and the sum.

    Parameters
    ----------
    x : ndarray, (height, width)
        What goes in.
    kernel : ndarray, (k, k)
        The stamp.
    stride : int
        Steps from one stamp to the next.

    Returns
    -------
    ndarray, (stride · (height − 1) + k, stride · (width − 1) + k)
        The sum, before a border is cut off.
    """
    size = len(kernel)
    whole = np.zeros([stride * (n - 1) + size for n in x.shape])
    stamps = []
    for row, column in np.ndindex(x.shape):
        stamp = np.zeros_like(whole)
        place = (slice(stride * row, stride * row + size), slice(stride * column, stride * column + size))
        stamp[place] = x[row, column] * kernel
        stamps.append((f"{x[row, column]:g} times the kernel", stamp))
        whole += stamp
    panels = [("input", x), ("kernel", kernel), *stamps, ("sum", whole)]
    widths = [max(value.shape[1], 3.2) for _, value in panels]
    _, axes = plt.subplots(
        1, len(panels), figsize=(11.5, 2.3), gridspec_kw={"width_ratios": widths}, layout="constrained"
    )
    for ax, (title, value) in zip(axes, panels, strict=True):
        _numbers(ax, value, whole.max())
        ax.set_title(title, fontsize=9)
    plt.show()
    return whole


def _numbers(ax: Axes, value: np.ndarray, most: float) -> None:
    """Draw a small map with its numbers; zeros stay blank."""
    ax.imshow(value, cmap="Blues", vmin=0, vmax=1.4 * most)
    for (row, column), number in np.ndenumerate(value):
        if number:
            ax.text(column, row, f"{number:g}", ha="center", va="center", fontsize=8)
    ax.set(xticks=np.arange(value.shape[1] + 1) - 0.5, yticks=np.arange(value.shape[0] + 1) - 0.5)
    ax.tick_params(length=0, labelbottom=False, labelleft=False)
    ax.grid(color="0.8", linewidth=0.6)


def show_generator_losses() -> None:
    """Draw both losses of a generator, and how steep they are, over the probability that D says "real"."""
    logits = np.linspace(-6, 6, 301)
    p = 1 / (1 + np.exp(-logits))
    losses = {
        "minimax, log(1 − p)": (np.log(1 - p), p, "--"),
        "non-saturating, −log p": (-np.log(p), 1 - p, "-"),
    }
    _, axes = plt.subplots(1, 2, figsize=(9.5, 3), layout="constrained")
    for name, (value, slope, line) in losses.items():
        axes[0].plot(p, value, line, label=name)
        axes[1].plot(p, slope, line, label=name)
    axes[0].set(ylabel="loss of the generator", ylim=(-5, 5))
    axes[1].set(ylabel="size of the gradient by D's logit", ylim=(-0.02, 1.05))
    for ax in axes:
        ax.set_xlabel("p, what D says of a made picture")
        ax.axvspan(0, 0.1, color="0.9", zorder=0)
    axes[0].text(0.11, -4.6, "← here every training begins", fontsize=9)
    axes[0].legend(fontsize=9)
    plt.show()


def show_samples_over_time(looks: Mapping[int, np.ndarray], rows: int = 6) -> None:
    """Draw what becomes of the same latent vectors: one a row, steps of the training from left to right.

    Parameters
    ----------
    looks : mapping of int to ndarray
        Number of steps → pictures (n, height, width) in [0, 1].
    rows : int
        How many latent vectors are shown.
    """
    _, axes = plt.subplots(
        rows,
        len(looks),
        figsize=(1.05 * len(looks) + 0.8, 0.98 * rows + 0.5),
        squeeze=False,
        layout="constrained",
    )
    for column, (step, pictures) in enumerate(looks.items()):
        axes[0, column].set_title(f"{step:,}", fontsize=10)
        for row in range(rows):
            axes[row, column].imshow(pictures[row], cmap="gray", vmin=0, vmax=1)
            axes[row, column].axis("off")
    axes[0, 0].figure.suptitle("steps of training →", fontsize=10)
    axes[0, 0].figure.supylabel("one latent vector a row", fontsize=10)
    plt.show()


def show_both_losses(losses: np.ndarray, window: int = 25) -> None:
    """Draw the losses of both players, averaged over a sliding window, with the values of a D that only guesses.

    Parameters
    ----------
    losses : ndarray, (steps, 2)
        The discriminator's and the generator's.
    window : int
        Steps that are averaged.
    """
    _, ax = plt.subplots(figsize=(7.5, 2.8))
    even = np.ones(window) / window
    names = (("discriminator", REAL, 2 * np.log(2)), ("generator", MADE, np.log(2)))
    for (name, colour, guessing), values in zip(names, np.asarray(losses).T, strict=True):
        smooth = np.convolve(values, even, "valid")
        ax.plot(np.arange(window, len(values) + 1), smooth, color=colour, label=name)
        ax.axhline(guessing, color=colour, linestyle=":", linewidth=1.2)
    ax.plot([], [], ":", color="0.4", label="if D said .5 to everything")
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None))
    ax.legend(fontsize=9, ncols=3, loc="lower center")
    plt.show()


def show_shares(shares: Mapping[str, Sequence[float]]) -> None:
    """Draw which part of the pictures each digit has, one field a source.

    Parameters
    ----------
    shares : mapping of str to sequence of float
        Title → ten shares.
    """
    _, axes = plt.subplots(
        1, len(shares), figsize=(3.1 * len(shares), 2.3), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, (title, values) in zip(axes[0], shares.items(), strict=True):
        _bars(ax, values)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("digit, says the judge")
    axes[0, 0].set_ylabel("share")
    plt.show()


def _bars(ax: Axes, shares: Sequence[float]) -> None:
    ax.bar(range(len(shares)), shares, color=MADE)
    ax.axhline(1 / len(shares), color="0.4", linestyle=":", linewidth=1.2)
    ax.set_xticks(range(len(shares)), range(len(shares)), fontsize=8)


def show_tricks(
    pictures: Mapping[str, np.ndarray], scores: Mapping[str, Sequence[float]], best: float
) -> None:
    """Draw what each way to play made, one a row, and how it was judged, a dot for each seed.

    Parameters
    ----------
    pictures : mapping of str to ndarray
        Name → pictures (n, height, width) in [0, 1].
    scores : mapping of str to sequence of float
        Name → scores, one a seed.
    best : float
        Score of real digits; drawn as a line.
    """
    shown = min(len(values) for values in pictures.values())
    figure = plt.figure(figsize=(10, 0.62 * len(pictures) + 0.9), layout="constrained")
    grid = figure.add_gridspec(len(pictures), 2, width_ratios=(shown * 0.62, 3.4))
    for row, (name, values) in enumerate(pictures.items()):
        ax = figure.add_subplot(grid[row, 0])
        ax.imshow(np.hstack(list(values[:shown])), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
    ax = figure.add_subplot(grid[:, 1])
    for row, name in enumerate(pictures):
        ax.plot(scores[name], [row] * len(scores[name]), "o", color=MADE, markersize=6)
    ax.axvline(best, color=REAL, linestyle="--", label="real digits")
    ax.set(xlim=(1, 10), ylim=(len(pictures) - 0.5, -0.5), yticks=[], xlabel="score, from 1 to 10")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=9, loc="lower left")
    plt.show()


def show_collapse(
    looks: Sequence[Mapping[str, Any]], pictures: Mapping[int, np.ndarray], rows: int = 4
) -> None:
    """Draw a training in which the generator collapses: samples, the digits they are, how far apart they lie.

    Parameters
    ----------
    looks : sequence of mapping
        In order: ``step``, ``shares`` and ``distance``, as a long run logs them.
    pictures : mapping of int to ndarray
        Step → pictures (n, height, width) in [0, 1] of the same latent vectors.
    rows : int
        How many latent vectors are shown.
    """
    figure, axes = plt.subplots(
        2,
        len(looks),
        figsize=(1.5 * len(looks) + 0.6, 4.4),
        sharey="row",
        gridspec_kw={"height_ratios": (3, 1.3)},
        layout="constrained",
    )
    for (top, bottom), look in zip(axes.T, looks, strict=True):
        shown = pictures[look["step"]][: 2 * rows]
        left, right = (np.vstack(list(part)) for part in (shown[:rows], shown[rows:]))
        top.imshow(np.hstack([left, right]), cmap="gray", vmin=0, vmax=1)
        top.axis("off")
        top.set_title(f"step {look['step']:,}\ndistance {look['distance']:.1f}", fontsize=10)
        _bars(bottom, look["shares"])
        bottom.set(ylim=(0, 1))
    axes[1, 0].set_ylabel("share")
    figure.supxlabel("digit, says the judge", fontsize=10)
    plt.show()


def sheet_of_pictures(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Lay pictures (n, height, width) out in one, row by row; n is a multiple of ``columns``."""
    n, height, width = np.shape(pictures)
    if n % columns:
        raise ValueError(f"pictures must be a multiple of {columns} columns, got {n}")
    grid = np.reshape(pictures, (n // columns, columns, height, width))
    return grid.transpose(0, 2, 1, 3).reshape(-1, columns * width)
