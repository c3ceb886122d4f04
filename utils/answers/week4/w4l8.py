"""Week 4, lesson 8, DCGAN: what is tried, what is right by NumPy and finite differences, and what people get wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import shape_text
from utils.exercises.week4.w4l8 import (
    EPSILON,
    OPTIMIZERS,
    STEPS,
    THINNING,
    player_inputs,
    player_kernel,
    player_parts,
    player_weights,
)

NORM_EPSILON = 1e-3  # Keras' own
RTOL, ATOL = 2e-3, 1e-4

# Both players ------------------------------------------------------------------------------------------------------


class _Chain:
    """Computes a chain of layers without Keras, for pictures in inference and in training at once.

    Parameters
    ----------
    shape : tuple of int
        Of the input, without the batch.
    """

    def __init__(self, shape: Sequence[int]):
        self.start = player_inputs(shape)
        self.inference = self.training = self.start.astype(np.float64)
        self.kernels: list[str] = []
        self.normalised: list[int] = []
        self._seen: dict[Any, int] = {}

    def each(self, function: Callable) -> "_Chain":
        """Apply a function without weights."""
        self.inference, self.training = function(self.inference), function(self.training)
        return self

    def _kernel(self, *shape: int) -> np.ndarray:
        self.kernels.append(shape_text(shape))
        return player_kernel(shape, self._count(shape))

    def _count(self, key: tuple) -> int:
        self._seen[key] = self._seen.get(key, 0) + 1
        return self._seen[key] - 1

    def dense(self, units: int) -> "_Chain":
        kernel = self._kernel(self.inference.shape[1], units)
        return self.each(lambda x: x @ kernel)

    def normalise(self) -> "_Chain":
        channels = self.inference.shape[-1]
        self.normalised.append(channels)
        scale, shift, mean, variance = player_weights(channels, self._count((channels,)))
        m, v = (part(self.training, axis=(0, 1, 2)) for part in (np.mean, np.var))
        self.inference = (self.inference - mean) / np.sqrt(variance + NORM_EPSILON) * scale + shift
        self.training = (self.training - m) / np.sqrt(v + NORM_EPSILON) * scale + shift
        return self

    def up(self, filters: int) -> "_Chain":
        kernel = self._kernel(4, 4, filters, self.inference.shape[3])
        return self.each(lambda x: _stamp(x, kernel))

    def down(self, filters: int) -> "_Chain":
        kernel = self._kernel(4, 4, self.inference.shape[3], filters)
        return self.each(lambda x: _convolve(x, kernel))

    def arrays(self) -> Arrays:
        return {
            "input_shape": np.array(self.start.shape[1:]),
            "output_shape": np.array(self.inference.shape[1:]),
            "kernels": np.array(sorted(self.kernels)),
            "normalised": np.array(sorted(self.normalised), int),
            "inference": self.inference,
            "training": self.training,
        }


def _stamp(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Apply a transposed 4×4 convolution of stride 2: each number stamps the kernel; a border of 1 is cut off."""
    batch, height, width, _ = x.shape
    result = np.zeros((batch, 2 * height + 2, 2 * width + 2, kernel.shape[2]))
    for row, column in np.ndindex(4, 4):
        result[:, row : row + 2 * height : 2, column : column + 2 * width : 2] += x @ kernel[row, column].T
    return result[:, 1:-1, 1:-1]


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Apply a 4×4 convolution of stride 2 that gives half of the sides, rounded up; odd zeros are at the end."""
    zeros = [2 * ((n + 1) // 2 - 1) + 4 - n for n in x.shape[1:3]]
    padded = np.pad(x, ((0, 0), *((n // 2, n - n // 2) for n in zeros), (0, 0)))
    windows = sliding_window_view(padded, (4, 4), axis=(1, 2))[:, ::2, ::2]
    return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))


def _player_problem(expected: Arrays, got: Arrays) -> str:
    for name, words in (("input_shape", "takes samples"), ("output_shape", "gives results")):
        if not np.array_equal(expected[name], got[name]):
            want, have = (shape_text(part[name]) for part in (expected, got))
            return f"Your network {words} of shape {have}; asked for is {want}."
    if not np.array_equal(expected["kernels"], got["kernels"]):
        want, have = (", ".join(part["kernels"]) for part in (expected, got))
        return f"Your network has kernels of other shapes than the one asked for. Yours: {have}; asked for: {want}."
    if not np.array_equal(expected["normalised"], got["normalised"]):
        want, have = (", ".join(map(str, part["normalised"])) or "none" for part in (expected, got))
        return f"Channels that your network normalises: {have}; asked for: {want}."
    if not _close(expected["inference"], got["inference"]):
        return f"With equal weights your network gives other outputs. {_outputs_differ(expected, got)}"
    if not _close(expected["inference"], got["plain"]):
        return (
            "After training your network is right only if it is told `training=False`. Do not build a value of "
            "`training` into a layer."
        )
    return ""


def _outputs_differ(expected: Arrays, got: Arrays) -> str:
    want, have = expected["inference"], got["inference"]
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(have - want))), want.shape))
    return (
        f"Yours lie between {have.min():.3g} and {have.max():.3g}, those of the network asked for between "
        f"{want.min():.3g} and {want.max():.3g}; the largest difference is at {list(place)}."
    )


def _close(want: np.ndarray, have: np.ndarray) -> bool:
    return want.shape == have.shape and np.allclose(want, have, rtol=RTOL, atol=ATOL)


# generator ---------------------------------------------------------------------------------------------------------


def generator_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give the default, other sizes, colour, one stage and three."""

    def case(group: str, **params: Any) -> Case:
        return Case(group, params=params)

    yield case("as for digits")
    first, second = (int(n) for n in rng.choice([3, 4, 5, 6], 2, replace=False))
    yield case("other sizes", latent=8, side=3, filters=[first + second, first], channels=1)
    yield case("pictures in colour", latent=5, side=2, filters=[6, 4], channels=3)
    yield case("more and fewer stages", latent=6, side=2, filters=[7, 5, 4], channels=1)
    yield case("more and fewer stages", latent=4, side=3, filters=[5], channels=2)


