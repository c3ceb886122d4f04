"""Turn the raw output of a YOLO head into boxes with scores.

YOLOv2 (Redmon and Farhadi 2017, arXiv:1612.08242, section 2 and figure 3) and YOLOv3 (2018, arXiv:1804.02767,
section 2.1) predict boxes alike; classes exclude each other in YOLOv2 (softmax) and not in YOLOv3 (sigmoids).
"""

import numpy as np

from utils.data.boxes import centres_to_corners
from utils.detection.detections import Detections

CLASS_ACTIVATIONS = ("softmax", "sigmoid")
# Sizes beyond e¹⁰ anchors are no boxes but numbers that would overflow.
_MAX_LOG_SIZE = 10.0


def decode_head(
    features: np.ndarray, anchors: np.ndarray, score_threshold: float, class_activation: str = "softmax"
) -> Detections:
    """Decode one head on one picture, keeping the best class of each box whose score reaches the threshold.

    Parameters
    ----------
    features : ndarray, (rows, columns, boxes · (5 + classes))
        Raw output: for each box t_x, t_y, t_w, t_h, objectness, class logits. With no classes the score is the
        objectness and the class 0.
    anchors : ndarray, (boxes, 2)
        Width and height of each box shape, in grid cells.
    score_threshold : float
        In [0, 1]; kept is score ≥ threshold.
    class_activation : {"softmax", "sigmoid"}
        How class logits become probabilities: YOLOv2's or YOLOv3's way.

    Returns
    -------
    Detections
        Boxes relative to the network's input, not clipped, in the order of cells, then of anchors.

    Notes
    -----
    No class probability exceeds 1, so a box whose objectness is below the threshold is dropped before anything else is
    computed: nearly all are, and the rest costs little.
    """
    features, anchors = _checked(features, anchors, class_activation)
    rows, columns = features.shape[:2]
    features = features.reshape(rows, columns, len(anchors), -1)
    objectness = _sigmoid(features[..., 4])
    row, column, anchor = np.nonzero(objectness >= score_threshold)
    chosen = features[row, column, anchor]
    scores, classes = _classify(chosen[:, 5:], objectness[row, column, anchor], class_activation)
    cells = np.stack([column, row], axis=-1)
    grid = np.array([columns, rows], dtype=features.dtype)
    centres = (_sigmoid(chosen[:, 0:2]) + cells) / grid
    sizes = anchors[anchor] * np.exp(np.minimum(chosen[:, 2:4], _MAX_LOG_SIZE)) / grid
    boxes = centres_to_corners(np.concatenate([centres, sizes], axis=-1).astype(np.float32))
    return Detections(boxes, scores, classes)[scores >= score_threshold]


def _classify(logits: np.ndarray, objectness: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Return score and number of the best class, (n,) each, for class logits (n, classes)."""
    if not logits.shape[1]:
        return objectness, np.zeros(len(objectness), dtype=np.int64)
    best = logits.argmax(axis=-1)
    top = np.take_along_axis(logits, best[:, None], axis=-1)
    if activation == "sigmoid":
        return objectness * _sigmoid(top[:, 0]), best
    return objectness / np.exp(logits - top).sum(axis=-1), best


def _sigmoid(x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(x)


def _checked(features: np.ndarray, anchors: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float32, or say what does not fit."""
    features, anchors = np.asarray(features, dtype=np.float32), np.asarray(anchors, dtype=np.float32)
    if activation not in CLASS_ACTIVATIONS:
        raise ValueError(
            f"class_activation must be one of {', '.join(CLASS_ACTIVATIONS)}, got {activation!r}"
        )
    if anchors.ndim != 2 or anchors.shape[1] != 2 or not (anchors > 0).all() or not len(anchors):
        raise ValueError(f"anchors must be positive sizes of shape (boxes, 2), got shape {anchors.shape}")
    if features.ndim != 3 or features.shape[2] % len(anchors) or features.shape[2] < 5 * len(anchors):
        raise ValueError(
            f"features must have shape (rows, columns, {len(anchors)} · (5 + classes)), got {features.shape}"
        )
    return features, anchors
