"""How good a detector is: precision and recall along the scores, and the area under them (mean average precision).

Everingham et al. 2010, "The PASCAL Visual Object Classes (VOC) challenge", section 4.2; the evaluation of COCO (Lin et
al. 2014, arXiv:1405.0312), whose way of matching is used: detections are taken by falling score, and each takes the box
of its class that it overlaps most among those that are still free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from utils.data.boxes import check_boxes
from utils.detection.detections import Detections
from utils.detection.overlap import iou_matrix

INTERPOLATIONS = ("all-point", "11-point", "101-point")
COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10))


@dataclass(frozen=True)
class Truth:
    """The boxes that somebody drew on one picture; row i of each array belongs to one object.

    Attributes
    ----------
    boxes : ndarray, (n, 4)
        Corners (x1, y1, x2, y2) in the unit of the detections.
    classes : ndarray, (n,)
        Class numbers from 0, integers.
    difficult : ndarray, (n,)
        Boolean; a difficult object need not be found, and who finds it is neither right nor wrong. None by default.
    """

    boxes: np.ndarray
    classes: np.ndarray
    difficult: np.ndarray = field(default=None)

    def __post_init__(self) -> None:
        """Refuse arrays that do not lie side by side."""
        boxes = check_boxes(self.boxes)
        classes = np.asarray(self.classes)
        difficult = np.zeros(len(boxes), bool) if self.difficult is None else np.asarray(self.difficult, bool)
        if boxes.ndim != 2 or classes.shape != (len(boxes),) or difficult.shape != (len(boxes),):
            raise ValueError(
                "boxes, classes and difficult must have shapes (n, 4), (n,), (n,), got "
                f"{boxes.shape}, {classes.shape}, {difficult.shape}"
            )
        for name, value in (("boxes", boxes), ("classes", classes), ("difficult", difficult)):
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Curve:
    """Precision and recall of one class when more and more detections are taken, by falling score.

    Attributes
    ----------
    scores : ndarray, (n,)
        Score of the detection that came last.
    precision, recall : ndarray, (n,)
        In [0, 1].
    objects : int
        How many there are to be found.
    """

    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    objects: int


def precision_recall(
    found: Sequence[Detections], truth: Sequence[Truth], label: int, iou_threshold: float = 0.5
) -> Curve:
    """Match the detections of one class with its objects, over all pictures.

    Parameters
    ----------
    found : sequence of Detections
        One a picture.
    truth : sequence of Truth
        One a picture, in the same order.
    label : int
        The class.
    iou_threshold : float
        In (0, 1]; a detection finds an object when their IoU ≥ threshold.

    Returns
    -------
    Curve
        Of all pictures together.
    """
    if len(found) != len(truth):
        raise ValueError(
            f"found and truth must have one entry a picture each, got {len(found)} and {len(truth)}"
        )
    if not 0 < iou_threshold <= 1:
        raise ValueError(f"iou_threshold must be in (0, 1], got {iou_threshold!r}")
    scores, right, counted, objects = [], [], [], 0
    for one, real in zip(found, truth, strict=True):
        one = one[one.classes == label]
        one = one[np.argsort(-one.scores, kind="stable")]
        mine = real.classes == label
        hit, ignored = _match(one.boxes, real.boxes[mine], real.difficult[mine], iou_threshold)
        scores.append(one.scores)
        right.append(hit)
        counted.append(~ignored)
        objects += int((~real.difficult[mine]).sum())
    return _curve(*(np.concatenate([[], *parts]) for parts in (scores, right, counted)), objects)


def average_precision(
    recall: Sequence[float], precision: Sequence[float], interpolation: str = "all-point"
) -> float:
    """Return the area under a curve of precision against recall.

    Before, each precision is replaced by the best at the same or a higher recall, which removes the curve's teeth.

    Parameters
    ----------
    recall, precision : array_like, (n,)
        As in :class:`Curve`; recall must not fall.
    interpolation : {"all-point", "11-point", "101-point"}
        The whole area (VOC since 2010), or the mean of the precision at 11 recalls 0, .1, …, 1 (VOC until 2009), or at
        101 recalls 0, .01, …, 1 (COCO); 0 beyond the last recall that is reached.

    Returns
    -------
    float
        In [0, 1]; 0 for an empty curve.
    """
    recall, precision = np.asarray(recall, np.float64), np.asarray(precision, np.float64)
    if recall.ndim != 1 or recall.shape != precision.shape:
        raise ValueError(
            f"recall and precision must have one shape (n,), got {recall.shape} and {precision.shape}"
        )
    if (np.diff(recall) < 0).any():
        raise ValueError("recall must not fall")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation must be one of {', '.join(INTERPOLATIONS)}, got {interpolation!r}")
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if interpolation == "all-point":
        return float(np.sum(np.diff(recall, prepend=0.0) * best))
    asked = np.linspace(0, 1, int(interpolation.removesuffix("-point")))
    return float(np.append(best, 0.0)[np.searchsorted(recall, asked, side="left")].mean())


def mean_average_precision(
    found: Sequence[Detections],
    truth: Sequence[Truth],
    iou_thresholds: float | Sequence[float] = 0.5,
    interpolation: str = "all-point",
) -> float:
    """Return the mean, over classes and thresholds, of the average precision.

    Parameters
    ----------
    found : sequence of Detections
        One a picture, with many low scores in: the curve needs them.
    truth : sequence of Truth
        One a picture, in the same order.
    iou_thresholds : float or sequence of float
        In (0, 1]; `COCO_THRESHOLDS` for the mean over .5, .55, …, .95.
    interpolation : {"all-point", "11-point", "101-point"}
        As in :func:`average_precision`.

    Returns
    -------
    float
        In [0, 1]; over the classes of which there is an object to be found. NaN if there is none.
    """
    labels = sorted({int(label) for real in truth for label in real.classes[~real.difficult]})
    values = [
        average_precision(curve.recall, curve.precision, interpolation)
        for threshold in np.atleast_1d(iou_thresholds)
        for curve in (precision_recall(found, truth, label, float(threshold)) for label in labels)
    ]
    return float(np.mean(values)) if values else float("nan")


def _match(
    boxes: np.ndarray, real: np.ndarray, difficult: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which detections found an object and which found only a difficult one, (n,) each."""
    overlaps = iou_matrix(boxes, real)
    free = np.ones(len(real), bool)
    hit, ignored = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    for row, overlap in enumerate(overlaps):
        # An ordinary object is preferred to a difficult one, which may be found any number of times.
        for wanted in (free & ~difficult, difficult):
            candidates = np.flatnonzero(wanted & (overlap >= threshold))
            if len(candidates):
                # The last of equals, as COCO's evaluation takes it.
                best = candidates[::-1][overlap[candidates[::-1]].argmax()]
                free[best] = False
                hit[row], ignored[row] = not difficult[best], difficult[best]
                break
    return hit, ignored


def _curve(scores: np.ndarray, right: np.ndarray, counted: np.ndarray, objects: int) -> Curve:
    keep = counted.astype(bool)
    scores, right = scores[keep], right[keep]
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(right[order])
    precision = found / np.arange(1, len(order) + 1)
    recall = found / objects if objects else np.zeros(len(order))
    return Curve(scores[order], precision, recall, objects)
