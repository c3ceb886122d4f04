"""The picture of week 1's demo: a padded photograph and what a kernel makes of it, to one scale."""

import matplotlib as mpl
import numpy as np

from utils.plots.filters import SIGNED


def colour_response(response: np.ndarray, signed: bool) -> np.ndarray:
    """Turn a kernel's answer into colours.

    Parameters
    ----------
    response
        (height, width).
    signed
        True: red above 0, white at 0, blue below, up to the 99th percentile of magnitude. False: grey, with 0 black
        and 1 white; what lies outside is clipped.

    Returns
    -------
    ndarray
        (height, width, 3), uint8.
    """
    if signed:
        limit = max(np.percentile(np.abs(response), 99), 1e-6)
        colours = mpl.colormaps[SIGNED](np.clip(response / limit, -1, 1) / 2 + 0.5)[..., :3]
    else:
        colours = np.repeat(np.clip(response, 0, 1)[..., np.newaxis], 3, axis=2)
    return np.rint(255 * colours).astype(np.uint8)


def place_side_by_side(
    left: np.ndarray, right: np.ndarray, side: int, zoom: int = 2, gap: int = 12
) -> np.ndarray:
    """Put two pictures on white squares of one size beside each other, each in the middle of its square.

    Parameters
    ----------
    left, right
        (height, width, 3), uint8; neither side longer than ``side``.
    side
        Side of a square in pixels of the pictures, before zooming.
    zoom
        Each pixel becomes zoom × zoom.
    gap
        Pixels between the squares, before zooming.

    Returns
    -------
    ndarray
        (zoom · side, zoom · (2 · side + gap), 3), uint8.

    Raises
    ------
    ValueError
        If a picture does not fit its square.
    """
    canvas = np.full((side, 2 * side + gap, 3), 255, np.uint8)
    for name, picture, start in (("left", left, 0), ("right", right, side + gap)):
        height, width = picture.shape[:2]
        if max(height, width) > side:
            raise ValueError(f"{name} must be at most {side} pixels high and wide, got {height}×{width}")
        row, column = (side - height) // 2, start + (side - width) // 2
        canvas[row : row + height, column : column + width] = picture
    return canvas.repeat(zoom, axis=0).repeat(zoom, axis=1)
