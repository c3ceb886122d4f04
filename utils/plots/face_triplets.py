"""The second picture of the face door: encodings as points of a plane, and one triplet among them."""

from collections.abc import Sequence

import numpy as np

from utils.plots.face_door import SIZE
from utils.plots.style import PALETTE

# Ten people: the palette's eight colours and two greys; the shapes differ as well.
_COLOURS = (*PALETTE, "#999999", "#5A5A5A")
_INK, _PAPER = "#000000", "#FFFFFF"
_RIM, _RADIUS = 40, 8


def paint_triplets(
    plane: np.ndarray, people: np.ndarray, triplet: Sequence[int] = (), letters: int = 24
) -> np.ndarray:
    """Paint encodings in the plane and, if there is one, a triplet.

    Parameters
    ----------
    plane : ndarray, (n, 2)
        Places in [0, 1].
    people : ndarray of int, (n,)
        Who is seen; a person has one colour, and one of two shapes.
    triplet : sequence of int
        Rows of anchor, positive and negative.
    letters : int
        Size of the letters a, p and n in pixels.

    Returns
    -------
    ndarray, (500, 1240, 3)
        uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(canvas)
    places = _RIM + np.asarray(plane) * (np.array(SIZE) - 2 * _RIM)
    for number, person in enumerate(np.unique(people)):
        colour = _COLOURS[number % len(_COLOURS)]
        for x, y in places[people == person].tolist():
            box = (x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS)
            (draw.ellipse if number % 2 else draw.rectangle)(box, fill=colour)
    if len(triplet):
        anchor, positive, negative = (tuple(places[row]) for row in triplet)
        draw.line((*anchor, *positive), fill=PALETTE[0], width=5)
        draw.line((*anchor, *negative), fill=PALETTE[1], width=5)
        for place, name, colour in zip(
            (anchor, positive, negative), "apn", (_INK, PALETTE[0], PALETTE[1]), strict=True
        ):
            x, y = place
            draw.ellipse((x - 17, y - 17, x + 17, y + 17), fill=_PAPER, outline=colour, width=4)
            draw.text((x, y), name, font=ImageFont.load_default(size=letters), fill=_INK, anchor="mm")
    return np.asarray(canvas)
