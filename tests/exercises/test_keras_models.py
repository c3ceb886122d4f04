"""The probe of Keras models: equal networks look alike however they are written, different ones do not."""

import re

import keras
import numpy as np
import pytest
from keras import layers

from utils.answers.keras_models import model_difference
from utils.exercises.entry import WrongKind
from utils.exercises.keras_models import given_inputs, given_weights, list_steps, probe_model


def chain(*parts):
    return keras.Sequential([keras.Input((6, 5, 2)), *parts])


def plain():
    return chain(
        layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    )


def test_the_arrays_describe_the_model():
    arrays = probe_model(plain())
    assert arrays["input_shape"].tolist() == [6, 5, 2]
    assert arrays["output_shape"].tolist() == [4]
    assert arrays["weights"].tolist() == ["3", "3×3×2×3", "4", "90×4"]
    assert arrays["trainable"] == 57 + 364
    assert arrays["outputs"].shape == (3, 4)
    assert arrays["same_in_training"]
    assert arrays["steps"].tolist() == [
        "convolution with 3 filters of 3×3, same padding",
        "ReLU",
        "flatten",
        "dense with 4 units",
        "softmax",
    ]


def test_the_outputs_are_those_of_the_given_weights():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    kernel, bias = given_weights(((4, 2), (2,)))
    np.testing.assert_allclose(probe_model(model)["outputs"], given_inputs((4,)) @ kernel + bias, rtol=1e-5)


def functional():
    inputs = keras.Input((6, 5, 2), name="other")
    x = keras.ops.relu(layers.Conv2D(3, 3, padding="same", name="names")(inputs))
    x = layers.Dense(4, activation="softmax")(layers.Reshape((-1,))(x))
    return keras.Model(inputs, x)


def nested():
    return chain(
        keras.Sequential([layers.Conv2D(3, 3, padding="same"), layers.ReLU()]),
        layers.Flatten(),
        layers.Dense(4),
        layers.Softmax(),
    )


def padded():
    return chain(
        layers.ZeroPadding2D(1),
        layers.Conv2D(3, 3, activation="relu"),
        layers.Dropout(0.0),
        layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    )


@pytest.mark.parametrize("build", [functional, nested, padded])
def test_another_style_is_the_same_model(build):
    assert model_difference(probe_model(plain()), probe_model(build())) == ""


DIFFERENT = {
    "sum to": [layers.Conv2D(3, 3, padding="same", activation="relu"), layers.Flatten(), layers.Dense(4)],
    "Missing in your network: ReLU": [
        layers.Conv2D(3, 3, padding="same"),
        layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    ],
    "shape \\(6, 5, 4\\)": [
        layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.Dense(4, activation="softmax"),
    ],
    "not asked for: 36×4": [
        layers.Conv2D(3, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(4, activation="softmax"),
    ],
    "while it is trained": [
        layers.Conv2D(3, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(4, activation="softmax"),
    ],
}


@pytest.mark.parametrize("sentence", DIFFERENT)
def test_a_difference_is_told(sentence):
    found = model_difference(probe_model(plain()), probe_model(chain(*DIFFERENT[sentence])))
    assert re.search(sentence, found), found


def test_frozen_weights_are_told():
    model = plain()
    model.layers[0].trainable = False
    assert "364 of your parameters are trainable; it should be 421" in model_difference(
        probe_model(plain()), probe_model(model)
    )


def test_crossed_connections_are_told():
    def fork(crossed):
        inputs = keras.Input((6, 6, 1))
        left = layers.Conv2D(2, 3, padding="same")(inputs)
        right = layers.Conv2D(2, 5, padding="same")(inputs)
        return keras.Model(inputs, layers.Concatenate()([right, left] if crossed else [left, right]))

    right, wrong = probe_model(fork(False)), probe_model(fork(True))
    assert "what feeds what" in model_difference(right, wrong)
    assert list(wrong["steps"]) != list(right["steps"])


class Counting(keras.Model):
    """A model whose graph cannot be listed."""

    def get_config(self):
        raise NotImplementedError


def test_a_model_that_cannot_describe_itself_is_still_computed():
    inputs = keras.Input((4,))
    model = Counting(inputs, layers.Dense(2)(inputs))
    assert list_steps(model) == []
    assert probe_model(model)["outputs"].shape == (3, 2)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (None, "without a `return`"),
        (3.5, "of the type float"),
        ([layers.Flatten()], "of the type list"),
    ],
)
def test_another_kind_of_result_is_told(result, sentence):
    with pytest.raises(WrongKind, match=sentence):
        probe_model(result)


def test_a_model_without_an_input_is_told():
    with pytest.raises(WrongKind, match="Begin it with"):
        probe_model(keras.Sequential([layers.Flatten(), layers.Dense(2)]))


def test_two_outputs_are_told():
    inputs = keras.Input((4,))
    with pytest.raises(WrongKind, match="1 inputs and 2 outputs"):
        probe_model(keras.Model(inputs, [layers.Dense(2)(inputs), layers.Dense(3)(inputs)]))
