"""The picture of week 3's demo: one size, boxes where they belong, labels that do not cover each other."""

import numpy as np
import pytest

from utils.plots import paint_detections
from utils.plots.detection_demo import SIZE

GREY = np.full((285, 380, 3), 128, np.uint8)  # half as large as the canvas


def colour(text: str) -> list[int]:
    return [int(text[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize("shape", [(40, 60, 3), (600, 20, 3), (20, 600, 3), (1, 1, 3), (570, 760, 3)])
def test_one_size_for_every_photograph(shape):
    drawn = paint_detections(np.zeros(shape, np.uint8), [], [], [])
    assert (drawn.shape, drawn.dtype) == ((SIZE[1], SIZE[0], 3), np.uint8)
    height, width = shape[:2]
    scale = min(SIZE[1] / height, SIZE[0] / width)
    black = (drawn == 0).all(axis=-1)
    assert black.sum() == max(1, round(height * scale)) * max(1, round(width * scale))


def test_a_box_is_drawn_at_the_pictures_scale_in_its_kinds_colour():
    drawn = paint_detections(GREY, np.array([[100, 50, 200, 150]]), ["a"], [1])
    for y, x in ((100, 300), (300, 300), (200, 200), (200, 400)):  # the middle of each side, twice as far
        assert drawn[y, x].tolist() == colour("#D55E00")
    assert drawn[200, 300].tolist() == [128, 128, 128]


def test_removed_boxes_are_black_and_white_and_below_the_kept_ones():
    box = np.array([[100, 50, 200, 150]])
    removed = paint_detections(GREY, [], [], [], removed=box)
    side = removed[101, 200:400].tolist()
    assert side.count([255, 255, 255]) > 80
    assert side.count([0, 0, 0]) > 50
    both = paint_detections(GREY, box, [""], [0], removed=box)
    assert both[100, 300].tolist() == colour("#0072B2")


def test_grid_cells_and_anchors_change_the_picture_where_they_lie():
    cell = paint_detections(GREY, [], [], [], cells=np.array([[100, 100, 120, 120]]))
    assert cell[220, 220, 0] > 150
    assert cell[300, 300].tolist() == [128, 128, 128]
    lines = paint_detections(GREY, [], [], [], grids=[(np.array([190.0]), np.array([142.5]))])
    assert (lines[:, 380] != 128).all()
    assert (lines[285] != 128).all()
    assert lines[10, 10].tolist() == [128, 128, 128]
    anchor = paint_detections(GREY, [], [], [], anchors=np.array([[100, 50, 200, 150]]))
    assert (anchor[101, 200:400] != 128).all()


def test_labels_do_not_cover_each_other():
    """Twenty equal boxes have room for few labels; those of the best ones are shown."""
    boxes = np.tile([[100, 50, 130, 80]], (20, 1))
    many = paint_detections(GREY, boxes, ["one"] * 20, [0] * 20)
    four = paint_detections(GREY, boxes[:4], ["one"] * 4, [0] * 4)
    np.testing.assert_array_equal(many, four)


def test_a_label_stays_inside_the_picture():
    edge = np.array([[370, 0, 380, 10]])
    drawn = paint_detections(GREY, edge, ["a rather long label"], [0])
    blue = (drawn == colour("#0072B2")).all(axis=-1)
    assert blue[:60, 560:].sum() > 2000
    tall = paint_detections(GREY[:, :100], np.array([[90, 0, 100, 10]]), ["a rather long label"], [0])
    assert (tall[:, 205:] == 255).all()


def test_the_photograph_is_not_changed():
    picture = np.random.default_rng(0).integers(0, 256, (570, 760, 3), dtype=np.uint8)
    before = picture.copy()
    np.testing.assert_array_equal(paint_detections(picture, [], [], []), before)
    paint_detections(picture, np.array([[0, 0, 9, 9]]), ["x"], [0])
    np.testing.assert_array_equal(picture, before)
