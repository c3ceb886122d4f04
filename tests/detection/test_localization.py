"""Labels, losses and the head of a localiser; the losses against the lesson's oracles."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import sqeuclidean

from utils.answers.week3.w3l1 import encode_label_oracle, landmark_loss_oracle, localization_loss_oracle
from utils.data.scenes import Recipe, Scene, background_bank, compose_scene
from utils.detection.localization import (
    label_corners,
    label_overlaps,
    landmark_head,
    landmark_loss,
    localization_loss,
    localizer_head,
    scene_labels,
)

SEEDS = st.integers(0, 10**6)


@given(SEEDS)
def test_labels_of_scenes_are_those_of_painted_boxes(seed):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 30, 2)
    box = np.concatenate([low, low + rng.integers(1, 34, 2)])
    scene = Scene(np.zeros((64, 64, 3), np.uint8), np.float32([box / 64]), np.array([2]))
    (label,) = scene_labels([scene], 4)
    np.testing.assert_allclose(label, encode_label_oracle(box, 2, 4, 64, 64), atol=1e-6)
    np.testing.assert_allclose(label_corners(label[None])[0], box / 64, atol=1e-6)


def test_a_composed_scene_without_a_thing_has_a_label_of_zeros():
    bank = background_bank([np.zeros((40, 40, 3), np.uint8)], 32, 2, np.random.default_rng(0))
    thing = np.full((20, 20, 4), 255, np.uint8)
    rng = np.random.default_rng(1)
    empty, full = (compose_scene(bank, [thing], [1], rng, Recipe(things=(n, n))) for n in (0, 1))
    labels = scene_labels([empty, full], 3)
    assert not labels[0].any()
    assert labels[1, 0] == labels[1, 6] == 1


def test_a_scene_with_two_things_is_refused():
    boxes = np.array([(0, 0, 0.5, 0.5), (0.5, 0.5, 1, 1)], np.float32)
    scene = Scene(np.zeros((8, 8, 3), np.uint8), boxes, np.array([0, 1]))
    with pytest.raises(ValueError, match="one thing at most, got 2"):
        scene_labels([scene], 2)


@given(SEEDS)
def test_the_localisation_loss_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    true, pred = rng.random((5, 8)).astype(np.float32), rng.random((5, 8)).astype(np.float32)
    true[:, 0] = rng.integers(0, 2, 5)
    losses = keras.ops.convert_to_numpy(localization_loss(true, pred))
    assert losses.shape == (5,)
    np.testing.assert_allclose(losses.mean(), localization_loss_oracle(true, pred), rtol=1e-5)
    full = true[:, 0] == 1
    rows = [sqeuclidean(t, p) for t, p in zip(true[full], pred[full], strict=True)]
    np.testing.assert_allclose(losses[full], rows, rtol=1e-4)


@given(SEEDS)
def test_the_landmark_loss_is_that_of_scipy_and_0_when_nothing_is_visible(seed):
    rng = np.random.default_rng(seed)
    true, pred = rng.random((4, 3, 2)).astype(np.float32), rng.random((4, 3, 2)).astype(np.float32)
    visible = rng.random((4, 3)) < rng.random()
    loss = landmark_loss(np.concatenate([true, visible[..., None]], axis=-1, dtype=np.float32), pred)
    np.testing.assert_allclose(float(loss), landmark_loss_oracle(true, pred, visible), rtol=1e-4, atol=1e-7)


def test_overlaps_go_row_by_row():
    true = np.array([[1, 0.5, 0.5, 1, 1], [1, 0.25, 0.5, 1, 0.5], [1, 0.2, 0.2, 0.1, 0.1]])
    found = np.array([[1, 0.5, 0.5, 1, 1], [1, 0.5, 0.5, 1, 1], [1, 0.8, 0.8, 0.1, 0.1]])
    np.testing.assert_allclose(label_overlaps(true, found), [1, 0.5, 0])


def test_the_heads_give_a_label_and_landmarks():
    fine, coarse = keras.Input((8, 8, 5)), keras.Input((4, 4, 7))
    model = keras.Model([fine, coarse], [localizer_head(fine, coarse, 3), landmark_head(fine, coarse, 6)])
    rng = np.random.default_rng(0)
    maps = [rng.normal(0, 3, shape).astype(np.float32) for shape in ((2, 8, 8, 5), (2, 4, 4, 7))]
    label, landmarks = (keras.ops.convert_to_numpy(result) for result in model(maps))
    assert label.shape == (2, 8)
    assert landmarks.shape == (2, 6, 2)
    assert ((label >= 0) & (label <= 1)).all()
    assert ((landmarks >= 0) & (landmarks <= 1)).all()
    np.testing.assert_allclose(label[:, 5:].sum(axis=1), 1, rtol=1e-5)


def test_a_landmark_moves_with_the_features_x_to_the_right_and_y_down():
    fine, coarse = keras.Input((8, 8, 1)), keras.Input((4, 4, 1))
    model = keras.Model([fine, coarse], landmark_head(fine, coarse, 1))
    # Every layer passes on or adds up, so that a single bright place decides.
    for layer in model.layers:
        for weight in layer.trainable_weights:
            weight.assign(np.ones(weight.shape, np.float32) * (weight.ndim > 1 or "gamma" in weight.path))
    maps = np.zeros((2, 8, 8, 1), np.float32)
    maps[0, 0, 7], maps[1, 7, 0] = 30, 30
    places = keras.ops.convert_to_numpy(model([maps, np.zeros((2, 4, 4, 1), np.float32)]))
    np.testing.assert_allclose(places[:, 0], [(1, 0), (0, 1)], atol=1e-3)
