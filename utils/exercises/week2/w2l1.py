"""What lesson 1 of week 2 asks for: LeNet-5, local response normalisation, AlexNet and VGG-16."""

from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise
from utils.exercises.keras_models import dropout_rates, probe_model, quiet_retracing


def _lenet5_arguments(case: Case) -> tuple[tuple, dict]:
    return (tuple(case.params["input_shape"]), case.params["classes"]), {}


def _alexnet_arguments(case: Case) -> tuple[tuple, dict]:
    """Give a normalisation that is strong enough to be seen in the outputs, wherever it is put."""
    from utils.models.classic import LocalResponseNormalization

    quiet_retracing()  # Keras compiles every convolution in groups

    def normalize(x):
        return LocalResponseNormalization(alpha=case.params["alpha"])(x)

    params = case.params
    return (tuple(params["input_shape"]), params["classes"], params["units"], normalize), {}


def _vgg16_arguments(case: Case) -> tuple[tuple, dict]:
    params = case.params
    return (tuple(params["input_shape"]), params["classes"], params["width"], params["units"]), {}


def probe_with_dropout(result: Any) -> Arrays:
    """Read a Keras model as :func:`probe_model` does, and the rates of its Dropout layers.

    Returns
    -------
    dict of str to ndarray
        The arrays of ``probe_model`` and ``dropout``, float, one rate a layer, in the order of the data; rates of 0
        are left out.
    """
    arrays = probe_model(result)
    arrays["dropout"] = np.array([rate for rate in dropout_rates(result) if rate], dtype=float)
    return arrays


EXERCISES = (
    Exercise(
        notebook="w2l1",
        function="lenet5",
        signature="(input_shape, classes)",
        points=2,
        task="Build LeNet-5 as it is read today: ReLU and max-pooling.",
        hints=(
            "Everything is one chain, so `keras.Sequential` will do. Without `padding` a `Conv2D` is “valid”, and "
            "that is what the table wants.",
            'A convolution of the table is `layers.Conv2D(6, 5, activation="relu")`, a pooling '
            "`layers.MaxPooling2D(2)`. Both pairs come before one `layers.Flatten()`.",
            'After Flatten: `Dense(120, activation="relu")`, `Dense(84, activation="relu")` and '
            '`Dense(classes, activation="softmax")`.',
        ),
        build=_lenet5_arguments,
        probe=probe_model,
        answered_by=("utils.models.classic.lenet5",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l1",
        function="local_response_norm",
        signature="(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75)",
        points=2,
        task="Divide every value by a power of the squares around it, across the channels.",
        hints=(
            "Work from the inside out: squares of everything; for each channel the sum of the squares of its "
            "neighbours and itself; bias plus alpha times that; the power; the quotient.",
            "Channels at the ends have fewer neighbours. If you pad the squares with `depth_radius` channels of "
            "zeros on both sides, every channel has the same number and the zeros add nothing.",
            "With `padded` squares the sum is one of 2·depth_radius + 1 slices of equal shape: "
            "`padded[..., i : i + channels]` for i from 0 to 2·depth_radius. Then "
            "`x / (bias + alpha * total) ** beta`.",
        ),
        answered_by=(
            "utils.models.classic.local_response_norm",
            "tensorflow.nn.local_response_normalization",
            "tensorflow.nn.lrn",
        ),
    ),
    Exercise(
        notebook="w2l1",
        function="alexnet",
        signature="(input_shape, classes, units, normalize)",
        points=2,
        task="Build AlexNet: five convolutions, three poolings, two normalisations, three dense layers.",
        hints=(
            "Write the table from top to bottom with the functional API: `x = inputs = keras.Input(input_shape)`, "
            "then one line a row, each taking `x` and giving the next `x`.",
            'The first rows: `x = layers.Conv2D(96, 11, strides=4, activation="relu")(x)`, `x = normalize(x)`, '
            "`x = layers.MaxPooling2D(3, strides=2)(x)`. “In two groups” is the option `groups=2`.",
            'Convolutions 2 to 5 have `padding="same"`; 2, 4 and 5 have `groups=2`, 3 has not. After Flatten come '
            'twice `Dense(units, activation="relu")` and `Dropout(0.5)`, then the softmax.',
        ),
        build=_alexnet_arguments,
        probe=probe_with_dropout,
        answered_by=("utils.models.classic.alexnet",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l1",
        function="vgg16",
        signature="(input_shape, classes, width, units)",
        points=1,
        task="Build VGG-16: thirteen convolutions of 3×3 in five blocks, then three dense layers.",
        hints=(
            "Two loops do it: the outer over the five blocks, the inner over the convolutions of a block. After the "
            "inner loop, still in the outer one, comes the pooling.",
            "Loop over pairs: `for convolutions, filters in [(2, width), (2, 2 * width), …]`. The last two blocks "
            "have the same number of filters.",
            'The body of the inner loop is `x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)`. '
            'The end is AlexNet\'s: Flatten, twice `Dense(units, activation="relu")` and `Dropout(0.5)`, softmax.',
        ),
        build=_vgg16_arguments,
        probe=probe_with_dropout,
        answered_by=("utils.models.classic.vgg16", "keras.applications.VGG16"),
        time_limit=60,
    ),
)
