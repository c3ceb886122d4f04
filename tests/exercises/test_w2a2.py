"""Assignment 2 of week 2: what the gate does not show."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from utils.answers.week2.w2a2 import ANSWERS, resnet50_arrays
from utils.exercises.keras_graphs import probe_network
from utils.grading.judge import judge
from utils.models.resnet import bottleneck_block, resnet


def test_the_answer_key_alone_needs_no_tensorflow():
    code = "import sys, utils.answers.week2.w2a2; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "classes"), [((64, 64, 3), 6), ((37, 50, 1), 9)])
def test_the_reference_is_the_published_network(shape, classes):
    theirs = keras.applications.ResNet50(weights=None, input_shape=shape, classes=classes)
    got, expected = probe_network(theirs, with_faint=True), resnet50_arrays(shape, classes)
    assert set(got) == set(expected)
    for name in ("weights", "trainable", "kernel_range", "output_shape"):
        np.testing.assert_array_equal(got[name], expected[name])
    for name in ("inference", "plain", "training", "faint"):
        np.testing.assert_allclose(got[name], expected[name], atol=1e-4)


def _slipped(input_shape, classes, block_training=None, first_stride=1, activation="softmax"):
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(64, 7, strides=2)(layers.ZeroPadding2D(3)(inputs))
    x = layers.ReLU()(layers.BatchNormalization(epsilon=1.001e-5)(x))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for stage, blocks in enumerate((3, 4, 6, 3)):
        filters = (64 * 2**stage, 64 * 2**stage, 256 * 2**stage)
        for block in range(blocks):
            strides = 1 if block else (2 if stage else first_stride)
            x = bottleneck_block(x, filters, 3, strides, not block, training=block_training)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation=activation)(x))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mistake", "slip"),
    [
        ("blocks fixed in training mode", {"block_training": True}),
        ("stride 2 in the first stage of blocks", {"first_stride": 2}),
        ("softmax missing", {"activation": None}),
    ],
)
def test_a_mistake_written_in_keras_is_recognised(mistake, slip):
    """The bank computes wrong networks without Keras."""
    verdict = judge("w2a2/ResNet50", lambda input_shape, classes: _slipped(input_shape, classes, **slip))
    assert verdict.score == 0
    assert verdict.mistake is not None
    assert verdict.mistake.name == mistake


@pytest.mark.slow
def test_fixed_classes_are_recognised_and_cost_one_group():
    verdict = judge("w2a2/ResNet50", lambda input_shape, classes: resnet(50, input_shape, 6))
    assert verdict.score == 0.5
    assert verdict.mistake.name == "always six classes"


@pytest.mark.parametrize("name", ["identity_block", "convolutional_block", "preactivation_block"])
def test_a_layer_in_place_of_its_result_is_told(name):
    verdict = judge(f"w2a2/{name}", lambda X, f, filters, **rest: layers.ReLU())
    assert "A layer becomes a tensor when it is called" in verdict.problem
    assert verdict.score == 0


@pytest.mark.parametrize("seed", range(6))
def test_the_averages_of_every_case_differ_from_the_batch(seed):
    """Else a wrong mode would go unnoticed."""
    for case in ANSWERS["batchnorm_forward"].cases(np.random.default_rng(seed)):
        x = case.arrays["x"]
        mean = x.mean(axis=tuple(range(x.ndim - 1)))
        assert np.abs(mean - case.arrays["moving_mean"]).max() > 0.02
