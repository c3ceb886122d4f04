"""The picture of the face door: one size, colours that say open or shut, bars and curves where the numbers are."""

import numpy as np
import pytest

from utils.plots.face_door import OPEN, SHUT, SIZE, paint_door

GREY = np.full((300, 200, 3), 128, np.uint8)
BOX = np.array([[50.0, 60.0, 150.0, 200.0]])
CURVE = (np.array([-np.inf, 0.2, 0.4, 0.8]), np.array([0, 0, 0.1, 1]), np.array([1, 0.5, 0.1, 0]))


def colour(text: str) -> np.ndarray:
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)])


def paint(
    picture=GREY, boxes=BOX, opens=True, names=("Ada", "Bo"), distances=(0.2, 0.6), **how
) -> np.ndarray:
    return paint_door(picture, boxes, opens, "The door", names, distances, how.pop("threshold", 0.4), **how)


@pytest.mark.parametrize("shape", [(300, 200, 3), (10, 10, 3), (50, 900, 3), (900, 50, 3), (1, 1, 3)])
def test_it_has_one_size_for_every_picture(shape):
    painted = paint(np.zeros(shape, np.uint8))
    assert painted.shape == (SIZE[1], SIZE[0], 3)
    assert painted.dtype == np.uint8


@pytest.mark.parametrize(("opens", "wanted"), [(True, OPEN), (False, SHUT)])
def test_sign_and_box_tell_whether_it_opens(opens, wanted):
    painted = paint(opens=opens)
    scale = SIZE[1] / 300
    assert (painted[5, -5] == colour(wanted)).all()
    assert (painted[round(130 * scale), round(50 * scale)] == colour(wanted)).all()


def test_only_bars_within_the_threshold_are_coloured():
    painted = paint(opens=False, distances=(0.39, 0.41))[66:140, 760:800]
    assert (painted[10, 5] == colour(OPEN)).all()
    assert (painted[48, 5] != colour(OPEN)).any()


def test_longer_bars_and_further_thresholds_lie_further_to_the_right():
    ends = [
        np.flatnonzero((paint(distances=(d,), names=("Ada",))[80] != 255).any(axis=1)).max()
        for d in (0.1, 0.3)
    ]
    assert ends[0] <= ends[1]
    lines = [
        np.flatnonzero((paint(names=(), distances=(), threshold=t)[250] == 0).all(axis=1)) for t in (0.3, 0.6)
    ]
    assert lines[0].max() < lines[1].min()


def test_curves_are_drawn_when_there_are_some():
    assert (paint() != paint(curve=CURVE)).any()


def test_curves_of_one_threshold_and_of_none_within_the_picture():
    for thresholds in ([0.3], [7.0]):
        curve = (np.array(thresholds), np.array([0.5]), np.array([0.5]))
        assert paint(curve=curve).shape == (500, 1240, 3)


def test_nobody_many_people_and_long_names_have_a_picture():
    assert paint(boxes=np.zeros((0, 4)), names=(), distances=()).shape == (500, 1240, 3)
    names = ["A name that is much longer than its place"] * 9
    assert paint(names=names, distances=np.linspace(0, 3, 9)).shape == (500, 1240, 3)


def test_the_picture_is_left_as_it_was():
    picture = GREY.copy()
    paint(picture)
    assert (picture == GREY).all()
