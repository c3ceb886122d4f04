"""The oracles of week 3's assignment agree with OpenCV's and TensorFlow's kernels, and with counted pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.detection.test_heads import ANCHORS, CLASSES, HEADS, SIDE, opencv_decodes
from utils.answers.week3.w3a1 import (
    iou_oracle,
    yolo_eval_oracle,
    yolo_filter_boxes_oracle,
    yolo_head_oracle,
    yolo_non_max_suppression_oracle,
)
from utils.data.boxes import swap_xy, to_pixels
from utils.detection.heads import decode_head
from utils.detection.nms import suppress

OPENCVS_THRESHOLD = 0.2


def test_decoding_agrees_with_opencvs_region_layer(tmp_path):
    rng = np.random.default_rng(8)
    features = rng.normal(0, 1.5, (SIDE, SIDE, 2 * (5 + CLASSES))).astype(np.float32)
    rows = opencv_decodes(features, HEADS["softmax"], tmp_path)
    xy, wh, confidence, probabilities = (
        part.reshape(len(rows), -1) for part in yolo_head_oracle(features, ANCHORS, CLASSES)
    )
    np.testing.assert_allclose(np.concatenate([xy, wh, confidence], axis=1), rows[:, :5], atol=1e-5)
    # OpenCV gives scores, and 0 for what lies below a threshold of its own or is suppressed.
    given_scores = rows[:, 5:] > 0
    assert given_scores.sum() > 20
    np.testing.assert_allclose(
        (confidence * probabilities)[given_scores], rows[:, 5:][given_scores], atol=1e-5
    )
    assert ((confidence * probabilities).max(axis=1) >= OPENCVS_THRESHOLD).sum() > 20


def whole_boxes():
    side = st.integers(0, 12)
    return st.tuples(side, side, side, side).map(
        lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
    )


@given(whole_boxes(), whole_boxes())
def test_overlap_agrees_with_counted_pixels(box1, box2):
    painted = np.zeros((2, 12, 12), bool)
    for canvas, (x1, y1, x2, y2) in zip(painted, (box1, box2), strict=True):
        canvas[y1:y2, x1:x2] = True
    either = painted.any(axis=0).sum()
    expected = painted.all(axis=0).sum() / either if either else 0
    assert iou_oracle(box1, box2) == pytest.approx(expected)


def crowd(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low = rng.uniform(0, 10, (n, 2))
    boxes = np.concatenate([low, low + rng.uniform(2, 8, (n, 2))], axis=1).astype(np.float32)
    return (rng.permutation(n) + 1).astype(np.float32) / (n + 1), boxes, rng.integers(0, 3, n)


@pytest.mark.parametrize("seed", range(30))
def test_suppression_agrees_with_tensorflow(seed):
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(seed)
    scores, boxes, classes = crowd(rng, 30)
    threshold, most = float(rng.uniform(0.1, 0.9)), int(rng.integers(1, 20))
    rows = []
    for label in range(3):
        own = np.flatnonzero(classes == label)
        rows += own[tf.image.non_max_suppression(boxes[own], scores[own], 30, threshold).numpy()].tolist()
    rows = sorted(rows, key=lambda row: -scores[row])[:most]
    found = yolo_non_max_suppression_oracle(scores, boxes, classes, most, threshold)
    for part, expected in zip(found, (scores[rows], boxes[rows], classes[rows]), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("seed", range(5))
def test_filtering_agrees_with_tensorflow(seed):
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(seed)
    boxes, confidence = rng.random((4, 5, 2, 4)), rng.random((4, 5, 2, 1))
    probabilities = rng.dirichlet(np.ones(3), (4, 5, 2))
    scores = tf.constant(confidence) * probabilities
    mask = tf.reduce_max(scores, axis=-1) >= 0.4
    expected = (tf.reduce_max(scores, axis=-1), tf.constant(boxes), tf.argmax(scores, axis=-1))
    found = yolo_filter_boxes_oracle(boxes, confidence, probabilities, 0.4)
    assert len(found[0]) > 2
    for part, whole in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, tf.boolean_mask(whole, mask), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_whole_way_agrees_with_the_librarys_detector(seed):
    features = np.random.default_rng(seed).normal(0, 1.5, (SIDE, SIDE, 2 * (5 + CLASSES))).astype(np.float32)
    anchors = ANCHORS * 8
    expected = suppress(decode_head(features, anchors, 0.3), 0.45, max_boxes=12)
    scores, boxes, classes = yolo_eval_oracle(
        yolo_head_oracle(features, anchors, CLASSES), (300, 500), 12, 0.3, 0.45
    )
    assert len(scores) > 3
    np.testing.assert_allclose(scores, expected.scores, atol=1e-5)
    np.testing.assert_allclose(swap_xy(boxes), to_pixels(expected.boxes, 300, 500), rtol=1e-4, atol=1e-2)
    np.testing.assert_array_equal(classes, expected.classes)
