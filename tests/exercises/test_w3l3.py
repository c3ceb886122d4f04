"""The oracles of week 3's lesson 3 agree with TensorFlow's kernels over random crowds."""

import numpy as np
import pytest

from utils.answers.week3.w3l3 import iou_matrix_oracle, non_max_suppression_oracle, soft_nms_oracle
from utils.detection.overlap import iou_matrix

tf = pytest.importorskip("tensorflow")


def crowd(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    low = rng.uniform(0, 10, (n, 2))
    boxes = np.concatenate([low, low + rng.uniform(2, 8, (n, 2))], axis=1).astype(np.float32)
    return boxes, (rng.permutation(n) + 1).astype(np.float32) / (n + 1)


@pytest.mark.parametrize("seed", range(30))
def test_greedy_suppression_agrees_with_tensorflow(seed):
    rng = np.random.default_rng(seed)
    boxes, scores = crowd(rng, 25)
    threshold = float(rng.uniform(0.1, 0.9))
    expected = tf.image.non_max_suppression(boxes, scores, 25, threshold).numpy()
    found = non_max_suppression_oracle(boxes, scores, np.zeros(25, int), threshold)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(30))
def test_soft_suppression_agrees_with_tensorflow(seed):
    rng = np.random.default_rng(seed)
    boxes, scores = crowd(rng, 15)
    sigma = float(rng.uniform(0.1, 1))
    # TensorFlow's penalty is exp(−IoU² / 2σ).
    rows, lowered = tf.image.non_max_suppression_with_scores(
        boxes, scores, 15, iou_threshold=1.0, score_threshold=0.1, soft_nms_sigma=sigma / 2
    )
    found, values = soft_nms_oracle(boxes, scores, sigma, 0.1)
    np.testing.assert_array_equal(found, rows)
    np.testing.assert_allclose(values, lowered, rtol=1e-4)


def test_overlaps_by_pieces_of_the_plane_agree_with_the_library():
    rng = np.random.default_rng(0)
    first, second = crowd(rng, 12)[0], crowd(rng, 9)[0]
    np.testing.assert_allclose(iou_matrix_oracle(first, second), iou_matrix(first, second), atol=1e-6)
