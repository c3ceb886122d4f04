"""Lengths of gradients against a closed form, and what must not change."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.models.gradients import gradient_norms


def _classifier(*inside):
    return keras.Sequential([keras.Input((4,)), *inside, layers.Dense(3, activation="softmax")])


def test_softmax_regression_has_the_gradient_of_the_textbook():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((7, 4)).astype(np.float32), rng.integers(0, 3, 7)
    model = _classifier()
    wanted = x.T @ (np.asarray(model(x)) - np.eye(3)[labels]) / 7
    np.testing.assert_allclose(gradient_norms(model, x, labels), [np.linalg.norm(wanted)], rtol=1e-5)


def test_one_number_a_kernel_inside_models_too_and_frozen_layers_left_out():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.BatchNormalization()])
    frozen = layers.Dense(6)
    frozen.trainable = False
    model = _classifier(inner, frozen, layers.ReLU())
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in model.trainable_weights]
    norms = gradient_norms(model, np.random.default_rng(1).random((8, 4), np.float32), np.arange(8) % 3)
    assert norms.shape == (2,)
    assert (norms > 0).all()
    for weight, old in zip(model.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize(
    ("model", "labels", "name"),
    [
        (lambda: _classifier(), np.zeros(3, int), "labels"),
        (lambda: _classifier(), np.zeros((2, 1), int), "labels"),
        (lambda: keras.Sequential([keras.Input((4,)), layers.Softmax()]), np.zeros(2, int), "model"),
    ],
)
def test_bad_input_is_named(model, labels, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        gradient_norms(model(), np.zeros((2, 4), np.float32), labels)