@lru_cache(maxsize=16)
def _expected_generator(latent: int, side: int, filters: tuple[int, ...], channels: int) -> Arrays:
    net = _Chain((latent,)).dense(side * side * filters[0])
    net.each(lambda x: x.reshape(-1, side, side, filters[0])).normalise().each(_relu)
    for count in filters[1:]:
        net.up(count).normalise().each(_relu)
    return net.up(channels).each(np.tanh).arrays()


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _judge_generator(case: Case, arrays: Arrays) -> str:
    given = {"latent": 64, "side": 7, "filters": (64, 32), "channels": 1, **case.params}
    expected = _expected_generator(**{**given, "filters": tuple(given["filters"])})
    if problem := _player_problem(expected, arrays):
        return problem
    if len(arrays["dropout"]):
        return "Your generator drops numbers at random. Its latent vector is all the chance that it needs."
    if not _close(expected["training"], arrays["training"]):
        return (
            "After training your network is right; while it is trained, the batch norms give other results."
        )
    if not arrays["follows"]:
        return (
            "All is right but the momentum of your batch norms: their averages would not follow the training."
        )
    return ""


def _wrong_generator(
    latent=64,
    side=7,
    filters=(64, 32),
    channels=1,
    *,
    normalise="before",
    first=True,
    last="tanh",
    last_normalised=False,
    active="relu",
    up="transposed",
    kernel=4,
    padding="same",
    strides: Callable = lambda number, count: 2,
):
    """Build the generator, except for what the caller replaces."""
    import keras
    from keras import layers

    def finish(x):
        if normalise == "before":
            x = layers.BatchNormalization()(x)
        if active:
            x = layers.LeakyReLU(negative_slope=0.2)(x) if active == "leaky" else layers.Activation(active)(x)
        if normalise == "after":
            x = layers.BatchNormalization()(x)
        return x

    def larger(x, count, number):
        if up == "repeated":
            return layers.Conv2D(count, kernel, padding=padding)(layers.UpSampling2D(2)(x))
        kind = layers.Conv2DTranspose if up == "transposed" else layers.Conv2D
        return kind(count, kernel, strides=strides(number, len(filters)), padding=padding)(x)

    z = keras.Input((latent,))
    x = layers.Reshape((side, side, filters[0]))(layers.Dense(side * side * filters[0])(z))
    x = finish(x) if first else x
    for number, count in enumerate(filters[1:]):
        x = finish(larger(x, count, number))
    x = larger(x, channels, len(filters) - 1)
    if last_normalised:
        x = layers.BatchNormalization()(x)
    return keras.Model(z, layers.Activation(last)(x))


def _generator(change: Callable = lambda given: given, **flaws: Any) -> Callable:
    def wrong(latent=64, side=7, filters=(64, 32), channels=1):
        given = {"latent": latent, "side": side, "filters": filters, "channels": channels}
        return _wrong_generator(**change(given), **flaws)

    return wrong


