"""The picture of week 3's demo: a photograph with boxes, and on demand the removed ones, the grid and the anchors.

It is painted with Pillow, not with matplotlib, since it is painted anew whenever a slider moves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.plots.style import PALETTE

SIZE = (760, 570)  # pixels of the screen: width, height
LETTERS = 20
_INK, _PAPER = "#000000", "#FFFFFF"
_DASH, _GAP = 9, 6

Box = Sequence[float]


def paint_detections(
    picture: np.ndarray,
    boxes: np.ndarray,
    labels: Sequence[str],
    kinds: Sequence[int],
    removed: np.ndarray | None = None,
    grids: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    cells: np.ndarray | None = None,
    anchors: np.ndarray | None = None,
) -> np.ndarray:
    """Paint a photograph and what a detector says of it on a canvas of one size.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        uint8.
    boxes : ndarray, (n, 4)
        Corners (x1, y1, x2, y2) in pixels of the picture, the best first; lines are solid. A label that finds no free
        place beside those of better boxes is left out.
    labels : sequence of str, (n,)
        One a box.
    kinds : sequence of int, (n,)
        Boxes of one kind have one colour.
    removed : ndarray, (r, 4), optional
        Boxes drawn with dashes, below the others.
    grids : sequence of (columns, rows)
        Places of vertical and horizontal lines in pixels of the picture; the first grid has the thicker lines.
    cells : ndarray, (c, 4), optional
        Areas that are made brighter, with a dark rim.
    anchors : ndarray, (a, 4), optional
        Boxes drawn with dots.

    Returns
    -------
    ndarray
        (570, 760, 3), uint8; the photograph in the upper left corner, as large as it fits, white around.
    """
    from PIL import Image, ImageDraw

    photograph = Image.fromarray(picture)
    scale = min(SIZE[0] / photograph.width, SIZE[1] / photograph.height)
    size = tuple(max(1, round(side * scale)) for side in photograph.size)
    canvas = Image.new("RGB", SIZE, _PAPER)
    canvas.paste(photograph.resize(size, Image.Resampling.BILINEAR), (0, 0))
    draw = ImageDraw.Draw(canvas, "RGBA")
    for number, (columns, rows) in enumerate(grids):
        _draw_grid(draw, np.asarray(columns) * scale, np.asarray(rows) * scale, size, 2 - min(number, 1))
    for box in _scaled(cells, scale):
        draw.rectangle(box, fill=(255, 255, 255, 120), outline=_INK, width=2)
    for box in _scaled(removed, scale)[::-1]:
        _draw_dashed(draw, box, _DASH, _GAP)
    for box in _scaled(anchors, scale):
        _draw_dashed(draw, box, 3, 4)
    placed: list[tuple[float, float, float, float]] = []
    tags = []
    for box, label, kind in zip(_scaled(boxes, scale), labels, kinds, strict=True):
        tag = _free_place(draw, box, label, size, placed)
        placed += [tag] if tag else []
        tags.append((box, tag, label, PALETTE[kind % len(PALETTE)]))
    for box, _, _, colour in tags[::-1]:
        _draw_box(draw, box, colour)
    for _, tag, label, colour in tags:
        if tag:
            draw.rectangle(tag, fill=colour)
            draw.text((tag[0] + 5, tag[1] + 1), label, font=_font(), fill=_readable_on(colour))
    return np.asarray(canvas)


def _scaled(boxes: np.ndarray | None, scale: float) -> list[Box]:
    return [] if boxes is None else (np.asarray(boxes, np.float64).reshape(-1, 4) * scale).tolist()


def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size=LETTERS)


def _draw_grid(draw: Any, columns: np.ndarray, rows: np.ndarray, size: Sequence[int], width: int) -> None:
    """Draw white lines with a dark rim, so that they are seen on every ground."""
    lines = [(x, 0, x, size[1] - 1) for x in columns] + [(0, y, size[0] - 1, y) for y in rows]
    for colour, thickness in (((0, 0, 0, 110), width + 2), ((255, 255, 255, 190), width)):
        for line in lines:
            draw.line(line, fill=colour, width=thickness)


def _draw_dashed(draw: Any, box: Box, dash: int, gap: int) -> None:
    """Draw a white box of dashes on a black line."""
    x1, y1, x2, y2 = box
    draw.rectangle(box, outline=_INK, width=3)
    for start in np.arange(x1, x2, dash + gap):
        for y in (y1 + 1, y2 - 1):
            draw.line((start, y, min(start + dash, x2), y), fill=_PAPER, width=3)
    for start in np.arange(y1, y2, dash + gap):
        for x in (x1 + 1, x2 - 1):
            draw.line((x, start, x, min(start + dash, y2)), fill=_PAPER, width=3)


def _draw_box(draw: Any, box: Box, colour: str) -> None:
    """Draw a coloured box between two white lines."""
    x1, y1, x2, y2 = box
    draw.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=_PAPER, width=6)
    draw.rectangle(box, outline=colour, width=4)


def _free_place(
    draw: Any, box: Box, label: str, size: Sequence[int], taken: Sequence[Box]
) -> tuple[float, float, float, float] | None:
    """Return where a label can stand without covering another: above its box, inside, below; None: nowhere."""
    x1, y1, _, y2 = box
    width, height = draw.textlength(label, font=_font()) + 10, LETTERS + 6
    x = max(0, min(x1, size[0] - width))
    for y in (y1 - height, y1 + 4, y2 - height - 4, y2):
        tag = (x, y, x + width, y + height)
        if 0 <= y <= size[1] - height and not any(_touch(tag, other) for other in taken):
            return tag
    return None


def _touch(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _readable_on(colour: str) -> str:
    """Return black on light colours and white on dark ones."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return _INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else _PAPER
