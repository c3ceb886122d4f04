"""The loss of YOLOv2, in `keras.ops`, so that any backend can differentiate it.

Redmon and Farhadi 2017 (arXiv:1612.08242), section 2, with the weights and the treatment of empty boxes of the authors'
Darknet (`region_layer.c`): coordinates 1, objectness 5 with the overlap itself as target, no object 1 unless the
prediction overlaps some object well, class 1. Squared errors of centres and of log sizes weigh small boxes up.
"""

import keras
import numpy as np
from keras import ops

IGNORED_ABOVE = 0.6
OBJECT_WEIGHT = 5.0
MOST_OBJECTS = 64  # of one picture that are looked at when empty boxes are excused
_LOG_SIZE = 4.0  # beyond e⁴ anchors a size is no box: the exponential would only overflow


class YoloLoss(keras.losses.Loss):
    """Sum over cells and anchors of YOLOv2's four errors, mean over the batch.

    Parameters
    ----------
    anchors : array_like, (k, 2)
        Widths and heights in grid cells.
    ignored_above : float
        In [0, 1]; an anchor without an object is not blamed for its confidence when its box has a higher IoU than this
        with some object of the picture.

    Notes
    -----
    ``y_true`` is (batch, rows, columns, k, 6) as `utils.detection.targets.encode_batch` makes it; ``y_pred`` is the
    network's raw output (batch, rows, columns, k · (5 + classes)): t_x, t_y, t_w, t_h, objectness, class logits.
    """

    def __init__(self, anchors, ignored_above: float = IGNORED_ABOVE, name: str = "yolo_loss"):
        super().__init__(name=name, reduction="sum_over_batch_size")
        self.anchors = np.asarray(anchors, np.float32)
        if self.anchors.ndim != 2 or self.anchors.shape[1] != 2 or not (self.anchors > 0).all():
            raise ValueError(f"anchors must be positive sizes of shape (k, 2), got {self.anchors.tolist()}")
        self.ignored_above = ignored_above

    def call(self, y_true, y_pred):
        """Return the loss of each picture, (batch,)."""
        return ops.sum(ops.stack(self.parts(y_true, y_pred), axis=-1), axis=-1)

    def parts(self, y_true, y_pred):
        """Return the errors of coordinates, objects, empty boxes and classes, weighted, (batch,) each."""
        rows, columns = y_true.shape[1:3]
        y_pred = ops.reshape(
            y_pred, (-1, rows, columns, len(self.anchors), y_pred.shape[-1] // len(self.anchors))
        )
        y_true = ops.cast(y_true, y_pred.dtype)
        wanted, there = y_true[..., :4], y_true[..., 4]
        offset = ops.sigmoid(y_pred[..., :2])
        log_size = ops.clip(y_pred[..., 2:4], -_LOG_SIZE, _LOG_SIZE)
        box = ops.concatenate([offset + _corners(rows, columns), ops.exp(log_size) * self.anchors], axis=-1)
        confidence = ops.sigmoid(y_pred[..., 4])
        # The overlap is a target: no gradient may flow through it, or boxes would be pulled to be found wrong.
        overlap = ops.stop_gradient(_iou(box, wanted))
        ignored = ops.stop_gradient(_best_overlap(box, wanted, there)) > self.ignored_above
        empty = (1 - there) * (1 - ops.cast(ignored, there.dtype))
        small = 2 - wanted[..., 2] * wanted[..., 3] / (rows * columns)
        wanted_offset = wanted[..., :2] - ops.floor(wanted[..., :2])
        wanted_log = ops.log(ops.maximum(wanted[..., 2:], 1e-3) / self.anchors)
        place = _squares(offset - wanted_offset) + _squares(log_size - wanted_log)
        return (
            _over_cells(there * small * place),
            OBJECT_WEIGHT * _over_cells(there * ops.square(confidence - overlap)),
            _over_cells(empty * ops.square(confidence)),
            _over_cells(there * _cross_entropy(y_true[..., 5], y_pred[..., 5:])),
        )

    def get_config(self):
        """Return the arguments that make an equal loss."""
        return {"anchors": self.anchors.tolist(), "ignored_above": self.ignored_above, "name": self.name}


def _corners(rows: int, columns: int) -> np.ndarray:
    """Return column and row of each cell, (rows, columns, 1, 2)."""
    row, column = np.mgrid[:rows, :columns]
    return np.stack([column, row], axis=-1)[:, :, None].astype(np.float32)


def _best_overlap(box, wanted, there):
    """Return the best IoU of each predicted box with any object of its picture, (batch, rows, columns, k)."""
    places = int(np.prod(there.shape[1:]))
    # The objects are few among the places: sorted to the front, they need no matrix of places against places.
    _, where = ops.top_k(ops.reshape(there, (-1, places)), min(places, MOST_OBJECTS))
    objects = ops.reshape(wanted * there[..., None], (-1, places, 4))
    objects = ops.expand_dims(ops.take_along_axis(objects, where[..., None], axis=1), 1)
    boxes = ops.reshape(box, (-1, places, 1, 4))
    best = ops.max(_iou(boxes, objects), axis=-1)
    return ops.reshape(best, (-1, *there.shape[1:]))


def _iou(first, second):
    """Return the IoU of boxes given by centre and size, (..., 4) each."""
    low = ops.maximum(first[..., :2] - first[..., 2:] / 2, second[..., :2] - second[..., 2:] / 2)
    high = ops.minimum(first[..., :2] + first[..., 2:] / 2, second[..., :2] + second[..., 2:] / 2)
    side = ops.maximum(high - low, 0)
    common = side[..., 0] * side[..., 1]
    union = first[..., 2] * first[..., 3] + second[..., 2] * second[..., 3] - common
    return common / ops.maximum(union, 1e-9)


def _cross_entropy(classes, logits):
    """Return the softmax cross-entropy at each place; 0 where there are no classes or one."""
    if logits.shape[-1] < 2:
        return ops.zeros_like(classes)
    labels = ops.cast(classes, "int32")
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def _squares(difference):
    return ops.sum(ops.square(difference), axis=-1)


def _over_cells(values):
    return ops.sum(values, axis=(1, 2, 3))
