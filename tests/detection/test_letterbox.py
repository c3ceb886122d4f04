"""Fitting a picture into a square: what was painted is found where the placement says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.detection.letterbox import boxes_in_picture, letterbox

SIZE = 64


@given(st.integers(1, 200), st.integers(1, 200), st.booleans())
@settings(deadline=None)
def test_the_picture_fills_its_part_of_the_square(height, width, centred):
    square, placement = letterbox(np.zeros((height, width, 3), np.uint8), SIZE, fill=1.0, centred=centred)
    assert square.shape == (SIZE, SIZE, 3)
    assert square.dtype == np.float32
    rows, columns = np.flatnonzero(square[:, :, 0].min(1) == 0), np.flatnonzero(square[:, :, 0].min(0) == 0)
    assert (rows[0], columns[0]) == (placement.top, placement.left)
    assert max(len(rows), len(columns)) == SIZE
    whole = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]]) / SIZE
    np.testing.assert_allclose(boxes_in_picture(whole, placement), [[0, 0, width, height]], atol=1e-3)
    if centred:
        assert abs(SIZE - 1 - rows[-1] - rows[0]) <= 1
        assert abs(SIZE - 1 - columns[-1] - columns[0]) <= 1


def test_a_painted_box_comes_back():
    image = np.zeros((96, 160, 3), np.float32)
    image[20:60, 40:120] = 1
    square, placement = letterbox(image, 160)
    rows, columns = np.nonzero(square[..., 0] > 0.75)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]) / 160
    np.testing.assert_allclose(boxes_in_picture(box, placement), [[40, 20, 120, 60]], atol=1)


def test_boxes_are_cut_at_the_pictures_rim():
    _, placement = letterbox(np.zeros((32, 64, 3), np.uint8), SIZE)
    assert boxes_in_picture([[0, 0, 1, 1]], placement).tolist() == [[0, 0, 64, 32]]
    assert len(boxes_in_picture(np.zeros((0, 4)), placement)) == 0


@pytest.mark.parametrize(
    ("image", "size", "fill", "message"),
    [
        (np.zeros((4, 4)), 8, 0.5, "image must have shape"),
        (np.zeros((0, 4, 3)), 8, 0.5, "image must have shape"),
        (np.full((4, 4, 3), 200.0), 8, 0.5, r"in \[0, 1\]"),
        (np.zeros((4, 4, 3)), 0, 0.5, "size must be at least 1"),
        (np.zeros((4, 4, 3)), 8, 128, "fill must be in"),
    ],
)
def test_bad_arguments_are_named(image, size, fill, message):
    with pytest.raises(ValueError, match=message):
        letterbox(image, size, fill)
