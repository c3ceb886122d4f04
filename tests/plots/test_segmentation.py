"""Masks painted over pictures."""

import numpy as np
import pytest

from utils.plots.segmentation import paint_mask


def test_each_class_has_its_colour_and_the_background_none():
    image = np.full((4, 6, 3), 200, np.uint8)
    mask = np.zeros((4, 6), int)
    mask[1, 2], mask[3, 5] = 1, 2
    painted = paint_mask(image, mask, opacity=1.0)
    np.testing.assert_allclose(painted[0, 0], 200 / 255)
    np.testing.assert_allclose(painted[1, 2], [0xD5 / 255, 0x5E / 255, 0])
    assert not np.allclose(painted[3, 5], painted[1, 2])
    assert (image == 200).all()


def test_floating_pictures_stay_in_range():
    image = np.random.default_rng(0).random((5, 5, 3))
    painted = paint_mask(image, np.arange(25).reshape(5, 5) % 7)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match="picture's size"):
        paint_mask(np.zeros((4, 4, 3)), np.zeros((4, 5), int))
