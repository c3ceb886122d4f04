"""What a network learns faces from: batches that hold several pictures of several people, each a little varied.

A batch drawn blindly from many people seldom shows anybody twice, and without two pictures of one person there is
neither a positive nor a triplet (Schroff et al. 2015, arXiv:1503.03832, section 3.2; Hermans et al. 2017,
arXiv:1703.07737, section 2, "PK batches"). Nothing here imports a framework.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike


def half_size(pictures: np.ndarray) -> np.ndarray:
    """Return grey bytes (n, height, width) as floats (n, height/2, width/2, 1) in [0, 1], each the mean of four.

    Raises
    ------
    ValueError
        When height or width is odd, or the pictures are not bytes of that shape.
    """
    if pictures.ndim != 3 or pictures.dtype != np.uint8 or pictures.shape[1] % 2 or pictures.shape[2] % 2:
        raise ValueError(
            f"pictures must be uint8 (n, height, width), both even, got {pictures.dtype} {pictures.shape}"
        )
    n, height, width = pictures.shape
    fours = pictures.reshape(n, height // 2, 2, width // 2, 2).mean(axis=(2, 4), dtype=np.float32)
    return fours[..., np.newaxis] / np.float32(255)


def person_batches(
    labels: ArrayLike, people: int, pictures: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Draw batches of so many pictures each of so many people, without end.

    Parameters
    ----------
    labels : array_like of int, (n,)
        Who is seen in each picture.
    people : int
        Different people in a batch, at least 2.
    pictures : int
        Different pictures of each, at least 2. Who has fewer is never drawn.
    rng : numpy.random.Generator
        Draws.

    Yields
    ------
    ndarray of int64, (people · pictures,)
        Rows of the pictures; those of one person follow each other.

    Raises
    ------
    ValueError
        When fewer than `people` people have `pictures` pictures, or less than 2 is asked for.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (n,), got {labels.shape}")
    if people < 2 or pictures < 2:
        raise ValueError(f"people and pictures must be at least 2, got {people!r} and {pictures!r}")
    rows = [np.flatnonzero(labels == person) for person in np.unique(labels)]
    rows = [mine for mine in rows if len(mine) >= pictures]
    if len(rows) < people:
        raise ValueError(f"labels must name {people} people {pictures} times each, they name {len(rows)}")
    return _draw_batches(rows, people, pictures, rng)


def vary_faces(
    pictures: np.ndarray,
    rng: np.random.Generator,
    shift: float = 0.05,
    scale: float = 0.1,
    degrees: float = 8.0,
    light: float = 0.15,
    mirrored: float = 0.5,
) -> np.ndarray:
    """Vary each picture as the next photograph of the same person might: place, size, tilt, side and light.

    Parameters
    ----------
    pictures : ndarray, (n, height, width, channels)
        Floating, in [0, 1].
    rng : numpy.random.Generator
        Draws, for every picture anew and evenly from minus to plus the limits below.
    shift : float
        Limit of the way up or down and to the sides, as a share of the height and of the width.
    scale : float
        Limit of the change in size, in [0, 1): .1 is from .9 to 1.1 times.
    degrees : float
        Limit of the turn.
    light : float
        Limit of what is added to the brightness, and of the change in contrast about the picture's mean.
    mirrored : float
        Share of the pictures that are mirrored, by chance.

    Returns
    -------
    ndarray, (n, height, width, channels)
        float32 in [0, 1]. What comes in from outside continues the border.

    Raises
    ------
    ValueError
        When the pictures have another shape or `scale` is not in [0, 1).
    """
    if pictures.ndim != 4 or pictures.dtype.kind != "f":
        raise ValueError(
            f"pictures must be floating (n, height, width, channels), got {pictures.dtype} {pictures.shape}"
        )
    if not 0 <= scale < 1:
        raise ValueError(f"scale must be in [0, 1), got {scale!r}")
    n, height, width = pictures.shape[:3]
    limits = np.array([shift * height, shift * width, scale, np.deg2rad(degrees), light, light])
    down, right, size, turn, brighter, contrast = (rng.uniform(-1, 1, (n, 6)) * limits).T
    side = np.where(rng.random(n) < mirrored, -1.0, 1.0)
    zoom = 1 / (1 + size)
    cosine, sine = zoom * np.cos(turn), zoom * np.sin(turn)
    middle = (height - 1) / 2, (width - 1) / 2
    y, x = np.arange(height) - middle[0], np.arange(width) - middle[1]
    # Where each pixel of the new picture is fetched from, (n, height, width).
    rows = middle[0] + _each(down) + _each(cosine) * y[:, None] + _each(sine) * x
    columns = middle[1] + _each(right) + _each(side) * (_each(cosine) * x - _each(sine) * y[:, None])
    moved = _between_pixels(pictures.astype(np.float32, copy=False), rows, columns)
    mean = moved.mean(axis=(1, 2, 3), keepdims=True)
    lit = (moved - mean) * _each(1 + contrast)[..., None] + mean + _each(brighter)[..., None]
    return np.clip(lit, 0, 1, dtype=np.float32)


def _draw_batches(
    rows: list[np.ndarray], people: int, pictures: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    while True:
        chosen = rng.choice(len(rows), people, replace=False)
        yield np.concatenate([rng.choice(rows[person], pictures, replace=False) for person in chosen])


def _each(values: np.ndarray) -> np.ndarray:
    """Give one number a picture the axes of a batch, (n, 1, 1)."""
    return values.astype(np.float32)[:, None, None]


def _between_pixels(pictures: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the pictures' values at places between their pixels, bilinear; places outside lie on the border."""
    n, height, width = pictures.shape[:3]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = np.minimum(rows.astype(int), height - 2), np.minimum(columns.astype(int), width - 2)
    below, beside = (rows - top)[..., None], (columns - left)[..., None]
    one = np.arange(n)[:, None, None]
    upper = pictures[one, top, left] * (1 - beside) + pictures[one, top, left + 1] * beside
    lower = pictures[one, top + 1, left] * (1 - beside) + pictures[one, top + 1, left + 1] * beside
    return (upper * (1 - below) + lower * below).astype(np.float32)