GENERATOR_MISTAKES = (
    Mistake(
        "sigmoid for tanh",
        "Your pictures lie in [0, 1]. The real ones here lie in [-1, 1], and black is -1: the discriminator would know "
        "yours by their background.",
        _generator(last="sigmoid"),
    ),
    Mistake(
        "no tanh",
        "Your pictures may hold any number. A last function keeps them where the real ones are, in [-1, 1].",
        _generator(last="linear"),
    ),
    Mistake("batch norm missing", "No map is normalised in your network.", _generator(normalise="")),
    Mistake(
        "picture normalised",
        "You normalise the picture as well. Then its mean and contrast are those of every batch, and cannot be learnt: "
        "the last layer has no batch norm.",
        _generator(last_normalised=True),
    ),
    Mistake(
        "batch norm behind the ReLU",
        "You normalise behind the ReLU. In the table the batch norm comes first.",
        _generator(normalise="after"),
    ),
    Mistake(
        "ReLU missing",
        "Nothing in your network bends: between the layers there is no ReLU, so that all of them together are nearly "
        "one linear layer.",
        _generator(active=""),
    ),
    Mistake(
        "leaky ReLU",
        "Your ReLUs leak. That is asked for in the discriminator; the generator has plain ones.",
        _generator(active="leaky"),
    ),
    Mistake(
        "tanh everywhere",
        "You use tanh between the layers, too. It belongs to the picture alone.",
        _generator(active="tanh"),
    ),
    Mistake(
        "first map left alone",
        "The map behind the dense layer goes on as it is. It gets batch norm and ReLU like the others.",
        _generator(first=False),
    ),
    Mistake(
        "stride missing in the last layer",
        "Your last layer does not make the picture larger. Each of the transposed convolutions doubles the sides.",
        _generator(strides=lambda number, count: 1 if number == count - 1 else 2),
    ),
    Mistake(
        "plain convolutions",
        "Your convolutions of stride 2 make the maps smaller. A generator goes the other way: transposed ones.",
        _generator(up="plain"),
    ),
    Mistake(
        "repeated, then convolved",
        "You repeat the numbers and convolve the larger map. That is a good remedy against checkerboards, but another "
        "network than the one that is asked for.",
        _generator(up="repeated"),
    ),
    Mistake(
        "kernels of 5×5",
        "Your kernels are 5×5, as in the paper. Asked for are 4×4, which a stride of 2 divides.",
        _generator(kernel=5),
    ),
    Mistake(
        "padding forgotten",
        "Your maps do not double exactly: without `padding` Keras takes “valid”, and the border of the stamps stays.",
        _generator(padding="valid"),
    ),
    Mistake(
        "filters from the end",
        "You take the numbers of filters from the last to the first. The map is deepest where it is smallest.",
        _generator(lambda given: {**given, "filters": tuple(given["filters"])[::-1]}),
    ),
    Mistake(
        "always grey",
        "Your pictures always have one channel. There is an argument `channels`.",
        _generator(lambda given: {**given, "channels": 1}),
    ),
)


# discriminator -----------------------------------------------------------------------------------------------------


