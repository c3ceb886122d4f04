"""Flat pictures seen obliquely: lay one into a photograph by its four corners, and straighten it again.

Four corners always come in the order upper left, upper right, lower right, lower left *of the flat picture*, wherever
they lie in the photograph. x to the right, y down, in pixels, (0, 0) being the outer corner of the first pixel.
"""

import numpy as np
from numpy.typing import ArrayLike

_FINER = 2  # pictures are laid at this multiple of their size and shrunk, so that slanting edges are smooth


def perspective_matrix(origin: ArrayLike, target: ArrayLike) -> np.ndarray:
    """Return the perspective map that takes four points to four others.

    Parameters
    ----------
    origin, target : array_like, (4, 2)
        x, y of each point; no three on a line.

    Returns
    -------
    ndarray, (3, 3)
        Float64, its last entry 1: (x, y, 1) times it, divided by the third component, is the point that (x, y) goes to.

    Raises
    ------
    ValueError
        For another shape, values that are not finite, and points of which three lie on a line.

    References
    ----------
    Hartley and Zisserman 2004, "Multiple View Geometry in Computer Vision", section 4.1.
    """
    origin, target = _four_points(origin, "origin"), _four_points(target, "target")
    rows = []
    for (x, y), (u, v) in zip(origin, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return np.append(np.linalg.solve(np.array(rows), target.ravel()), 1).reshape(3, 3)


def lay_picture(background: np.ndarray, picture: np.ndarray, corners: ArrayLike) -> np.ndarray:
    """Return a copy of a background with a picture laid into it, seen obliquely.

    Parameters
    ----------
    background : ndarray, (height, width, 3)
        uint8 RGB.
    picture : ndarray, (h, w, 3)
        uint8 RGB.
    corners : array_like, (4, 2)
        Where the picture's corners come to lie; they may lie outside the background.

    Returns
    -------
    ndarray, (height, width, 3)
        uint8.
    """
    from PIL import Image

    background, picture = _uint8_rgb(background, "background"), _uint8_rgb(picture, "picture")
    height, width = background.shape[:2]
    corners = _four_points(corners, "corners")
    # A large picture is shrunk to about the size at which it will be seen, which averages its pixels.
    longest = int(max(np.ptp(corners, axis=0).max() * _FINER, 2))
    flat = Image.fromarray(picture)
    flat.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    flat.putalpha(255)
    size = (width * _FINER, height * _FINER)
    back = perspective_matrix(corners * _FINER, _corners_of(flat.height, flat.width))
    seen = flat.transform(size, Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BILINEAR)
    canvas = Image.fromarray(background).resize(size, Image.Resampling.BILINEAR)
    canvas.paste(seen, (0, 0), seen)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def straighten(image: np.ndarray, corners: ArrayLike, height: int, width: int) -> np.ndarray:
    """Return what lies between four corners of a photograph as a flat picture, (height, width, 3), uint8.

    Parameters
    ----------
    image : ndarray, (h, w, 3)
        uint8 RGB.
    corners : array_like, (4, 2)
        Where the flat picture's corners lie; what is outside `image` becomes black.
    height, width : int
        Of the result, at least 1.
    """
    from PIL import Image

    image = _uint8_rgb(image, "image")
    if height < 1 or width < 1:
        raise ValueError(f"height and width must be at least 1, got {height!r} and {width!r}")
    back = perspective_matrix(_corners_of(height, width), corners)
    flat = Image.fromarray(image).transform(
        (width, height), Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BICUBIC
    )
    return np.asarray(flat)


def _corners_of(height: int, width: int) -> np.ndarray:
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], float)


def _four_points(points: ArrayLike, name: str) -> np.ndarray:
    points = np.asarray(points, float)
    if points.shape != (4, 2):
        raise ValueError(f"{name} must have shape (4, 2), got {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    for i in range(4):
        a, b, c = np.delete(points, i, axis=0)
        area = np.linalg.det(np.stack([b - a, c - a]))
        if abs(area) <= 1e-9 * max(np.ptp(points, axis=0).max(), 1e-300) ** 2:
            raise ValueError(f"{name} must not have three points on a line, got {points.tolist()}")
    return points


def _uint8_rgb(image: np.ndarray, name: str) -> np.ndarray:
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise TypeError(f"{name} must be uint8, got {image.dtype}")
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"{name} must have shape (height, width, 3) and pixels, got {image.shape}")
    return image
