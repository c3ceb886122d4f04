"""What a YOLOv2 network should have said: boxes written into cells and anchors.

Redmon and Farhadi 2017 (arXiv:1612.08242), section 2: the cell that holds a box's centre is responsible for it, with
the anchor whose shape fits best.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from utils.data.boxes import check_boxes, corners_to_centres
from utils.detection.anchors import size_iou
from utils.detection.average_precision import Truth


def encode_targets(
    boxes: ArrayLike, classes: ArrayLike, anchors: ArrayLike, grid: tuple[int, int]
) -> np.ndarray:
    """Write the boxes of one picture into an array of the shape that the network's output has.

    Parameters
    ----------
    boxes : array_like, (n, 4)
        Corners (x1, y1, x2, y2) relative to the picture, with centres inside it and sides greater than 0.
    classes : array_like of int, (n,)
        Class numbers from 0.
    anchors : array_like, (k, 2)
        Widths and heights in grid cells.
    grid : tuple of int
        ``(rows, columns)``.

    Returns
    -------
    ndarray, (rows, columns, k, 6)
        Float32: centre x, centre y, width, height in grid cells from the picture's upper left corner; 1 where a box is,
        else 0; class. Larger boxes choose first; a box whose best anchor is taken gets the next best one of its cell,
        and none when all are taken.

    Raises
    ------
    ValueError
        For shapes that do not fit, boxes without area and centres outside the picture.
    """
    boxes, classes, anchors = check_boxes(boxes), np.asarray(classes), np.asarray(anchors, np.float32)
    if boxes.ndim != 2 or classes.shape != (len(boxes),):
        raise ValueError(
            f"boxes and classes must have shapes (n, 4) and (n,), got {boxes.shape} and {classes.shape}"
        )
    rows, columns = grid
    target = np.zeros((rows, columns, len(anchors), 6), np.float32)
    if not len(boxes):
        return target
    centres = corners_to_centres(boxes) * np.array([columns, rows, columns, rows], boxes.dtype)
    if not (centres[:, 2:] > 0).all():
        raise ValueError("boxes must have sides greater than 0")
    if not ((centres[:, :2] >= 0) & (centres[:, :2] < (columns, rows))).all():
        raise ValueError("boxes must have their centres inside the picture")
    fits = size_iou(centres[:, 2:], anchors)
    for one in np.argsort(-centres[:, 2:].prod(axis=1), kind="stable"):
        column, row = centres[one, :2].astype(int)
        for anchor in np.argsort(-fits[one], kind="stable"):
            if target[row, column, anchor, 4] == 0:
                target[row, column, anchor] = (*centres[one], 1, classes[one])
                break
    return target


def encode_batch(truth: Sequence[Truth], anchors: ArrayLike, grid: tuple[int, int]) -> np.ndarray:
    """Encode the boxes of several pictures, shape (batch, rows, columns, k, 6), as :func:`encode_targets` does."""
    return np.stack([encode_targets(one.boxes, one.classes, anchors, grid) for one in truth])
