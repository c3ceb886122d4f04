"""Lesson 6 of week 3: what is tried, what is right by sums over windows in NumPy, and what people get wrong."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_graphs import ATOL, RTOL, Reference, apply, network_difference, relu
from utils.exercises.case import Case
from utils.exercises.entry import Arrays

LEVELS = (1, 2, 4, 8, 16)


class _UNet(Reference):
    """Computes the blocks of a U-Net, after training, without Keras.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) of the input.
    below_first : bool
        Which of the two maps comes first where they are joined. Either is right.
    """

    def __init__(self, shape: tuple[int, ...], below_first: bool = True):
        super().__init__(shape, _convolve)
        self.start = (self.x[0], ())
        self.dropout: list[float] = []
        self._below_first = below_first

    def block(self, value, filters: int, rate: float = 0.0):
        for _ in range(2):
            value = relu(self.convolve(value, filters, 3))
        if rate:
            self.dropout.append(rate)
        return value

    def up(self, below, across, filters: int):
        x = below[0]
        key, (kernel, bias) = self._weights(below, (3, 3, filters, x.shape[3]), (filters,))
        self.trainable += kernel.size + bias.size
        parts = [(_stamp(x, kernel) + bias, (key,)), across]
        first, second = parts if self._below_first else parts[::-1]
        joined = np.concatenate([first[0], second[0]], axis=-1)
        return self.block((joined, (*first[1], *second[1])), filters)

    def describe(self, value) -> Arrays:
        arrays = self.arrays(value)
        return {**arrays, "dropout": np.array(self.dropout)}


def _convolve(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    margin = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    return np.tensordot(
        sliding_window_view(padded, kernel.shape[:2], axis=(1, 2)), kernel, axes=((4, 5, 3), (0, 1, 2))
    )


def _stamp(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Apply a transposed 3×3 convolution of stride 2: each number stamps the kernel; the last row and column go."""
    batch, height, width, _ = x.shape
    result = np.zeros((batch, 2 * height + 1, 2 * width + 1, kernel.shape[2]), x.dtype)
    for row, column in np.ndindex(3, 3):
        result[:, row : row + 2 * height : 2, column : column + 2 * width : 2] += x @ kernel[row, column].T
    return result[:, :-1, :-1]


def _pool(value, mean: bool = False):
    def shrink(x):
        batch, height, width, channels = x.shape
        blocks = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
        return blocks.mean(axis=(2, 4)) if mean else blocks.max(axis=(2, 4))

    return apply(shrink, value)


def _part_difference(expected: Arrays, got: Arrays) -> str:
    """Compare two parts of a network, dropouts last."""
    problem = network_difference(expected, got, training=None)
    if problem or np.array_equal(np.round(expected["dropout"], 6), np.round(got["dropout"], 6)):
        return problem
    wanted, found = (", ".join(f"{rate:g}" for rate in part["dropout"]) or "none" for part in (expected, got))
    return f"After training all is right. Dropouts on the way to this output: {found}; asked for: {wanted}."


# conv_block ---------------------------------------------------------------------------------------------------


def _conv_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, **more: Any) -> Case:
        shape = [*(int(n) for n in rng.choice([4, 6, 8], 2, replace=False)), int(rng.integers(1, 4))]
        return Case(group, params={"shape": shape, **more})

    yield case("a block that pools", n_filters=int(rng.integers(2, 6)))
    yield case("a block that pools")
    yield case("a block at the bottom", n_filters=int(rng.integers(2, 6)), max_pooling=False)
    yield case("with dropout", n_filters=3, dropout_prob=0.3)
    yield case("with dropout", n_filters=4, dropout_prob=0.2, max_pooling=False)


def _judge_conv(case: Case, arrays: Arrays) -> str:
    params = {"n_filters": 32, "dropout_prob": 0, "max_pooling": True, **case.params}
    net = _UNet(tuple(params["shape"]))
    across = net.block(net.start, params["n_filters"], params["dropout_prob"])
    parts = {"next_layer": _pool(across) if params["max_pooling"] else across, "skip_connection": across}
    for name, value in parts.items():
        got = {key.removeprefix(f"{name} "): a for key, a in arrays.items() if key.startswith(name)}
        if problem := _part_difference(net.describe(value), got):
            return f"About `{name}`: {problem}"
    return ""


