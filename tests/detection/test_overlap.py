"""Overlap of boxes against counted pixels, TensorFlow's kernel and known mistakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.detection.overlap import generalised_iou_matrix, iou, iou_matrix


def whole_boxes():
    """Boxes with whole corners, possibly without area."""
    return st.tuples(*[st.integers(0, 12)] * 4).map(
        lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
    )


def painted(box) -> np.ndarray:
    """The pixels of a box on a canvas of 12 × 12."""
    canvas = np.zeros((12, 12), bool)
    x1, y1, x2, y2 = box
    canvas[y1:y2, x1:x2] = True
    return canvas


@given(st.lists(whole_boxes(), min_size=1, max_size=5), st.lists(whole_boxes(), min_size=1, max_size=5))
def test_overlap_equals_counting_pixels(boxes1, boxes2):
    found = iou_matrix(boxes1, boxes2)
    for i, a in enumerate(boxes1):
        for j, b in enumerate(boxes2):
            both, either = (painted(a) & painted(b)).sum(), (painted(a) | painted(b)).sum()
            assert found[i, j] == pytest.approx(both / either if either else 0)


@given(whole_boxes(), whole_boxes())
def test_the_generalisation_falls_below_by_the_empty_part_of_the_hull(a, b):
    hull = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    area = painted(hull).sum()
    wasted = (area - (painted(a) | painted(b)).sum()) / area if area else 0
    assert generalised_iou_matrix([a], [b])[0, 0] == pytest.approx(iou(a, b) - wasted)


def test_overlap_is_symmetric_and_does_not_depend_on_unit_or_place():
    rng = np.random.default_rng(0)
    low = rng.random((2, 20, 2))
    boxes = np.concatenate([low, low + rng.random((2, 20, 2))], axis=-1)
    found = iou_matrix(*boxes)
    np.testing.assert_allclose(found, iou_matrix(boxes[1], boxes[0]).T)
    np.testing.assert_allclose(found, iou_matrix(*(boxes * 7 + 3)), atol=1e-12)
    np.testing.assert_allclose(np.diag(iou_matrix(boxes[0], boxes[0])), 1)


def test_no_boxes_give_an_empty_matrix():
    assert iou_matrix([], [(0, 0, 1, 1)]).shape == (0, 1)
    assert iou_matrix([(0, 0, 1, 1)], []).shape == (1, 0)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((2, 0, 1, 1), "x1 ≤ x2"),
        ((0, 0, np.nan, 1), "finite"),
        ((0, 0, 1), "box1 must have shape"),
    ],
)
def test_a_box_that_is_none_is_refused(box, message):
    with pytest.raises(ValueError, match=message):
        iou(box, (0, 0, 1, 1))
