"""Fit a picture of any proportions into a network's square, and bring the found boxes back."""

from dataclasses import dataclass

import numpy as np

from utils.data.boxes import check_boxes, clip_boxes
from utils.data.images import to_float, to_uint8


@dataclass(frozen=True)
class Placement:
    """Where a picture lies inside the square.

    Attributes
    ----------
    size : int
        Side of the square in pixels.
    height, width : int
        The original picture's, in pixels.
    scales : tuple of float
        Pixels of the square for a pixel of the picture, to the right and down; they differ by rounding only.
    left, top : int
        Where the picture begins in the square.
    """

    size: int
    height: int
    width: int
    scales: tuple[float, float]
    left: int
    top: int


def letterbox(
    image: np.ndarray, size: int, fill: float = 0.5, centred: bool = True
) -> tuple[np.ndarray, Placement]:
    """Shrink or enlarge a picture, proportions kept, until it just fits into a square; fill the rest.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        uint8 in [0, 255], or floating in [0, 1], which is rounded to 8 bits.
    size : int
        Side of the square in pixels.
    fill : float
        Grey value around the picture, in [0, 1].
    centred : bool
        In the middle, or in the upper left corner.

    Returns
    -------
    square : ndarray, (size, size, 3)
        float32 in [0, 1].
    placement : Placement
        For `boxes_in_picture`.
    """
    from PIL import Image

    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"image must have shape (height, width, 3), got {image.shape}")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size!r}")
    if not 0 <= fill <= 1:
        raise ValueError(f"fill must be in [0, 1], got {fill!r}")
    if image.dtype != np.uint8:
        image = to_uint8(to_float(image))
    height, width = image.shape[:2]
    scale = size / max(height, width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(image).resize((new_width, new_height), Image.Resampling.BILINEAR)
    left, top = ((size - new_width) // 2, (size - new_height) // 2) if centred else (0, 0)
    square = np.full((size, size, 3), fill, dtype=np.float32)
    square[top : top + new_height, left : left + new_width] = to_float(np.asarray(small))
    return square, Placement(size, height, width, (new_width / width, new_height / height), left, top)


def boxes_in_picture(boxes: np.ndarray, placement: Placement) -> np.ndarray:
    """Bring boxes found in the square back to the picture.

    Parameters
    ----------
    boxes : ndarray, (n, 4)
        Corners relative to the square.
    placement : Placement
        What `letterbox` gave.

    Returns
    -------
    ndarray, (n, 4)
        Corners in pixels of the original picture, clipped to it.
    """
    boxes = check_boxes(boxes)
    start = np.array([placement.left, placement.top] * 2, dtype=boxes.dtype)
    scales = np.array(placement.scales * 2, dtype=boxes.dtype)
    return clip_boxes((boxes * placement.size - start) / scales, placement.height, placement.width)
