"""Figures about style transfer: pictures and maps side by side, two channels that fire together, a cost that falls."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import PALETTE


def show_gallery(
    pictures: Mapping[str, np.ndarray], columns: int | None = None, width: float = 2.2, cmap: str = "magma"
) -> None:
    """Show pictures and maps side by side, each with its title.

    Parameters
    ----------
    pictures : mapping of str to ndarray
        By title; (height, width, 3), uint8 or floating in [0, 1], or a map (height, width), which gets a colour scale
        of its own.
    columns : int, optional
        So many in a row; all by default.
    width : float
        Of one of them, in inches. The height follows the first picture's proportions.
    cmap : str
        Colours of the maps.

    Raises
    ------
    ValueError
        When there is none.
    """
    if not pictures:
        raise ValueError("pictures must hold at least one, got none")
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    first = next(iter(pictures.values()))
    height = width * first.shape[0] / first.shape[1] + 0.35
    _, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
        ax.imshow(picture, cmap=cmap, interpolation="nearest" if picture.ndim == 2 else "bilinear")
        ax.set_title(title, fontsize=10)
    plt.show()


def show_style_matrices(matrices: Mapping[str, np.ndarray]) -> None:
    """Show square matrices beside each other on one colour scale, that of the largest 1 % of all entries.

    Parameters
    ----------
    matrices : mapping of str to ndarray
        By title; (channels, channels), not negative.
    """
    top = np.quantile(np.concatenate([matrix.ravel() for matrix in matrices.values()]), 0.99)
    _, axes = plt.subplots(1, len(matrices), figsize=(1.8 * len(matrices) + 0.6, 2.1), squeeze=False)
    for ax, (title, matrix) in zip(axes[0], matrices.items(), strict=True):
        image = ax.imshow(matrix, cmap="magma", vmin=0, vmax=top)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("channel")
    axes[0, 0].set_ylabel("channel")
    plt.colorbar(image, ax=axes, shrink=0.8)
    plt.show()


def show_descent_of_costs(costs: Sequence[float], pictures: Mapping[int, np.ndarray]) -> None:
    """Draw the cost step by step, logarithmically, and below it the picture at some of the steps.

    Parameters
    ----------
    costs : sequence of float
        Before each step, positive.
    pictures : mapping of int to ndarray
        By step; (height, width, 3) in [0, 1].
    """
    _, axes = plt.subplot_mosaic(
        [["curve"] * len(pictures), list(pictures)],
        figsize=(6.6, 3.4),
        height_ratios=(1.1, 1),
    )
    axes["curve"].semilogy(costs, color=PALETTE[0])
    axes["curve"].set(xlabel="step", title="total cost")
    for step, picture in pictures.items():
        axes[step].imshow(picture, interpolation="bilinear")
        axes[step].set_title("start" if step == 0 else f"after {step} steps", fontsize=10)
        axes[step].axis("off")
        if step < len(costs):
            axes["curve"].plot(step, costs[step], "o", color=PALETTE[1])
    plt.show()
