"""The patches under a sliding window as rows of a matrix, a cache-sized tile at a time, and the way back.

Convolution is one matrix product once every window is a row ("im2col": K. Chellapilla, S. Puri, P. Simard,
"High performance convolutional neural networks for document processing", 2006), but the whole matrix is
kernel height × kernel width times as large as the picture. Here only a tile of it exists at any time, and a
row may hold the union of the windows of several neighbouring outputs (a *group*): fewer numbers are copied
and the products are wider, for some multiplications by zero. NumPy alone is imported.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from utils.layers.shapes import Window


@dataclass(frozen=True)
class Tiling:
    """How the windows over a batch are cut into matrices.

    Attributes
    ----------
    window : Window
        The sliding window.
    channels : int
        Channels of the picture under it.
    group : int
        Neighbouring outputs of one row that share a row of the matrix.
    groups : int
        Groups in an output row; the last may reach beyond it.
    pictures : int
        Pictures that are padded together, and tiled together when `rows` covers all of them.
    rows : int
        Output rows in a tile.
    """

    window: Window
    channels: int
    group: int
    groups: int
    pictures: int
    rows: int

    @property
    def columns(self) -> int:
        """Positions of the window along a row that one group covers."""
        return self.window.size[1] + (self.group - 1) * self.window.strides[1]

    @property
    def patch_size(self) -> int:
        """Numbers in one row of the matrix."""
        return self.window.size[0] * self.columns * self.channels

    @property
    def buffer_size(self) -> tuple[int, int]:
        """Height and width of the padded picture, wide enough for the last group."""
        height, width = self.window.padded
        last = ((self.groups * self.group - 1) * self.window.strides[1]) + 1
        return height, max(width, last + (self.window.size[1] - 1) * self.window.dilation[1])


def plan_tiles(window: Window, channels: int, group: int, row_bytes: int, tile_bytes: int) -> Tiling:
    """Cut the work into tiles of about equal size.

    Parameters
    ----------
    window
        The sliding window.
    channels
        Channels of the picture under it.
    group
        Neighbouring outputs in a row of the matrix; it must be 1 when the window is dilated along the width.
    row_bytes, tile_bytes
        Bytes of working memory that an output row needs, and that a tile may have.

    Returns
    -------
    Tiling
        Whole pictures when they are small, otherwise some rows of one picture.
    """
    rows = window.output[0]
    fitting = max(tile_bytes // row_bytes, 1)
    pictures = max(fitting // rows, 1)
    if fitting < rows:
        rows = -(-rows // -(-rows // fitting))  # as even as possible: a thin last tile is slow
    return Tiling(window, channels, group, -(-window.output[1] // group), pictures, rows)


def padded_pictures(x: np.ndarray, tiling: Tiling) -> Iterator[tuple[slice, np.ndarray]]:
    """Go through the batch some pictures at a time, with zeros around each.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels).
    tiling
        From `plan_tiles`.

    Yields
    ------
    chunk : slice
        Which pictures.
    padded : numpy.ndarray
        Shape (pictures, *tiling.buffer_size, channels). Overwritten by the next chunk; a view of `x` where there is
        nothing to add.
    """
    height, width = tiling.window.picture
    (top, _), (left, _) = tiling.window.padding
    chunks = (slice(n, min(n + tiling.pictures, len(x))) for n in range(0, len(x), tiling.pictures))
    if tiling.buffer_size == (height, width):
        yield from ((chunk, x[chunk]) for chunk in chunks)
        return
    buffer = np.zeros((tiling.pictures, *tiling.buffer_size, tiling.channels), x.dtype)
    for chunk in chunks:
        padded = buffer[: chunk.stop - chunk.start]
        padded[:, top : top + height, left : left + width] = x[chunk]
        yield chunk, padded


def patch_tiles(x: np.ndarray, tiling: Tiling, ones: bool) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Go through the patches of a batch.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels).
    tiling
        From `plan_tiles`.
    ones
        Whether every row ends with a 1, which takes the bias into the product.

    Yields
    ------
    pictures : slice
        The pictures of the tile.
    rows : slice
        The output rows of the tile.
    patches : numpy.ndarray
        Shape (pictures · rows · groups, patch size + ones). Overwritten by the next tile.
    """
    size = tiling.patch_size
    buffer = np.empty((tiling.pictures * tiling.rows * tiling.groups, size + ones), x.dtype)
    buffer[:, size:] = 1
    for pictures, padded in padded_pictures(x, tiling):
        windows = _windows(padded, tiling)
        for first in range(0, windows.shape[1], tiling.rows):
            tile = windows[:, first : first + tiling.rows]
            patches = buffer[: tile.shape[0] * tile.shape[1] * tile.shape[2]]
            patches[:, :size].reshape(tile.shape, copy=False)[...] = tile
            yield pictures, slice(first, first + tile.shape[1]), patches


def add_patches(picture: np.ndarray, patches: np.ndarray, rows: slice, tiling: Tiling) -> None:
    """Add a tile of patches onto padded pictures, in place: the transpose of taking patches ("col2im").

    Parameters
    ----------
    picture
        Padded pictures, shape (pictures, *tiling.buffer_size, channels).
    patches
        Shape (pictures · rows · groups, patch size).
    rows
        The output rows that the patches belong to.
    tiling
        From `plan_tiles`.
    """
    (height, _), (down, across), (tall, wide) = (
        tiling.window.size,
        tiling.window.strides,
        tiling.window.dilation,
    )
    count, step = rows.stop - rows.start, tiling.group * across
    tiles = patches.reshape(
        len(picture), count, tiling.groups, height, tiling.columns, tiling.channels, copy=False
    )
    # Positions closer than `step` never meet those of the next group, so that they are added in one go.
    run = step if wide == 1 else 1
    for i in range(height):
        top = rows.start * down + i * tall
        lines = picture[:, top : top + (count - 1) * down + 1 : down]
        for j in range(0, tiling.columns, run):
            part = tiles[:, :, :, i, j : j + run]
            target = _stepped(lines, j * wide, step, tiling.groups, part.shape[3])
            target += part


def _windows(padded: np.ndarray, tiling: Tiling) -> np.ndarray:
    """View padded pictures as (pictures, output rows, groups, height, columns, channels)."""
    window = tiling.window
    shape = (len(padded), window.output[0], tiling.groups, window.size[0], tiling.columns, tiling.channels)
    one, down, across, deep = padded.strides
    strides = (
        one,
        down * window.strides[0],
        across * window.strides[1] * tiling.group,
        down * window.dilation[0],
        across * window.dilation[1],
        deep,
    )
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def _stepped(lines: np.ndarray, first: int, step: int, groups: int, run: int) -> np.ndarray:
    """View lines as (pictures, rows, groups, run, channels): runs that start `step` pixels apart."""
    one, down, across, deep = lines.strides
    shape = (*lines.shape[:2], groups, run, lines.shape[3])
    return np.lib.stride_tricks.as_strided(
        lines[:, :, first:], shape, (one, down, across * step, across, deep)
    )
