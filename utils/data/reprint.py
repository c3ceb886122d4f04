"""A photograph of a printed photograph: what somebody holds before a camera in place of a face."""

import io

import numpy as np
from numpy.typing import ArrayLike

from utils.data.perspective import lay_picture

# What paper gives back of the light: its white is not white, its black is not black.
_PAPER = (0.14, 0.86)
_WARMTH = (1.0, 0.95, 0.86)


def photograph_of_print(
    picture: np.ndarray,
    background: np.ndarray,
    corners: ArrayLike,
    rng: np.random.Generator,
    blur: float = 1.0,
    noise: float = 0.015,
    quality: int = 50,
) -> np.ndarray:
    """Print a picture, hold it before a background, and photograph that with a simple camera.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        uint8 RGB: what is printed.
    background : ndarray, (h, w, 3)
        uint8 RGB.
    corners : array_like, (4, 2)
        Where the print's corners lie in the background: upper left, upper right, lower right, lower left.
    rng : numpy.random.Generator
        Draws the camera's noise.
    blur : float
        Standard deviation in pixels of the lens' blur, at least 0.
    noise : float
        Standard deviation of the noise, of pixels in [0, 1].
    quality : int
        Of the JPEG file that the camera writes, 1 to 95.

    Returns
    -------
    ndarray, (h, w, 3)
        uint8: less contrast and a warm light on the paper, perspective, blur, noise, JPEG.
    """
    from PIL import Image, ImageFilter

    if blur < 0 or noise < 0 or not 1 <= quality <= 95:
        raise ValueError(
            f"blur and noise must be at least 0 and quality 1 to 95, got {blur!r}, {noise!r}, {quality!r}"
        )
    black, white = _PAPER
    paper = (black + (white - black) * picture / 255) * _WARMTH
    held = lay_picture(background, np.rint(255 * paper).astype(np.uint8), corners)
    soft = np.asarray(Image.fromarray(held).filter(ImageFilter.GaussianBlur(blur)), np.float64)
    grainy = np.rint(np.clip(soft + rng.normal(scale=255 * noise, size=soft.shape), 0, 255))
    buffer = io.BytesIO()
    Image.fromarray(grainy.astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer).convert("RGB"))
