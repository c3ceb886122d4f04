"""Pictures of the latent plane's demo: a plane with its codes or its digits, and the digits that are drawn.

They are painted with Pillow, not with matplotlib, since they are painted anew whenever the pointer moves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.plots.style import PALETTE

SIDE = 420  # pixels of a plane on the screen
LARGE, SMALL, LETTERS = 190, 56, 20
# Ten colours: the palette's eight and two greys. Each digit's number stands among its points as well.
COLOURS = (*PALETTE, "#999999", "#5A5A5A")
_INK, _PAPER = "#000000", "#FFFFFF"


def paint_codes(places: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Paint points in the colours of their digits, and each digit's number in the middle of its points.

    Parameters
    ----------
    places : ndarray, (n, 2)
        Across and down, [0, 1] is inside.
    labels : ndarray of int, (n,)
        0 to 9.

    Returns
    -------
    ndarray, (420, 420, 3)
        uint8.
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (SIDE, SIDE), _PAPER)
    draw = ImageDraw.Draw(canvas)
    for (x, y), label in zip((np.asarray(places) * SIDE).tolist(), labels, strict=True):
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=COLOURS[label])
    for label in np.unique(labels):
        x, y = np.clip(np.median(places[labels == label], axis=0) * SIDE, 14, SIDE - 14)
        draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=_PAPER, outline=COLOURS[label], width=3)
        draw.text((x, y), str(label), font=_font(), fill=_INK, anchor="mm")
    draw.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=_INK)
    return np.asarray(canvas)


def paint_lattice(lattice: np.ndarray) -> np.ndarray:
    """Bring a grey picture in [0, 1] to the size of a plane, (420, 420, 3), uint8."""
    return _grey(lattice, SIDE)


def mark_place(
    plane: np.ndarray, place: tuple[float, float], way: Sequence[tuple[float, float]] = ()
) -> np.ndarray:
    """Return a plane with a cross at a place, and a line from the first to the last place of a way.

    Parameters
    ----------
    plane : ndarray, (420, 420, 3)
        uint8.
    place, way
        Across and down, [0, 1] is inside; a place outside is marked at the border.
    """
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(plane)
    draw = ImageDraw.Draw(canvas)
    if len(way) > 1:
        line = [(x * SIDE, y * SIDE) for x, y in (way[0], way[-1])]
        draw.line(line, fill=_PAPER, width=7)
        draw.line(line, fill=_INK, width=3)
    x, y = np.clip(np.array(place) * SIDE, 0, SIDE - 1)
    for colour, width in ((_PAPER, 9), (PALETTE[1], 5)):
        draw.line((x - 16, y, x + 16, y), fill=colour, width=width)
        draw.line((x, y - 16, x, y + 16), fill=colour, width=width)
    return np.asarray(canvas)


def paint_digit(digit: np.ndarray) -> np.ndarray:
    """Enlarge a grey picture (28, 28) in [0, 1] to (190, 190, 3), uint8."""
    return _grey(digit, LARGE)


def paint_beside(
    digits: Sequence[np.ndarray], plane: np.ndarray, ways: Sequence[Sequence[np.ndarray]] = ()
) -> np.ndarray:
    """Paint what stands beside the plane of the variational autoencoder.

    Parameters
    ----------
    digits : sequence of two ndarray, (28, 28)
        What the variational and the plain network draw, in [0, 1].
    plane : ndarray, (420, 420, 3)
        Of the plain network.
    ways : sequence of two sequences of ndarray, (28, 28)
        What each draws on its way; as many of both, none for no way.

    Returns
    -------
    ndarray, (570, 800, 3)
        uint8: the digits on the left, the plain plane on the right, the ways below.
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (800, 570), _PAPER)
    draw = ImageDraw.Draw(canvas)
    for row, (name, digit) in enumerate(zip(("variational draws", "plain draws"), digits, strict=True)):
        top = row * (LARGE + 30)
        draw.text((0, top), name, font=_font(), fill=_INK)
        canvas.paste(Image.fromarray(paint_digit(digit)), (0, top + 28))
    canvas.paste(Image.fromarray(plane), (LARGE + 40, 0))
    draw.text((LARGE + 40 + SIDE + 8, 0), "plain", font=_font(), fill=_INK)
    draw.text((LARGE + 40 + SIDE + 8, 26), "plane", font=_font(), fill=_INK)
    for row, (name, pictures) in enumerate(zip(("variational", "plain"), ways, strict=False)):
        top = SIDE + 26 + row * (SMALL + 6)
        draw.text((0, top + SMALL // 2), name, font=_font(), fill=_INK, anchor="lm")
        for column, picture in enumerate(pictures):
            canvas.paste(Image.fromarray(_grey(picture, SMALL)), (120 + column * (SMALL + 4), top))
    return np.asarray(canvas)


def _grey(picture: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    levels = Image.fromarray(np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8))
    return np.asarray(levels.resize((side, side), Image.Resampling.BILINEAR).convert("RGB"))


def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size=LETTERS)
