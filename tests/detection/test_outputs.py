"""A head decoded whole agrees with the decoder that keeps only detections, which is proven against OpenCV."""

import numpy as np
import pytest

from utils.data.boxes import centres_to_corners
from utils.detection.heads import decode_head
from utils.detection.outputs import decode_outputs, likely_boxes

ANCHORS = np.array([(0.7, 1.2), (2.5, 0.4)])


@pytest.mark.parametrize(("rows", "columns", "classes"), [(4, 7, 3), (5, 2, 6), (1, 1, 1)])
def test_likely_boxes_are_what_the_detector_keeps(rows, columns, classes):
    rng = np.random.default_rng(rows)
    features = rng.normal(0, 1.5, (rows, columns, 2 * (5 + classes))).astype(np.float32)
    xy, wh, confidence, probabilities = decode_outputs(features, ANCHORS, classes)
    boxes = centres_to_corners(np.concatenate([xy, wh], axis=-1))
    scores, boxes, labels = likely_boxes(boxes, confidence, probabilities, 0.3)
    expected = decode_head(features, ANCHORS, 0.3)
    np.testing.assert_allclose(boxes, expected.boxes, atol=1e-5)
    np.testing.assert_allclose(scores, expected.scores, atol=1e-5)
    np.testing.assert_array_equal(labels, expected.classes)


def test_a_batch_is_decoded_picture_by_picture():
    features = np.random.default_rng(0).normal(size=(3, 4, 5, 16))
    together = decode_outputs(features, ANCHORS, 3)
    for picture, one in enumerate(features):
        for whole, part in zip(together, decode_outputs(one, ANCHORS, 3), strict=True):
            assert whole.dtype == part.dtype == np.float64
            np.testing.assert_array_equal(whole[picture], part)


def test_huge_numbers_stay_finite():
    features = np.zeros((1, 1, 1, 14))
    features[..., 5:7] = 900, -900
    assert decode_outputs(features, ANCHORS, 2).probabilities[0, 0, 0, 0].tolist() == [1, 0]


def test_a_score_equal_to_the_threshold_is_kept_and_nothing_may_be():
    boxes, probabilities = np.zeros((2, 4)), np.array([[0.5, 0.5], [0.25, 0.75]])
    scores, kept, labels = likely_boxes(boxes, np.ones((2, 1)), probabilities, 0.5)
    assert scores.tolist() == [0.5, 0.75]
    assert labels.tolist() == [0, 1]
    assert kept.shape == (2, 4)
    none = likely_boxes(boxes, np.zeros((2, 1)), probabilities, 0.5)
    assert [part.shape for part in none] == [(0,), (0, 4), (0,)]


@pytest.mark.parametrize(
    ("features", "anchors", "classes", "message"),
    [
        (np.zeros((2, 2, 15)), ANCHORS, 3, "features must have shape"),
        (np.zeros((2, 16)), ANCHORS, 3, "features must have shape"),
        (np.zeros((2, 2, 16)), [1, 2], 3, "anchors must have shape"),
        (np.zeros((2, 2, 10)), ANCHORS, 0, "classes must be at least 1"),
    ],
)
def test_bad_heads_are_refused(features, anchors, classes, message):
    with pytest.raises(ValueError, match=message):
        decode_outputs(features, anchors, classes)


def test_boxes_that_do_not_fit_their_scores_are_refused():
    with pytest.raises(ValueError, match="must have shapes"):
        likely_boxes(np.zeros((3, 4)), np.zeros((2, 1)), np.zeros((3, 5)), 0.5)
