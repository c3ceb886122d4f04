"""Keep one box an object: non-maximum suppression, greedy and soft, class by class.

Greedy suppression walks through the boxes from the best score down and drops every box that overlaps a kept one of its
class by more than a threshold. Work is done in blocks of sorted boxes: within a block, one matrix of overlaps settles
who suppresses whom; what is left of it meets the rest in a second matrix. Few boxes make one block, so that for them it
is the matrix form, and 100,000 boxes never need a matrix of 100,000 × 100,000.
"""

import numpy as np
from numpy.typing import ArrayLike

from utils.data.boxes import check_boxes
from utils.detection.detections import Detections
from utils.detection.overlap import iou_matrix

BLOCK = 64


def suppress(detections: Detections, iou_threshold: float = 0.45, max_boxes: int | None = 100) -> Detections:
    """Drop every box that overlaps a better one of its class.

    Parameters
    ----------
    detections : Detections
        Boxes in any one unit.
    iou_threshold : float
        In [0, 1]; suppressed is intersection over union > threshold.
    max_boxes : int or None
        At most so many boxes of all classes together, the best; None: all.

    Returns
    -------
    Detections
        By falling score, equal ones in the order in which they came.
    """
    rows = kept_rows(detections.boxes, detections.scores, detections.classes, iou_threshold, max_boxes)
    return detections[rows]


def kept_rows(
    boxes: ArrayLike,
    scores: ArrayLike,
    classes: ArrayLike | None = None,
    iou_threshold: float = 0.45,
    max_boxes: int | None = None,
) -> np.ndarray:
    """Return which boxes greedy suppression keeps.

    Parameters
    ----------
    boxes : array_like, (n, 4)
        Corners in any one unit.
    scores : array_like, (n,)
        Finite.
    classes : array_like of int, (n,), or None
        Boxes suppress only boxes of their class; None: all are of one class.
    iou_threshold : float
        In [0, 1]; suppressed is intersection over union > threshold.
    max_boxes : int or None
        At most so many of all classes together, the best; None: all.

    Returns
    -------
    ndarray of int64, (kept,)
        Rows by falling score, equal ones in the order in which they came.

    Raises
    ------
    ValueError
        For arrays that do not fit together, inverted boxes, numbers that are not finite, and a threshold or number out
        of range.
    """
    boxes, scores, classes = _checked(boxes, scores, classes)
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"iou_threshold must be in [0, 1], got {iou_threshold!r}")
    if max_boxes is not None and max_boxes < 1:
        raise ValueError(f"max_boxes must be at least 1 or None, got {max_boxes!r}")
    # By class, and by falling score within a class: the classes then are slices.
    order = np.lexsort((-scores, classes))
    borders = np.flatnonzero(np.diff(classes[order])) + 1
    starts = np.concatenate([[0], borders]).astype(np.int64)
    ends = np.concatenate([borders, [len(order)]]).astype(np.int64)
    boxes = boxes[order]
    kept = [
        start + _kept_of_sorted(boxes[start:end], iou_threshold, max_boxes)
        for start, end in zip(starts, ends, strict=True)
    ]
    rows = np.sort(order[np.concatenate(kept)])
    return rows[np.argsort(-scores[rows], kind="stable")][:max_boxes]


def soft_suppress(detections: Detections, sigma: float = 0.5, score_threshold: float = 0.001) -> Detections:
    """Lower the scores of boxes that overlap a better one of their class, instead of dropping them.

    Soft-NMS with the Gaussian penalty (Bodla et al. 2017, arXiv:1704.04503, equation 3): whenever a box is chosen, the
    score of every box of its class still waiting is multiplied by exp(−IoU² / σ).

    Parameters
    ----------
    detections : Detections
        Boxes in any one unit, scores of at least 0.
    sigma : float
        Greater than 0; the smaller, the harder the penalty.
    score_threshold : float
        At least 0; a box whose score has fallen below is dropped.

    Returns
    -------
    Detections
        By falling new score.
    """
    found = detections
    scores = lowered_scores(found.boxes, found.scores, found.classes, sigma, score_threshold)
    rows = np.argsort(-scores, kind="stable")
    rows = rows[scores[rows] >= score_threshold]
    return Detections(found.boxes[rows], scores[rows], found.classes[rows])


