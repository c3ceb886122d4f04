"""The two pictures of week 2's demo: what depth does to a network, and what an ImageNet network says of a photograph.

They are drawn without pyplot, since they are made in a live page and partly in a thread of its own, and with letters
that can be read from the back row when the picture is shown pixel by pixel.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from utils.plots.style import PALETTE

DPI = 100
POINTS = 14  # 19 pixels of the screen
COLOURS = {True: PALETTE[0], False: PALETTE[1]}  # with shortcuts, plain
NAMES = {True: "with shortcuts", False: "plain"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Row = Mapping[str, Any]


def draw_depth(
    gradient_rows: Sequence[Row], training_rows: Sequence[Row], depth: int, residual: bool, batch_norm: bool
) -> np.ndarray:
    """Draw the gradients of a network's first step, layer by layer, and its training loss.

    The chosen network is drawn bold, the one of the same depth with the other kind of shortcut thin; lines are medians
    over the random starts, bands reach from the lowest to the highest.

    Parameters
    ----------
    gradient_rows
        Rows of the run ``gradient-norms``: ``depth``, ``residual``, ``batch_norm`` and ``norms`` (starts, depth).
    training_rows
        Rows of the run ``residual-depths``: ``depth``, ``kind``, ``steps``, ``loss``, ``final_loss`` and
        ``test_accuracy``. All have BatchNorm.
    depth, residual, batch_norm
        The chosen network; there must be rows of it.

    Returns
    -------
    ndarray
        (470, 1200, 3), uint8.

    Raises
    ------
    ValueError
        When no row has the depth.
    """
    _check_depth(depth, gradient_rows, training_rows)
    with rc_context({"font.size": POINTS, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(12, 4.7), dpi=DPI)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(0.085, 0.15, 0.985, 0.9, wspace=0.22)
        _draw_gradients(left, gradient_rows, depth, residual, batch_norm)
        _draw_training(right, training_rows, depth, residual, batch_norm)
        return _pixels(figure)


def say_depth(
    gradient_rows: Sequence[Row], training_rows: Sequence[Row], depth: int, residual: bool, batch_norm: bool
) -> tuple[str, str]:
    """Say in numbers what :func:`draw_depth` shows.

    Parameters
    ----------
    gradient_rows, training_rows, depth, residual, batch_norm
        As in :func:`draw_depth`.

    Returns
    -------
    tuple of str
        A sentence about the gradients, and one about the training: the last loss, a median over the random starts, and
        the range of the accuracy on pictures that were not trained on.
    """
    _check_depth(depth, gradient_rows, training_rows)
    norms = np.median(_norms(gradient_rows, depth, residual, batch_norm), axis=0)
    first, last = norms[0], norms[-1]
    words = []
    for kind in (residual, not residual):
        found = [row for row in training_rows if _is(row, depth, kind)]
        loss = np.median([row["final_loss"] for row in found])
        accuracies = [row["test_accuracy"] for row in found]
        words.append(f"{NAMES[kind]} loss {loss:.2f}, test accuracy {_range(accuracies)}")
    return (
        f"At the start the first layer's gradient has the norm {_number(first)}, the last layer's {_number(last)}.",
        f"{depth} layers trained for {found[0]['steps']} steps with BatchNorm: {'; '.join(words)}.",
    )


def draw_guesses(
    picture: np.ndarray, square: tuple[int, int, int], guesses: Sequence[tuple[str, float]]
) -> np.ndarray:
    """Draw a photograph, the square of it that the network sees, and bars of what the network takes it for.

    Parameters
    ----------
    picture
        (height, width, 3), uint8.
    square
        Top row, left column and side of the square, in pixels of the picture. What lies outside is dimmed.
    guesses
        Name of the class and probability in [0, 1], the most probable first. None yet: the bars are left out.

    Returns
    -------
    ndarray
        (470, 1200, 3), uint8.
    """
    with rc_context({"font.size": POINTS}):
        figure = Figure(figsize=(12, 4.7), dpi=DPI)
        _draw_photograph(figure.add_axes((0.005, 0.02, 0.43, 0.96)), picture, square)
        if guesses:
            _draw_bars(figure.add_axes((0.68, 0.14, 0.26, 0.82)), guesses)
        return _pixels(figure)


def _check_depth(depth: int, *logs: Sequence[Row]) -> None:
    for rows in logs:
        known = sorted({row["depth"] for row in rows})
        if depth not in known:
            raise ValueError(f"depth must be one of {known}, got {depth!r}")


def _norms(rows: Sequence[Row], depth: int, residual: bool, batch_norm: bool) -> np.ndarray:
    """Return the gradients' norms of one kind of network, (starts, depth)."""
    wanted = (depth, residual, batch_norm)
    return np.array(next(r["norms"] for r in rows if (r["depth"], r["residual"], r["batch_norm"]) == wanted))