def discriminator_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give the default, other sizes with odd ones among them, colour, one stage and three."""

    def case(group: str, *shape: int, filters: Sequence[int] = ()) -> Case:
        params: dict[str, Any] = {"input_shape": list(shape)} if shape else {}
        return Case(group, params={**params, "filters": list(filters)} if filters else params)

    few, more = sorted(int(n) for n in rng.choice([3, 4, 5, 6], 2, replace=False))
    yield case("as for digits")
    yield case("other sizes", 10, 7, 1, filters=(few, more))
    yield case("pictures in colour", 8, 12, 3, filters=(5, 9))
    yield case("more and fewer stages", 12, 16, 1, filters=(3, 5, 7))
    yield case("more and fewer stages", 6, 6, 2, filters=(4,))


@lru_cache(maxsize=16)
def _expected_discriminator(input_shape: tuple[int, ...], filters: tuple[int, ...]) -> Arrays:
    net = _Chain(input_shape)
    for count in filters:
        net.down(count).each(lambda x: np.where(x < 0, 0.2 * x, x))
    net.each(lambda x: x.reshape(len(x), -1)).dense(1)
    return {**net.arrays(), "dropout": np.full(len(filters), 0.3)}


def _judge_discriminator(case: Case, arrays: Arrays) -> str:
    given = {"input_shape": (28, 28, 1), "filters": (32, 64), **case.params}
    expected = _expected_discriminator(tuple(given["input_shape"]), tuple(given["filters"]))
    if problem := _player_problem(expected, arrays):
        return problem
    want, have = (part["dropout"].round(6) for part in (expected, arrays))
    if np.array_equal(want, have):
        return ""
    want, have = (", ".join(f"{rate:g}" for rate in part) or "none" for part in (want, have))
    return (
        f"After training all is right. Your dropouts: {have}; asked for: {want}, one behind each convolution."
    )


def _wrong_discriminator(
    input_shape=(28, 28, 1),
    filters=(32, 64),
    *,
    active: Callable = lambda layers: layers.LeakyReLU(negative_slope=0.2),
    kernel=4,
    padding="same",
    strides: Callable = lambda number, count: 2,
    pool="",
    normalised=False,
    dropout: Callable = lambda number, count: 0.3,
    end="Flatten",
    last=None,
):
    """Build the discriminator, except for what the caller replaces."""
    import keras
    from keras import layers

    pictures = x = keras.Input(tuple(input_shape))
    for number, count in enumerate(filters):
        x = layers.Conv2D(count, kernel, strides=strides(number, len(filters)), padding=padding)(x)
        x = layers.BatchNormalization()(x) if normalised else x
        x = active(layers)(x)
        x = getattr(layers, pool)(2, padding="same")(x) if pool else x
        rate = dropout(number, len(filters))
        x = layers.Dropout(rate)(x) if rate else x
    x = getattr(layers, end)()(x) if end else x
    return keras.Model(pictures, layers.Dense(1, activation=last)(x))


def _discriminator(change: Callable = lambda given: given, **flaws: Any) -> Callable:
    def wrong(input_shape=(28, 28, 1), filters=(32, 64)):
        return _wrong_discriminator(**change({"input_shape": input_shape, "filters": filters}), **flaws)

    return wrong


DISCRIMINATOR_MISTAKES = (
    Mistake(
        "sigmoid at the end",
        "Your network gives probabilities. The loss takes logits and applies the sigmoid itself; applied twice, no "
        "answer is ever clearer than between .5 and .73.",
        _discriminator(last="sigmoid"),
    ),
    Mistake(
        "plain ReLU",
        "Your ReLUs let nothing through for negative numbers, so no gradient either. The generator learns from "
        "gradients that came through this network: let them leak.",
        _discriminator(active=lambda layers: layers.ReLU()),
    ),
    Mistake(
        "slope not given",
        "Your leaky ReLUs have a slope of .3, which is what Keras takes if it is not told. Asked for is .2.",
        _discriminator(active=lambda layers: layers.LeakyReLU()),
    ),
    Mistake(
        "no activation",
        "Between your convolutions nothing bends, so that they are no more than one. The leaky ReLUs are missing.",
        _discriminator(active=lambda layers: layers.Activation("linear")),
    ),
    Mistake(
        "max-pooling for strides",
        "You halve the maps by taking the largest number of each 2×2, so only one of four gets a gradient. Here the "
        "convolutions themselves make them smaller, by their strides.",
        _discriminator(strides=lambda number, count: 1, pool="MaxPooling2D"),
    ),
    Mistake(
        "stride in the first layer only",
        "Only your first convolution has a stride. All of them halve the map.",
        _discriminator(strides=lambda number, count: 1 if number else 2),
    ),
    Mistake(
        "no strides",
        "Your maps keep their size: the strides are missing.",
        _discriminator(strides=lambda n, c: 1),
    ),
    Mistake(
        "batch norm",
        "You normalise. The paper does so in both networks; here it is asked for in the generator only, and real and "
        "made pictures go through this one in batches of their own.",
        _discriminator(normalised=True),
    ),
    Mistake(
        "dropout missing",
        "There is no dropout. The discriminator learns the few thousand real pictures by heart without it.",
        _discriminator(dropout=lambda number, count: 0),
    ),
    Mistake(
        "one dropout at the end",
        "There is one dropout, before the dense layer. One belongs behind each convolution.",
        _discriminator(dropout=lambda number, count: 0.3 if number == count - 1 else 0),
    ),
    Mistake(
        "share kept for share dropped",
        "Your dropouts have the rate .7. In Keras the rate is the share that is *dropped*.",
        _discriminator(dropout=lambda number, count: 0.7),
    ),
    Mistake(
        "flatten forgotten",
        "There is no Flatten, so your network answers for every place of the last map instead of for the picture.",
        _discriminator(end=""),
    ),
    Mistake(
        "global pooling for flatten",
        "You average each channel over the picture, which forgets where things are. Lay all numbers in a row.",
        _discriminator(end="GlobalAveragePooling2D"),
    ),
    Mistake(
        "padding forgotten",
        "Your convolutions lose a border: without `padding` Keras takes “valid”.",
        _discriminator(padding="valid"),
    ),
    Mistake("kernels of 5×5", "Your kernels are 5×5; asked for are 4×4.", _discriminator(kernel=5)),
    Mistake(
        "filters from the end",
        "You take the numbers of filters from the last to the first. The map becomes deeper while it shrinks.",
        _discriminator(lambda given: {**given, "filters": tuple(given["filters"])[::-1]}),
    ),
)


# gan_step ----------------------------------------------------------------------------------------------------------


def step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give both kinds of optimizers, batches and players of several sizes, and another label."""

    def case(group: str, optimizer: str, rates: tuple[float, float], **params: float) -> Case:
        batch, latent, hidden, judging = (
            int(rng.integers(*ends)) for ends in ((3, 6), (2, 4), (3, 5), (3, 5))
        )
        height, width = (int(n) for n in rng.integers(2, 4, 2))
        pixels = height * width
        arrays = {
            "real": rng.uniform(-1, 1, (batch, height, width, 1)),
            "z": rng.normal(size=(batch, latent)),
            "G kernel 0": rng.normal(0, 1, (latent, hidden)),
            "G bias 0": rng.uniform(-0.5, 0.5, hidden),
            "G scale": rng.uniform(0.5, 1.5, hidden),
            "G shift": rng.uniform(-0.5, 0.5, hidden),
            "G kernel 1": rng.normal(0, 0.7, (hidden, pixels)),
            "G bias 1": rng.uniform(-0.5, 0.5, pixels),
            "D kernel 0": rng.normal(0, 0.8, (pixels, judging)),
            "D bias 0": rng.uniform(-0.5, 0.5, judging),
            "D kernel 1": rng.normal(0, 1, (judging, 1)),
            "D bias 1": rng.uniform(0.2, 0.6, 1),
        }
        single = {name: array.astype(np.float32) for name, array in arrays.items()}
        return Case(group, single, {"optimizer": optimizer, "rates": list(rates), **params})

    yield case("gradient descent with momentum", OPTIMIZERS[0], (0.1, 0.03))
    yield case("Adam", OPTIMIZERS[1], (0.01, 0.04))
    yield case("another label of the real ones", OPTIMIZERS[0], (0.04, 0.1), real_label=0.75)


