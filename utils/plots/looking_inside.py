"""Figures of lesson 4 of week 4: patches that excite units, pictures made for units, and maps of what matters."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.plots.style import PALETTE

HEAT = "inferno"


def show_strongest_place(
    picture: np.ndarray, answers: np.ndarray, place: Sequence[int], corners: Sequence[int], patch: np.ndarray
) -> None:
    """Draw a picture, what a unit answers to it, and the patch that it saw at its strongest place.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        In [0, 1].
    answers : ndarray, (rows, columns)
        The unit's map.
    place : sequence of int
        Row and column on the map.
    corners : sequence of int
        (x1, y1, x2, y2) of the unit's field on the picture, x2 and y2 exclusive.
    patch : ndarray, (height, width, 3)
        In [0, 1].
    """
    figure, axes = plt.subplots(1, 3, figsize=(6.6, 1.9), width_ratios=[3, 3, 1.9])
    axes[0].imshow(picture)
    _frame(axes[0], corners)
    axes[0].set_title("the picture, and the field of the place", fontsize=9)
    axes[1].imshow(answers, cmap=HEAT)
    row, column = place
    axes[1].add_patch(Rectangle((column - 2, row - 2), 4, 4, fill=False, ec=PALETTE[5], lw=2))
    axes[1].set_title("the unit's answers", fontsize=9)
    axes[2].imshow(patch)
    axes[2].set_title("what it saw there", fontsize=9)
    for ax in figure.axes:
        ax.axis("off")
    plt.show()


def show_patch_grids(rows: Mapping[str, Sequence[Sequence[np.ndarray]]], side: int = 40) -> None:
    """Draw the strongest patches of units, each unit a block of three by three, each layer a row of blocks.

    Parameters
    ----------
    rows : mapping of str to sequence
        Title of the row → for each unit up to nine patches (height, width, 3) in [0, 1].
    side : int
        Pixels to which each patch is brought; sizes differ from layer to layer and at the borders of pictures.
    """
    strips = {title: _strip([_block(patches, side) for patches in units]) for title, units in rows.items()}
    height = sum(5.6 * strip.shape[0] / strip.shape[1] + 0.3 for strip in strips.values())
    _, axes = plt.subplots(len(strips), 1, figsize=(5.6, height), squeeze=False)
    for ax, (title, strip) in zip(axes.flat, strips.items(), strict=True):
        ax.imshow(strip)
        ax.set_title(title, loc="left", fontsize=9)
        ax.axis("off")
    plt.show()


def show_made_pictures(
    rows: Mapping[str, Sequence[np.ndarray]], columns: Sequence[str], height: float = 0.95
) -> None:
    """Draw pictures that were made for units: a row for each way of making them, a column for each unit.

    Parameters
    ----------
    rows : mapping of str to sequence of ndarray, (height, width, 3)
        n pictures in [0, 1], of any sizes.
    columns : sequence of str
        Titles, n of them.
    height : float
        Of a row, in inches.
    """
    figure, axes = plt.subplots(
        len(rows),
        len(columns),
        figsize=(height * len(columns) + 0.4, height * len(rows) + 0.3),
        squeeze=False,
    )
    for line, (title, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(title)
    for ax, title in zip(axes[0], columns, strict=True):
        ax.set_title(title, fontsize=9)
    figure.align_ylabels()
    plt.show()


def show_maps(
    picture: np.ndarray,
    rows: Sequence[Mapping[str, np.ndarray]],
    overlay: bool = False,
    height: float = 1.6,
    with_picture: bool = True,
) -> None:
    """Draw maps of what matters in a picture, each on its own scale.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        In [0, 1].
    rows : sequence of mapping of str to ndarray, (rows, columns)
        Maps by title, at least 0; smaller maps than the picture are stretched over it.
    overlay : bool
        Lay the maps over the picture, which shows through where they are small.
    height : float
        Of a row in inches.
    with_picture : bool
        Draw the picture itself before the first row.
    """
    first = [("the picture", None)] if with_picture else []
    panels = [(first if number == 0 else []) + list(maps.items()) for number, maps in enumerate(rows)]
    columns = max(map(len, panels))
    width = height * picture.shape[1] / picture.shape[0] * columns
    _, axes = plt.subplots(len(rows), columns, figsize=(width, (height + 0.3) * len(rows)), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for line, row in zip(axes, panels, strict=True):
        for ax, (title, values) in zip(line, row, strict=False):
            if values is None:
                ax.imshow(picture)
            else:
                _draw_map(ax, picture, np.asarray(values), overlay)
            ax.set_title(title, fontsize=9)
    plt.show()


def _draw_map(ax: Axes, picture: np.ndarray, values: np.ndarray, overlay: bool) -> None:
    # A few very bright pixels would leave all others black.
    top = np.percentile(values, 99.5) or 1.0
    heat = plt.get_cmap(HEAT)(np.clip(values / top, 0, 1))
    extent = (-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5)
    if overlay:
        ax.imshow(picture.mean(axis=-1), cmap="gray", vmin=0, vmax=1, extent=extent)
        heat[..., 3] = 0.25 + 0.5 * np.clip(values / top, 0, 1)
    ax.imshow(heat, extent=extent, interpolation="bilinear" if overlay else "nearest")


def _frame(ax: Axes, corners: Sequence[int]) -> None:
    x1, y1, x2, y2 = corners
    ax.add_patch(Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, ec=PALETTE[4], lw=2))


def _strip(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Lay blocks of one size side by side with white between them."""
    gap = np.ones((blocks[0].shape[0], 12, 3), np.float32)
    return np.concatenate([part for block in blocks for part in (block, gap)][:-1], axis=1)


def _block(patches: Sequence[np.ndarray], side: int) -> np.ndarray:
    """Lay up to nine patches out three by three, with white lines between them: (3 · side + 4, 3 · side + 4, 3)."""
    from PIL import Image

    block = np.ones((3 * side + 4, 3 * side + 4, 3), np.float32)
    for number, patch in enumerate(patches[:9]):
        filter_ = Image.Resampling.NEAREST if max(patch.shape) < side // 2 else Image.Resampling.BICUBIC
        image = Image.fromarray(np.rint(np.clip(patch, 0, 1) * 255).astype(np.uint8))
        scale = side / max(image.size)
        image = image.resize([max(1, round(n * scale)) for n in image.size], filter_)
        row, column = divmod(number, 3)
        top, left = row * (side + 2), column * (side + 2)
        block[top : top + image.height, left : left + image.width] = np.asarray(image) / 255
    return block
