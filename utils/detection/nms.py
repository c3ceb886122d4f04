"""Keep one box an object: non-maximum suppression, greedy and soft, class by class.

Greedy suppression walks through the boxes from the best score down and drops every box that overlaps a kept one of its
class by more than a threshold. Work is done in blocks of sorted boxes: within a block, one matrix of overlaps settles
who suppresses whom; what is left of it meets the rest in a second matrix. Few boxes make one block, so that for them it
is the matrix form, and 100,000 boxes never need a matrix of 100,000 × 100,000. Small classes go through this side by
side, as one stack of matrices, since Python's time for each of 80 classes would exceed that of the arithmetic.
"""

import numpy as np
from numpy.typing import ArrayLike

from utils.data.boxes import check_boxes
from utils.detection.detections import Detections
from utils.detection.overlap import iou_matrix

BLOCK = 24
SMALL = 512  # boxes; classes with no more are handled together
PIECE = 2**17  # pairs of boxes whose overlaps are computed at once: what stays in a processor's cache


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
    # By class, and by falling score within a class. Small whole numbers are sorted in no time.
    order = np.argsort(-scores, kind="stable")
    order = order[np.argsort(_small(classes[order]), kind="stable")]
    boxes, classes = boxes[order], classes[order]
    labels = np.cumsum(np.diff(classes, prepend=classes[:1]) != 0)
    kept = [_kept_of_sorted(boxes, rows, labels[rows], iou_threshold, max_boxes) for rows in _groups(labels)]
    rows = np.sort(order[np.concatenate([np.zeros(0, np.int64), *kept])])
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


def _small(classes: np.ndarray) -> np.ndarray:
    """Return the classes in the smallest type that holds them."""
    ends = (classes.min(), classes.max()) if len(classes) else (0, 0)
    return classes.astype(np.result_type(*map(np.min_scalar_type, ends)))


def _groups(labels: np.ndarray) -> list[np.ndarray]:
    """Return which rows are handled together: those of all small classes, and each large class alone."""
    sizes = np.bincount(labels)
    small = np.flatnonzero(sizes[labels] <= SMALL)
    large = [np.flatnonzero(labels == label) for label in np.flatnonzero(sizes > SMALL)]
    return [small, *large] if len(small) else large


def _kept_of_sorted(
    boxes: np.ndarray, rows: np.ndarray, labels: np.ndarray, iou_threshold: float, most: int | None
) -> np.ndarray:
    """Return the kept ones of `rows`, which come by class, a class's by falling score; `labels` are their classes."""
    # A box without area, which overlaps nothing, fills the classes up to equal length: row −1.
    sides = np.concatenate([boxes, np.zeros((1, 4), boxes.dtype)]).T.copy()
    kept: list[np.ndarray] = []
    found = np.zeros(labels[-1] + 1, np.int64)  # kept so far, by class
    while len(rows):
        present, labels = np.unique(labels, return_inverse=True)
        table = _table(rows, labels)
        block, rest = table[:, :BLOCK], table[:, BLOCK:]
        wins = _winners(_overlapping(sides[:, block], sides[:, block], iou_threshold)) & (block >= 0)
        kept.append(block[wins])
        found[present] += wins.sum(axis=1)
        winners = _table(block[wins], np.nonzero(wins)[0])
        left = rest >= 0
        left &= ~_beaten(sides, winners, rest, iou_threshold)
        if most is not None:
            left &= (found[present] < most)[:, None]
        rows, labels = rest[left], present[np.nonzero(left)[0]]
    return np.concatenate(kept)


def _table(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the rows of each label in a line of their own, filled up with −1; labels rise and leave none out."""
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    places = np.arange(len(rows)) - starts[labels]
    table = np.full((len(starts), places.max() + 1), -1)
    table[labels, places] = rows
    return table


def _beaten(sides: np.ndarray, winners: np.ndarray, rest: np.ndarray, threshold: float) -> np.ndarray:
    """Return which rows of the rest (classes, m) any winner of their class (classes, n) overlaps, (classes, m)."""
    beaten = np.zeros(rest.shape, bool)
    width = max(1, PIECE // winners.shape[1])  # of one class
    high = max(1, width // max(1, rest.shape[1]))
    for top in range(0, len(rest), high):
        mine = sides[:, winners[top : top + high]]
        for left in range(0, rest.shape[1], width):
            piece = np.s_[top : top + high, left : left + width]
            beaten[piece] = _overlapping(mine, sides[:, rest[piece]], threshold).any(axis=1)
    return beaten


def _overlapping(first: np.ndarray, second: np.ndarray, threshold: float) -> np.ndarray:
    """Return which boxes (4, classes, n) have an IoU > threshold with which (4, classes, m), (classes, n, m)."""
    x1, y1, x2, y2 = first[..., None]
    left, top, right, bottom = second[:, :, None]
    common = np.minimum(x2, right)
    common -= np.maximum(x1, left)
    np.maximum(common, 0, out=common)
    height = np.minimum(y2, bottom)
    height -= np.maximum(y1, top)
    np.maximum(height, 0, out=height)
    common *= height
    union = (x2 - x1) * (y2 - y1) + (right - left) * (bottom - top)
    union -= common
    with np.errstate(invalid="ignore"):  # two boxes without area: 0 / 0 is not above any threshold
        common /= union
    return common > threshold


def _winners(overlapping: np.ndarray) -> np.ndarray:
    """Return a mask of the rows that no earlier winner overlaps, (classes, n), of who overlaps whom, (classes, n, n).

    All rows begin as winners; each round drops whom a winner of the round before overlaps. After t rounds the first t
    rows are settled, so it ends, and few rounds do, since chains of overlaps are short.
    """
    earlier = np.tril(overlapping, -1).astype(np.float32)
    alive = np.ones((*overlapping.shape[:2], 1), dtype=np.float32)
    while True:
        settled = (earlier @ alive == 0).astype(np.float32)
        if np.array_equal(settled, alive):
            return alive[..., 0] > 0
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