def _wrong_block(
    inputs,
    n_filters=32,
    dropout_prob=0,
    max_pooling=True,
    *,
    count=2,
    widths=(1, 1),
    size=3,
    padding="same",
    active=(True, True),
    pooling="MaxPooling2D",
    pooled: Callable = lambda asked: asked,
    rate: Callable = lambda asked: asked,
    dropped="before the pooling",
    results: Callable = lambda small, large: (small, large),
):
    """Build the block, except for what the caller replaces."""
    from keras import layers

    x = inputs
    for factor, activation in list(zip(widths, active, strict=True))[:count]:
        x = layers.Conv2D(
            n_filters * factor, size, padding=padding, activation="relu" if activation else None
        )(x)
    large = x
    if rate(dropout_prob) and dropped == "before the pooling":
        x = large = layers.Dropout(rate(dropout_prob))(x)
    small = getattr(layers, pooling)(2)(x) if pooled(max_pooling) else x
    if rate(dropout_prob) and dropped == "after the pooling":
        small = layers.Dropout(rate(dropout_prob))(small)
    return results(small, large)


def _block(**flaws: Any) -> Callable:
    return lambda inputs, n_filters=32, dropout_prob=0, max_pooling=True: _wrong_block(
        inputs, n_filters, dropout_prob, max_pooling, **flaws
    )


CONV_MISTAKES = (
    Mistake("one convolution", "There is one convolution in your block; two are asked for.", _block(count=1)),
    Mistake(
        "no activation",
        "Your convolutions have no ReLU. Two of them in a row are then no more than one.",
        _block(active=(False, False)),
    ),
    Mistake(
        "ReLU after the last convolution only",
        "Nothing stands between your two convolutions. Each of them has a ReLU.",
        _block(active=(False, True)),
    ),
    Mistake(
        "second convolution twice as wide",
        "Your second convolution has twice as many filters. Within a block the number stays; it doubles from block to "
        "block.",
        _block(widths=(1, 2)),
    ),
    Mistake(
        "no padding",
        "Your maps shrink at each convolution, as in the paper. Here the mask is to be as large as the picture.",
        _block(padding="valid"),
    ),
    Mistake("filters of 5×5", "Your filters are 5×5; asked for are 3×3.", _block(size=5)),
    Mistake(
        "pooled map across",
        "What goes across is the map *before* it is pooled: its details are what the way up needs.",
        _block(results=lambda small, large: (small, small)),
    ),
    Mistake(
        "results exchanged",
        "You return the map that goes across first. The order is next_layer, skip_connection.",
        _block(results=lambda small, large: (large, small)),
    ),
    Mistake(
        "always pooled",
        "You pool whatever `max_pooling` says. The block at the bottom of the U must not.",
        _block(pooled=lambda asked: True),
    ),
    Mistake(
        "mean in place of maximum",
        "You take the mean of each 2×2; asked for is the largest.",
        _block(pooling="AveragePooling2D"),
    ),
    Mistake(
        "dropout forgotten",
        "Nothing is ever dropped: `dropout_prob` is not used.",
        _block(rate=lambda asked: 0),
    ),
    Mistake(
        "kept share dropped",
        "A Dropout layer takes the share that is dropped, which is `dropout_prob` itself; you give it the share that "
        "stays.",
        _block(rate=lambda asked: 1 - asked if asked else 0),
    ),
    Mistake(
        "dropout after the pooling",
        "You drop out after the pooling, so the map that goes across is whole. The dropout comes before both.",
        _block(dropped="after the pooling"),
    ),
)


# upsampling_block ---------------------------------------------------------------------------------------------


def _up_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, channels: int, **more: Any) -> Case:
        shape = [*(2 * int(n) for n in rng.choice([2, 3, 4], 2, replace=False)), channels]
        return Case(group, params={"shape": shape, **more})

    yield case("few filters", 2, n_filters=3)
    yield case("few filters", 1, n_filters=int(rng.integers(4, 7)))
    yield case("as many filters as come from across", 3, n_filters=3)
    yield case("32 filters", 1)


@lru_cache(maxsize=32)
def _expected_up(shape: tuple[int, ...], filters: int, below_first: bool) -> Arrays:
    net = _UNet(shape, below_first)
    maps = [_pool(net.start, mean) for mean in (False, True)]
    below = (np.concatenate([x for x, _ in maps], axis=-1), ())
    return net.describe(net.up(below, net.start, filters))


def _judge_up(case: Case, arrays: Arrays) -> str:
    return _either_order(
        lambda below_first: _expected_up(
            tuple(case.params["shape"]), case.params.get("n_filters", 32), below_first
        ),
        arrays,
    )


def _either_order(expected: Callable[[bool], Arrays], got: Arrays) -> str:
    problem = _part_difference(expected(True), got)
    return problem if problem and _part_difference(expected(False), got) else ""


