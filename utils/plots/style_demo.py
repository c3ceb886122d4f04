"""The picture of week 4's style demo: the painting large, content and style small beside it, the cost as a curve.

It is painted with Pillow, not with matplotlib, since it is painted anew after every step.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.plots.style import PALETTE

SIZE = (880, 560)  # pixels of the screen: width, height
_SIDE, _GAP, _LETTERS = 250, 16, 18
_INK, _PALE = "#000000", "#D0D0D0"


def paint_progress(
    picture: np.ndarray, content: np.ndarray, style: np.ndarray, costs: Sequence[float]
) -> np.ndarray:
    """Paint what a viewer of style transfer wants to see, on a canvas of one size.

    Parameters
    ----------
    picture, content, style : ndarray, (height, width, 3)
        uint8; of any sizes.
    costs : sequence of float
        The total cost of each picture so far, positive; a curve needs two. The scale is logarithmic.

    Returns
    -------
    ndarray
        (560, 880, 3), uint8: the picture on the left as large as it fits, at the right content, style and curve.
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", SIZE, "#FFFFFF")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=_LETTERS)
    left = (0, 0, SIZE[0] - _SIDE - _GAP, SIZE[1])
    _paste(canvas, picture, left)
    row, x = SIZE[1] // 3, SIZE[0] - _SIDE
    for number, (name, small) in enumerate((("content", content), ("style", style))):
        top = number * row
        draw.text((x, top), name, font=font, fill=_INK)
        _paste(canvas, small, (x, top + _LETTERS + 6, SIZE[0], top + row - 8))
    draw.text((x, 2 * row), "cost", font=font, fill=_INK)
    _draw_curve(draw, costs, (x, 2 * row + _LETTERS + 8, SIZE[0] - 4, SIZE[1] - 6))
    return np.asarray(canvas)


def _paste(canvas: Any, picture: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Put a picture into the upper left corner of a box, as large as it fits."""
    from PIL import Image

    image = Image.fromarray(picture)
    scale = min((box[2] - box[0]) / image.width, (box[3] - box[1]) / image.height)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    canvas.paste(image.resize(size, Image.Resampling.BICUBIC), box[:2])


def _draw_curve(draw: Any, costs: Sequence[float], box: tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = box
    draw.line((x1, y1, x1, y2, x2, y2), fill=_PALE, width=2)
    heights = np.log(np.asarray(costs, np.float64))
    if len(heights) < 2:
        return
    low, span = heights.min(), max(np.ptp(heights), 1e-9)
    across = np.linspace(x1 + 3, x2 - 3, len(heights))
    down = y2 - 4 - (heights - low) / span * (y2 - y1 - 8)
    draw.line([*zip(across.tolist(), down.tolist(), strict=True)], fill=PALETTE[0], width=3)
