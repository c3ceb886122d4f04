"""What lesson 6 of week 3 asks for: the two kinds of blocks of a U-Net, and the network made of them."""

from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.keras_graphs import probe_network
from utils.exercises.keras_models import dropout_rates, quiet_retracing


def probe_part(result: Any) -> Arrays:
    """Read a part of a network by what it computes after training, and by its dropouts.

    Parameters
    ----------
    result : symbolic tensor or keras.Model
        With one input and one output.

    Returns
    -------
    dict of str to ndarray
        Those of :func:`utils.exercises.keras_graphs.probe_network` that no chance plays a part in, and ``dropout``, the
        rates on the way to the output.
    """
    import keras

    model = result
    if isinstance(result, keras.KerasTensor):
        sources = keras.utils.get_source_inputs(result)
        model = keras.Model(sources[0], result) if len(sources) == 1 else result
    arrays = probe_network(model)
    kept = {name: value for name, value in arrays.items() if name not in ("training", "kernel_range")}
    return {**kept, "dropout": np.array([rate for rate in dropout_rates(model) if rate])}


def probe_two_parts(result: Any) -> Arrays:
    """Read the two results of `conv_block`; names of arrays begin with the result's."""
    names = ("next_layer", "skip_connection")
    if not isinstance(result, tuple | list) or len(result) != 2:
        kind = f"{len(result)} values" if isinstance(result, tuple | list) else f"one {type(result).__name__}"
        raise WrongKind(f"The block should return two tensors, {' and '.join(names)}; it returned {kind}.")
    return {
        f"{name} {key}": value
        for name, part in zip(names, result, strict=True)
        for key, value in probe_part(part).items()
    }


def _conv_arguments(case: Case) -> tuple[tuple, dict]:
    import keras

    quiet_retracing()
    params = dict(case.params)
    return (keras.Input(tuple(params.pop("shape"))),), params


def _up_arguments(case: Case) -> tuple[tuple, dict]:
    """Make both inputs of one: the large map as it comes, the small one of its largest and mean values."""
    import keras
    from keras import layers

    quiet_retracing()
    params = dict(case.params)
    across = keras.Input(tuple(params.pop("shape")))
    below = layers.Concatenate()([layers.MaxPooling2D(2)(across), layers.AveragePooling2D(2)(across)])
    return (below, across), params


def _unet_arguments(case: Case) -> tuple[tuple, dict]:
    quiet_retracing()
    params = dict(case.params)
    return (tuple(params.pop("input_size")),), params


EXERCISES = (
    Exercise(
        notebook="w3l6",
        function="conv_block",
        signature="(inputs, n_filters=32, dropout_prob=0, max_pooling=True)",
        points=1,
        task="Convolve twice, drop out, and halve the map; return the small map and the one before it was halved.",
        hints=(
            "Everything up to the pooling is the same for both results. The pooling makes the first of them.",
            '`layers.Conv2D(n_filters, 3, padding="same", activation="relu")`, twice; then a Dropout where '
            "`dropout_prob` is above 0.",
            "What goes across is the map after the dropout and before the pooling. Without pooling both results are "
            "that map.",
        ),
        build=_conv_arguments,
        probe=probe_two_parts,
        answered_by=("utils.models.unet.conv_block", "utils.models.unet.unet"),
        time_limit=60,
    ),
    Exercise(
        notebook="w3l6",
        function="upsampling_block",
        signature="(expansive_input, contractive_input, n_filters=32)",
        points=1,
        task="Double the sides of the map from below, join the map from across, and convolve twice.",
        hints=(
            "Three steps: a transposed convolution on the map from below, one Concatenate, and two convolutions.",
            '`layers.Conv2DTranspose(n_filters, 3, strides=2, padding="same")` makes the sides exactly twice as long. '
            "It has no activation of its own.",
            "`layers.Concatenate()([up, contractive_input])` lays the channels side by side; two convolutions of 3×3 "
            "with ReLU follow, as in `conv_block`.",
        ),
        build=_up_arguments,
        probe=probe_part,
        answered_by=("utils.models.unet.upsampling_block", "utils.models.unet.unet"),
        time_limit=60,
    ),
    Exercise(
        notebook="w3l6",
        function="unet_model",
        signature="(input_size=(96, 128, 3), n_filters=32, n_classes=23)",
        points=1,
        task="Build a U-Net of five levels that gives a score for every class at every pixel.",
        hints=(
            "Write down the numbers of filters on the way down: n_filters times 1, 2, 4, 8, 16. On the way up: 8, 4, "
            "2, 1. Every block on the way down gives a map that goes across; keep them in a list.",
            "The block at the bottom does not pool. The fourth and the fifth block have a dropout of .3.",
            "On the way up the *last* map that went across is joined first: its sides fit the map from the bottom.",
            "At the end a convolution of 1×1 with n_classes filters and no activation: scores, one a class.",
        ),
        build=_unet_arguments,
        probe=probe_part,
        answered_by=("utils.models.unet.unet",),
        time_limit=60,
    ),
)