def _wrong_up(
    expansive_input,
    contractive_input,
    n_filters=32,
    *,
    up="transposed",
    size=3,
    factor=1,
    active=None,
    join: Callable = lambda layers, up, across: layers.Concatenate()([up, across]),
    count=2,
    relu="relu",
):
    """Build the block, except for what the caller replaces."""
    from keras import layers

    if up == "transposed":
        x = layers.Conv2DTranspose(n_filters * factor, size, strides=2, padding="same", activation=active)(
            expansive_input
        )
    elif up == "repeated":
        x = layers.UpSampling2D(2)(expansive_input)
    else:
        x = layers.Conv2D(n_filters, 3, padding="same")(layers.UpSampling2D(2)(expansive_input))
    x = join(layers, x, contractive_input)
    for _ in range(count):
        x = layers.Conv2D(n_filters, 3, padding="same", activation=relu)(x)
    return x


def _up(**flaws: Any) -> Callable:
    return lambda expansive_input, contractive_input, n_filters=32: _wrong_up(
        expansive_input, contractive_input, n_filters, **flaws
    )


def _stride_one(expansive_input, contractive_input, n_filters=32):
    from keras import layers

    x = layers.Conv2DTranspose(n_filters, 3, padding="same")(expansive_input)
    return layers.Concatenate()([x, contractive_input])


UP_MISTAKES = (
    Mistake(
        "nothing from across",
        "The map from across is not used. What the way down saw sharply would be lost.",
        _up(join=lambda layers, up, across: up),
    ),
    Mistake(
        "added in place of joined",
        "You add the two maps, as a residual block does. A U-Net lays their channels side by side.",
        _up(join=lambda layers, up, across: layers.Add()([up, across])),
    ),
    Mistake(
        "joined along the rows",
        "You join the maps along another axis than the channels, so the result is larger than the map from across.",
        _up(join=lambda layers, up, across: layers.Concatenate(axis=1)([up, across])),
    ),
    Mistake(
        "each number repeated",
        "You repeat each number four times. A transposed convolution learns how to spread it.",
        _up(up="repeated"),
    ),
    Mistake(
        "repeated, then convolved",
        "You repeat the numbers and convolve the larger map. That is a good remedy against checkerboards, but another "
        "layer than the transposed convolution that is asked for.",
        _up(up="repeated and convolved"),
    ),
    Mistake(
        "kernel of 2×2",
        "Your transposed convolution has kernels of 2×2, as in the paper; asked for are 3×3.",
        _up(size=2),
    ),
    Mistake(
        "ReLU on the transposed convolution",
        "You rectify what the transposed convolution gives. It has no activation; the two convolutions after it have.",
        _up(active="relu"),
    ),
    Mistake(
        "as many filters as below",
        "Your transposed convolution has twice n_filters. All three convolutions of the block have n_filters.",
        _up(factor=2),
    ),
    Mistake(
        "one convolution",
        "One convolution follows where you join the maps; two are asked for.",
        _up(count=1),
    ),
    Mistake(
        "no activation",
        "The two convolutions after you join the maps have no ReLU.",
        _up(relu=None),
    ),
    Mistake(
        "stride left out",
        "The map from below keeps its size, so it does not fit the one from across. The stride of the transposed "
        "convolution makes it larger.",
        _stride_one,
    ),
)


# unet_model ---------------------------------------------------------------------------------------------------


def _unet_cases(rng: np.random.Generator) -> Iterator[Case]:
    classes = int(rng.integers(3, 7))
    yield Case(
        "square pictures",
        params={"input_size": [32, 32, int(rng.integers(1, 4))], "n_filters": 2, "n_classes": classes},
    )
    yield Case(
        "pictures of another shape",
        params={"input_size": [16, 32, 3], "n_filters": int(rng.integers(1, 4)), "n_classes": classes + 1},
    )


@lru_cache(maxsize=32)
def _expected_unet(shape: tuple[int, ...], filters: int, classes: int, below_first: bool) -> Arrays:
    net = _UNet(shape, below_first)
    value, across = net.start, []
    for level, factor in enumerate(LEVELS):
        value = net.block(value, filters * factor, 0.3 if level >= 3 else 0.0)
        across.append(value)
        value = _pool(value) if level < 4 else value
    for level in (3, 2, 1, 0):
        value = net.up(value, across[level], filters * LEVELS[level])
    return net.describe(net.convolve(value, classes, 1))


def _judge_unet(case: Case, arrays: Arrays) -> str:
    size, filters, classes = (case.params[name] for name in ("input_size", "n_filters", "n_classes"))
    return _either_order(
        lambda below_first: _expected_unet(tuple(size), filters, classes, below_first), arrays
    )


