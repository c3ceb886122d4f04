"""What lesson 2 of week 3 asks for: a dense layer as a convolution, and the scores of all windows in one pass."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import given_weights, quiet_retracing


def _dense_arguments(case: Case) -> tuple[tuple, dict]:
    """Build the dense layer of a case; the maps go to `_apply_layer`."""
    from keras import layers

    quiet_retracing()
    weights = [case.arrays[name] for name in ("kernel", "bias") if name in case.arrays]
    dense = layers.Dense(weights[0].shape[1], case.params["activation"], use_bias=len(weights) == 2)
    dense.build((None, len(weights[0])))
    dense.set_weights(weights)
    return (dense, tuple(case.params["spatial"])), {"maps": case.arrays["maps"]}


def _apply_layer(function: Callable, args: tuple, kwargs: dict) -> tuple[Any, np.ndarray]:
    return function(*args), kwargs["maps"]


def probe_layer(result: tuple[Any, np.ndarray]) -> Arrays:
    """Read a layer by what it makes of maps.

    Parameters
    ----------
    result : (keras.layers.Layer, ndarray)
        What the function returned, and the case's maps (batch, height, width, channels).

    Returns
    -------
    dict of str to ndarray
        ``outputs`` of the layer, and all numbers of its ``weights``, sorted.

    Raises
    ------
    WrongKind
        When it is no layer.
    """
    import keras

    layer, maps = result
    if not isinstance(layer, keras.layers.Layer):
        kind = "None" if layer is None else f"of the type {type(layer).__name__}"
        raise WrongKind(f"Return a layer, which is called with maps afterwards; what came back is {kind}.")
    outputs = np.asarray(layer(keras.ops.convert_to_tensor(maps)))
    weights = [np.ravel(weight) for weight in layer.get_weights()]
    return {"outputs": outputs, "weights": np.sort(np.concatenate([np.zeros(0), *weights]))}


def window_classifier(steps: Sequence[Sequence], window: Sequence[int], channels: int, which: int = 0) -> Any:
    """Return a small classifier of windows, its weights given.

    Parameters
    ----------
    steps : sequence of sequences
        In order: ``("conv", filters, size, stride)`` with ReLU, ``("max", size)``, ``("mean", size)``,
        ``("flatten",)``, ``("dense", units, activation)``, ``("dropout", rate)``.
    window : sequence of int
        (height, width) of its pictures.
    channels : int
        Of its pictures.
    which : int
        Other numbers give other weights.

    Returns
    -------
    keras.Sequential
        (batch, height, width, channels) → (batch, classes).
    """
    import keras
    from keras import layers

    make = {
        "conv": lambda filters, size, stride: layers.Conv2D(filters, size, stride, activation="relu"),
        "max": layers.MaxPooling2D,
        "mean": layers.AveragePooling2D,
        "flatten": layers.Flatten,
        "dense": layers.Dense,
        "dropout": layers.Dropout,
    }
    quiet_retracing()
    parts = [make[kind](*values) for kind, *values in steps]
    model = keras.Sequential([keras.Input((*window, channels)), *parts])
    for layer in model.layers:
        layer.set_weights(given_weights(tuple(tuple(weight.shape) for weight in layer.weights), which))
    return model


def _model_arguments(case: Case) -> tuple[tuple, dict]:
    return (
        window_classifier(**case.params, channels=case.arrays["image"].shape[2]),
        case.arrays["image"],
    ), {}


def _watch_first_layer(function: Callable, args: tuple, kwargs: dict) -> tuple[Any, bool]:
    """Call the function, and notice whether the first convolution gets pieces of the picture only."""
    model, image = args
    first = model.layers[0]
    seen, original = [], first.call

    def noting(inputs, *more, **options):
        seen.append(tuple(inputs.shape[1:3]))
        return original(inputs, *more, **options)

    first.call = noting
    try:
        scores = function(model, image)
    finally:
        first.call = original
    whole = [
        all(size is None or size >= full for size, full in zip(shape, image.shape, strict=False))
        for shape in seen
    ]
    return scores, bool(whole) and not any(whole)


def probe_scores(result: tuple[Any, bool]) -> Arrays:
    """Read the scores as an array, and whether the picture was cut up to get them."""
    return {"scores": as_array(result[0]), "cut": np.array(result[1])}


EXERCISES = (
    Exercise(
        notebook="w3l2",
        function="dense_to_conv",
        signature="(dense, spatial)",
        points=3,
        task="Return the convolution that does on maps what a dense layer does on flattened maps.",
        hints=(
            "One unit of the dense layer has a weight for each number of the flattened maps. One filter of the "
            "convolution has as many. Which size has the filter, and how many filters are there?",
            "The number of channels is not given: `dense.kernel` has the shape (height · width · channels, units).",
            "Flatten runs through a map row by row, and within a place through the channels. That is the order in "
            "which `reshape((height, width, channels, units))` fills an array, so it puts each weight in its place.",
            "`layers.Conv2D(units, spatial, activation=dense.activation, use_bias=dense.use_bias)`, then "
            "`conv.build((None, *spatial, channels))`, and `conv.set_weights([kernel, *bias])` where "
            "`kernel, *bias = dense.get_weights()` is right with and without a bias.",
        ),
        build=_dense_arguments,
        call=_apply_layer,
        probe=probe_layer,
        answered_by=(
            "utils.detection.sliding_windows.dense_to_conv",
            "utils.detection.sliding_windows.fully_convolutional",
        ),
        time_limit=60,
    ),
    Exercise(
        notebook="w3l2",
        function="sliding_window_scores",
        signature="(model, image)",
        points=3,
        task="Return a classifier's outputs for every window of a picture, computed in one pass.",
        hints=(
            "Send the whole picture through the layers, one after the other: `x = layer(x)`. Convolutions and poolings "
            "take any size. Which layers do not?",
            "Leave Flatten out, and remember the size of the maps that it would have flattened in a *window*: "
            "`layer.input.shape[1:3]`. The dense layer after it becomes a convolution with kernels of that size.",
            "After this convolution each place holds what was a row of units before. For a further dense layer the "
            "size is therefore (1, 1).",
            "The network wants a batch, so begin with `x = image[None]` and end with `np.asarray(x)[0]`.",
        ),
        build=_model_arguments,
        call=_watch_first_layer,
        probe=probe_scores,
        answered_by=(
            "utils.detection.sliding_windows.fully_convolutional",
            "utils.detection.sliding_windows.crop_scores",
        ),
        time_limit=60,
    ),
)