def lowered_scores(
    boxes: ArrayLike,
    scores: ArrayLike,
    classes: ArrayLike | None = None,
    sigma: float = 0.5,
    score_threshold: float = 0.001,
) -> np.ndarray:
    """Return the scores that soft suppression leaves, in the order of the boxes.

    Parameters
    ----------
    boxes, scores, classes : array_like
        As :func:`kept_rows` takes them; scores of at least 0.
    sigma, score_threshold : float
        As in :func:`soft_suppress`. A score that falls below the threshold is lowered no further.

    Returns
    -------
    ndarray, (n,)
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be greater than 0, got {sigma!r}")
    if not score_threshold >= 0:
        raise ValueError(f"score_threshold must be at least 0, got {score_threshold!r}")
    boxes, scores, classes = _checked(boxes, scores, classes)
    if (scores < 0).any():
        raise ValueError(f"scores must be at least 0, got {scores.min():g}")
    scores = scores.copy()
    for label in np.unique(classes):
        waiting = np.flatnonzero(classes == label)
        while len(waiting):
            best = waiting[scores[waiting].argmax()]
            waiting = waiting[waiting != best]
            overlaps = iou_matrix(boxes[best][None], boxes[waiting])[0]
            scores[waiting] *= np.exp(-(overlaps**2) / sigma)
            waiting = waiting[scores[waiting] >= score_threshold]
    return scores


def _kept_of_sorted(boxes: np.ndarray, iou_threshold: float, most: int | None) -> np.ndarray:
    """Return the kept rows of one class's boxes, which come by falling score."""
    kept: list[np.ndarray] = []
    waiting = np.arange(len(boxes))
    while len(waiting) and (most is None or sum(map(len, kept)) < most):
        block, waiting = waiting[:BLOCK], waiting[BLOCK:]
        winners = block[_winners(_overlapping(boxes[block], boxes[block], iou_threshold))]
        kept.append(winners)
        if len(waiting):
            beaten = _overlapping(boxes[winners], boxes[waiting], iou_threshold).any(axis=0)
            waiting = waiting[~beaten]
    return np.concatenate(kept)[:most] if kept else np.zeros(0, np.int64)


def _overlapping(first: np.ndarray, second: np.ndarray, threshold: float) -> np.ndarray:
    """Return which boxes (n, 4) have an IoU > threshold with which others (m, 4), as booleans (n, m)."""
    columns = [[np.ascontiguousarray(side) for side in boxes.T] for boxes in (first, second)]
    (x1, y1, x2, y2), (left, top, right, bottom) = columns
    common = np.minimum.outer(x2, right)
    common -= np.maximum.outer(x1, left)
    np.maximum(common, 0, out=common)
    height = np.minimum.outer(y2, bottom)
    height -= np.maximum.outer(y1, top)
    np.maximum(height, 0, out=height)
    common *= height
    union = np.add.outer((x2 - x1) * (y2 - y1), (right - left) * (bottom - top))
    union -= common
    with np.errstate(invalid="ignore"):  # two boxes without area: 0 / 0 is not above any threshold
        common /= union
    return common > threshold


def _winners(overlapping: np.ndarray) -> np.ndarray:
    """Return a mask of the rows that no earlier winner overlaps, (n,), given who overlaps whom, (n, n).

    All rows begin as winners; each round drops whom a winner of the round before overlaps. After t rounds the first t
    rows are settled, so it ends, and few rounds do, since chains of overlaps are short.
    """
    earlier = np.tril(overlapping, -1).astype(np.float32)
    alive = np.ones(len(overlapping), dtype=bool)
    while True:
        settled = earlier @ alive.astype(np.float32) == 0
        if np.array_equal(settled, alive):
            return alive
        alive = settled


def _checked(
    boxes: ArrayLike, scores: ArrayLike, classes: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three as arrays, or say what does not fit."""
    boxes, scores = check_boxes(boxes), np.asarray(scores, dtype=np.float32)
    classes = np.zeros(scores.shape, np.int64) if classes is None else np.asarray(classes)
    if boxes.ndim != 2 or scores.shape != (len(boxes),) or classes.shape != (len(boxes),):
        raise ValueError(
            f"boxes, scores and classes must have shapes (n, 4), (n,), (n,), got {boxes.shape}, {scores.shape}, "
            f"{classes.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite, got NaN or infinity")
    if len(classes) and classes.dtype.kind not in "iu":
        raise TypeError(f"classes must be whole numbers, got {classes.dtype}")
    return boxes, scores, classes
