"""Week 4, lesson 8, DCGAN: what is asked. The answers stand elsewhere."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import dropout_rates, quiet_retracing, shape_text

SAMPLES = 4
STEPS = 2
MOMENTA = (0.5, 0.995)  # of averages that follow a training of some hundred steps
THINNING = (1.5, 0.5)  # what the small discriminator multiplies its hidden numbers by while it is trained
OPTIMIZERS = ("momentum", "adam")
EPSILON = 1e-3  # of Adam: large, so that a gradient near 0 makes no large step of either sign


def probe_player(result: Any) -> Arrays:
    """Read a generator or a discriminator as arrays; its weights are overwritten by :func:`player_weights`.

    Parameters
    ----------
    result : keras.Model
        A chain of layers with one input and one output.

    Returns
    -------
    dict of str to ndarray
        ``input_shape`` and ``output_shape`` (integers, without the batch), ``kernels`` (one text a weight of two or
        more dimensions, sorted), ``normalised`` (channels of each normalisation, sorted), ``follows`` (whether the
        momenta of their averages lie within :data:`MOMENTA`), ``dropout`` (rates above 0), and for :data:`SAMPLES`
        samples ``inference``, ``plain`` and, if nothing is dropped at random, ``training``. Biases
        are 0, so that it does not matter where there are any.

    Raises
    ------
    WrongKind
        When the result is no such model; the sentence is for the learner.
    """
    import keras

    quiet_retracing()
    if result is None:
        raise WrongKind("The result is None. A function without a `return` gives None: return the model.")
    if not isinstance(result, keras.Model):
        raise WrongKind(
            f"The result should be a Keras model; it is of the type {type(result).__name__}. "
            "`keras.Model(inputs, outputs)` makes one of tensors."
        )
    if not result.built or len(getattr(result, "inputs", None) or ()) != 1 or len(result.outputs) != 1:
        raise WrongKind(
            "Your model should have one input and one output, and know the shape of its input: begin it with "
            "`keras.Input(…)`."
        )
    layers = list(_layers_with_weights(result))
    momenta = [layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    kernels, normalised = _set_weights(layers)
    dropped = [rate for rate in dropout_rates(result) if rate]
    x = player_inputs(result.input_shape[1:])
    arrays = {
        "input_shape": np.array(result.input_shape[1:]),
        "output_shape": np.array(result.output_shape[1:]),
        "kernels": np.array(sorted(kernels), np.str_),
        "normalised": np.array(sorted(normalised), int),
        "follows": np.array(all(MOMENTA[0] <= momentum <= MOMENTA[1] for momentum in momenta)),
        "dropout": np.array(dropped),
        "inference": np.asarray(result(x, training=False)),
        "plain": np.asarray(result(x)),
    }
    if not dropped:
        # Last, for it moves the averages, on which the others depend.
        arrays["training"] = np.asarray(result(x, training=True))
    return arrays


def player_inputs(shape: Sequence[int]) -> np.ndarray:
    """Return the samples that a probed player sees: float32, standard normal, ``(SAMPLES, *shape)``."""
    sizes = (SAMPLES, *(int(n) for n in shape))
    return np.random.default_rng(_seed(sizes)).standard_normal(sizes).astype(np.float32)


def player_kernel(shape: Sequence[int], which: int) -> np.ndarray:
    """Return the kernel of the layer that is number ``which``, from 0, among those with this shape of kernel.

    Returns
    -------
    ndarray
        float32, normal with mean 0; the variance about keeps the size of what goes through.
    """
    shape = tuple(int(n) for n in shape)
    # Of a transposed convolution's 4×4 kernel at stride 2 a number of its output sees 2×2.
    fan_in = shape[0] if len(shape) == 2 else np.prod(shape[:2]) / 4 * max(shape[2:])
    kernel = np.random.default_rng(_seed((shape, which))).standard_normal(shape)
    return (np.sqrt(2 / fan_in) * kernel).astype(np.float32)


def player_weights(channels: int, which: int) -> list[np.ndarray]:
    """Return γ, β, mean and variance of the normalisation that is number ``which`` among those of as many channels."""
    rng = np.random.default_rng(_seed((channels, which, "normalisation")))
    limits = ((0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), (0.5, 1.5))
    return [rng.uniform(*limit, channels).astype(np.float32) for limit in limits]


def _seed(value: Any) -> int:
    return zlib.crc32(repr(value).encode())


def _layers_with_weights(model: Any) -> Iterator[Any]:
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers_with_weights(layer)
        elif layer.weights:
            yield layer


def _set_weights(layers: Sequence[Any]) -> tuple[list[str], list[int]]:
    """Give the layers their weights, in order; return the shapes of kernels and the channels of normalisations."""
    seen: dict[Any, int] = {}
    kernels, normalised = [], []
    for layer in layers:
        key = tuple(layer.weights[0].shape)
        which = seen.get(key, 0)
        seen[key] = which + 1
        if len(key) > 1:
            kernels.append(shape_text(key))
            values = [player_kernel(key, which), *(np.zeros(w.shape) for w in layer.weights[1:])]
        else:
            normalised.append(int(key[0]) if key else 1)
            values = player_weights(normalised[-1], which)
        # A normalisation without scale or shift has fewer weights, and then other outputs.
        for weight, value in zip(layer.weights, values, strict=False):
            weight.assign(value.reshape(weight.shape))
    return kernels, normalised


def _player_arguments(case: Case) -> tuple[tuple, dict]:
    quiet_retracing()
    return (), {name: tuple(v) if isinstance(v, list) else v for name, v in case.params.items()}


def small_players(case: Case) -> tuple[Any, Any]:
    """Build two small networks with the weights of a case, as :func:`step_arguments` hands them to a step.

    Parameters
    ----------
    case : Case
        Arrays ``G kernel 0`` (latent, hidden), ``G bias 0``, ``G scale`` and ``G shift`` (hidden), ``G kernel 1``
        (hidden, pixels), ``G bias 1``; ``D kernel 0`` (pixels, hidden), ``D bias 0``, ``D kernel 1`` (hidden, 1),
        ``D bias 1``; ``real`` (batch, height, width, 1).

    Returns
    -------
    (keras.Model, keras.Model)
        The generator: dense, batch normalisation, tanh, dense, tanh. The discriminator: dense, softplus, in training
        every hidden number times one of :data:`THINNING` in turn (what a dropout does, but the same each time), dense.
    """
    shapes = (case.arrays[name].shape for name in ("real", "G kernel 0", "D kernel 0"))
    (_, height, width, _), (latent, hidden), (_, judging) = shapes
    players = _small_networks(height, width, latent, hidden, judging)
    for model, name in zip(players, "GD", strict=True):
        model.trainable = True
        for variable, part in zip(model.trainable_variables, player_parts(name), strict=True):
            variable.assign(case.arrays[part])
        for variable in model.non_trainable_variables:  # averages: of the mean 0, of the variance 1
            variable.assign(np.full(variable.shape, "variance" in variable.name))
    return players


@cache
def _small_networks(height: int, width: int, latent: int, hidden: int, judging: int) -> tuple[Any, Any]:
    """Build the two networks once for each size: a check uses them again and again."""
    import keras
    from keras import layers

    class Thinning(layers.Layer):
        def call(self, x, training=False):
            return x * np.resize(np.float32(THINNING), x.shape[-1]) if training else x

    make = keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(hidden),
            layers.BatchNormalization(epsilon=EPSILON),
            layers.Activation("tanh"),
            layers.Dense(height * width, activation="tanh"),
            layers.Reshape((height, width, 1)),
        ]
    )
    judge = keras.Sequential(
        [
            keras.Input((height, width, 1)),
            layers.Flatten(),
            layers.Dense(judging, activation="softplus"),
            Thinning(),
            layers.Dense(1),
        ]
    )
    return make, judge


def player_parts(name: str) -> list[str]:
    """Return the names of a small player's trainable weights in a case, in the order in which Keras lists them."""
    middle = [f"{name} scale", f"{name} shift"] if name == "G" else []
    return [f"{name} kernel 0", f"{name} bias 0", *middle, f"{name} kernel 1", f"{name} bias 1"]


