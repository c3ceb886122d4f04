"""Keep one box an object: class-aware non-maximum suppression, by TensorFlow's kernel."""

import numpy as np

from utils.data.boxes import swap_xy
from utils.detection.detections import Detections


def suppress(detections: Detections, iou_threshold: float = 0.45, max_boxes: int = 100) -> Detections:
    """Drop every box that overlaps a better one of its class.

    Parameters
    ----------
    detections : Detections
        Boxes in any one unit.
    iou_threshold : float
        In [0, 1]; suppressed is intersection over union > threshold.
    max_boxes : int
        At most so many boxes of all classes together, the best.

    Returns
    -------
    Detections
        By falling score.
    """
    import tensorflow as tf

    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"iou_threshold must be in [0, 1], got {iou_threshold!r}")
    if max_boxes < 1:
        raise ValueError(f"max_boxes must be at least 1, got {max_boxes!r}")
    kept = []
    for label in np.unique(detections.classes):
        rows = np.flatnonzero(detections.classes == label)
        boxes = swap_xy(detections.boxes[rows])
        chosen = tf.image.non_max_suppression(boxes, detections.scores[rows], max_boxes, iou_threshold)
        kept.append(rows[chosen.numpy()])
    rows = np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)
    order = np.argsort(-detections.scores[rows], kind="stable")
    return detections[rows[order[:max_boxes]]]
