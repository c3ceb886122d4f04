"""Six files such as people bring along, made from bundled pictures: what a program that reads pictures must stand."""

import os
from pathlib import Path

import numpy as np

from utils.data.datasets import load_fashion_mnist
from utils.data.images import photograph

# The outline of the cameraman's coat in the photograph "camera", (x, y) in pixels.
COAT = (
    *((96, 455), (100, 512), (0, 512), (0, 255), (30, 220), (70, 150), (130, 122), (152, 104), (162, 150)),
    *((178, 195), (190, 215), (180, 240), (200, 256), (245, 252), (262, 233), (300, 272), (296, 300)),
    *((250, 312), (205, 295), (140, 380), (150, 512), (138, 512)),
)
# Two test pictures of Fashion-MNIST: an upright one and one that lies, as the shop photographed them.
TROUSER, SNEAKER = 1, 7


def write_own_pictures(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Write six files into a folder: four pictures of garments, one that is too small, one that is none.

    ``portrait.jpg`` (upright) and ``panorama.jpg`` (wide) show garments of Fashion-MNIST's test part, enlarged and dark
    on white as they were before its authors negated them; ``grey.jpg`` is a photograph without colour, ``rgba.png`` the
    coat cut out of it, black below the transparent part; ``ten-pixels.png`` has 10×10 pixels, ``note.jpg`` is text.

    Parameters
    ----------
    folder
        An existing folder; files of these names in it are replaced.

    Returns
    -------
    dict of str to Path
        What the file is → the file, in this order.

    Raises
    ------
    NotADirectoryError
        When there is no such folder.
    """
    from PIL import Image, ImageDraw

    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f"folder must be an existing folder, got {folder}")
    names = ("portrait.jpg", "panorama.jpg", "grey.jpg", "rgba.png", "ten-pixels.png", "note.jpg")
    paths = [folder / name for name in names]
    _as_photographed(TROUSER).save(paths[0], quality=92)
    _as_photographed(SNEAKER).save(paths[1], quality=92)
    grey = Image.fromarray(photograph("camera")).convert("L")
    grey.save(paths[2], quality=92)
    opacity = Image.new("L", grey.size)
    ImageDraw.Draw(opacity).polygon(COAT, fill=255)
    coat = Image.composite(grey, Image.new("L", grey.size), opacity).convert("RGBA")
    coat.putalpha(opacity)
    coat.crop(opacity.getbbox()).save(paths[3])
    _as_photographed(SNEAKER).resize((10, 10)).save(paths[4])
    paths[5].write_text("Milk, bread, two pairs of socks.\n", encoding="utf-8")
    kinds = ("portrait", "panorama", "greyscale", "RGBA", "10×10 pixels", "not a picture")
    return dict(zip(kinds, paths, strict=True))


def _as_photographed(label: int):
    """Return the third test garment of a class, trimmed, dark on white, sixteen times as large."""
    from PIL import Image

    _, (pictures, labels) = load_fashion_mnist()
    picture = pictures[np.flatnonzero(labels == label)[2]]
    rows, columns = (np.flatnonzero((picture > 15).any(axis=axis)) for axis in (1, 0))
    trimmed = 255 - picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = (16 * trimmed.shape[1], 16 * trimmed.shape[0])
    return Image.fromarray(trimmed).resize(size, Image.Resampling.BICUBIC).convert("RGB")
