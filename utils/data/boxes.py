"""The one place where forms of boxes are turned into each other; everywhere else a box is two corners.

A box is ``(x1, y1, x2, y2)``: x to the right, y down, x2 and y2 exclusive, so that its area is (x2 − x1)(y2 − y1).
Arrays of boxes have shape ``(..., 4)``. Units are pixels, or shares of the picture (*relative*), as the caller says.
"""

import numpy as np
from numpy.typing import ArrayLike


def check_boxes(boxes: ArrayLike, name: str = "boxes") -> np.ndarray:
    """Return boxes as a floating array after looking at them.

    Parameters
    ----------
    boxes : array_like, (..., 4)
        Corners. Whole numbers become float32; floats keep their precision.
    name : str
        How messages call the argument.

    Returns
    -------
    ndarray, (..., 4)
        An empty list comes back with shape (0, 4).

    Raises
    ------
    ValueError
        For another shape, values that are not finite, and inverted boxes (x2 < x1 or y2 < y1).
    """
    boxes = _floats(boxes, name)
    if (boxes[..., 2:] < boxes[..., :2]).any():
        wrong = boxes[(boxes[..., 2:] < boxes[..., :2]).any(axis=-1)][0]
        raise ValueError(
            f"{name} must be corners (x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, got {wrong.tolist()}"
        )
    return boxes


def corners_to_centres(boxes: ArrayLike) -> np.ndarray:
    """Turn corners (x1, y1, x2, y2) into centre and size (x, y, width, height), same units, shape (..., 4)."""
    boxes = check_boxes(boxes)
    low, high = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def centres_to_corners(boxes: ArrayLike) -> np.ndarray:
    """Turn centre and size (x, y, width, height) into corners (x1, y1, x2, y2), same units, shape (..., 4).

    Raises
    ------
    ValueError
        For another shape, values that are not finite, and negative sizes.
    """
    boxes = _floats(boxes, "boxes")
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    if (half < 0).any():
        raise ValueError(
            f"boxes must be (x, y, width, height) with sizes of at least 0, got {2 * half.min():g}"
        )
    return np.concatenate([centre - half, centre + half], axis=-1)


def swap_xy(boxes: ArrayLike) -> np.ndarray:
    """Turn corners (x1, y1, x2, y2) into TensorFlow's (y1, x1, y2, x2), and back, shape (..., 4)."""
    return check_boxes(boxes)[..., [1, 0, 3, 2]]


def to_pixels(boxes: ArrayLike, height: int, width: int) -> np.ndarray:
    """Turn relative corners into pixels of a picture of `height` × `width`, shape (..., 4)."""
    boxes = check_boxes(boxes)
    return boxes * _sides(height, width, boxes.dtype)


def to_relative(boxes: ArrayLike, height: int, width: int) -> np.ndarray:
    """Turn corners in pixels into shares of a picture of `height` × `width`, shape (..., 4)."""
    boxes = check_boxes(boxes)
    return boxes / _sides(height, width, boxes.dtype)


def clip_boxes(boxes: ArrayLike, height: float = 1, width: float = 1) -> np.ndarray:
    """Cut off what lies outside a picture of `height` × `width` (1 × 1: relative boxes), shape (..., 4).

    A box wholly outside becomes one of area 0 on the rim.
    """
    boxes = check_boxes(boxes)
    return np.clip(boxes, 0, _sides(height, width, boxes.dtype))


def box_areas(boxes: ArrayLike) -> np.ndarray:
    """Return the areas of boxes (..., 4), shape (...), in square units."""
    boxes = check_boxes(boxes)
    return np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)


def square_boxes(boxes: ArrayLike, margin: float = 0.0) -> np.ndarray:
    """Return the squares around boxes that share their centres, shape (..., 4).

    Parameters
    ----------
    boxes : array_like, (..., 4)
        Corners in pixels (a square in shares of an oblong picture would be none).
    margin : float
        How much longer than the box's longer side a square is: 0.2 adds a tenth on each end. Greater than −1.
    """
    if not margin > -1:
        raise ValueError(f"margin must be greater than -1, got {margin!r}")
    centres = corners_to_centres(boxes)
    sides = centres[..., 2:].max(axis=-1, keepdims=True) * (1 + margin)
    return centres_to_corners(np.concatenate([centres[..., :2], sides, sides], axis=-1))


def _floats(boxes: ArrayLike, name: str) -> np.ndarray:
    boxes = np.asarray(boxes)
    if boxes.shape == (0,):
        boxes = boxes.reshape(0, 4)
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(f"{name} must have shape (..., 4), got {boxes.shape}")
    if boxes.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold numbers, got {boxes.dtype}")
    boxes = boxes if boxes.dtype.kind == "f" else boxes.astype(np.float32)
    if not np.isfinite(boxes).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return boxes


def _sides(height: float, width: float, dtype: np.dtype) -> np.ndarray:
    for name, side in (("height", height), ("width", width)):
        if not side > 0:
            raise ValueError(f"{name} must be greater than 0, got {side!r}")
    return np.array([width, height, width, height], dtype=dtype)