def _wrong_unet(
    input_size=(96, 128, 3),
    n_filters=32,
    n_classes=23,
    *,
    down=LEVELS,
    rates=(0, 0, 0, 0.3, 0.3),
    bottom=False,
    up: Callable = _wrong_up,
    across: Callable = lambda kept, level: kept[level],
    upwards: Callable = lambda factor: factor,
    last=1,
    activation=None,
    classes: Callable = lambda n: n,
    head=True,
    extra=False,
):
    """Build the network, except for what the caller replaces."""
    import keras
    from keras import layers

    inputs = x = keras.Input(tuple(input_size))
    kept = []
    for level, (factor, rate) in enumerate(zip(down, rates, strict=True)):
        x, large = _wrong_block(x, n_filters * factor, rate, bottom or level < len(down) - 1)
        kept.append(large)
    if bottom:
        x = layers.UpSampling2D(2)(x)
    for level in reversed(range(len(down) - 1)):
        x = up(x, across(kept, level), n_filters * upwards(down[level]))
    if extra:
        x = layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
    if head:
        x = layers.Conv2D(classes(n_classes), last, padding="same", activation=activation)(x)
    return keras.Model(inputs, x)


def _unet(**flaws: Any) -> Callable:
    return lambda input_size=(96, 128, 3), n_filters=32, n_classes=23: _wrong_unet(
        input_size, n_filters, n_classes, **flaws
    )


UNET_MISTAKES = (
    Mistake(
        "nothing goes across",
        "Your network goes down and up again, and nothing goes across: that is no U. Hand each map that a block on the "
        "way down kept to the block of equal size on the way up.",
        _unet(up=_up(join=lambda layers, up, across: up)),
    ),
    Mistake(
        "first map across to the first block",
        "You hand over the maps in the order in which they came. The largest came first and is needed last: begin at "
        "the end of the list.",
        _unet(across=lambda kept, level: kept[3 - level]),
    ),
    Mistake(
        "same width at all levels",
        "All of your blocks have n_filters filters. They double with every level down.",
        _unet(down=(1, 1, 1, 1, 1)),
    ),
    Mistake(
        "width grows evenly",
        "Your levels have 1, 2, 3, 4 and 5 times n_filters. They double: 1, 2, 4, 8, 16.",
        _unet(down=(1, 2, 3, 4, 5)),
    ),
    Mistake(
        "four levels",
        "Your U has four levels; five are asked for, the bottom counted.",
        _unet(down=LEVELS[:4], rates=(0, 0, 0.3, 0.3)),
    ),
    Mistake(
        "way up not narrowed",
        "On the way up your blocks are as wide as the map that they get from below. They have half as many filters, as "
        "many as the block of equal size on the way down.",
        _unet(upwards=lambda factor: 2 * factor),
    ),
    Mistake(
        "bottom pooled",
        "Your bottom block pools too, and something has to make up for it. It is the only one with max_pooling=False.",
        _unet(bottom=True),
    ),
    Mistake(
        "dropout missing",
        "There is no dropout in your network. The fourth and the fifth block have one of .3.",
        _unet(rates=(0, 0, 0, 0, 0)),
    ),
    Mistake(
        "dropout everywhere",
        "All blocks of your way down drop out. Only the two lowest do, where there are many filters.",
        _unet(rates=(0.3,) * 5),
    ),
    Mistake(
        "dropout at the bottom only",
        "Your fourth block has no dropout; the fourth and the fifth have one of .3.",
        _unet(rates=(0, 0, 0, 0, 0.3)),
    ),
    Mistake(
        "softmax at the end",
        "Your network gives probabilities. Asked for are scores: the loss applies the softmax itself "
        "(`from_logits=True`).",
        _unet(activation="softmax"),
    ),
    Mistake(
        "ReLU at the end",
        "The last convolution has a ReLU, so no score can be negative. It has no activation.",
        _unet(activation="relu"),
    ),
    Mistake(
        "last kernel of 3×3",
        "Your last convolution looks at 3×3 places. Here it is 1×1: for each pixel, from its channels to its classes.",
        _unet(last=3),
    ),
    Mistake(
        "scores missing",
        "Your network ends with the last block, so there are n_filters numbers a pixel in place of n_classes.",
        _unet(head=False),
    ),
    Mistake(
        "one convolution more",
        "Between the last block and the scores stands a convolution of 3×3 that is not asked for here.",
        _unet(extra=True),
    ),
    Mistake(
        "one class more for the background",
        "You add a class. The background is counted among n_classes already.",
        _unet(classes=lambda n: n + 1),
    ),
)

ANSWERS = {
    "conv_block": Answer(_conv_cases, invariant=_judge_conv, mistakes=CONV_MISTAKES, rtol=RTOL, atol=ATOL),
    "upsampling_block": Answer(_up_cases, invariant=_judge_up, mistakes=UP_MISTAKES, rtol=RTOL, atol=ATOL),
    "unet_model": Answer(_unet_cases, invariant=_judge_unet, mistakes=UNET_MISTAKES, rtol=RTOL, atol=ATOL),
}
