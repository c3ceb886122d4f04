"""The picture of the face door: the camera's picture with boxes, distances as bars, error rates below them.

It is painted with Pillow, not with matplotlib, since it is painted anew whenever a slider moves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.plots.style import PALETTE

SIZE = (1240, 500)  # pixels of the screen: width, height
LETTERS = 20
OPEN, SHUT = PALETTE[0], PALETTE[1]
_INK, _PAPER, _PALE = "#000000", "#FFFFFF", "#C8C8C8"
_CAMERA = (600, 500)  # of the camera's picture
_LEFT, _RIGHT = 760, 1215  # where distance 0 and the largest distance lie
_BAND, _ROW = 52, 38
_CURVES = (292, 445)  # rows of 100 % and of 0 %
MOST_PEOPLE = 5


def paint_door(
    picture: np.ndarray,
    boxes: np.ndarray,
    opens: bool,
    sign: str,
    names: Sequence[str],
    distances: Sequence[float],
    threshold: float,
    curve: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    largest: float = 1.0,
) -> np.ndarray:
    """Paint what the door sees and what it makes of it.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        uint8: of the camera.
    boxes : ndarray, (n, 4)
        Faces, corners in pixels of the picture.
    opens : bool
        Colours sign and boxes.
    sign : str
        Written above the bars.
    names, distances : sequences
        People of the database, nearest first; the first five are drawn.
    threshold : float
        A line through bars and curves.
    curve : (thresholds, false accepts, false rejects), optional
        Error rates in [0, 1] against rising thresholds.
    largest : float
        The largest distance that is drawn; longer bars end there.

    Returns
    -------
    ndarray
        (500, 1240, 3), uint8.
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(canvas, "RGBA")
    colour = OPEN if opens else SHUT
    _paint_camera(canvas, draw, picture, boxes, colour)
    left = _CAMERA[0] + 20
    draw.rectangle((left, 0, SIZE[0] - 1, _BAND), fill=colour)
    draw.text((left + 12, 12), sign, font=_font(24), fill=_PAPER)
    at = _place(threshold, largest)
    for row, (name, distance) in enumerate(zip(names[:MOST_PEOPLE], distances, strict=False)):
        _paint_bar(draw, row, name, distance, distance <= threshold, largest)
    if curve is not None:
        _paint_curves(draw, *curve, largest)
    draw.line((at, _BAND + 8, at, _CURVES[1]), fill=_INK, width=3)
    draw.text((at, _CURVES[1] + 28), f"threshold {threshold:.2f}", font=_font(), fill=_INK, anchor="ma")
    return np.asarray(canvas)


def _paint_camera(canvas: Any, draw: Any, picture: np.ndarray, boxes: np.ndarray, colour: str) -> None:
    from PIL import Image

    photograph = Image.fromarray(picture)
    scale = min(_CAMERA[0] / photograph.width, _CAMERA[1] / photograph.height)
    size = tuple(max(1, round(side * scale)) for side in photograph.size)
    canvas.paste(photograph.resize(size, Image.Resampling.BILINEAR), (0, 0))
    for x1, y1, x2, y2 in (np.asarray(boxes, np.float64).reshape(-1, 4) * scale).tolist():
        draw.rectangle((x1 - 2, y1 - 2, x2 + 2, y2 + 2), outline=_PAPER, width=9)
        draw.rectangle((x1, y1, x2, y2), outline=colour, width=5)


def _paint_bar(draw: Any, row: int, name: str, distance: float, near: bool, largest: float) -> None:
    top = _BAND + 14 + row * _ROW
    end = _place(min(distance, largest), largest)
    draw.text((_LEFT - 10, top + 4), _shortened(draw, name), font=_font(), fill=_INK, anchor="ra")
    draw.rectangle((_LEFT, top, end, top + _ROW - 10), fill=OPEN if near else _PALE)
    inside = end - _LEFT > 80
    where, fill = (end - 8, _PAPER if near else _INK) if inside else (end + 8, _INK)
    draw.text((where, top + 4), f"{distance:.2f}", font=_font(), fill=fill, anchor="ra" if inside else "la")


def _paint_curves(
    draw: Any, thresholds: np.ndarray, accepts: np.ndarray, rejects: np.ndarray, largest: float
) -> None:
    top, bottom = _CURVES
    draw.line((_LEFT, bottom, _RIGHT, bottom), fill=_INK, width=2)
    for share in (0, 0.5, 1):
        y = bottom - share * (bottom - top)
        draw.line((_LEFT, y, _RIGHT, y), fill=_PALE, width=1)
        draw.text((_LEFT - 10, y), f"{100 * share:.0f} %", font=_font(), fill=_INK, anchor="rm")
    for value in np.arange(0, largest + 0.01, 0.2):
        draw.text((_place(value, largest), bottom + 4), f"{value:.1f}", font=_font(), fill=_INK, anchor="ma")
    inside = np.isfinite(thresholds) & (thresholds <= largest)
    x = [_LEFT, *(_place(value, largest) for value in thresholds[inside]), _RIGHT]
    for shares, colour, place, text in (
        (rejects, PALETTE[0], (_LEFT + 4, top - 28, "la"), "falsely refused"),
        (accepts, PALETTE[1], (_RIGHT, top - 28, "ra"), "falsely accepted"),
    ):
        seen = np.asarray(shares)[inside]
        y = bottom - np.pad(seen, 1, mode="edge") * (bottom - top) if len(seen) else []
        draw.line(list(zip(x, y, strict=False)), fill=colour, width=4)
        draw.text(place[:2], text, font=_font(), fill=colour, anchor=place[2])


def _place(distance: float, largest: float) -> float:
    return _LEFT + distance / largest * (_RIGHT - _LEFT)


def _shortened(draw: Any, name: str) -> str:
    """Cut a name that is too long for its place."""
    room = _LEFT - _CAMERA[0] - 40
    while draw.textlength(name, font=_font()) > room:
        name = name.removesuffix("…")[:-1] + "…"
    return name


def _font(size: int = LETTERS) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size=size)
