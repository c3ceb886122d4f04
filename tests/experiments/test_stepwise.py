"""A training by numbered steps: an interruption changes nothing, however often and wherever it comes."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from utils.experiments.stepwise import Plan, train_stepwise

PLAN = Plan(steps=50, record_every=5, save_every=10)


def compiled():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def batch(step):
    x = np.random.default_rng(step).normal(size=(16, 4)).astype(np.float32)
    return x, x.sum(axis=1, keepdims=True)


def stopping_at(fraction):
    def report(done, says):
        if done >= fraction:
            raise KeyboardInterrupt

    return report


def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path):
    whole, pieces = compiled(), compiled()
    wanted = train_stepwise(whole, batch, PLAN, tmp_path / "whole", measure=lambda step: {"seen": step})
    for fraction in (0.3, 0.5, 0.9):
        with pytest.raises(KeyboardInterrupt):
            train_stepwise(
                pieces, batch, PLAN, tmp_path / "pieces", stopping_at(fraction), lambda step: {"seen": step}
            )
        pieces = compiled()
    found = train_stepwise(pieces, batch, PLAN, tmp_path / "pieces", measure=lambda step: {"seen": step})
    # Stopped after steps 15, 25 and 45: what came after the last checkpoint is done again.
    assert found.resumed_at == [10, 20, 40]
    assert found.curve == wanted.curve
    assert found.curve["recorded_step"] == list(range(5, 51, 5))
    assert found.curve["seen"] == list(range(1, 51))
    assert found.curve["loss"][-1] < found.curve["loss"][0]
    for ours, theirs in zip(pieces.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert json.loads((tmp_path / "pieces" / "state.json").read_text())["step"] == 50
    assert len(list((tmp_path / "pieces").iterdir())) == 2


def test_a_finished_training_is_only_loaded(tmp_path):
    wanted = compiled()
    train_stepwise(wanted, batch, PLAN, tmp_path)
    found = compiled()
    assert train_stepwise(found, None, PLAN, tmp_path).resumed_at == []
    for ours, theirs in zip(found.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_may_not_cut_a_point_of_the_curve():
    with pytest.raises(ValueError, match="save_every must be a multiple of record_every, got 5 and 2"):
        Plan(10, 2, 5)
