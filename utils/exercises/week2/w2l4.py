"""What lesson 4 of week 2 asks for: freezing a network, giving it a new head, and fine-tuning it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.keras_models import given_inputs, given_weights, probe_model, quiet_retracing


def _freeze_arguments(case: Case) -> tuple[tuple, dict]:
    """Build the network that a case describes, some of its layers frozen already."""
    import keras
    from keras import layers

    kinds = {
        "convolution": lambda name: layers.Conv2D(2, 1, name=name),
        "batch norm": lambda name: layers.BatchNormalization(name=name),
        "depthwise": lambda name: layers.DepthwiseConv2D(3, padding="same", name=name),
        "ReLU": lambda name: layers.ReLU(name=name),
        "dense": lambda name: layers.Dense(2, name=name),
    }
    quiet_retracing()
    x = inputs = keras.Input((4, 4, 2))
    for name, kind, _ in case.params["layers"]:
        x = kinds[kind](name)(x)
    model = keras.Model(inputs, x)
    for name, _, frozen in case.params["layers"]:
        model.get_layer(name).trainable = not frozen
    if case.params["all_frozen"]:
        model.trainable = False
    return (model, case.params["layer_name"]), {}


def probe_frozen(result: Any) -> Arrays:
    """Read which layers of a model would be trained.

    Parameters
    ----------
    result : keras.Model
        Only layers with weights are looked at.

    Returns
    -------
    dict of str to ndarray
        ``"layer NAME trainable"`` → boolean, one a layer: whether training would change any of its weights.

    Raises
    ------
    WrongKind
        When the result is no model.
    """
    import keras

    if not isinstance(result, keras.Model):
        kind = "None" if result is None else f"of the type {type(result).__name__}"
        raise WrongKind(
            f"Return the model itself at the end, whose layers you froze; what came back is {kind}."
        )
    trained = {id(weight) for weight in result.trainable_weights}
    return {
        f"layer {layer.name} trainable": np.array(any(id(weight) in trained for weight in layer.weights))
        for layer in result.layers
        if layer.weights
    }


def small_base(size: Sequence[int], filters: Sequence[int]) -> Any:
    """Return a small network in the place of a pretrained one, its weights given.

    Parameters
    ----------
    size : sequence of int
        (height, width) of its pictures, which are RGB in [0, 1].
    filters : sequence of int
        Filters of its convolutions of 3×3; each is followed by batch normalization and ReLU.

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → feature maps (batch, height, width, filters[-1]).
    """
    import keras
    from keras import layers

    quiet_retracing()
    x = inputs = keras.Input((*size, 3))
    for count in filters:
        x = layers.Conv2D(count, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    base = keras.Model(inputs, x)
    for layer in base.layers:
        layer.set_weights(given_weights(tuple(tuple(weight.shape) for weight in layer.weights)))
    return base


def _transfer_arguments(case: Case) -> tuple[tuple, dict]:
    return (small_base(case.params["size"], case.params["filters"]), case.params["classes"]), {}


def probe_bytes_model(result: Any) -> Arrays:
    """Read a Keras model for pictures in [0, 255] as :func:`probe_model` does; outputs are those for such pictures."""
    import keras

    arrays = probe_model(result)
    x = keras.ops.convert_to_tensor(255 * given_inputs(result.input_shape[1:]))
    outputs, trained = (np.asarray(result(x, training=mode)) for mode in (False, True))
    arrays["outputs"] = outputs
    arrays["same_in_training"] = np.array(np.allclose(outputs, trained, atol=1e-6))
    return arrays


def pointwise_network(weights: Mapping[str, np.ndarray], frozen: bool) -> tuple[Any, Any]:
    """Return a small network with a base, and the base: two convolutions of 1×1, each normalised, and a softmax head.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By ``"conv1 kernel"``, ``"norm1 gamma"`` …, ``"head kernel"``, ``"head bias"``.
    frozen : bool
        Whether the base arrives frozen.
    """
    import keras
    from keras import layers

    quiet_retracing()
    x = inputs = keras.Input((2, 2, weights["conv1 kernel"].shape[2]))
    for number in (1, 2):
        filters = weights[f"conv{number} kernel"].shape[3]
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    base = keras.Model(inputs, x)
    pictures = keras.Input(inputs.shape[1:])
    x = layers.GlobalAveragePooling2D()(base(pictures))
    classes = weights["head bias"].shape[0]
    model = keras.Model(pictures, layers.Dense(classes, activation="softmax", name="head")(x))
    for name, variable in named_variables(model).items():
        variable.assign(weights[name])
    base.trainable = not frozen
    return model, base


def named_variables(model: Any) -> dict[str, Any]:
    """Return the weights of a model by layer and kind, ``"conv1 kernel"``, those of a model inside it too."""
    import keras

    found: dict[str, Any] = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= named_variables(layer)
        else:
            found |= {f"{layer.name} {variable.name}": variable for variable in layer.weights}
    return found


def _tuning_arguments(case: Case) -> tuple[tuple, dict]:
    import keras

    names = ("x", "y")
    weights = {name: value for name, value in case.arrays.items() if name not in names}
    model, base = pointwise_network(weights, case.params["frozen"])
    optimizers = tuple(keras.optimizers.SGD(rate) for rate in case.params["rates"])
    x, y = (case.arrays[name] for name in names)
    return (model, base, case.params["layer_name"], x, y, optimizers, tuple(case.params["epochs"])), {}


def probe_tuned(result: Any) -> Arrays:
    """Read all weights of the tuned network, by name.

    Raises
    ------
    WrongKind
        When the result is no model, or another one.
    """
    import keras

    if not isinstance(result, keras.Model):
        kind = "None" if result is None else f"of the type {type(result).__name__}"
        raise WrongKind(f"Return the trained model at the end; what came back is {kind}.")
    if not {"conv1 kernel", "head kernel"} <= set(named := named_variables(result)):
        raise WrongKind("What came back is not the model that was given: train that one and return it.")
    return {name: np.asarray(variable) for name, variable in named.items()}


EXERCISES = (
    Exercise(
        notebook="w2l4",
        function="freeze_until",
        signature="(model, layer_name)",
        points=2,
        task="Freeze a network's layers up to the one named, and every batch normalization.",
        hints=(
            "`layer.trainable = False` freezes a layer. Go through `model.layers` in order and decide for "
            "each whether it comes after the layer that is named.",
            "Where is that layer? `model.get_layer(layer_name)` finds it, and raises the ValueError if there "
            "is none; `model.layers.index(…)` says at which place it stands. `enumerate` gives you the "
            "places of the others.",
            "A layer is trainable when its place is greater than that one *and* it is no "
            "`layers.BatchNormalization` (`isinstance`). Begin with `model.trainable = True`: if the model "
            "as a whole is frozen, unfrozen layers inside do not count. End with `return model`.",
        ),
        build=_freeze_arguments,
        probe=probe_frozen,
        answered_by=("utils.models.transfer.freeze_until",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l4",
        function="transfer_model",
        signature="(base, classes)",
        points=2,
        task="Put a new classifier on a frozen, pretrained network, for pictures in bytes.",
        hints=(
            "Four steps between input and result: bring the bytes to what the base expects, call the base "
            "like a layer, make one number of each map, classify.",
            "`layers.Rescaling(1 / 255)` does the first; `base(x)` the second. An average over each map is "
            "`layers.GlobalAveragePooling2D()`.",
            "Begin with `base.trainable = False` and `inputs = keras.Input(base.input_shape[1:])`, end with "
            '`layers.Dense(classes, activation="softmax")` and `keras.Model(inputs, outputs)`.',
        ),
        build=_transfer_arguments,
        probe=probe_bytes_model,
        answered_by=("utils.models.transfer.transfer_model",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l4",
        function="fine_tune",
        signature="(model, base, layer_name, x, y, optimizers, epochs)",
        points=2,
        task="Train the head first, then head and last layers together with the second, smaller learning rate.",
        hints=(
            "There are two stages, and each has the same three steps: say what is frozen, compile, fit. The "
            "stages differ in what is frozen, in the optimizer and in the epochs.",
            "First stage: `base.trainable = False`. Second stage: `transfer.freeze_until(base, layer_name)`. "
            'The loss is "sparse_categorical_crossentropy"; the network ends with a softmax, so nothing more '
            "is to be said.",
            "`model.compile(optimizers[0], …)`, `model.fit(x, y, epochs=epochs[0], verbose=0)`, then the "
            "same once more with `[1]` after the freezing has changed. Without the second compile the old "
            "training goes on as it was.",
        ),
        build=_tuning_arguments,
        probe=probe_tuned,
        answered_by=("utils.models.transfer.fine_tune",),
        time_limit=60,
    ),
)