def make_optimizer(kind: str, rate: float) -> Any:
    """Return an unused optimizer: gradient descent with momentum .9, or Adam with β₁ = .5."""
    import keras

    if kind == "adam":
        return keras.optimizers.Adam(rate, beta_1=0.5, epsilon=EPSILON)
    return keras.optimizers.SGD(rate, momentum=0.9)


def step_arguments(case: Case) -> tuple[tuple, dict]:
    """Build real pictures, latent vectors, both players and an optimizer for each."""
    import tensorflow as tf

    quiet_retracing()
    players = small_players(case)
    optimizers = [make_optimizer(case.params["optimizer"], rate) for rate in case.params["rates"]]
    real, z = (tf.constant(case.arrays[name]) for name in ("real", "z"))
    options = {name: case.params[name] for name in ("real_label",) if name in case.params}
    return (real, z, *players, *optimizers), options


def call_steps(function: Callable, args: tuple, kwargs: dict) -> Arrays:
    """Take two steps; return the losses of each and, after each, how far both players' weights are from the start.

    Raises
    ------
    WrongKind
        When a step does not return two numbers.
    """
    _, _, make, judge, *_ = args
    start = [_flat(model) for model in (make, judge)]
    found: dict[str, list[np.ndarray]] = {
        name: []
        for name in ("discriminator's loss", "generator's loss", "generator moved", "discriminator moved")
    }
    for _ in range(STEPS):
        result = function(*args, **kwargs)
        if not isinstance(result, tuple | list) or len(result) != 2:
            kind = f"{len(result)} values" if isinstance(result, tuple | list) else type(result).__name__
            raise WrongKind(
                f"The step should return two losses, (discriminator's, generator's); it returned {kind}."
            )
        for name, value in zip(("discriminator's loss", "generator's loss"), result, strict=True):
            loss = as_array(value, f"The {name}")
            if loss.size != 1:
                raise WrongKind(f"The {name} should be one number; it has shape {loss.shape}.")
            found[name].append(loss.reshape(()))
        for name, model, before in zip(("generator", "discriminator"), (make, judge), start, strict=True):
            found[f"{name} moved"].append(_flat(model) - before)
    return {name: np.array(values) for name, values in found.items()}


