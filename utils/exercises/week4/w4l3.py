"""What lesson 3 of week 4 asks for: a Siamese classifier of two pictures, and the χ² similarity of two encodings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.keras_graphs import signed_inputs
from utils.exercises.keras_models import given_weights, quiet_retracing, shape_text


@dataclass(frozen=True)
class Built:
    """What a learner's function made of an encoder, and the encoder itself.

    Attributes
    ----------
    model
        Whatever came back.
    encoder : keras.Model
        What went in.
    """

    model: Any
    encoder: Any


def small_encoder(case: Case) -> Any:
    """Return the encoder that a case describes.

    Parameters
    ----------
    case : Case
        Arrays ``"kernel 0"``, ``"bias 0"``, … of its layers in order, each but the last followed by a ReLU: (in, out)
        dense, (f, f, in, out) a convolution without padding, whose maps are averaged before the first dense layer.
        Params ``input_shape``, ``unit`` (encodings of length 1) and ``frozen``.

    Returns
    -------
    keras.Model
        Pictures (batch, *input_shape*) → encodings (batch, d).
    """
    import keras
    from keras import layers

    quiet_retracing()
    x = inputs = keras.Input(tuple(case.params["input_shape"]))
    count = len(case.arrays) // 2
    made = []
    for number in range(count):
        kernel, bias = case.arrays[f"kernel {number}"], case.arrays[f"bias {number}"]
        if kernel.ndim == 4:
            layer = layers.Conv2D(kernel.shape[3], kernel.shape[:2])
        else:
            layer = layers.Dense(kernel.shape[1])
            x = layers.GlobalAveragePooling2D()(x) if len(x.shape) == 4 else x
        x = layer(x)
        x = layers.ReLU()(x) if number < count - 1 else x
        made.append((layer, [kernel, bias]))
    x = layers.UnitNormalization()(x) if case.params["unit"] else x
    encoder = keras.Model(inputs, x)
    for layer, weights in made:
        layer.set_weights(weights)
    encoder.trainable = not case.params["frozen"]
    return encoder


def _siamese_arguments(case: Case) -> tuple[tuple, dict]:
    return (small_encoder(case), tuple(case.params["input_shape"])), {}


def _call_with_encoder(function: Callable, args: tuple, kwargs: dict) -> Built:
    return Built(function(*args, **kwargs), args[0])


def probe_siamese(result: Built) -> Arrays:
    """Read a model on pairs as named arrays; weights that are not the encoder's are overwritten by given ones.

    Parameters
    ----------
    result : Built
        Model and encoder.

    Returns
    -------
    dict of str to ndarray
        ``encoder_used`` (boolean: all of the encoder's own weights are in the model), ``weights`` (one text for each
        weight beside those, such as ``"5×1"``, sorted), ``trainable`` (number of trainable parameters), and float32
        outputs for four pairs: ``outputs``, ``exchanged`` (the same pairs, their pictures exchanged) and ``equal``
        (each first picture paired with itself).

    Raises
    ------
    WrongKind
        When the result is no model on two such pictures; the sentence is for the learner.
    """
    shape = tuple(result.encoder.input_shape[1:])
    model = _pair_model(result.model, shape)
    own = {id(weight) for weight in result.encoder.weights}
    others = [weight for weight in model.weights if id(weight) not in own]
    _give_weights(others)
    both = signed_inputs((2, *shape))
    a, b = both[:, 0], both[:, 1]
    return {
        "encoder_used": np.array(own <= {id(weight) for weight in model.weights}),
        "weights": np.array(sorted(shape_text(weight.shape) for weight in others), dtype=np.str_),
        "trainable": np.array(sum(int(np.prod(w.shape)) for w in model.trainable_weights)),
        "outputs": np.asarray(model([a, b], training=False)),
        "exchanged": np.asarray(model([b, a], training=False)),
        "equal": np.asarray(model([a, a], training=False)),
    }


def _pair_model(result: Any, shape: tuple[int, ...]) -> Any:
    import keras

    if result is None:
        raise WrongKind("The result is None. A function without a `return` gives None: return the model.")
    if isinstance(result, keras.KerasTensor):
        raise WrongKind(
            "The result is a tensor, the end of a network. `keras.Model([a, b], …)` makes a model of it, from the two "
            "inputs to that end."
        )
    if not isinstance(result, keras.Model):
        raise WrongKind(f"The result should be a Keras model; it is of the type {type(result).__name__}.")
    inputs = getattr(result, "inputs", None) or []
    if len(inputs) != 2 or len(result.outputs) != 1:
        raise WrongKind(
            "Your model should have two inputs, one for each picture, and one output; it has "
            f"{len(inputs)} and {len(getattr(result, 'outputs', None) or [])}."
        )
    for place, tensor in enumerate(inputs, start=1):
        if tuple(tensor.shape[1:]) != shape:
            raise WrongKind(
                f"Input {place} of your model takes pictures of shape {tuple(tensor.shape[1:])}; `input_shape` is "
                f"{shape}."
            )
    return result


def _give_weights(weights: list[Any]) -> None:
    """Give weights values that depend on their shapes, and among equal shapes on their order, alone."""
    seen: dict[tuple, int] = {}
    for weight in weights:
        shape = tuple(weight.shape)
        (value,) = given_weights((shape,), seen.get(shape, 0))
        seen[shape] = seen.get(shape, 0) + 1
        weight.assign(value)


EXERCISES = (
    Exercise(
        notebook="w4l3",
        function="siamese_classifier",
        signature="(encoder, input_shape)",
        points=1,
        task="Build a network that takes two pictures, encodes both with one encoder and says how probably they show "
        "one person.",
        hints=(
            "A model with two inputs begins with two `keras.Input`. A Keras model can be called like a layer, as often "
            "as you like, and each call uses the same weights: that is all that sharing takes.",
            "`ops.abs` gives the size of each difference, so that it does not matter which picture comes first. A "
            "logistic regression is a dense layer with one unit and a sigmoid.",
            'Four lines: two inputs; `ops.abs(encoder(a) - encoder(b))`; `layers.Dense(1, activation="sigmoid")` of '
            "that; `keras.Model([a, b], …)`.",
        ),
        build=_siamese_arguments,
        call=_call_with_encoder,
        probe=probe_siamese,
        answered_by=("utils.faces.siamese.siamese_classifier",),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l3",
        function="chi_square_similarity",
        signature="(a, b)",
        points=1,
        task="Sum (a − b)² / (a + b) over the numbers of two encodings that hold nothing negative.",
        hints=(
            "Write the fraction for all numbers at once, as if no denominator were 0, and sum over the last axis. Then "
            "see to the two special cases: two zeros, and a negative number.",
            "Where both numbers are 0 the numerator is 0 too, so any denominator but 0 gives the 0 that is wanted: "
            "`np.where(total > 0, total, 1)`.",
            "`if np.any(a < 0) or np.any(b < 0): raise ValueError(…)` comes first. `np.sum(…, axis=-1)` comes last; "
            "with `axis=-1` one face against a whole database needs no loop, for NumPy broadcasts (d,) against (n, d).",
        ),
        answered_by=("utils.faces.siamese.chi_square_similarity",),
    ),
)
