"""Figures of the lessons on filters: small pictures as numbers, kernels, and what a kernel answers."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

# Red for positive, blue for negative, white for zero: told apart by colour-blind readers.
SIGNED = "RdBu_r"
WINDOW = "#E69F00"

Box = tuple[int, int, int, int]


def draw_numbers(
    ax: Axes,
    values: np.ndarray,
    title: str = "",
    signed: bool = False,
    box: Box | None = None,
    limit: float = 0,
) -> None:
    """Draw a small array as coloured squares with its numbers written in them.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    values : ndarray, shape (height, width)
        Numbers; a NaN is drawn as an empty square.
    title : str
        Above the array.
    signed : bool
        Red for positive and blue for negative numbers; grey values otherwise.
    box : (row, column, height, width), optional
        A part to frame.
    limit : float
        Value of the strongest colour; the largest magnitude by default.

    Raises
    ------
    ValueError
        When `values` has not two axes.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"values must have two axes, (height, width), got shape {values.shape}")
    height, width = values.shape
    known = values[~np.isnan(values)]
    limit = limit or max(np.abs(known).max(initial=0), 1e-9)
    low, colours = (-limit, SIGNED) if signed else (min(known.min(initial=0), 0), "gray")
    ax.imshow(values, cmap=colours, vmin=low, vmax=limit)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            strength = abs(value) / limit if signed else 1 - (value - low) / (limit - low)
            ink = "white" if strength > 0.55 else "black"
            ax.text(column, row, f"{value:.4g}", ha="center", va="center", color=ink, fontsize=_font(width))
    ax.set_xticks(np.arange(width + 1) - 0.5, [])
    ax.set_yticks(np.arange(height + 1) - 0.5, [])
    ax.grid(color="0.6", linewidth=0.6)
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color="0.6")
    ax.set_title(title)
    if box is not None:
        draw_box(ax, box)


def draw_box(ax: Axes, box: Box, colour: str = WINDOW) -> None:
    """Frame the part (row, column, height, width) of a picture that is drawn in `ax`."""
    row, column, height, width = box
    corner = (column - 0.5, row - 0.5)
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=2.5, zorder=3))


def show_products(image: np.ndarray, kernel: np.ndarray, result: np.ndarray) -> None:
    """Draw image ∗ kernel = result as three arrays of numbers, the first position framed in all of them.

    Parameters
    ----------
    image : ndarray, shape (height, width)
        Grey values.
    kernel : ndarray, shape (kernel height, kernel width)
    result : ndarray, shape (rows, columns)
        What the kernel answers at every position.
    """
    _, axes = plt.subplots(1, 3, figsize=(5.3, 2.0), width_ratios=[6, 3.4, 4.4])
    draw_numbers(axes[0], image, f"image {_size(image)}", box=(0, 0, *kernel.shape))
    draw_numbers(axes[1], kernel, f"kernel {_size(kernel)}", signed=True, box=(0, 0, *kernel.shape))
    draw_numbers(axes[2], result, f"result {_size(result)}", signed=True, box=(0, 0, 1, 1))
    plt.show()


