"""Suppression against TensorFlow's kernels and OpenCV's, over random sets of boxes."""

import numpy as np
import pytest

from utils.detection.detections import Detections
from utils.detection.nms import BLOCK, kept_rows, soft_suppress, suppress
from utils.detection.overlap import iou_matrix

cv2 = pytest.importorskip("cv2")


def random_boxes(rng, n: int, side: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Corners (n, 4) with sides up to `side`, and scores that all differ."""
    low = rng.random((n, 2), dtype=np.float32)
    sizes = rng.random((n, 2), dtype=np.float32) * np.float32(side)
    return np.concatenate([low, low + sizes], axis=1), rng.permutation(n).astype(np.float32) / max(n, 1)


@pytest.mark.slow
def test_ten_thousand_random_sets_agree_with_tensorflow():
    import tensorflow as tf

    rng = np.random.default_rng(1)
    for _ in range(10_000):
        boxes, scores = random_boxes(rng, rng.integers(0, 30))
        threshold = float(rng.uniform(0.05, 0.95))
        expected = tf.image.non_max_suppression(boxes, scores, max(len(boxes), 1), threshold)
        np.testing.assert_array_equal(kept_rows(boxes, scores, None, threshold), expected)


@pytest.mark.slow
def test_ten_thousand_random_sets_agree_with_opencv():
    rng = np.random.default_rng(2)
    for _ in range(10_000):
        # Whole numbers: OpenCV computes areas in single precision from sizes, which whole numbers survive.
        low = rng.integers(0, 50, (rng.integers(1, 30), 2))
        sizes = rng.integers(1, 30, low.shape)
        scores = rng.permutation(len(low)).astype(np.float32) + 1
        threshold = float(rng.uniform(0.05, 0.95))
        expected = cv2.dnn.NMSBoxes(np.concatenate([low, sizes], axis=1).tolist(), scores, 0.0, threshold)
        found = kept_rows(np.concatenate([low, low + sizes], axis=1), scores, None, threshold)
        np.testing.assert_array_equal(found, np.ravel(expected))


@pytest.mark.parametrize("n", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_several_blocks_agree_with_tensorflow(n):
    import tensorflow as tf

    boxes, scores = random_boxes(np.random.default_rng(n), n, side=0.3)
    expected = tf.image.non_max_suppression(boxes, scores, n, 0.4)
    np.testing.assert_array_equal(kept_rows(boxes, scores, None, 0.4), expected)


def test_classes_do_not_suppress_each_other():
    rng = np.random.default_rng(3)
    boxes, scores = random_boxes(rng, 200)
    classes = rng.integers(0, 5, 200)
    found = kept_rows(boxes, scores, classes, 0.3)
    expected = []
    for label in range(5):
        rows = np.flatnonzero(classes == label)
        expected += rows[kept_rows(boxes[rows], scores[rows], None, 0.3)].tolist()
    assert sorted(found) == sorted(expected)
    assert (np.diff(scores[found]) <= 0).all()


def test_an_overlap_of_exactly_the_threshold_does_not_suppress():
    boxes = [(0, 0, 2, 1), (1, 0, 3, 1)]  # intersection 1, union 3
    assert kept_rows(boxes, [2, 1], None, np.float32(1) / np.float32(3)).tolist() == [0, 1]
    assert kept_rows(boxes, [2, 1], None, 0.33).tolist() == [0]


def test_equal_boxes_leave_one_and_equal_scores_keep_their_order():
    boxes = np.tile([[0, 0, 1, 1]], (1000, 1))
    assert kept_rows(boxes, np.ones(1000)).tolist() == [0]
    apart = np.arange(5)[:, None] * 2 + [[0, 0, 1, 1]]
    assert kept_rows(apart, np.ones(5)).tolist() == [0, 1, 2, 3, 4]


def test_max_boxes_takes_the_best_of_all_classes():
    apart = np.arange(6)[:, None] * 2 + [[0, 0, 1, 1]]
    found = kept_rows(apart, [1, 6, 2, 5, 3, 4], [0, 0, 1, 1, 2, 2], 0.5, 3)
    assert found.tolist() == [1, 3, 5]


def test_no_boxes_and_boxes_without_area():
    assert kept_rows([], []).shape == (0,)
    empty = [(1, 1, 1, 1)] * 3
    assert kept_rows(empty, [3, 2, 1]).tolist() == [0, 1, 2]


def test_many_boxes_need_no_matrix_of_all_of_them():
    boxes, scores = random_boxes(np.random.default_rng(4), 100_000, side=0.9)
    best = boxes[kept_rows(boxes, scores, None, 0.3, max_boxes=1000)]
    assert len(best) == 1000
    assert (iou_matrix(best, best) > 0.3).sum() == 1000  # each overlaps itself alone


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scores": [1, np.nan]}, "scores must be finite"),
        ({"boxes": [(1, 0, 0, 1), (0, 0, 1, 1)]}, "x1 ≤ x2"),
        ({"scores": [1]}, "must have shapes"),
        ({"iou_threshold": 1.5}, "iou_threshold must be in"),
        ({"max_boxes": 0}, "max_boxes must be at least 1"),
        ({"classes": [0]}, "must have shapes"),
    ],
)
def test_bad_input_is_named(changed, message):
    arguments = {"boxes": [(0, 0, 1, 1), (0, 0, 2, 2)], "scores": [1, 2], "classes": [0, 1]}
    with pytest.raises(ValueError, match=message):
        kept_rows(**{**arguments, **changed})


def test_classes_must_be_whole_numbers():
    with pytest.raises(TypeError, match="whole numbers"):
        kept_rows([(0, 0, 1, 1)], [1], [0.5])


@pytest.mark.parametrize("seed", range(20))
def test_soft_suppression_agrees_with_tensorflow(seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, 40)
    sigma, floor = float(rng.uniform(0.1, 1)), 0.05
    # TensorFlow's penalty is exp(−IoU² / 2σ).
    rows, lowered = tf.image.non_max_suppression_with_scores(
        boxes, scores, 40, iou_threshold=1.0, score_threshold=floor, soft_nms_sigma=sigma / 2
    )
    found = soft_suppress(Detections(boxes, scores, np.zeros(40, int)), sigma, floor)
    np.testing.assert_allclose(found.scores, lowered, rtol=1e-5)
    np.testing.assert_array_equal(found.boxes, boxes[rows])


def test_soft_suppression_leaves_other_classes_alone():
    boxes = np.tile(np.float32([[0, 0, 1, 1]]), (2, 1))
    scores = np.float32([0.9, 0.8])
    apart = soft_suppress(Detections(boxes, scores, np.array([0, 1])))
    np.testing.assert_array_equal(apart.scores, scores)
    together = soft_suppress(Detections(boxes, scores, np.array([0, 0])), sigma=0.5)
    np.testing.assert_allclose(together.scores, [0.9, 0.8 * np.exp(-2)], rtol=1e-6)


def test_suppressed_detections_come_with_their_rows():
    boxes, scores = random_boxes(np.random.default_rng(5), 50)
    classes = np.arange(50) % 3
    found = suppress(Detections(boxes, scores, classes), 0.4, 10)
    for box, score, label in zip(found.boxes, found.scores, found.classes, strict=True):
        row = np.flatnonzero(scores == score)[0]
        assert classes[row] == label
        np.testing.assert_array_equal(boxes[row], box)
