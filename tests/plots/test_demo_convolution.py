"""The demo's picture: colours mean the sign, and pixels stay pixels."""

import numpy as np
import pytest

from utils.plots import colour_response, place_side_by_side


def test_sign_is_told_by_colour():
    red, white, blue = colour_response(np.array([[1.0, 0.0, -1.0]]), signed=True)[0].astype(int)
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert white.min() > 240


def test_no_answer_at_all_is_white():
    assert colour_response(np.zeros((2, 3)), signed=True).min() > 240


def test_grey_is_clipped():
    shown = colour_response(np.array([[-3.0, 0.0, 0.5, 1.0, 9.0]]), signed=False)
    assert shown[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    assert (shown == shown[..., :1]).all()


def test_both_stand_in_the_middle_of_their_squares():
    black, grey = np.zeros((2, 4, 3), np.uint8), np.full((4, 2, 3), 9, np.uint8)
    page = place_side_by_side(black, grey, side=4, zoom=3, gap=1)
    assert page.shape == (12, 27, 3)
    small = page[::3, ::3, 0]
    assert (small[1:3, :4] == 0).all()
    assert (small[:, 6:8] == 9).all()
    assert (small == 255).sum() == 4 * 9 - 16


def test_too_large_a_picture_is_refused():
    with pytest.raises(ValueError, match="right must be at most 4"):
        place_side_by_side(np.zeros((2, 2, 3), np.uint8), np.zeros((5, 2, 3), np.uint8), side=4)
