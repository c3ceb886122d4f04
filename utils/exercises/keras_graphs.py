"""Turn a part of a Keras network, or a deep one, into arrays, whatever order its branches were written in.

A layer's given weights depend on their shapes and on what lies before it, so two branches with equal shapes are told
apart by where they are, never by names or by which was written first. TensorFlow is imported only when a network is
looked at.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from utils.exercises.entry import Arrays, WrongKind
from utils.exercises.keras_models import quiet_retracing, shape_text, source_names

_BATCH = 4
_FAINT = 0.01


@dataclass(frozen=True)
class Probed:
    """A result that was read as arrays before, so that a large network need not be built twice."""

    arrays: Arrays


def probe_network(result: Any, with_faint: bool = False) -> Arrays:
    """Read a model, or the tensor at the end of a part of one, as named arrays; its weights are overwritten.

    Parameters
    ----------
    result : keras.Model or symbolic tensor
        With one input and one output.
    with_faint : bool
        Whether to add what comes of :func:`faint` samples, for exercises in which an epsilon is asked for.

    Returns
    -------
    dict of str to ndarray
        ``input_shape`` and ``output_shape`` (integers, without the batch), ``weights`` (one text a weight such as
        ``"3×3×1×8"``, sorted), ``trainable`` (number of trainable parameters), ``kernel_range`` (bounds of the
        numbers in the kernels before they are overwritten, in whole numbers, 0 to 2 at least as seen from outside: what
        the usual initializers draw always gives (0, 2)), and for four samples ``inference``, ``plain`` and ``training``
        (float32, called with ``training=False``, without and with ``training=True``) and ``faint`` (as ``training``).

    Raises
    ------
    WrongKind
        When the result is neither; the sentence is for the learner.
    """
    if isinstance(result, Probed):
        return result.arrays
    quiet_retracing()
    model = _as_model(result)
    kernels = [np.asarray(w) for w in model.trainable_weights if len(w.shape) > 1] or [np.zeros(1)]
    arrays = {
        "input_shape": np.array(model.input_shape[1:]),
        "output_shape": np.array(model.output_shape[1:]),
        "weights": np.array(sorted(shape_text(w.shape) for w in model.weights), dtype=np.str_),
        "trainable": np.array(sum(int(np.prod(w.shape)) for w in model.trainable_weights)),
        "kernel_range": np.array(
            [max(0, np.floor(min(k.min() for k in kernels))), max(2, np.ceil(max(k.max() for k in kernels)))]
        ),
    }
    _set_weights(model)
    x = signed_inputs(model.input_shape[1:])
    arrays["inference"] = np.asarray(model(x, training=False))
    arrays["plain"] = np.asarray(model(x))
    # Last, for it moves the averages, on which the others depend.
    arrays["training"] = np.asarray(model(x, training=True))
    if with_faint:
        arrays["faint"] = np.asarray(model(faint(x), training=True))
    return arrays


def signed_inputs(shape: Sequence[int]) -> np.ndarray:
    """Return the samples that a probed network sees: float32, standard normal, ``(4, *shape)``."""
    sizes = (_BATCH, *(int(n) for n in shape))
    return np.random.default_rng(zlib.crc32(repr(sizes).encode())).standard_normal(sizes).astype(np.float32)


def faint(x: np.ndarray) -> np.ndarray:
    """Return samples with so little contrast that a normalisation's epsilon counts: float32, a hundredth of them."""
    return np.float32(_FAINT) * x


def place_key(shapes: Sequence[tuple[int, ...]], before: Sequence[int]) -> int:
    """Name a layer by the shapes of its weights and the keys of the layers with weights that feed it, in any order."""
    shapes = tuple(tuple(int(n) for n in shape) for shape in shapes)
    return zlib.crc32(repr((shapes, tuple(sorted(set(before))))).encode())


def placed_weights(shapes: Sequence[tuple[int, ...]], key: int) -> list[np.ndarray]:
    """Return the given weights of the layer with this key: float32, kernels normal with variance 2 / fan-in.

    The second weight, a bias or the shift of a normalisation, lies between −0.5 and 0.5 so that a ReLU matters; other
    vectors between 0.1 and 0.5: positive, so that they may also be the variances of a normalisation.
    """
    values = []
    for number, shape in enumerate(shapes):
        seed = (key + number) % 4096
        if len(shape) < 2:
            low = -0.5 if number == 1 else 0.1
            values.append(np.random.default_rng(seed).uniform(low, 0.5, shape).astype(np.float32))
        else:
            kernel = np.resize(_normal_numbers()[seed:], shape)
            values.append(np.float32(np.sqrt(2 / np.prod(shape[:-1]))) * kernel)
    return values


@cache
def _normal_numbers() -> np.ndarray:
    # A prime length: rows of a kernel never repeat in step with its channels.
    return np.random.default_rng(0).standard_normal(104_729).astype(np.float32)


def _as_model(result: Any):
    import keras

    if result is None:
        raise WrongKind(
            "The result is None. A function without a `return` gives None: return what was asked for."
        )
    if isinstance(result, keras.KerasTensor):
        sources = keras.utils.get_source_inputs(result)
        if len(sources) != 1:
            raise WrongKind(f"Your result depends on {len(sources)} inputs; it should depend on X alone.")
        return keras.Model(sources[0], result)
    if not isinstance(result, keras.Model):
        raise WrongKind(
            "The result should be a symbolic tensor or a Keras model; it is of the type "
            f"{type(result).__name__}. A layer becomes a tensor when it is called with one."
        )
    if len(getattr(result, "inputs", None) or ()) != 1 or len(result.outputs) != 1:
        raise WrongKind("Your model should have one input and one output: `keras.Model(inputs, outputs)`.")
    return result


def _set_weights(model) -> None:
    for layer, before in _placed_layers(model, ())[0]:
        shapes = [tuple(weight.shape) for weight in layer.weights]
        for weight, value in zip(
            layer.weights, placed_weights(shapes, place_key(shapes, before)), strict=True
        ):
            weight.assign(value)


def _placed_layers(
    model, feeding: tuple[int, ...]
) -> tuple[list[tuple[Any, tuple[int, ...]]], tuple[int, ...]]:
    """Return each layer with weights, with the keys of what feeds it, and the keys at the model's end."""
    import keras

    found: list[tuple[Any, tuple[int, ...]]] = []
    by_name = {layer.name: layer for layer in model.layers}
    ends: dict[str, tuple[int, ...]] = {}
    last = feeding
    for config in model.get_config()["layers"]:
        name = config["config"]["name"]
        before = _before(source_names(config), ends, last)
        layer = by_name.get(name)
        if isinstance(layer, keras.Model):
            inside, last = _placed_layers(layer, before)
            found += inside
        elif layer is not None and layer.weights:
            found.append((layer, before))
            last = (place_key([tuple(w.shape) for w in layer.weights], before),)
        else:
            last = before
        ends[name] = last
    return found, last


def _before(sources: list[str], ends: dict[str, tuple[int, ...]], last: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_keys(sources, ends))) if sources else last


def _keys(sources: list[str], ends: dict[str, tuple[int, ...]]) -> Iterator[int]:
    for source in sources:
        yield from ends[source]
