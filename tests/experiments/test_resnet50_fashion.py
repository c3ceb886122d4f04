"""The long run's training: an interruption changes nothing, and augmentation moves whole pictures only."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from utils.experiments.resnet50_fashion import EXPERIMENT, RECORD_STEPS, augment, pad, train

PART = {"epochs": 2, "batch": 8, "rates": [0.1, 0.05], "warm_up": 0.5, "seed": 1}
SIDE, CLASSES = 8, 3


def build():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((SIDE + 4, SIDE + 4, 1)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def some_pictures(count):
    """Return noise that is the lighter the higher its class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count)
    noise = rng.integers(0, 60, (count, SIDE, SIDE))
    return (noise + 90 * labels[:, None, None]).astype(np.uint8), labels.astype(np.uint8)


def stopping_at(fraction):
    def report(done, says):
        if done >= fraction:
            raise KeyboardInterrupt

    return report


@pytest.mark.slow
def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path):
    data = some_pictures(8 * 2 * RECORD_STEPS)
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    wanted = train(build, data, data, PART, whole)
    for fraction in (0.3, 0.8):
        with pytest.raises(KeyboardInterrupt):
            train(build, data, data, PART, pieces, stopping_at(fraction))
    found = train(build, data, data, PART, pieces)

    steps = 4 * 2 * RECORD_STEPS
    assert found["resumed_at"] == [steps // 4, 3 * steps // 4]
    assert found["recorded_step"] == list(range(RECORD_STEPS, steps + 1, RECORD_STEPS))
    assert found["test_step"] == [steps // 4, steps // 2, 3 * steps // 4, steps]
    for curve in ("loss", "accuracy", "test_loss", "test_accuracy"):
        np.testing.assert_allclose(found[curve], wanted[curve], atol=2e-3)
    assert found["test_loss"][-1] < 0.9 * found["test_loss"][0]
    assert found["parameters"] == 4 * 9 + 4 + 8 + 4 * 3 + 3
    json.dumps(found)
    assert sorted(file.name for file in pieces.iterdir()) == ["cycle-1", "cycle-2"]


def test_augmented_pictures_are_whole_and_shifted_by_a_pixel_at_most():
    picture = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3)
    seen = augment(np.repeat(picture, 400, axis=0), np.random.default_rng(0))
    places = {
        np.pad(one, ((down, 4 - down), (right, 4 - right))).tobytes()
        for down in (1, 2, 3)
        for right in (1, 2, 3)
        for one in (picture[0], picture[0, :, ::-1])
    }
    assert {np.round(one[..., 0] * 255).astype(np.uint8).tobytes() for one in seen} == places


def test_a_test_picture_stays_in_the_middle():
    picture = np.full((1, 3, 3), 255, np.uint8)
    padded = pad(picture)
    assert padded.shape == (1, 7, 7, 1)
    assert padded.dtype == np.float32
    assert padded.sum() == padded[0, 2:5, 2:5].sum() == 9


def test_an_epoch_ends_at_a_point_of_the_curve():
    part = EXPERIMENT.parts["ResNet-50"]
    assert 60_000 // part["batch"] % RECORD_STEPS == 0
