"""A print photographed again: where the paper lies, what it loses, what stays as it was."""

import numpy as np
import pytest

from utils.data import portrait
from utils.data.reprint import photograph_of_print

WALL = np.full((120, 160, 3), 90, np.uint8)
CORNERS = np.array([(40, 20), (120, 25), (115, 105), (45, 100)])


def shot(picture=None, wall=WALL, seed=0, **how):
    picture = np.full((50, 40, 3), 255, np.uint8) if picture is None else picture
    return photograph_of_print(picture, wall, CORNERS, np.random.default_rng(seed), **how)


def test_it_has_the_shape_of_the_background_and_leaves_the_inputs_alone():
    picture, wall = portrait("collins-1"), WALL.copy()
    before = picture.copy()
    seen = shot(picture, wall)
    assert (seen.shape, seen.dtype) == (WALL.shape, np.uint8)
    assert (picture == before).all()
    assert (wall == WALL).all()


def test_paper_is_neither_white_nor_black_and_lies_between_the_corners():
    white = shot(blur=0, noise=0, quality=95)
    black = shot(np.zeros((50, 40, 3), np.uint8), blur=0, noise=0, quality=95)
    assert 200 < white[60, 80, 0] < 240
    assert 20 < black[60, 80, 0] < 60
    assert white[60, 80, 2] < white[60, 80, 0]  # warm light
    assert np.abs(white[5:15, 5:15].astype(int) - 90).max() < 8


def test_equal_generators_give_equal_pictures():
    assert (shot(seed=3) == shot(seed=3)).all()
    assert (shot(seed=3) != shot(seed=4)).any()


@pytest.mark.parametrize("how", [{"blur": -1}, {"noise": -0.1}, {"quality": 0}, {"quality": 96}])
def test_bad_numbers_are_refused(how):
    with pytest.raises(ValueError, match="blur and noise"):
        shot(**how)
