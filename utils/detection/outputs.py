"""Everything a YOLOv2 head says, decoded: what figures and lessons look at before most of it is thrown away.

A detector that only wants its detections uses `utils.detection.heads`, which decodes no more than it keeps.
YOLOv2: Redmon and Farhadi 2017 (arXiv:1612.08242), section 2 and figure 3.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, softmax


class Outputs(NamedTuple):
    """A decoded head, every box of every cell.

    Attributes
    ----------
    xy, wh : ndarray, (..., rows, columns, boxes, 2)
        Centre (b_x, b_y) and size (b_w, b_h), relative to the picture.
    confidence : ndarray, (..., rows, columns, boxes, 1)
        Probability that there is a thing.
    probabilities : ndarray, (..., rows, columns, boxes, classes)
        Of each class, if there is one; they add up to 1.
    """

    xy: np.ndarray
    wh: np.ndarray
    confidence: np.ndarray
    probabilities: np.ndarray


def decode_outputs(features: np.ndarray, anchors: np.ndarray, classes: int) -> Outputs:
    """Decode a YOLOv2 head, one picture or many.

    Parameters
    ----------
    features : ndarray, (..., rows, columns, boxes · (5 + classes))
        Raw output: for each box t_x, t_y, t_w, t_h, objectness, class logits.
    anchors : ndarray, (boxes, 2)
        Width and height of each box shape, in grid cells.
    classes : int
        At least 1.

    Returns
    -------
    Outputs
        In the precision of `features`.
    """
    features = np.asarray(features)
    anchors = np.asarray(anchors, dtype=features.dtype)
    if anchors.ndim != 2 or anchors.shape[1] != 2 or not len(anchors):
        raise ValueError(f"anchors must have shape (boxes, 2), got {anchors.shape}")
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes!r}")
    if features.ndim < 3 or features.shape[-1] != len(anchors) * (5 + classes):
        raise ValueError(
            f"features must have shape (..., rows, columns, {len(anchors) * (5 + classes)}), got {features.shape}"
        )
    rows, columns = features.shape[-3:-1]
    numbers = features.reshape(*features.shape[:-1], len(anchors), 5 + classes)
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]
    grid = np.array([columns, rows], dtype=features.dtype)
    return Outputs(
        (expit(numbers[..., 0:2]) + cells.astype(features.dtype)) / grid,
        np.exp(numbers[..., 2:4]) * anchors / grid,
        expit(numbers[..., 4:5]),
        softmax(numbers[..., 5:], axis=-1),
    )


def likely_boxes(
    boxes: np.ndarray, confidence: np.ndarray, probabilities: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the boxes whose best class scores enough.

    Parameters
    ----------
    boxes : ndarray, (..., 4)
        In any form.
    confidence : ndarray, (..., 1)
        In [0, 1].
    probabilities : ndarray, (..., classes)
        In [0, 1].
    threshold : float
        Kept is confidence · probability ≥ threshold.

    Returns
    -------
    scores, boxes, classes : ndarray, (n,), (n, 4), (n,)
        In the order in which they came.
    """
    shapes = boxes.shape[:-1], confidence.shape[:-1], probabilities.shape[:-1]
    if len(set(shapes)) > 1 or boxes.shape[-1] != 4 or confidence.shape[-1] != 1:
        raise ValueError(
            "boxes, confidence and probabilities must have shapes (..., 4), (..., 1), (..., classes), got "
            f"{boxes.shape}, {confidence.shape}, {probabilities.shape}"
        )
    scores = confidence * probabilities
    best = scores.max(axis=-1)
    kept = best >= threshold
    return best[kept], boxes[kept], scores.argmax(axis=-1)[kept]
