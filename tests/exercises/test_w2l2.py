"""Lesson 2 of week 2: what the gate does not show."""

import subprocess
import sys

import numpy as np
import pytest

from utils.answers.week2.w2l2 import ANSWERS
from utils.exercises.index import exercise
from utils.grading.judge import judge
from utils.models.gradients import gradient_norms
from utils.models.resnet import cifar_resnet


def _with_keras_own_epsilon(model):
    for layer in model.layers:
        if hasattr(layer, "epsilon"):
            layer.epsilon = 1e-3
    return model


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 11])
def test_the_librarys_networks_are_the_ones_that_are_asked_for(seed):
    def plain_network(depth, input_shape, classes, width):
        return _with_keras_own_epsilon(cifar_resnet(depth, input_shape, classes, False, width))

    def residual_network(depth, input_shape, classes, width, projection=False):
        return _with_keras_own_epsilon(cifar_resnet(depth, input_shape, classes, True, width))

    assert judge("w2l2/plain_network", plain_network, seed).passed
    groups = judge("w2l2/residual_network", residual_network, seed).groups
    assert groups["shortcuts with channels of zeros"]
    assert not groups["shortcuts with 1×1 convolutions"]


@pytest.mark.parametrize("seed", [None, 11])
def test_complex_steps_agree_with_tensorflow(seed):
    def measure(model, X, Y):
        return gradient_norms(model, X, Y)

    assert judge("w2l2/gradient_norms", measure, seed).passed


def test_complex_steps_agree_with_finite_differences():
    entry, answer = exercise("w2l2/gradient_norms"), ANSWERS["gradient_norms"]
    case = next(case for case in answer.cases(np.random.default_rng(3)) if "dense layers" in case.group)
    (model, X, Y), _ = entry.arguments(case)
    (kernel,) = (weight for weight in model.trainable_weights if len(weight.shape) > 1)
    start, slopes = np.asarray(kernel).copy(), np.zeros(kernel.shape)
    for place in np.ndindex(*kernel.shape):
        losses = []
        for step in (1e-2, -1e-2):
            moved = start.copy()
            moved[place] += step
            kernel.assign(moved)
            probabilities = np.asarray(model(X))[np.arange(len(Y)), Y]
            losses.append(-np.log(probabilities).mean())
        slopes[place] = (losses[0] - losses[1]) / 2e-2
    kernel.assign(start)
    np.testing.assert_allclose(answer.oracle(model, X, Y), [np.linalg.norm(slopes)], rtol=1e-3)


def test_the_answer_key_alone_needs_no_tensorflow():
    code = "import sys, utils.answers.week2.w2l2; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["plain_network", "residual_network"])
def test_every_picture_has_an_odd_size_where_it_is_halved(name, seed):
    """There Keras' same padding and one pixel all around are the same, so that either may be written."""
    for case in ANSWERS[name].cases(np.random.default_rng(seed)):
        for size in case.params["input_shape"][:2]:
            assert size % 2 == (size + 1) // 2 % 2 == 1
