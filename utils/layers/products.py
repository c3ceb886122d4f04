"""The matrix products behind a convolution, and which of two forms suits which shape.

*Patches*: a row for every window (or for a group of neighbouring windows), times the kernel. Right for few
channels, where the products would otherwise be too thin. *Positions*: for each position of the kernel the pixels
under it, read in place, times that position's weights, added up. Nothing is copied, so it wins with many
channels. What the numbers below say was measured with OpenBLAS; any other choice is correct too, only slower.
NumPy alone is imported.
"""

import numpy as np

from utils.layers.patches import Tiling, padded_pictures, patch_tiles, plan_tiles
from utils.layers.shapes import Window

# OpenBLAS multiplies without repacking the matrices while rows × inner × columns stays below this on processors
# with AVX-512 (a fifth faster for short rows); elsewhere slabs of 64 rows or more cost nothing.
SMALL_PRODUCT = 1_000_000
FEWEST_ROWS = 64
TILE_BYTES = 1 << 19  # patches of a tile: they, their weights and results stay in the second-level cache
POSITION_BYTES = 1 << 18  # results of a tile: they are read and written once for each position


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, window: Window) -> np.ndarray:
    """Convolve checked arrays; the form is chosen by shape.

    Parameters
    ----------
    x
        Pictures, shape (batch, height, width, channels).
    kernel
        Shape (kernel height, kernel width, channels, filters), of the type of `x`.
    bias
        Shape (filters,) or None.
    window
        The kernel's window on the pictures.

    Returns
    -------
    numpy.ndarray
        Shape (batch, *window.output, filters).
    """
    if _suits_positions(window, *kernel.shape[2:]):
        return _convolve_positions(x, kernel, bias, window)
    return _convolve_patches(x, kernel, bias, window)


def plan_group(window: Window, channels: int, filters: int, itemsize: int) -> Tiling:
    """Tile with the number of neighbouring outputs in a row of patches that promises to be fastest.

    The estimate is nanoseconds per output pixel: copying the patch, starting a copy for each kernel row,
    multiplying (narrow products waste vector lanes), and cropping where the groups do not divide the row.
    """
    height, width = window.size

    def estimate(group: int) -> float:
        columns = width + (group - 1) * window.strides[1]
        numbers = height * columns * channels
        multiply = numbers * filters * 0.014 / min(1, group * filters / 32)
        crop = 0.3 * filters if window.output[1] % group else 0
        return (numbers * 0.15 + height * 7) / group + multiply + crop

    largest = 1 if window.dilation[1] > 1 else min(32, window.output[1])
    group = min(range(1, largest + 1), key=estimate)
    columns = width + (group - 1) * window.strides[1]
    row_bytes = -(-window.output[1] // group) * height * columns * channels * itemsize
    return plan_tiles(window, channels, group, row_bytes, TILE_BYTES)


def banded(kernel: np.ndarray, bias: np.ndarray | None, tiling: Tiling) -> np.ndarray:
    """Lay the kernel out as the matrix that takes a group's patch to all of its outputs.

    The kernel stands once for each output of the group, shifted by the stride, zeros elsewhere; the bias, if
    any, is the last row. Shape (patch size + 1 or 0, group · filters).
    """
    height, width, channels, filters = kernel.shape
    bands = np.zeros((height, tiling.columns, channels, tiling.group, filters), kernel.dtype)
    for j in range(tiling.group):
        first = j * tiling.window.strides[1]
        bands[:, first : first + width, :, j] = kernel
    matrix = bands.reshape(tiling.patch_size, -1)
    return matrix if bias is None else np.vstack([matrix, np.tile(bias, tiling.group)])


def multiply(patches: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """Write the matrix product into `out`, cut into slabs that BLAS need not repack when that pays."""
    rows = SMALL_PRODUCT // weights.size
    if rows < FEWEST_ROWS or rows >= len(patches):
        np.matmul(patches, weights, out=out)
        return
    whole = len(patches) // rows * rows
    np.matmul(
        patches[:whole].reshape(-1, rows, len(weights), copy=False),
        weights,
        out=out[:whole].reshape(-1, rows, weights.shape[1], copy=False),
    )
    np.matmul(patches[whole:], weights, out=out[whole:])


def _suits_positions(window: Window, channels: int, filters: int) -> bool:
    if window.output[1] < 12 or window.size == (1, 1):  # too few rows in a product; nothing to add up
        return False
    if window.strides[1] == 1:
        return channels >= 64
    return channels >= 16 and filters <= 64


def _convolve_patches(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, window: Window
) -> np.ndarray:
    tiling = plan_group(window, *kernel.shape[2:], x.itemsize)
    weights = banded(kernel, bias, tiling)
    out = np.empty((len(x), *window.output, kernel.shape[3]), x.dtype)
    for pictures, rows, patches in patch_tiles(x, tiling, ones=bias is not None):
        target = out[pictures, rows]
        if window.output[1] % tiling.group == 0:
            multiply(patches, weights, target.reshape(len(patches), -1, copy=False))
        else:
            product = np.empty((len(patches), weights.shape[1]), x.dtype)
            multiply(patches, weights, product)
            product = product.reshape(*target.shape[:2], -1, target.shape[3])
            target[...] = product[:, :, : target.shape[2]]
    return out


def _convolve_positions(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, window: Window
) -> np.ndarray:
    weights = _position_weights(kernel, window)
    out = np.empty((len(x), *window.output, kernel.shape[3]), x.dtype)
    tiling = plan_tiles(window, x.shape[3], 1, out[0, 0].nbytes, POSITION_BYTES)
    buffer = np.empty((tiling.pictures, tiling.rows, *out.shape[2:]), x.dtype)
    for pictures, padded in padded_pictures(x, tiling):
        pixels = [_under_position(padded, i, j, run, window) for i, j, run in weights]
        for first in range(0, window.output[0], tiling.rows):
            rows = slice(first, first + tiling.rows)
            tile = out[pictures, rows]
            product = buffer[: tile.shape[0], : tile.shape[1]]
            for number, matrix in enumerate(weights.values()):
                np.matmul(pixels[number][:, rows], matrix, out=product if number else tile)
                if number:
                    tile += product
            if bias is not None:
                tile += bias
    return out


def _position_weights(kernel: np.ndarray, window: Window) -> dict[tuple[int, int, int], np.ndarray]:
    """Matrices by the row and column of the kernel where they begin, and how many columns they cover.

    With a stride of 2 the pixels under two neighbouring positions follow one another in memory without meeting
    those of the next window, so that both go into one product; likewise for larger strides.
    """
    across = window.strides[1] if window.dilation[1] == 1 else 1
    height, width, _, filters = kernel.shape
    whole = width // across * across
    runs = [(j, across) for j in range(0, whole, across)] + [(j, 1) for j in range(whole, width)]
    return {
        (i, j, run): kernel[i, j : j + run].reshape(-1, filters) for i in range(height) for j, run in runs
    }


def _under_position(padded: np.ndarray, i: int, j: int, run: int, window: Window) -> np.ndarray:
    """View the pixels under `run` positions from (i, j) on, for each window: (pictures, rows, columns, numbers)."""
    (height, width), (down, across), (tall, wide) = window.output, window.strides, window.dilation
    lines = padded[:, i * tall :: down][:, :height]
    if run == 1:
        return lines[:, :, j * wide :: across][:, :, :width]
    lines = lines[:, :, j : j + width * run]
    return lines.reshape(*lines.shape[:2], width, -1)
