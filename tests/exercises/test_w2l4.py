"""Lesson 4 of week 2: what Keras does with frozen layers, and mistakes as learners write them in Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.exercises.keras_models import quiet_retracing
from utils.grading.judge import trial
from utils.models import transfer
from utils.models.efficientnet import efficientnet_lite0


def normalised_base():
    inputs = keras.Input((2, 2, 3))
    return keras.Model(inputs, layers.BatchNormalization()(layers.Conv2D(4, 1)(inputs)))


def averages_moved_by_fit(base, **how):
    inputs = keras.Input((2, 2, 3))
    x = layers.GlobalAveragePooling2D()(base(inputs, **how))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = [w.numpy() for w in base.non_trainable_weights]
    model.fit(np.random.default_rng(0).random((8, 2, 2, 3)), np.arange(8) % 2, verbose=0)
    return any(
        (old != new.numpy()).any() for old, new in zip(before, base.non_trainable_weights, strict=True)
    )


@pytest.mark.parametrize("how", [{}, {"training": False}])
def test_only_freezing_keeps_the_averages_of_batch_normalization(how):
    """The lesson says so: Keras hands fit's training mode down, whatever the base was called with."""
    base = normalised_base()
    assert averages_moved_by_fit(base, **how)
    base = normalised_base()
    base.trainable = False
    assert not averages_moved_by_fit(base, **how)


def test_freezing_of_the_bundled_network():
    base = transfer.freeze_until(efficientnet_lite0(None, (96, 96, 3), include_top=False), "block7_add")
    flags = [layer.trainable for layer in base.layers if layer.weights and "bn" not in layer.name]
    assert flags == sorted(flags)
    assert not any(layer.trainable for layer in base.layers if "bn" in layer.name)
    frozen = [
        layer.name
        for layer in base.layers
        if layer.weights and not layer.trainable and "bn" not in layer.name
    ]
    assert frozen[-1].startswith("block7")
    with pytest.raises(ValueError, match="block77"):
        transfer.freeze_until(base, "block77")


def fit(model, x, y, epochs):
    model.fit(x, y, epochs=epochs, verbose=0)


def not_compiled_again(model, base, layer_name, x, y, optimizers, epochs):
    base.trainable = False
    model.compile(optimizers[0], "sparse_categorical_crossentropy")
    fit(model, x, y, epochs[0])
    transfer.freeze_until(base, layer_name)
    fit(model, x, y, epochs[1])
    return model


def batch_normalization_in_training_mode(model, base, layer_name, x, y, optimizers, epochs):
    base.trainable = False
    model.compile(optimizers[0], "sparse_categorical_crossentropy")
    fit(model, x, y, epochs[0])
    base.trainable = True
    for layer in base.layers[: base.layers.index(base.get_layer(layer_name)) + 1]:
        layer.trainable = False
    model.compile(optimizers[1], "sparse_categorical_crossentropy")
    fit(model, x, y, epochs[1])
    return model


def the_whole_base_unfrozen(model, base, layer_name, x, y, optimizers, epochs):
    base.trainable = False
    model.compile(optimizers[0], "sparse_categorical_crossentropy")
    fit(model, x, y, epochs[0])
    base.trainable = True
    model.compile(optimizers[1], "sparse_categorical_crossentropy")
    fit(model, x, y, epochs[1])
    return model


def base_not_frozen_in_the_first_stage(model, base, layer_name, x, y, optimizers, epochs):
    for stage in (0, 1):
        model.compile(optimizers[stage], "sparse_categorical_crossentropy")
        fit(model, x, y, epochs[stage])
        transfer.freeze_until(base, layer_name)
    return model


def same_learning_rate_twice(model, base, layer_name, x, y, optimizers, epochs):
    rate = float(optimizers[0].learning_rate)
    base.trainable = False
    for stage in (0, 1):
        model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
        fit(model, x, y, epochs[stage])
        transfer.freeze_until(base, layer_name)
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        not_compiled_again,
        batch_normalization_in_training_mode,
        the_whole_base_unfrozen,
        base_not_frozen_in_the_first_stage,
        same_learning_rate_twice,
    ],
)
def test_fine_tuning_gone_wrong_in_keras_is_recognised(wrong):
    """The bank works its mistakes out by finite differences; these are the same ones, written with Keras."""
    quiet_retracing()
    verdict = trial("w2l4/fine_tune").judge(wrong)
    assert not verdict.passed
    assert verdict.mistake is not None, verdict.problem
    assert verdict.mistake.name == wrong.__name__.replace("_", " ")
