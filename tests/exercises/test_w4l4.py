"""The NumPy networks that judge lesson 4 of week 4 agree with Keras, their differences with its gradients."""

import keras
import numpy as np
import pytest

from utils.answers.week4.w4l4 import differences, reached, run_layers
from utils.exercises.week4.w4l4 import small_network
from utils.style.gradients import value_and_gradient
from utils.style.patches import receptive_field

NETWORKS = [
    (
        [["conv", 4, 3, 1, "valid", "relu"], ["max", 2], ["conv", 5, 3, 1, "valid", "linear"], ["average"]],
        (12, 15, 3),
    ),
    (
        [["conv", 3, 5, 2, "same", "tanh"], ["mean", 2], ["activation", "relu"], ["flatten"], ["dense", 3]],
        (14, 11, 2),
    ),
    ([["mean", 2], ["conv", 4, 2, 2, "same", "relu"], ["average"], ["dense", 4]], (13, 12, 1)),
]


@pytest.mark.parametrize(("steps", "size"), NETWORKS)
@pytest.mark.parametrize("which", range(3))
def test_layers_and_gradients(steps, size, which):
    model = small_network(steps, size, which)
    images = np.random.default_rng(which).random((2, *size), dtype=np.float32)
    np.testing.assert_allclose(
        run_layers(model.layers, images), np.asarray(model(images)), rtol=1e-4, atol=1e-5
    )
    _, gradient = value_and_gradient(lambda x: model(x)[:, 0], images[:1])
    found = differences(lambda x: run_layers(model.layers, x)[:, 0], images[0])
    np.testing.assert_allclose(found, gradient[0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("steps", "size"), NETWORKS[:2])
def test_reached_pixels_lie_in_the_field(steps, size):
    model = small_network(steps, size)
    for layer in model.layers[1:4]:
        before = model.layers[: model.layers.index(layer) + 1]
        fields = reached(before, *size[:2])
        field = receptive_field(model, layer.name)
        for place in np.ndindex(*fields.shape[2:]):
            pixels = np.argwhere(fields[:, :, *place])
            low = field.start + field.stride * np.array(place)
            np.testing.assert_array_equal(pixels.min(axis=0), np.maximum(low, 0))
            np.testing.assert_array_equal(pixels.max(axis=0), np.minimum(low + field.size, size[:2]) - 1)


def test_a_silent_filter_is_silent():
    model = small_network([["conv", 4, 3, 1, "same", "relu"]], (5, 5, 3), silent=2)
    answers = np.asarray(model(np.random.default_rng(0).random((1, 5, 5, 3), dtype=np.float32)))
    assert answers[..., 2].max() == 0 < answers[..., 1].max()
    assert isinstance(model, keras.Model)