def _is(row: Row, depth: int, residual: bool) -> bool:
    return row["depth"] == depth and (row["kind"] == "residual") == residual


def _draw_gradients(ax: Axes, rows: Sequence[Row], depth: int, residual: bool, batch_norm: bool) -> None:
    for kind in (not residual, residual):
        norms = _norms(rows, depth, kind, batch_norm)
        _draw_band(ax, np.arange(1, depth + 1), norms, kind, bold=kind == residual)
    # One scale for all depths, so that the slider shows growth as growth.
    alike = [np.array(row["norms"]) for row in rows if row["batch_norm"] == batch_norm]
    low, high = min(norms.min() for norms in alike), max(norms.max() for norms in alike)
    most = max(row["depth"] for row in rows)
    ax.set(yscale="log", ylim=(low / 3, high * 3), xlim=(0, most + 1))
    ax.set_title(f"Gradient norms at the start, {'with' if batch_norm else 'without'} BatchNorm", size=POINTS)
    ax.set(xlabel="layer", ylabel="norm")
    ax.minorticks_off()
    ax.grid(axis="y", color="0.9")


def _draw_training(ax: Axes, rows: Sequence[Row], depth: int, residual: bool, batch_norm: bool) -> None:
    for kind in (not residual, residual):
        found = [row for row in rows if _is(row, depth, kind)]
        losses = np.array([row["loss"] for row in found])
        steps = found[0]["steps"] * (np.arange(losses.shape[1]) + 0.5) / losses.shape[1]
        _draw_band(ax, steps, losses, kind, bold=kind == residual and batch_norm, pale=not batch_norm)
    guess = np.log(10)
    ax.axhline(guess, color="0.4", linestyle="--")
    ax.text(1, guess + 0.05, "guessing ", color="0.3", ha="right", transform=ax.get_yaxis_transform())
    highest = max(max(row["loss"]) for row in rows)
    ax.set(xlim=(0, found[0]["steps"]), ylim=(0, max(highest, guess) + 0.3))
    ax.set_title(
        f"Training loss, with BatchNorm{'' if batch_norm else ' (none logged without)'}", size=POINTS
    )
    ax.set(xlabel="step", ylabel="loss")
    ax.grid(axis="y", color="0.9")
    lines, names = ax.get_legend_handles_labels()
    order = np.argsort(names)[::-1]  # the same for every choice
    ax.legend([lines[i] for i in order], [names[i] for i in order], loc="upper right", frameon=False)


def _draw_band(
    ax: Axes, x: np.ndarray, values: np.ndarray, kind: bool, bold: bool, pale: bool = False
) -> None:
    """Draw the median of ``values`` (starts, points) as a line, and their range as a band."""
    colour, alpha = COLOURS[kind], 0.35 if pale else 1
    dash = "-" if kind else (0, (4, 1))
    ax.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.18 * alpha, linewidth=0)
    ax.plot(
        x,
        np.median(values, axis=0),
        color=colour,
        alpha=alpha,
        linestyle=dash,
        linewidth=4.5 if bold else 2,
        label=NAMES[kind],
    )


def _draw_photograph(ax: Axes, picture: np.ndarray, square: tuple[int, int, int]) -> None:
    top, left, side = square
    dimmed = (picture.astype(np.uint16) + 2 * 255) // 3
    inside = slice(top, top + side), slice(left, left + side)
    dimmed[inside] = picture[inside]
    ax.imshow(dimmed.astype(np.uint8), interpolation="antialiased")
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), side, side, fill=False, edgecolor="black", linewidth=2))
    ax.axis("off")


def _draw_bars(ax: Axes, guesses: Sequence[tuple[str, float]]) -> None:
    names, shares = zip(*guesses, strict=True)
    places = range(len(names))
    ax.barh(places, shares, color=[PALETTE[0]] + [PALETTE[5]] * (len(names) - 1), height=0.62)
    for place, share in zip(places, shares, strict=True):
        ax.text(share + 0.02, place, f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %", va="center")
    ax.set_yticks(places, [_short(name) for name in names])
    ax.set(xlim=(0, 1), xlabel="probability", ylim=(len(names) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _range(shares: Sequence[float]) -> str:
    """Write lowest and highest share as whole per cents."""
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low}–{high} %"


def _number(value: float) -> str:
    """Write a positive number as a reader would say it: 1211, 0.47, 3.4 · 10⁻¹²."""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 0.01:
        return f"{value:.2g}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} · 10{str(int(power)).translate(_RAISED)}"


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
