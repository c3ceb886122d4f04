"""Turn a Keras model into arrays: what it is made of, and what it computes with weights that are given.

For exercises in which the learner builds a network. The answer key compares numbers, never layer names, so that
a network written in another style is as good as ours. TensorFlow is imported only when a model is looked at.
"""

import logging
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from utils.exercises.entry import Arrays, WrongKind

_BATCH = 3


def probe_model(result: Any) -> Arrays:
    """Read a Keras model as named arrays; its weights are overwritten by :func:`given_weights`.

    Parameters
    ----------
    result : keras.Model
        A Sequential or functional model with one input and one output. Whether it is compiled does not matter.

    Returns
    -------
    dict of str to ndarray
        ``input_shape`` and ``output_shape`` (integers, without the batch; −1 where open), ``weights`` (one text a
        weight such as ``"3×3×1×8"``, sorted), ``trainable`` (number of trainable parameters), ``outputs``
        (float32, three samples, for :func:`given_inputs`), ``same_in_training`` (boolean: training mode computes
        the same) and ``steps`` (one text a step of the network, for messages; empty when the graph cannot be read).

    Raises
    ------
    WrongKind
        When the result is no such model; the sentence is for the learner.
    """
    import keras

    model = _built_model(result)
    _set_weights(model)
    x = keras.ops.convert_to_tensor(given_inputs(model.input_shape[1:]))
    outputs = keras.ops.convert_to_numpy(model(x, training=False))
    trained = keras.ops.convert_to_numpy(model(x, training=True))
    return {
        "input_shape": _sizes(model.input_shape[1:]),
        "output_shape": _sizes(model.output_shape[1:]),
        "weights": np.array(sorted(shape_text(w.shape) for w in model.weights), dtype=np.str_),
        "trainable": np.array(sum(int(np.prod(w.shape)) for w in model.trainable_weights)),
        "outputs": outputs,
        "same_in_training": np.array(np.allclose(outputs, trained, atol=1e-6)),
        "steps": np.array(list_steps(model), dtype=np.str_),
    }


def given_inputs(shape: tuple[int | None, ...]) -> np.ndarray:
    """Return the samples that a probed model sees: float32 in [0, 1), ``(3, *shape)``; an open size becomes 8."""
    sizes = (_BATCH, *(8 if n is None else n for n in shape))
    return np.random.default_rng(_seed("inputs", sizes)).random(sizes, dtype=np.float32)


def given_weights(shapes: tuple[tuple[int, ...], ...], which: int = 0) -> list[np.ndarray]:
    """Return the values that a probed model's layer gets: they depend on its weights' shapes alone, not on names.

    Parameters
    ----------
    shapes : tuple of tuples of int
        Shapes of the layer's weights, kernel first.
    which : int
        0 for the first layer with weights of these shapes, 1 for the second, …

    Returns
    -------
    list of ndarray
        float32: kernels with the spread that keeps activations alive (He et al. 2015, equation 10), vectors between 0.1
        and 0.5 (positive, so that they may also be the variances of a normalisation).
    """
    rng = np.random.default_rng(_seed("weights", shapes, which))
    values = []
    for shape in shapes:
        if len(shape) < 2:
            values.append(rng.uniform(0.1, 0.5, shape).astype(np.float32))
        else:
            spread = np.sqrt(2 / np.prod(shape[:-1]))
            values.append((spread * rng.standard_normal(shape)).astype(np.float32))
    return values


def predict_at_once(model: Any) -> None:
    """Let a small model predict an array in one step, without the pipeline that Keras builds for large data.

    The pipeline takes ten times as long as such a model itself.

    Parameters
    ----------
    model : keras.Model
        Its ``predict`` gives the same as before. What is no array goes through the pipeline.
    """
    pipeline = model.predict

    def predict(x, *args, **options):
        return model.predict_on_batch(x) if isinstance(x, np.ndarray) else pipeline(x, *args, **options)

    model.predict = predict
    model.run_eagerly = True


def quiet_retracing() -> None:
    """Keep TensorFlow from warning that a check uses many small models one after another.

    The warning blames the learner for what the check does, and nbgrader takes any text on stderr for a failure.
    """
    logger = logging.getLogger("tensorflow")
    if _no_retracing not in logger.filters:
        logger.addFilter(_no_retracing)