def _flat(model: Any) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(v)) for v in model.trainable_variables])


def probe_steps(result: Arrays) -> Arrays:
    """Pass on what :func:`call_steps` collected."""
    return result


_LIBRARY = "utils.models.dcgan"

EXERCISES = (
    Exercise(
        notebook="w4l8",
        function="generator",
        signature="(latent=64, side=7, filters=(64, 32), channels=1)",
        points=1,
        task="Build a network that turns latent vectors into pictures in [-1, 1], doubling the sides again and again.",
        hints=(
            "Read the table from above: a dense layer, a Reshape to (side, side, filters[0]), then batch norm and "
            "ReLU. A loop over `filters[1:]` does the same behind each transposed convolution.",
            '`layers.Conv2DTranspose(count, 4, strides=2, padding="same")` makes both sides exactly twice as long.',
            "The picture comes from one more transposed convolution, with `channels` filters, no batch norm, and "
            '`activation="tanh"`.',
        ),
        build=_player_arguments,
        probe=probe_player,
        answered_by=(f"{_LIBRARY}.generator", f"{_LIBRARY}.digits_generator"),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l8",
        function="discriminator",
        signature="(input_shape=(28, 28, 1), filters=(32, 64))",
        points=1,
        task="Build a network that gives one logit a picture: positive for real, negative for made.",
        hints=(
            "For each number of filters three layers: a convolution that halves the sides, a leaky ReLU, a dropout.",
            '`layers.Conv2D(count, 4, strides=2, padding="same")` halves them. No pooling.',
            "`layers.LeakyReLU(negative_slope=0.2)`, `layers.Dropout(0.3)`; at the end `layers.Flatten()` and "
            "`layers.Dense(1)` without an activation: a logit may be any number.",
        ),
        build=_player_arguments,
        probe=probe_player,
        answered_by=(f"{_LIBRARY}.discriminator",),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l8",
        function="gan_step",
        signature="(real, z, G, D, G_optimizer, D_optimizer, real_label=0.9)",
        points=1,
        task="Move the discriminator by its own loss and the generator by its own; return both losses.",
        hints=(
            "Under two tapes: `made = G(z, training=True)`, then D's logits for the real and for the made pictures, "
            "then the two losses with `label_loss`.",
            "D should say real_label to real pictures and 0 to made ones, and pays the sum. G pays for what is missing "
            "until D says 1 to its pictures.",
            "`tape.gradient(D_loss, D.trainable_variables)` goes to `D_optimizer.apply(gradients, "
            "D.trainable_variables)`. Nothing but G's own variables for G's loss.",
        ),
        build=step_arguments,
        call=call_steps,
        probe=probe_steps,
        answered_by=(f"{_LIBRARY}.gan_step", f"{_LIBRARY}.Game"),
        time_limit=60,
    ),
)