def show_kernels(kernels: Mapping[str, np.ndarray], columns: int = 6) -> None:
    """Draw kernels as numbers, each under its name.

    Parameters
    ----------
    kernels : mapping of str to ndarray, shape (height, width)
        What to draw, in order; colours are on one scale.
    columns : int
        How many stand in a row.
    """
    rows = -(-len(kernels) // columns)
    columns = min(columns, len(kernels))
    _, axes = plt.subplots(rows, columns, figsize=(1.2 * columns, 1.35 * rows), squeeze=False)
    limit = max(np.abs(kernel).max() for kernel in kernels.values())
    for ax in axes.flat[len(kernels) :]:
        ax.axis("off")
    for ax, (name, kernel) in zip(axes.flat, kernels.items(), strict=False):
        draw_numbers(ax, np.round(kernel, 2) + 0.0, name, signed=True, limit=limit)
        ax.title.set_fontsize(8.5)
    plt.show()


def show_responses(image: np.ndarray, responses: Mapping[str, np.ndarray], columns: int = 3) -> None:
    """Draw a picture and, beside it, what several kernels answer to it: red positive, blue negative.

    Parameters
    ----------
    image : ndarray, shape (height, width) or (height, width, 3)
        The picture.
    responses : mapping of str to ndarray, shape (rows, columns)
        Answers by name. Each is drawn on its own scale, whose ends are its 99th percentile of magnitude.
    columns : int
        Answers in a row.
    """
    rows = -(-len(responses) // columns)
    columns = min(columns, len(responses))
    figure = plt.figure(figsize=(1.5 * (columns + rows), 1.7 * rows))
    grid = figure.add_gridspec(rows, columns + rows)
    first = figure.add_subplot(grid[:, :rows])
    _draw_picture(first, image, "the picture")
    for index, (name, response) in enumerate(responses.items()):
        ax = figure.add_subplot(grid[index // columns, rows + index % columns])
        draw_response(ax, response, name)
    plt.show()


def draw_response(ax: Axes, response: np.ndarray, title: str = "") -> None:
    """Draw a kernel's answer, shape (height, width): red positive, blue negative, white zero."""
    limit = max(np.percentile(np.abs(response), 99), 1e-9)
    ax.imshow(response, cmap=SIGNED, vmin=-limit, vmax=limit)
    ax.set_title(title)
    ax.axis("off")


def show_side_by_side(pictures: Mapping[str, np.ndarray], height: float = 2.8) -> None:
    """Draw pictures side by side, each with its title; grey ones from 0 (black) to 1 (white).

    Parameters
    ----------
    pictures : mapping of str to ndarray, shape (height, width) or (height, width, 3)
        Values in [0, 1].
    height : float
        Height of the figure in inches.
    """
    ratios = [picture.shape[1] / picture.shape[0] for picture in pictures.values()]
    size = ((height - 0.35) * sum(ratios) + 0.2 * len(ratios), height)
    _, axes = plt.subplots(1, len(pictures), figsize=size, width_ratios=ratios, squeeze=False)
    for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
        _draw_picture(ax, picture, title)
    plt.show()


def show_zoom(image: np.ndarray, box: Box) -> None:
    """Draw a photograph with a small part framed, and that part as numbers from 0 to 255.

    Parameters
    ----------
    image : ndarray, shape (height, width)
        Grey values in [0, 1].
    box : (row, column, height, width)
        The part, at most about 10 × 10.
    """
    row, column, height, width = box
    _, (left, right) = plt.subplots(1, 2, figsize=(5.2, 2.6))
    _draw_picture(left, image, f"{_size(image)} pixels")
    draw_box(left, box)
    part = image[row : row + height, column : column + width]
    draw_numbers(right, np.round(255 * part), f"the framed {_size(part)} pixels", limit=255)
    plt.show()


def show_descent(kernels: Sequence[np.ndarray], steps: Sequence[int], losses: Sequence[float]) -> None:
    """Draw a kernel at several moments of its training, above the curve of its loss.

    Parameters
    ----------
    kernels : sequence of ndarray, shape (3, 3)
    steps : sequence of int
        When each was taken.
    losses : sequence of float
        Its loss, drawn on a logarithmic axis.
    """
    figure = plt.figure(figsize=(1.3 * len(kernels), 3.1))
    grid = figure.add_gridspec(2, len(kernels), height_ratios=[1, 1.4])
    limit = max(np.abs(kernel).max() for kernel in kernels)
    for index, (kernel, step) in enumerate(zip(kernels, steps, strict=True)):
        ax = figure.add_subplot(grid[0, index])
        draw_numbers(ax, np.round(kernel, 2) + 0.0, f"step {step}", signed=True, limit=limit)
    curve = figure.add_subplot(grid[1, :])
    curve.plot(np.arange(len(steps)), losses, marker="o")
    curve.set(yscale="log", ylabel="mean squared error", xlabel="steps taken")
    curve.set_xticks(np.arange(len(steps)), [str(step) for step in steps])
    plt.show()


def _draw_picture(ax: Axes, picture: np.ndarray, title: str) -> None:
    ax.imshow(picture, vmin=0, vmax=1)
    ax.set_title(title)
    ax.axis("off")


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]}×{array.shape[1]}"


def _font(columns: int) -> float:
    return 9 if columns <= 4 else 8 if columns <= 6 else 7