def _no_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape as people do: ``"3×3×16"``."""
    return "×".join(map(str, shape))


def _seed(*parts: Any) -> int:
    return zlib.crc32(repr(parts).encode())


def _sizes(shape: tuple[int | None, ...]) -> np.ndarray:
    return np.array([-1 if n is None else n for n in shape], dtype=np.int64)


def _built_model(result: Any):
    """Return the result if it is a model with one known input and one output."""
    import keras

    if result is None:
        raise WrongKind("The result is None. A function without a `return` gives None: return the model.")
    if not isinstance(result, keras.Model):
        raise WrongKind(f"The result should be a Keras model; it is of the type {type(result).__name__}.")
    if not result.built or not isinstance(getattr(result, "inputs", None), list):
        raise WrongKind(
            "Your model does not know yet what pictures it will see, so it has no weights. Begin it with "
            "`keras.Input(shape=input_shape)`."
        )
    if len(result.inputs) != 1 or len(result.outputs) != 1:
        counts = f"{len(result.inputs)} inputs and {len(result.outputs)} outputs"
        raise WrongKind(f"Your model should have one input and one output; it has {counts}.")
    return result


def _set_weights(model) -> None:
    """Give every layer its values, in the order in which the data flow; equal layers are told apart by that order."""
    seen: dict[tuple, int] = {}
    for layer in _leaf_layers(model):
        shapes = tuple(tuple(weight.shape) for weight in layer.weights)
        values = given_weights(shapes, seen.get(shapes, 0))
        seen[shapes] = seen.get(shapes, 0) + 1
        for weight, value in zip(layer.weights, values, strict=True):
            weight.assign(value.astype(weight.dtype))


def _leaf_layers(model) -> Iterator:
    """Yield the layers with weights, those of a model inside the model too."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaf_layers(layer)
        elif layer.weights:
            yield layer


def list_steps(model) -> list[str]:
    """Describe a model step by step: activations are steps of their own, inputs and names are left out.

    Returns
    -------
    list of str
        For example ``["convolution with 8 filters of 3×3, same padding", "ReLU", …]``. Where a step does not simply
        follow the one before it, its text ends with ``(from step 2)`` or ``(from steps 3 and 5)``, counted from 1,
        0 being the input. Empty when the model cannot say what it is made of.
    """
    try:
        config = model.get_config()
    except (
        Exception
    ):  # a layer of the learner's own need not be describable; the numbers are judged all the same
        return []
    steps: list[str] = []
    last_step: dict[str, int] = {}
    for layer in config["layers"]:
        sources = [last_step[name] for name in source_names(layer) if name in last_step]
        if not sources and not layer.get("inbound_nodes"):
            sources = [len(steps)]
        name = layer["config"].get("name")
        last_step[name] = sources[0] if sources else 0
        for text in _layer_steps(layer):
            steps.append(text + _origin(sources, len(steps)))
            sources = [len(steps)]
            last_step[name] = len(steps)
    return steps


def source_names(layer: dict) -> list[str]:
    """Return the names of the layers that feed a layer, in order, from a functional model's configuration."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            history = (
                value.get("config", {}).get("keras_history")
                if isinstance(value.get("config"), dict)
                else None
            )
            if history:
                found.append(history[0])
            else:
                for item in value.values():
                    walk(item)
        elif isinstance(value, list | tuple):
            for item in value:
                walk(item)

    walk(layer.get("inbound_nodes", []))
    return found


def _origin(sources: list[int], before: int) -> str:
    if sources == [before]:
        return ""
    word = "step" if len(sources) == 1 else "steps"
    return f" (from {word} {' and '.join(map(str, sources))})"


_PLAIN_NAMES = {
    "Flatten": "flatten",
    "Concatenate": "concatenate",
    "Add": "add",
    "BatchNormalization": "batch norm",
}
_FUNCTION_NAMES = {"relu": "ReLU"}


def _layer_steps(layer: dict) -> list[str]:
    """Return the steps of one layer: none for an input, two for a layer with a built-in activation."""
    kind, config = layer["class_name"], layer["config"]
    if kind == "InputLayer" or (kind == "Dropout" and config.get("rate") == 0):
        return []
    if kind == "Activation":
        return _activation(config)
    if kind in ("ReLU", "Relu"):
        return ["ReLU"]
    if kind == "Softmax":
        return ["softmax"]
    if kind == "Reshape" and config.get("target_shape") in ((-1,), [-1]):
        return ["flatten"]
    if kind == "Conv2D":
        what = f"convolution with {config['filters']} filters of {shape_text(config['kernel_size'])}"
        return [what + _stride(config["strides"], 1) + f", {config['padding']} padding", *_activation(config)]
    if kind == "Dense":
        return [f"dense with {config['units']} units", *_activation(config)]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        word = "max-pooling" if kind.startswith("Max") else "average-pooling"
        stride = _stride(config["strides"], config["pool_size"][0])
        same = ", same padding" if config["padding"] == "same" else ""
        return [f"{word} {shape_text(config['pool_size'])}" + stride + same]
    return [_PLAIN_NAMES.get(kind, kind)]


def _activation(config: dict) -> list[str]:
    activation = config.get("activation", "linear")
    if activation == "linear":
        return []
    if not isinstance(activation, str):
        return ["an activation of its own"]
    return [_FUNCTION_NAMES.get(activation, activation)]


def _stride(strides: tuple[int, int] | list[int], usual: int) -> str:
    return "" if set(strides) == {usual} else f", stride {'/'.join(map(str, dict.fromkeys(strides)))}"


def dropout_rates(model) -> list[float]:
    """Return the rate of every dropout layer of a Keras model, nested models included, in the order of its layers."""
    import keras

    rates = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rates += dropout_rates(layer)
        elif isinstance(layer, keras.layers.Dropout):
            rates.append(float(layer.rate))
    return rates