Weights = Mapping[str, np.ndarray]


def _losses(weights: Weights, real: np.ndarray, z: np.ndarray, label: float) -> tuple[np.ndarray, np.ndarray]:
    """Return both losses by their definitions, for each of many settings of the weights in the first axis."""
    h = z @ weights["G kernel 0"] + weights["G bias 0"][:, None]
    h = (h - h.mean(axis=1, keepdims=True)) / np.sqrt(h.var(axis=1, keepdims=True) + EPSILON)
    h = np.tanh(weights["G scale"][:, None] * h + weights["G shift"][:, None])
    made = np.tanh(h @ weights["G kernel 1"] + weights["G bias 1"][:, None])
    for_real, for_made = (_probability(weights, x) for x in (real.reshape(len(real), -1)[None], made))
    on_real = -(label * np.log(for_real) + (1 - label) * np.log(1 - for_real)).mean(axis=(1, 2))
    return on_real - np.log(1 - for_made).mean(axis=(1, 2)), -np.log(for_made).mean(axis=(1, 2))


def _probability(weights: Weights, x: np.ndarray) -> np.ndarray:
    h = np.logaddexp(0, x @ weights["D kernel 0"] + weights["D bias 0"][:, None])
    h = h * np.resize(THINNING, h.shape[-1])
    return 1 / (1 + np.exp(-(h @ weights["D kernel 1"] + weights["D bias 1"][:, None])))


