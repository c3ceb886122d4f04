"""What the runs of week 4 learn faces from: the right face is varied, and frozen layers give what they give."""

import keras
import numpy as np
import pytest

from utils.experiments.faces_seen import POOL, faces_seen, features, first_layers, one_of_each
from utils.models.face_embedder import face_embedder


class Means:
    """A network that gives the mean of each colour, and keeps how many faces it was given at once."""

    def __init__(self):
        self.batches = []

    def predict_on_batch(self, faces):
        self.batches.append(len(faces))
        return faces.mean(axis=(1, 2))


def test_each_row_gets_one_of_its_own_variations():
    varied = np.arange(4)[:, None, None] * 100 + np.arange(10)[:, None] * np.ones(3)
    rows = np.array([7, 0, 7, 7, 7, 7, 7, 9])
    found = one_of_each(varied, rows, np.random.default_rng(0))
    np.testing.assert_array_equal(found % 100, rows[:, None] * np.ones(3))
    assert len({row[0] // 100 for row in found}) > 1


def test_grey_faces_go_through_in_order_and_in_three_colours():
    faces, network = np.random.default_rng(0).random((103, 4, 5, 1)).astype(np.float32), Means()
    found = features(network, faces)
    np.testing.assert_allclose(found, np.repeat(faces.mean(axis=(1, 2)), 3, axis=1), rtol=1e-5)
    assert sum(network.batches) == 103


def test_the_first_layers_are_the_networks_own():
    faces = np.random.default_rng(1).random((2, 150, 150, 3)).astype(np.float32)
    found = first_layers("conv64_3").predict_on_batch(faces)
    assert found.shape == (2, 4 * 4 * 64)
    whole = face_embedder()
    maps = keras.Model(whole.input, whole.get_layer("conv64_3_relu").output).predict_on_batch(faces)
    tiles = np.asarray(maps)[:, : 4 * POOL, : 4 * POOL].reshape(2, 4, POOL, 4, POOL, 64)
    np.testing.assert_allclose(found.reshape(2, 4, 4, 64), tiles.mean(axis=(2, 4)), rtol=1e-4, atol=1e-5)


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="conv99"):
        first_layers("conv99")


def test_photographs_are_varied_row_by_row():
    faces = faces_seen(None)
    assert faces.known.shape == (300, 56, 46, 1)
    assert faces.unseen.shape == (100, 56, 46, 1)
    rows = np.array([3, 290, 3])
    varied = faces.vary(rows, np.random.default_rng(0))
    assert varied.shape == (3, 56, 46, 1)
    assert not np.array_equal(varied[0], varied[2])
    alike = [[np.corrcoef(one.ravel(), faces.known[row].ravel())[0, 1] for row in (3, 290)] for one in varied]
    assert np.argmax(alike, axis=1).tolist() == [0, 1, 0]
