"""The picture of week 1's demo: a padded photograph and what a kernel makes of it, to one scale."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np

from utils.plots.filters import SIGNED

FRAME = (230, 159, 0)  # orange of the palette


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
    left: np.ndarray,
    right: np.ndarray,
    side: int,
    zoom: int = 2,
    gap: int = 12,
    window: tuple[int, int, int] | None = None,
    pixel: tuple[int, int] | None = None,
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
    window
        Row, column and side of a square of the left picture that gets a frame.
    pixel
        Row and column of a pixel of the right picture that gets one.

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
    corners = {}
    for name, picture, start in (("left", left, 0), ("right", right, side + gap)):
        height, width = picture.shape[:2]
        if max(height, width) > side:
            raise ValueError(f"{name} must be at most {side} pixels high and wide, got {height}×{width}")
        row, column = (side - height) // 2, start + (side - width) // 2
        canvas[row : row + height, column : column + width] = picture
        corners[name] = row, column
    large = canvas.repeat(zoom, axis=0).repeat(zoom, axis=1)
    for name, framed in (("left", window), ("right", (*pixel, 1) if pixel else None)):
        if framed:
            top, start = (corners[name][axis] + framed[axis] for axis in (0, 1))
            _frame(large, zoom * top, zoom * start, zoom * framed[2])
    return large


def place_pointed_at(
    place: tuple[float, float], shapes: Sequence[tuple[int, int]], side: int, gap: int = 12
) -> tuple[float, float] | None:
    """Return what a place on the canvas of :func:`place_side_by_side` is in the picture that lies there.

    Parameters
    ----------
    place
        Across and down on the canvas, each in [0, 1].
    shapes
        Height and width of the left and of the right picture.
    side, gap
        As there.

    Returns
    -------
    tuple of float, or None
        Across and down in the picture, each in [0, 1]; None outside both.
    """
    across, down = place[0] * (2 * side + gap), place[1] * side
    for (height, width), start in zip(shapes, (0, side + gap), strict=True):
        x = (across - start - (side - width) // 2) / width
        y = (down - (side - height) // 2) / height
        if 0 <= x <= 1 and 0 <= y <= 1:
            return x, y
    return None


def _frame(canvas: np.ndarray, top: int, left: int, side: int) -> None:
    """Draw a square frame of orange between two black lines around a square of the canvas; in place."""
    for out, colour in ((5, (0, 0, 0)), (4, FRAME), (1, (0, 0, 0))):
        first, last = np.maximum((top - out, left - out), 0), (top + side + out, left + side + out)
        inside = canvas[first[0] : last[0], first[1] : last[1]]
        rim = np.ones(inside.shape[:2], bool)
        thick = 1 if colour == (0, 0, 0) else 3
        rim[thick:-thick, thick:-thick] = False
        inside[rim] = colour
