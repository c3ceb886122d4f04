"""Conversions of boxes against Keras' own, there and back, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.data.boxes import (
    box_areas,
    centres_to_corners,
    check_boxes,
    clip_boxes,
    corners_to_centres,
    square_boxes,
    swap_xy,
    to_pixels,
    to_relative,
)

HEIGHT, WIDTH = 120, 200
POINTS = st.tuples(st.integers(1, 6), st.just(2), st.just(2)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-300, 300, width=32))
)


@st.composite
def corner_boxes(draw):
    """(n, 4) float64 with x1 ≤ x2 and y1 ≤ y2."""
    return np.sort(draw(POINTS), axis=1).reshape(-1, 4)


@pytest.mark.parametrize(
    ("ours", "form"),
    [
        (corners_to_centres, "center_xywh"),
        (swap_xy, "yxyx"),
        (lambda boxes: to_relative(boxes, HEIGHT, WIDTH), "rel_xyxy"),
    ],
)
def test_conversions_agree_with_keras(ours, form):
    convert_format = pytest.importorskip("keras.utils.bounding_boxes").convert_format
    boxes = (
        np.sort(np.random.default_rng(0).uniform(0, 100, (5, 2, 2)), axis=1).reshape(-1, 4).astype("float32")
    )
    expected = convert_format(boxes[None], source="xyxy", target=form, height=HEIGHT, width=WIDTH)
    np.testing.assert_allclose(ours(boxes), np.asarray(expected)[0], atol=1e-4)


@given(corner_boxes())
def test_there_and_back(boxes):
    np.testing.assert_allclose(centres_to_corners(corners_to_centres(boxes)), boxes, atol=1e-9)
    np.testing.assert_allclose(to_pixels(to_relative(boxes, HEIGHT, WIDTH), HEIGHT, WIDTH), boxes, atol=1e-9)
    np.testing.assert_array_equal(boxes[:, [1, 0, 3, 2]], swap_xy(boxes))


@given(corner_boxes())
def test_clipped_boxes_lie_inside_and_inner_ones_stay(boxes):
    clipped = clip_boxes(boxes, HEIGHT, WIDTH)
    assert (clipped >= 0).all()
    assert (clipped <= [WIDTH, HEIGHT] * 2).all()
    assert (box_areas(clipped) <= box_areas(boxes) + 1e-9).all()
    np.testing.assert_array_equal(clip_boxes(clipped, HEIGHT, WIDTH), clipped)


@given(corner_boxes(), st.floats(0, 2))
def test_squares_hold_their_boxes(boxes, margin):
    squares = square_boxes(boxes, margin)
    sides = squares[:, 2:] - squares[:, :2]
    np.testing.assert_allclose(sides[:, 0], sides[:, 1], atol=1e-9)
    np.testing.assert_allclose(sides[:, 0], (boxes[:, 2:] - boxes[:, :2]).max(1) * (1 + margin), atol=1e-9)
    assert (squares[:, :2] <= boxes[:, :2] + 1e-9).all()
    assert (squares[:, 2:] >= boxes[:, 2:] - 1e-9).all()


def test_known_values():
    assert box_areas([[1, 2, 4, 6]]).tolist() == [12]
    assert box_areas([3, 3, 3, 3]) == 0
    assert corners_to_centres([0, 0, 4, 2]).tolist() == [2, 1, 4, 2]
    assert square_boxes([0, 0, 4, 2]).tolist() == [0, -1, 4, 3]
    assert clip_boxes([[-0.5, 0.2, 0.5, 3]]).tolist() == [[0, pytest.approx(0.2), 0.5, 1]]


@pytest.mark.parametrize(
    "function", [corners_to_centres, centres_to_corners, swap_xy, box_areas, square_boxes]
)
def test_no_boxes_are_boxes_too(function):
    assert len(function([])) == 0


def test_precision_is_kept():
    assert check_boxes(np.zeros((1, 4))).dtype == np.float64
    assert check_boxes(np.zeros((1, 4), np.float32)).dtype == np.float32
    assert check_boxes([[0, 0, 1, 1]]).dtype == np.float32


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[2, 0, 1, 1]], "x1 ≤ x2"),
        ([[0, 0, 1, np.nan]], "finite"),
        ([[0, 0, 1]], r"shape \(\.\.\., 4\), got \(1, 3\)"),
        (3.0, "shape"),
    ],
)
def test_bad_boxes_are_refused(boxes, message):
    with pytest.raises(ValueError, match=message):
        swap_xy(boxes)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="sizes of at least 0"):
        centres_to_corners([[1, 1, -1, 2]])
    with pytest.raises(ValueError, match="width must be greater than 0"):
        to_pixels([[0, 0, 1, 1]], 3, 0)
    with pytest.raises(ValueError, match="margin"):
        square_boxes([[0, 0, 1, 1]], -1)
    with pytest.raises(TypeError, match="numbers"):
        swap_xy([["a", "b", "c", "d"]])