class _Game:
    """Plays the steps of a case in double precision, with gradients by central differences."""

    def __init__(self, case: Case):
        self._sizes = {name: case.arrays[name].shape for who in "GD" for name in player_parts(who)}
        self.weights = {name: case.arrays[name].astype(np.float64).ravel() for name in self._sizes}
        self._data = [case.arrays[name].astype(np.float64) for name in ("real", "z")]
        self._label = case.params.get("real_label", 0.9)
        self._kind, self._rates = case.params["optimizer"], dict(zip("GD", case.params["rates"], strict=True))
        self._memory = {who: (0.0, 0.0) for who in "GD"}
        self.begin = {who: self.flat(who) for who in "GD"}

    def flat(self, who: str) -> np.ndarray:
        return np.concatenate([self.weights[name] for name in player_parts(who)])

    def losses(self, who: str = "", values: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return both losses for many settings (settings, weights) of one player."""
        count = 1 if values is None else len(values)
        settings = {name: np.broadcast_to(value, (count, value.size)) for name, value in self.weights.items()}
        place = 0
        for name in player_parts(who) if who else ():
            size = self.weights[name].size
            settings[name], place = values[:, place : place + size], place + size
        shaped = {name: value.reshape(count, *self._sizes[name]) for name, value in settings.items()}
        return _losses(shaped, *self._data, self._label)

    def gradient(self, who: str, step: float = 1e-5) -> np.ndarray:
        here = self.flat(who)
        moves = step * np.eye(here.size)
        up, down = (self.losses(who, here + way)["DG".index(who)] for way in (moves, -moves))
        return (up - down) / (2 * step)

    def apply(self, who: str, gradient: np.ndarray, number: int) -> None:
        """Move a player by the textbook formula of its optimizer."""
        rate, (first, second) = self._rates[who], self._memory[who]
        if self._kind == "adam":
            first, second = 0.5 * first + 0.5 * gradient, 0.999 * second + 0.001 * gradient**2
            scale = rate * np.sqrt(1 - 0.999**number) / (1 - 0.5**number)
            move = -scale * first / (np.sqrt(second) + EPSILON)
        else:
            move = first = 0.9 * first - rate * gradient
        self._memory[who] = first, second
        values = self.flat(who) + move
        for name in player_parts(who):
            size = self.weights[name].size
            self.weights[name], values = values[:size], values[size:]


# Whether the second player meets the first as it was before this step, or as it is after. All are in use.
ORDERS = ("together", "discriminator first", "generator first")


def _expected_steps(case: Case, order: str) -> Arrays:
    game = _Game(case)
    rows: dict[str, list] = {name: [] for name in ("D loss", "G loss", "G", "D")}
    for number in range(1, STEPS + 1):
        d_loss, g_loss = (loss[0] for loss in game.losses())
        if order == "together":
            gradients = {who: game.gradient(who) for who in "GD"}
            for who in "GD":
                game.apply(who, gradients[who], number)
        else:
            for who in "DG" if order.startswith("d") else "GD":
                losses = [loss[0] for loss in game.losses()]
                d_loss, g_loss = (losses[0], g_loss) if who == "D" else (d_loss, losses[1])
                game.apply(who, game.gradient(who), number)
        rows["D loss"].append(d_loss)
        rows["G loss"].append(g_loss)
        for who in "GD":
            rows[who].append(game.flat(who) - game.begin[who])
    names = ("discriminator's loss", "generator's loss", "generator moved", "discriminator moved")
    return {name: np.array(values) for name, values in zip(names, rows.values(), strict=True)}


STEP_RTOL, STEP_ATOL = 2e-3, 3e-5


def _judge_steps(case: Case, arrays: Arrays) -> str:
    first = ""
    for order in ORDERS:
        problem = _steps_differ(_expected_steps(case, order), arrays)
        if not problem:
            return ""
        first = first or problem
    return first


def _steps_differ(expected: Arrays, got: Arrays) -> str:
    for name in ("discriminator's loss", "generator's loss"):
        if abs(got[name][0] - expected[name][0]) > STEP_RTOL * abs(expected[name][0]) + STEP_ATOL:
            return (
                f"The {name} is {got[name][0]:.4g} in the first step; it should be {expected[name][0]:.4g}."
            )
    for who in ("discriminator", "generator"):
        want, have = (part[f"{who} moved"][0] for part in (expected, got))
        if not np.any(have):
            return f"The losses of the first step are right, but the {who}'s weights do not move."
        if not np.allclose(want, have, rtol=STEP_RTOL, atol=STEP_ATOL):
            return (
                f"The losses of the first step are right, but the {who} is moved by something else than the gradient "
                "of its own loss: its weights are elsewhere afterwards."
            )
    if all(np.allclose(expected[name], got[name], rtol=STEP_RTOL, atol=STEP_ATOL) for name in expected):
        return ""
    return "The first step is right, the second is not. Does something stay behind, or begin anew, between steps?"


def _pay(tf, logits, label):
    return tf.reduce_mean(tf.nn.softplus(logits) - label * logits)


def _d_loss(tf, real, made, label):
    return _pay(tf, real, label) + _pay(tf, made, 0.0)


def _g_loss(tf, made, label):
    return _pay(tf, made, 1.0)


def _own(make, judge):
    return {"G": make.trainable_variables, "D": judge.trainable_variables}


def _wrong_step(
    tf,
    real,
    z,
    G,
    D,
    G_optimizer,
    D_optimizer,
    real_label=0.9,
    *,
    d_loss=_d_loss,
    g_loss=_g_loss,
    modes=(True, True),
    label: Callable = lambda given: given,
    moves: Callable = _own,
    optimizers: Callable = lambda g, d: (g, d),
    seen: Callable = lambda logits: logits,
    returns: Callable = lambda d, g: (d, g),
):
    """Take the step, except for what the caller replaces."""
    real_label = label(real_label)
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        made = G(z, training=modes[0])
        for_real, for_made = (seen(D(x, training=modes[1])) for x in (real, made))
        losses = {"D": d_loss(tf, for_real, for_made, real_label), "G": g_loss(tf, for_made, real_label)}
    moved = moves(G, D)
    g_optimizer, d_optimizer = optimizers(G_optimizer, D_optimizer)
    tapes = {"G": (g_tape, g_optimizer), "D": (d_tape, d_optimizer)}
    gradients = {
        who: tape.gradient(losses[who], moved[who]) for who, (tape, _) in tapes.items() if moved[who]
    }
    for who, (_, optimizer) in tapes.items():
        if moved[who]:
            optimizer.apply(gradients[who], moved[who])
    return returns(losses["D"], losses["G"])


def _step(**flaws: Any) -> Callable:
    def wrong(real, z, G, D, G_optimizer, D_optimizer, real_label=0.9):
        import tensorflow as tf

        return _wrong_step(tf, real, z, G, D, G_optimizer, D_optimizer, real_label, **flaws)

    return wrong


def _one_loss_for_both(real, z, G, D, G_optimizer, D_optimizer, real_label=0.9):
    """Add the losses up and move each player by the gradient of the sum."""
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        for_real, for_made = (D(x, training=True) for x in (real, G(z, training=True)))
        d_loss, g_loss = _d_loss(tf, for_real, for_made, real_label), _g_loss(tf, for_made, real_label)
        total = d_loss + g_loss
    for model, optimizer in ((G, G_optimizer), (D, D_optimizer)):
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(total, variables), variables)
    return d_loss, g_loss


def _new_optimizers(g, d):
    return type(g).from_config(g.get_config()), type(d).from_config(d.get_config())


def _with_probabilities(tf, logits, label):
    p = tf.clip_by_value(logits, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(label * tf.math.log(p) + (1 - label) * tf.math.log(1 - p))


def _sum(tf, logits, label):
    return tf.reduce_sum(tf.nn.softplus(logits) - label * logits)


STEP_MISTAKES = (
    Mistake(
        "labels swapped",
        "Your discriminator learns to say 0 to real pictures and real_label to made ones.",
        _step(d_loss=lambda tf, real, made, label: _pay(tf, real, 0.0) + _pay(tf, made, label)),
    ),
    Mistake(
        "generator wants to be caught",
        "Your generator is told to make pictures for which D says 0, made. It plays for the other side.",
        _step(g_loss=lambda tf, made, label: _pay(tf, made, 0.0)),
    ),
    Mistake(
        "minimax loss",
        "Your generator maximises the discriminator's loss on made pictures. That is the game of the theory, but its "
        "gradient vanishes when D is sure. Asked for is the other form: be taken for real, label 1.",
        _step(g_loss=lambda tf, made, label: -_pay(tf, made, 0.0)),
    ),
    Mistake(
        "made pictures smoothed too",
        "You tell D 1 − real_label of made pictures. Only the label of the real ones is smoothed.",
        _step(d_loss=lambda tf, real, made, label: _pay(tf, real, label) + _pay(tf, made, 1 - label)),
    ),
    Mistake(
        "generator's label smoothed",
        "Your generator aims at real_label. Smoothing keeps the discriminator modest; the generator aims at 1.",
        _step(g_loss=lambda tf, made, label: _pay(tf, made, label)),
    ),
    Mistake(
        "real_label not used",
        "You tell D 1 of real pictures, whatever real_label says.",
        _step(label=lambda given: 1.0),
    ),
    Mistake(
        "real_label fixed",
        "Your label of real pictures is always .9. There is an argument `real_label`.",
        _step(label=lambda given: 0.9),
    ),
    Mistake(
        "sigmoid twice",
        "You turn D's outputs into probabilities and hand these to a loss that expects logits: the sigmoid is applied "
        "twice. `label_loss` wants D's outputs as they are.",
        _step(seen=lambda logits: 1 / (1 + 2.718281828459045**-logits)),
    ),
    Mistake(
        "logits taken for probabilities",
        "Your loss reads D's outputs as probabilities. They are logits, of any size and sign.",
        _step(
            d_loss=lambda tf, real, made, label: (
                _with_probabilities(tf, real, label) + _with_probabilities(tf, made, 0.0)
            ),
            g_loss=lambda tf, made, label: _with_probabilities(tf, made, 1.0),
        ),
    ),
    Mistake(
        "sum over the batch",
        "Your losses grow with the batch: a sum stands where the mean belongs.",
        _step(
            d_loss=lambda tf, real, made, label: _sum(tf, real, label) + _sum(tf, made, 0.0),
            g_loss=lambda tf, made, label: _sum(tf, made, 1.0),
        ),
    ),
    Mistake(
        "mean of the two halves",
        "Your discriminator's loss is half of what is asked for. The losses on real and on made pictures are added.",
        _step(d_loss=lambda tf, real, made, label: _d_loss(tf, real, made, label) / 2),
    ),
    Mistake(
        "real pictures only",
        "Your discriminator never hears of made pictures, so it will call everything real.",
        _step(d_loss=lambda tf, real, made, label: _pay(tf, real, label)),
    ),
    Mistake(
        "discriminator's loss moves the generator",
        "The discriminator's loss moves the generator, too: then G learns to be told apart. Give D_optimizer nothing "
        "but D's own variables.",
        _step(
            moves=lambda G, D: {
                "G": G.trainable_variables,
                "D": [*D.trainable_variables, *G.trainable_variables],
            }
        ),
    ),
    Mistake(
        "generator's step moves the discriminator",
        "The generator's loss moves the discriminator, too: D is trained to be fooled. Give G_optimizer nothing but "
        "G's own variables.",
        _step(
            moves=lambda G, D: {
                "G": [*G.trainable_variables, *D.trainable_variables],
                "D": D.trainable_variables,
            }
        ),
    ),
    Mistake(
        "one loss for both",
        "You add the two losses and move both networks by the sum. What one wins the other loses: keep the gradients "
        "apart, each player by its own.",
        _one_loss_for_both,
    ),
    Mistake(
        "optimizers exchanged",
        "G_optimizer moves D and D_optimizer moves G. Each has the learning rate of its own player.",
        _step(optimizers=lambda g, d: (d, g)),
    ),
    Mistake(
        "new optimizers at every step",
        "You make new optimizers in the step, so that they forget all that they knew of earlier gradients. Use those "
        "that are given.",
        _step(optimizers=_new_optimizers),
    ),
    Mistake(
        "generator left alone",
        "Your generator's weights never move.",
        _step(moves=lambda G, D: {"G": [], "D": D.trainable_variables}),
    ),
    Mistake(
        "not in training mode",
        "You call the networks without `training=True`, so no batch norm looks at the batch and no dropout drops.",
        _step(modes=(False, False)),
    ),
    Mistake(
        "generator not in training mode",
        "You call the generator without `training=True`: its batch norms use averages that never move.",
        _step(modes=(False, True)),
    ),
    Mistake(
        "discriminator not in training mode",
        "You call the discriminator without `training=True`, so its dropouts never drop anything.",
        _step(modes=(True, False)),
    ),
    Mistake(
        "losses exchanged",
        "Both networks move rightly, but you return the generator's loss first.",
        _step(returns=lambda d, g: (g, d)),
    ),
)

ANSWERS = {
    "generator": Answer(
        generator_cases, invariant=_judge_generator, mistakes=GENERATOR_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "discriminator": Answer(
        discriminator_cases,
        invariant=_judge_discriminator,
        mistakes=DISCRIMINATOR_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "gan_step": Answer(
        step_cases, invariant=_judge_steps, mistakes=STEP_MISTAKES, rtol=STEP_RTOL, atol=STEP_ATOL
    ),
}
