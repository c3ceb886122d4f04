"""Suppression of boxes around a few objects, of 80 classes, beside TensorFlow's ways.

All of them keep the same boxes.
"""

from functools import partial

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Form, Work
from utils.detection.nms import kept_rows

CLASSES, IOU = 80, 0.45
COPIES = 8  # boxes around one object
BY_CLASS, SPLIT = "tf.image, class by class", "tf.image, classes split by NumPy"
COMBINED = "tf.image, combined"


def crowd(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes (count, 4), scores and classes as a detector gives them: several boxes around every object."""
    objects = -(-count // COPIES)
    places = rng.uniform(0, 1, (objects, 2))
    sizes = rng.uniform(0.02, 0.2, (objects, 2))
    boxes = np.repeat(np.concatenate([places, places + sizes], axis=1), COPIES, axis=0)[:count]
    boxes += rng.normal(0, 0.004, boxes.shape)
    classes = np.repeat(rng.integers(0, CLASSES, objects), COPIES)[:count]
    scores = rng.permutation(np.linspace(0.05, 1, count))  # no two are equal
    return boxes.astype(np.float32), scores.astype(np.float32), classes


def by_class(boxes: tf.Tensor, scores: tf.Tensor, classes: tf.Tensor) -> np.ndarray:
    """Call TensorFlow's suppression once a class, all of it in eager TensorFlow."""
    kept = []
    for label in range(CLASSES):
        mine = tf.where(classes == label)[:, 0]
        chosen = tf.image.non_max_suppression(
            tf.gather(boxes, mine), tf.gather(scores, mine), tf.size(mine), IOU
        )
        kept.append(tf.gather(mine, chosen))
    return tf.concat(kept, axis=0).numpy()


def split_by_numpy(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Call it once a class that is there, and leave all else to NumPy: each of TensorFlow's small calls is dear."""
    kept = []
    for label in np.unique(classes):
        mine = np.flatnonzero(classes == label)
        kept.append(mine[tf.image.non_max_suppression(boxes[mine], scores[mine], len(mine), IOU).numpy()])
    return np.concatenate(kept)


def suppression(count: int) -> Work:
    """Prepare the suppression of so many boxes."""
    boxes, scores, classes = crowd(count, np.random.default_rng(1))
    tensors = tf.constant(boxes), tf.constant(scores), tf.constant(classes)
    by_label = np.zeros((count, CLASSES), np.float32)
    by_label[np.arange(count), classes] = scores
    by_label = tf.constant(by_label)
    ours = kept_rows(boxes, scores, classes, IOU)
    for kept in (by_class(*tensors), split_by_numpy(boxes, scores, classes)):
        np.testing.assert_array_equal(np.sort(ours), np.sort(kept))

    def combined() -> object:
        most = len(ours)
        return tf.image.combined_non_max_suppression(
            tensors[0][None, :, None], by_label[None], most, most, IOU, 0.01
        )

    assert int(combined().valid_detections[0]) == len(ours)
    return Work(
        Form(lambda: kept_rows(boxes, scores, classes, IOU)),
        {
            BY_CLASS: Form(lambda: by_class(*tensors)),
            SPLIT: Form(lambda: split_by_numpy(boxes, scores, classes)),
            COMBINED: Form(combined),
        },
    )


def boxes(count: int, at_most: float | None = None) -> Case:
    """Return the case of so many boxes, with its goal."""
    return Case(
        f"{count:,} boxes",
        f"{count:,} boxes of {CLASSES} classes, {COPIES} around an object",
        partial(suppression, count),
        {} if at_most is None else {BY_CLASS: at_most},
        series="boxes",
        size=count,
    )


CASES = [boxes(300), boxes(1_000, at_most=0.8), boxes(3_000), boxes(10_000, at_most=0.2)]
