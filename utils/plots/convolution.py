"""Figures about one convolution layer: windows, arithmetic, the way back of gradients, the matrix of windows, speed."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from utils.plots.filters import draw_box, draw_numbers, draw_response
from utils.plots.style import PALETTE


def show_crisp() -> None:
    """Show the current figure as a PNG with a palette, also in a notebook that keeps its figures as JPEG.

    For numbers, lines and bars: they blur in a JPEG, and their few flat colours take a quarter of the room so.
    """
    if "inline" not in plt.get_backend():
        plt.show()
        return
    from IPython.display import Image as Shown
    from IPython.display import display

    drawn, small = BytesIO(), BytesIO()
    plt.gcf().savefig(drawn, bbox_inches="tight")
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    plt.close()
    display(Shown(small.getvalue()))


def show_single_step(window: np.ndarray, weights: np.ndarray, bias: float) -> None:
    """Draw one window, one filter, their products, and the sum with the bias.

    Parameters
    ----------
    window, weights : ndarray, shape (f, f)
        Small numbers, one channel.
    bias : float
        Added to the sum.
    """
    products = window * weights + 0.0  # so that no -0 is written
    total = products.sum()
    _, axes = plt.subplots(1, 4, figsize=(9, 2.5))
    draw_numbers(axes[0], window, "the window", signed=True)
    draw_numbers(axes[1], weights, "× the filter", signed=True)
    draw_numbers(axes[2], products, "= products", signed=True)
    axes[3].axis("off")
    axes[3].text(0, 0.62, f"sum of products = {total:g}", fontsize=11, transform=axes[3].transAxes)
    axes[3].text(0, 0.42, f"+ bias {bias:g}", fontsize=11, transform=axes[3].transAxes)
    result = f"= {total + bias:g}"
    axes[3].text(0, 0.22, result, fontsize=13, fontweight="bold", transform=axes[3].transAxes)
    show_crisp()


def show_windows(picture: np.ndarray, f: int, stride: int, pad: int = 0) -> None:
    """Draw a small picture with its zero border and its windows, and the output with one cell for each window.

    At most six windows are framed, spread over the output; frame and cell have one colour.

    Parameters
    ----------
    picture : ndarray, shape (height, width, 3) or (height, width)
        Values in [0, 1]; about 12 pixels wide at most.
    f, stride, pad : int
        Side of the window, pixels from one to the next, pixels of border.
    """
    edges = ((pad, pad), (pad, pad), (0, 0))[: picture.ndim]
    padded = np.pad(picture, edges)
    rows, columns = ((n - f) // stride + 1 for n in padded.shape[:2])
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=(padded.shape[1], columns + 1.5))
    left.imshow(padded, vmin=0, vmax=1)
    _lattice(left, *padded.shape[:2], "0.45")
    border = f", with {pad} of zeros around" if pad else ""
    left.set_title(f"{picture.shape[0]} × {picture.shape[1]} pixels{border}")
    right.imshow(np.ones((rows, columns)), cmap="gray", vmin=0, vmax=1)
    _lattice(right, rows, columns, "0.45")
    right.set_title(f"output: {rows} × {columns}")
    for number, (h, w) in enumerate(_spread(rows, columns)):
        colour = PALETTE[number]
        draw_box(left, (h * stride, w * stride, f, f), colour)
        right.fill([w - 0.5, w + 0.5, w + 0.5, w - 0.5], [h - 0.5, h - 0.5, h + 0.5, h + 0.5], colour)
        ink = "white" if number < 3 else "black"
        right.text(w, h, f"{h}, {w}", ha="center", va="center", color=ink, fontsize=9)
    right.set_xlabel("row, column of the output")
    show_crisp()


def _spread(rows: int, columns: int) -> list[tuple[int, int]]:
    """Choose up to six cells: two rows (the first and the last), three columns (first, second, last)."""
    chosen_rows = sorted({0, rows - 1})
    chosen_columns = sorted({0, min(1, columns - 1), columns - 1})
    return [(h, w) for h in chosen_rows for w in chosen_columns]


def _lattice(axes: Axes, rows: int, columns: int, colour: str) -> None:
    axes.set_xticks(np.arange(columns + 1) - 0.5, [])
    axes.set_yticks(np.arange(rows + 1) - 0.5, [])
    axes.grid(color=colour, linewidth=0.5)
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color=colour)


def show_number_grids(
    grids: Mapping[str, np.ndarray],
    boxes: Mapping[str, tuple[int, int, int, int]] | None = None,
    signed: bool = True,
    height: float = 2.7,
    together: bool = False,
) -> None:
    """Draw small arrays of numbers side by side, cells of one size, each under its name.

    Parameters
    ----------
    grids : mapping of str to ndarray, shape (height, width)
        What to draw.
    boxes : mapping of str to (row, column, height, width), optional
        A part to frame, by the name of the array.
    signed : bool
        Red for positive and blue for negative numbers; grey values otherwise.
    height : float
        Height of the figure in inches.
    together : bool
        Whether all arrays share one scale of colours.
    """
    tallest = max(grid.shape[0] for grid in grids.values())
    widths = [grid.shape[1] for grid in grids.values()]
    cell = (height - 0.5) / tallest
    size = (cell * sum(widths) + 0.5 * len(widths) + 0.4, height)
    _, axes = plt.subplots(1, len(grids), figsize=size, width_ratios=widths, squeeze=False)
    limit = max(np.abs(grid).max() for grid in grids.values()) if together else 0
    for ax, (name, grid) in zip(axes.flat, grids.items(), strict=True):
        draw_numbers(ax, np.asarray(grid, float), name, signed, (boxes or {}).get(name), limit)
        ax.set_anchor("N")
    show_crisp()


def show_patch_matrix(picture: np.ndarray, matrix: np.ndarray, f: int, stride: int = 1) -> None:
    """Draw a small grey picture and its window matrix; three windows and their rows are framed alike.

    Parameters
    ----------
    picture : ndarray, shape (height, width)
        Numbers, at most about 6 × 6.
    matrix : ndarray, shape (windows, f · f)
        What im2col makes of it, without padding.
    f, stride : int
        Side of the window and pixels from one to the next.
    """
    columns = (picture.shape[1] - f) // stride + 1
    ratios = (picture.shape[1], matrix.shape[1])
    _, (left, right) = plt.subplots(1, 2, figsize=(9.4, 0.36 * len(matrix) + 0.9), width_ratios=ratios)
    top = np.abs(picture).max()
    draw_numbers(left, picture, f"picture: {picture.shape[0]} × {picture.shape[1]}", limit=top)
    draw_numbers(right, matrix, f"its {len(matrix)} windows as rows", limit=top)
    for ax in (left, right):
        ax.set_anchor("N")
    right.set_aspect("auto")
    for number, row in enumerate((0, 1, len(matrix) - 1)):
        place = (row // columns * stride, row % columns * stride, f, f)
        draw_box(left, place, PALETTE[number])
        draw_box(right, (row, 0, 1, matrix.shape[1]), PALETTE[number])
    show_crisp()


def show_times(seconds: Mapping[str, Sequence[float]], reference: str) -> None:
    """Draw how long several ways to do the same work take, as bars on a logarithmic axis.

    Parameters
    ----------
    seconds : mapping of str to sequence of float
        Measured times by name; a bar is their median.
    reference : str
        The one that the others are compared with: each bar says how many times as long it takes.

    Raises
    ------
    KeyError
        When `reference` is not among the names.
    """
    medians = {name: float(np.median(times)) for name, times in seconds.items()}
    unit = medians[reference]
    _, ax = plt.subplots(figsize=(8.4, 0.5 * len(medians) + 1))
    for number, (name, median) in enumerate(medians.items()):
        ax.barh(name, median * 1000, color=PALETTE[0] if name != reference else "0.55")
        note = f"  {_short(median * 1000)} ms"
        if name != reference:
            note += f"   ({_short(median / unit)} × {reference})"
        ax.text(median * 1000, number, note, va="center", fontsize=9)
    ax.invert_yaxis()
    longest, shortest = max(medians.values()) * 1000, min(medians.values()) * 1000
    ax.set(xscale="log", xlabel="milliseconds, on a logarithmic axis")
    # Room for the words beside the longest bar: a third of the axis, which is logarithmic.
    low = shortest / 3
    ax.set_xlim(low, low * (longest / low) ** (3 / 2))
    show_crisp()


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def show_layer(picture: np.ndarray, channels: Mapping[str, np.ndarray], width: float = 8.4) -> None:
    """Draw a picture and the channels of a layer's output beside it: red positive, blue negative.

    Parameters
    ----------
    picture : ndarray, shape (height, width, 3) or (height, width)
        Values in [0, 1].
    channels : mapping of str to ndarray, shape (height, width)
        By name; each has a scale of its own. Two stand beside the picture, four in two rows.
    width : float
        Of the figure, in inches.
    """
    rows = 1 if len(channels) <= 2 else 2
    columns = -(-len(channels) // rows)
    cell = width / (columns + rows)
    figure = plt.figure(figsize=(width, rows * (cell * picture.shape[0] / picture.shape[1] + 0.25)))
    grid = figure.add_gridspec(rows, columns + rows)
    first = figure.add_subplot(grid[:, :rows])
    first.imshow(picture, vmin=0, vmax=1)
    first.set_title("the picture")
    first.axis("off")
    for number, (name, channel) in enumerate(channels.items()):
        ax = figure.add_subplot(grid[number // columns, rows + number % columns])
        draw_response(ax, channel, name)
    plt.show()
