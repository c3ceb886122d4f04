"""Means over networks and over crops, with networks that are plain formulas."""

import numpy as np
import pytest

from utils.models.averaging import ensemble_predict, multi_crop_predict


class Table:
    """Says the same about every picture."""

    def __init__(self, *row):
        self.row = row

    def predict(self, x, batch_size, verbose):
        return np.tile(self.row, (len(x), 1))


class Corner:
    """Says what stands in the first pixel's two channels."""

    def predict(self, x, batch_size, verbose):
        return x[:, 0, 0, :]


def test_an_ensemble_is_the_mean():
    mean = ensemble_predict([Table(0.9, 0.1), Table(0.5, 0.5), Table(0.1, 0.9)], np.zeros((4, 2)))
    np.testing.assert_allclose(mean, np.full((4, 2), 0.5))


def test_an_ensemble_of_none_is_refused():
    with pytest.raises(ValueError, match="models"):
        ensemble_predict([], np.zeros((4, 2)))


def test_ten_crops_are_averaged_picture_by_picture():
    images = np.random.default_rng(0).random((3, 5, 6, 2))
    # First pixels of the crops of size 3: those of the five places, and their top right ones for the mirror images.
    places = [(y, x + shift) for shift in (0, 2) for y, x in ((0, 0), (0, 3), (2, 0), (2, 3), (1, 1))]
    expected = np.mean([images[:, y, x] for y, x in places], axis=0)
    np.testing.assert_allclose(multi_crop_predict(Corner(), images, 3), expected)
