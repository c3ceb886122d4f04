"""How much two boxes overlap: intersection over union and its generalisation.

Boxes are corners (x1, y1, x2, y2) as in `utils.data.boxes`, in any one unit. The intersection over union is the Jaccard
index of two boxes as sets of points; its generalisation (Rezatofighi et al. 2019, arXiv:1902.09630, algorithm 1) falls
below 0 for boxes that lie apart, the further the lower, so that a loss can pull them together.
"""

import numpy as np
from numpy.typing import ArrayLike

from utils.data.boxes import check_boxes


def iou(box1: ArrayLike, box2: ArrayLike) -> float:
    """Return the intersection over union of two boxes, in [0, 1].

    Parameters
    ----------
    box1, box2 : array_like, (4,)
        Corners.

    Returns
    -------
    float
        0 for boxes that only touch, and for two boxes without area.
    """
    for name, box in (("box1", box1), ("box2", box2)):
        if np.shape(box) != (4,):
            raise ValueError(f"{name} must have shape (4,), got {np.shape(box)}")
    return float(iou_matrix([box1], [box2])[0, 0])


def iou_matrix(boxes1: ArrayLike, boxes2: ArrayLike) -> np.ndarray:
    """Return the intersection over union of every box of one set with every box of another.

    Parameters
    ----------
    boxes1 : array_like, (n, 4)
        Corners.
    boxes2 : array_like, (m, 4)
        Corners in the same unit.

    Returns
    -------
    ndarray, (n, m)
        In [0, 1]; 0 where one of the two has no area.
    """
    boxes1, boxes2 = _pair(boxes1, boxes2)
    common = _intersections(boxes1, boxes2)
    return _share(common, _unions(boxes1, boxes2, common))


def generalised_iou_matrix(boxes1: ArrayLike, boxes2: ArrayLike) -> np.ndarray:
    """Return the generalised intersection over union of every box of one set with every box of another.

    Parameters
    ----------
    boxes1 : array_like, (n, 4)
        Corners.
    boxes2 : array_like, (m, 4)
        Corners in the same unit.

    Returns
    -------
    ndarray, (n, m)
        IoU − (hull − union) / hull, in (−1, 1], with the smallest box around both as hull; where that has no area,
        the IoU.
    """
    boxes1, boxes2 = _pair(boxes1, boxes2)
    common = _intersections(boxes1, boxes2)
    union = _unions(boxes1, boxes2, common)
    low = np.minimum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = np.maximum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    hull = np.prod(high - low, axis=-1)
    return _share(common, union) - _share(hull - union, hull)


def _pair(boxes1: ArrayLike, boxes2: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return two lists of boxes of one floating type."""
    boxes1, boxes2 = check_boxes(boxes1, "boxes1"), check_boxes(boxes2, "boxes2")
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if boxes.ndim != 2:
            raise ValueError(f"{name} must have shape (n, 4), got {boxes.shape}")
    kind = np.result_type(boxes1, boxes2)
    return boxes1.astype(kind, copy=False), boxes2.astype(kind, copy=False)


def _intersections(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    # One axis at a time: arrays (n, m) are quicker to fill than one (n, m, 2).
    common = None
    for axis in (0, 1):
        side = np.minimum(boxes1[:, None, axis + 2], boxes2[None, :, axis + 2])
        side -= np.maximum(boxes1[:, None, axis], boxes2[None, :, axis])
        np.maximum(side, 0, out=side)
        common = side if common is None else np.multiply(common, side, out=common)
    return common


def _unions(boxes1: np.ndarray, boxes2: np.ndarray, common: np.ndarray) -> np.ndarray:
    areas1, areas2 = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (boxes1, boxes2))
    return areas1[:, None] + areas2[None] - common


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, 0 where the whole is nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
