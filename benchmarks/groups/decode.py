"""Decoding of a detector's output beside the textbook's form, in which every number is decoded."""

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Form, Work
from utils.detection.heads import decode_head

GRID, BOXES, CLASSES = 19, 5, 80
SCORE = 0.3
ANCHORS = np.array([[0.6, 0.7], [1.9, 2.1], [3.3, 5.5], [7.9, 3.5], [9.8, 9.2]], np.float32)
COMPILED, EAGER = "the textbook's, tf.function", "the textbook's, eager"
ONE_READ = "one read of the output"


def raw_output(rng: np.random.Generator) -> np.ndarray:
    """Return an output like a trained network's, (19, 19, 425): objectness is low but for one box in a hundred."""
    features = rng.normal(0, 1, (GRID, GRID, BOXES, 5 + CLASSES)).astype(np.float32)
    features[..., 4] -= 6
    found = rng.random((GRID, GRID, BOXES)) < 0.01
    features[found, 4] += 9
    features[found, 5] += 6
    return features.reshape(GRID, GRID, -1)


def textbook(features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Decode every box, then drop those with a low score."""
    features = tf.reshape(features, (GRID, GRID, BOXES, 5 + CLASSES))
    column, row = tf.meshgrid(tf.range(GRID), tf.range(GRID))
    cells = tf.cast(tf.stack([column, row], axis=-1), tf.float32)[:, :, None]
    centres = (tf.sigmoid(features[..., :2]) + cells) / GRID
    sizes = tf.exp(features[..., 2:4]) * ANCHORS / GRID
    boxes = tf.concat([centres - sizes / 2, centres + sizes / 2], axis=-1)
    scores = tf.sigmoid(features[..., 4:5]) * tf.nn.softmax(features[..., 5:])
    best = tf.reduce_max(scores, axis=-1)
    keep = best >= SCORE
    return (
        tf.boolean_mask(boxes, keep),
        tf.boolean_mask(best, keep),
        tf.boolean_mask(tf.argmax(scores, axis=-1), keep),
    )


def decoding() -> Work:
    """Prepare the decoding of one picture's output."""
    features = raw_output(np.random.default_rng(0))
    tensor, numbers = tf.constant(features), features.ravel()
    compiled = tf.function(textbook)
    ours = decode_head(features, ANCHORS, SCORE)
    for form in (compiled, textbook):
        boxes, scores, classes = form(tensor)
        np.testing.assert_allclose(ours.boxes, boxes, atol=1e-5)
        np.testing.assert_allclose(ours.scores, scores, atol=1e-5)
        np.testing.assert_array_equal(ours.classes, classes)
    return Work(
        Form(lambda: decode_head(features, ANCHORS, SCORE)),
        {COMPILED: Form(lambda: compiled(tensor)), EAGER: Form(lambda: textbook(tensor))},
        {ONE_READ: Form(lambda: numbers @ numbers)},
    )


CASES = [
    Case(
        "decoding",
        f"an output of {GRID}×{GRID} cells, {BOXES} boxes, {CLASSES} classes",
        decoding,
        {COMPILED: 0.2},
    )
]
