"""Lesson 2 of week 2: what is tried, what is right by SciPy and complex steps, and what people get wrong."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from scipy.linalg.blas import dgemm
from scipy.signal import correlate

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_graphs import ATOL, RTOL, Reference, add, network_difference, relu
from utils.exercises.case import Case
from utils.exercises.entry import Arrays

# residual_forward ---------------------------------------------------------------------------------------------


def _block_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, samples: int, units: int, hidden: int, dtype: type = np.float64, dead: str = ""):
        arrays = {
            "x": rng.standard_normal((samples, units)),
            "W1": rng.standard_normal((units, hidden)) / np.sqrt(units),
            "W2": rng.standard_normal((hidden, units)) / np.sqrt(hidden),
        }
        if dead:
            arrays[dead][:, ::2] = 0
        return Case(group, {name: value.astype(dtype) for name, value in arrays.items()})

    def sizes() -> list[int]:
        return [int(n) for n in rng.choice(np.arange(3, 9), 3, replace=False)]

    group = "as many hidden units as come in"
    units, samples, _ = sizes()
    yield case(group, samples, units, units)
    yield case(group, units, units, units, np.float32)
    group = "fewer or more hidden units"
    yield case(group, *sizes())
    yield case(group, *sizes(), np.float32)
    yield case(group, 1, 5, 2)
    group = "half of the weights are 0"
    yield case(group, *sizes(), dead="W1")
    yield case(group, *sizes(), dead="W2")


def _block_by_blas(x, W1, W2):
    def rectify(z):
        return (z + abs(z)) / 2

    x, W1, W2 = (np.asarray(a, dtype=np.float64) for a in (x, W1, W2))
    return rectify(dgemm(1.0, rectify(dgemm(1.0, x, W1)), W2, beta=1.0, c=x))


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _x_changed(x, W1, W2):
    x += _relu(x @ W1) @ W2
    return _relu(x)


BLOCK_MISTAKES = (
    Mistake(
        "shortcut missing",
        "What came in is never added: this is a plain block. Follow the second arrow that leaves x in the drawing.",
        lambda x, W1, W2: _relu(_relu(x @ W1) @ W2),
    ),
    Mistake(
        "Add after the ReLU",
        "You add x behind the last ReLU. The sum comes first, and its ReLU last: what the two layers found may be "
        "negative, and subtract.",
        lambda x, W1, W2: _relu(_relu(x @ W1) @ W2) + x,
    ),
    Mistake(
        "ReLU on both sides of the Add",
        "You rectify the second product before you add. Then the block can only ever make x larger. Only the sum is "
        "rectified.",
        lambda x, W1, W2: _relu(_relu(_relu(x @ W1) @ W2) + x),
    ),
    Mistake(
        "last ReLU missing",
        "Your sum leaves the block as it is. One more step follows the Add.",
        lambda x, W1, W2: _relu(x @ W1) @ W2 + x,
    ),
    Mistake(
        "ReLU between the layers missing",
        "Nothing stands between your two products, so together they are one linear layer. A ReLU follows the first.",
        lambda x, W1, W2: _relu(x @ W1 @ W2 + x),
    ),
    Mistake(
        "shortcut around the second layer only",
        "You add the hidden units, the result of the first layer. The shortcut starts before both layers, at x.",
        lambda x, W1, W2: _relu(_relu(x @ W1) @ W2 + _relu(x @ W1)),
    ),
    Mistake(
        "shortcut around the first layer only",
        "Your shortcut arrives after the first product. It goes around both layers.",
        lambda x, W1, W2: _relu(_relu(x @ W1 + x) @ W2),
    ),
    Mistake(
        "x added after each layer",
        "You add x twice, behind both products. It is added once, behind the second.",
        lambda x, W1, W2: _relu(_relu(x @ W1 + x) @ W2 + x),
    ),
    Mistake(
        "ReLU on the shortcut",
        "You rectify x before you add it. The shortcut carries x as it is, its negative numbers too.",
        lambda x, W1, W2: _relu(_relu(x @ W1) @ W2 + _relu(x)),
    ),
    Mistake(
        "multiplied in place of added",
        "You multiply with x. Then nothing would pass where the two layers give 0; a sum lets x pass.",
        lambda x, W1, W2: _relu((_relu(x @ W1) @ W2) * x),
    ),
    Mistake(
        "subtracted in place of added",
        "You subtract x. With weights of 0 the block should give relu(x); yours gives relu(−x).",
        lambda x, W1, W2: _relu(_relu(x @ W1) @ W2 - x),
    ),
    Mistake(
        "joined in place of added",
        "You lay x beside the result, so that there are twice as many numbers. A residual block adds, number by "
        "number.",
        lambda x, W1, W2: _relu(np.concatenate([_relu(x @ W1) @ W2, x], axis=1)),
    ),
    Mistake(
        "weights exchanged",
        "You use W2 first. x meets W1, and what comes of it meets W2.",
        lambda x, W1, W2: _relu(_relu(x @ W2) @ W1 + x),
    ),
    Mistake(
        "weights transposed",
        "You multiply with the transposed weights. Rows of x are samples and W1 is (units, hidden), so that x @ W1 "
        "fits as it is.",
        lambda x, W1, W2: _relu(_relu(x @ W1.T) @ W2.T + x),
    ),
    Mistake(
        "* in place of @",
        "`*` multiplies number by number. A layer is a matrix product.",
        lambda x, W1, W2: _relu(_relu(x * W1) * W2 + x),
    ),
    Mistake(
        "x changed in place",
        "`x += …` writes into the array that you were given. Whoever calls your function still needs it.",
        _x_changed,
    ),
)


# plain_network, residual_network ------------------------------------------------------------------------------

KERAS_EPSILON = 1e-3
FACTORS = (1, 2, 4)


def _sizes(rng: np.random.Generator) -> list[int]:
    # 4k + 1: halved twice, the size stays odd until the end, and there Keras' "same" padding is one pixel all around.
    return [int(n) for n in rng.choice([5, 9, 13], 2, replace=False)]


def _network_case(
    rng: np.random.Generator, group: str, depth: int, channels: int, width: int, **more
) -> Case:
    shape = [*_sizes(rng), channels]
    params = {"depth": depth, "input_shape": shape, "classes": int(rng.integers(3, 12)), "width": width}
    return Case(group, params={**params, **more})


def _plain_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _network_case(rng, "8 layers", 8, 1, 3)
    yield _network_case(rng, "8 layers", 8, 3, 4)
    yield _network_case(rng, "14 layers", 14, 1, 2)
    yield _network_case(rng, "14 layers", 14, 2, 3)


def _residual_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _network_case(rng, "shortcuts with channels of zeros", 8, 1, 3)
    yield _network_case(rng, "shortcuts with channels of zeros", 14, 3, 2, projection=False)
    yield _network_case(rng, "shortcuts with 1×1 convolutions", 8, 2, 3, projection=True)
    yield _network_case(rng, "shortcuts with 1×1 convolutions", 8, 1, 4, projection=True)


class _Network(Reference):
    """Computes networks of the CIFAR family by SciPy, convolutions without biases."""

    def conv_bn(self, value, filters: int, size: int, stride: int):
        key, (kernel,) = self._weights(value, (size, size, value[0].shape[3], filters))
        self.trainable += kernel.size
        margin = size // 2
        maps = []
        for x in value[:2]:
            padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
            filtered = [
                correlate(padded, kernel[None, ..., k], "valid", method="direct") for k in range(filters)
            ]
            maps.append(np.concatenate(filtered, axis=3)[:, ::stride, ::stride])
        return self.normalise((*maps, (key,)), KERAS_EPSILON)

    def shortcut(self, value, filters: int, stride: int, projection: bool):
        if stride == 1:
            return value
        if projection:
            return self.conv_bn(value, filters, 1, stride)
        more = ((0, 0), (0, 0), (0, 0), (0, filters - value[0].shape[3]))
        return *(np.pad(x[:, ::2, ::2], more) for x in value[:2]), value[2]

    def classify(self, value, classes: int):
        features = [x.mean(axis=(1, 2)) for x in value[:2]]
        key, (kernel, bias) = self._weights(value, (features[0].shape[1], classes), (classes,))
        self.trainable += kernel.size + bias.size
        scores = [x @ kernel + bias for x in features]
        exponentials = [np.exp(z - z.max(axis=1, keepdims=True)) for z in scores]
        return *(e / e.sum(axis=1, keepdims=True) for e in exponentials), (key,)


@lru_cache(maxsize=64)
def _expected_network(
    depth: int, shape: tuple[int, ...], classes: int, width: int, residual: bool, projection: bool
) -> Arrays:
    net = _Network(shape)
    x = relu(net.conv_bn(net.x, width, 3, 1))
    for stage, factor in enumerate(FACTORS):
        for block in range((depth - 2) // 6):
            stride = 2 if stage and not block else 1
            y = relu(net.conv_bn(x, factor * width, 3, stride))
            y = net.conv_bn(y, factor * width, 3, 1)
            x = relu(add(y, net.shortcut(x, factor * width, stride, projection)) if residual else y)
    return net.arrays(net.classify(x, classes))


def _judge_network(residual: bool) -> Callable[[Case, Arrays], str]:
    def invariant(case: Case, arrays: Arrays) -> str:
        params = case.params
        expected = _expected_network(
            params["depth"],
            tuple(params["input_shape"]),
            params["classes"],
            params["width"],
            residual,
            params.get("projection", False),
        )
        # Every normalisation on the way adds a little to the difference of two right answers.
        return network_difference(expected, arrays, training=None, loose=params["depth"] / 4)

    return invariant


def _conv_bn(
    x, filters, size, strides, *, padding="same", bias=False, normal=True, active=True, swapped=False
):
    """Apply convolution, normalisation and ReLU, except for what the caller replaces."""
    from keras import layers

    x = layers.Conv2D(filters, size, strides, padding, use_bias=bias)(x)
    steps = [layers.BatchNormalization()] if normal else []
    steps += [layers.ReLU()] if active else []
    for step in reversed(steps) if swapped else steps:
        x = step(x)
    return x


def _plain_block(x, filters, strides, projection, conv, *, place=0, count=2, size=3, pool=False):
    """Apply two convolutions, except for what the caller replaces; ``place`` is which of them has the stride."""
    from keras import layers

    if pool and strides > 1:
        x, strides = layers.MaxPooling2D(2, padding="same")(x), 1
    for number in range(count):
        x = _conv_bn(x, filters, size, strides if number == place else 1, **conv)
    return x


def _residual_block(
    x, filters, strides, projection, conv, *, place=0, early_relu=False, last_relu=True, join="Add", **flaws
):
    """Apply two convolutions and add the shortcut, except for what the caller replaces."""
    from keras import layers

    y = _conv_bn(x, filters, 3, strides if place == 0 else 1, **conv)
    y = _conv_bn(y, filters, 3, strides if place == 1 else 1, **{**conv, "active": early_relu})
    y = getattr(layers, join)()([y, _carry(x, filters, strides, projection, **flaws)])
    return layers.ReLU()(y) if last_relu else y


def _carry(x, filters, strides, projection, *, always=False, size=1, projected=(), pad=None, shrink=None):
    """Return what the shortcut carries to the Add, except for what the caller replaces."""
    from keras import ops

    if strides == 1 and not always:
        return x
    if projection:
        return _conv_bn(x, filters, size, strides, **{"active": False, **dict(projected)})
    x = x if strides == 1 else shrink(x) if shrink else x[:, ::2, ::2]
    more = filters - x.shape[-1]
    return ops.pad(x, [(0, 0)] * 3 + [pad(more) if pad else (0, more)])


def _one_layer_blocks(x, filters, strides, projection, conv):
    """Put a shortcut around each convolution."""
    from keras import layers

    for step in (strides, 1):
        y = _conv_bn(x, filters, 3, step, active=False)
        x = layers.ReLU()(layers.Add()([y, _carry(x, filters, step, projection)]))
    return x


def _wrong_network(
    depth,
    input_shape,
    classes,
    width,
    projection=False,
    *,
    block=_plain_block,
    blocks=lambda depth: (depth - 2) // 6,
    factors=FACTORS,
    strided=lambda stage, number: stage > 0 and number == 0,
    first=True,
    end="GlobalAveragePooling2D",
    output="softmax",
    **conv,
):
    """Build the network that was asked for, except for what the caller replaces; ``conv`` is for all convolutions."""
    import keras
    from keras import layers

    x = inputs = keras.Input(input_shape)
    if first:
        x = _conv_bn(x, width, 3, 1, **conv)
    for stage, factor in enumerate(factors):
        for number in range(blocks(depth)):
            x = block(x, factor * width, 2 if strided(stage, number) else 1, projection, conv)
    x = getattr(layers, end)()(x)
    return keras.Model(inputs, layers.Dense(classes, activation=output)(x))


def _network(block: Callable, **flaws: Any) -> Callable:
    return partial(_wrong_network, block=block, **flaws)


def _family_mistakes(block: Callable) -> tuple[Mistake, ...]:
    """Return the mistakes that plain and residual networks share."""
    return (
        Mistake(
            "twice as many layers",
            "Your network is about twice as deep as its name says. A block has two convolutions, so each of the three "
            "stages has (depth − 2) // 6 blocks.",
            _network(block, blocks=lambda depth: (depth - 2) // 3),
        ),
        Mistake(
            "one block too many",
            "Each of your stages has two convolutions too many. Count the layers of a network of depth 8: 1 + 3 · 2 "
            "convolutions and a dense layer.",
            _network(block, blocks=lambda depth: (depth + 4) // 6),
        ),
        Mistake(
            "same width in all stages",
            "All of your convolutions have `width` filters. They double from stage to stage, while height and width "
            "halve.",
            _network(block, factors=(1, 1, 1)),
        ),
        Mistake(
            "width grows evenly",
            "Your stages have 1, 2 and 3 times `width` filters. They double: 1, 2, 4.",
            _network(block, factors=(1, 2, 3)),
        ),
        Mistake(
            "first stage halved too",
            "Your first stage has a stride as well. Only the second and the third stage begin by halving the picture.",
            _network(block, strided=lambda stage, number: number == 0),
        ),
        Mistake(
            "never halved",
            "Your pictures keep their size to the end. The first convolution of the second and of the third stage has "
            "a stride of 2.",
            _network(block, strided=lambda stage, number: False, factors=FACTORS),
        ),
        Mistake(
            "normalisation missing",
            "There is no normalisation after your convolutions. `conv_bn` has both.",
            _network(block, normal=False),
        ),
        Mistake(
            "ReLU before the normalisation",
            "You rectify first and normalise then. The order here is convolution, normalisation, ReLU.",
            _network(block, swapped=True),
        ),
        Mistake(
            "biases in the convolutions",
            "Your convolutions have biases. The normalisation behind them subtracts the mean, and any bias with it, so "
            "here they are left out: `use_bias=False`.",
            _network(block, bias=True),
        ),
        Mistake(
            "first convolution missing",
            "Your stages begin at the picture itself. One convolution with `width` filters comes before them.",
            _network(block, first=False),
        ),
        Mistake(
            "flattened at the end",
            "You flatten the last maps. Asked for is the mean of each map: then the dense layer does not depend on "
            "the size of the pictures.",
            _network(block, end="Flatten"),
        ),
        Mistake(
            "largest value at the end",
            "You take the largest value of each map at the end; asked for is the mean.",
            _network(block, end="GlobalMaxPooling2D"),
        ),
        Mistake(
            "softmax missing",
            "Your outputs are scores; asked for are probabilities.",
            _network(block, output=None),
        ),
    )


PLAIN_MISTAKES = (
    *_family_mistakes(_plain_block),
    Mistake(
        "shortcuts added",
        "This network has shortcuts. It is the next exercise; here is asked for the plain one, to compare with.",
        _network(_residual_block),
    ),
    Mistake(
        "half as many layers",
        "You have one convolution where two are asked for. The three stages share depth − 2 convolutions, so each has "
        "(depth − 2) // 3.",
        _network(partial(_plain_block, count=1)),
    ),
    Mistake(
        "stride on the wrong convolution",
        "Your stride is on the second convolution of the stage. The first one halves the picture, and all others work "
        "on the smaller maps.",
        _network(partial(_plain_block, place=1)),
    ),
    Mistake(
        "pooling in place of a stride",
        "You halve the picture by pooling. In these networks the stage's first convolution does it, with a stride of "
        "2.",
        _network(partial(_plain_block, pool=True)),
    ),
    Mistake(
        "filters of 5×5",
        "The filters in your stages are 5×5. All filters of these networks are 3×3.",
        _network(partial(_plain_block, size=5)),
    ),
    Mistake(
        "ReLU missing",
        "Your convolutions have no ReLU. Without it they are one linear layer, however many there are.",
        _network(_plain_block, active=False),
    ),
    Mistake(
        "no padding",
        "Your maps shrink with every convolution. The padding is “same”.",
        _network(_plain_block, padding="valid"),
    ),
)


def _odd_pixels(x):
    """Take every second pixel from the second on, repeating the last, so that sizes agree."""
    from keras import ops

    return ops.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])[:, 1::2, 1::2]


def _averaged(x):
    from keras import layers

    return layers.AveragePooling2D(2, padding="same")(x)


def _largest(x):
    from keras import layers

    return layers.MaxPooling2D(2, padding="same")(x)


def _shortcut(**flaws: Any) -> Callable:
    return _network(partial(_residual_block, **flaws))


def _projection_turned(depth, input_shape, classes, width, projection=False):
    return _wrong_network(depth, input_shape, classes, width, not projection, block=_residual_block)


def _projection_fixed(value: bool) -> Callable:
    def build(depth, input_shape, classes, width, projection=False):
        return _wrong_network(depth, input_shape, classes, width, value, block=_residual_block)

    return build


# Who has built the plain network gets these right at the second time, mostly; so a few of them will do.
_AGAIN = (
    "twice as many layers",
    "same width in all stages",
    "first stage halved too",
    "flattened at the end",
)

RESIDUAL_MISTAKES = (
    *(mistake for mistake in _family_mistakes(_residual_block) if mistake.name in _AGAIN),
    Mistake(
        "shortcut missing",
        "Nothing is added anywhere: this is the plain network. Look for the second arrow in the drawing of the block.",
        _network(_plain_block),
    ),
    Mistake(
        "Add after the ReLU",
        "The main path goes through its last ReLU and is added then, and nothing rectifies the sum. Compare the order "
        "of + and ReLU with the drawing.",
        _shortcut(early_relu=True, last_relu=False),
    ),
    Mistake(
        "ReLU on both sides of the Add",
        "A ReLU stands before the Add as well as behind it. The main path must be able to subtract: only the sum is "
        "rectified.",
        _shortcut(early_relu=True),
    ),
    Mistake(
        "last ReLU missing",
        "Your sums leave the blocks as they are. A ReLU follows each Add.",
        _shortcut(last_relu=False),
    ),
    Mistake(
        "shortcut around each convolution",
        "You have a shortcut around every single convolution. In this network a shortcut goes around two.",
        _network(_one_layer_blocks),
    ),
    Mistake(
        "multiplied in place of added",
        "You multiply the two paths. Where the main path gives 0 nothing would pass; the shortcut is there so that x "
        "passes.",
        _shortcut(join="Multiply"),
    ),
    Mistake(
        "joined in place of added",
        "You lay the channels of both paths side by side. A residual block adds them, number by number.",
        _shortcut(join="Concatenate"),
    ),
    Mistake(
        "averaged in place of added",
        "You take the mean of the two paths. Then x fades by half in every block; asked for is the sum.",
        _shortcut(join="Average"),
    ),
    Mistake(
        "stride on the wrong convolution",
        "Your stride is on the second convolution of the block. It belongs to the first (and to the shortcut).",
        _shortcut(place=1),
    ),
    Mistake(
        "normalisation missing on the shortcut",
        "Your 1×1 convolution on the shortcut is added without normalisation. Both summands should have the same "
        "scale: use `conv_bn` there too.",
        _shortcut(projected={"normal": False}),
    ),
    Mistake(
        "ReLU on the shortcut",
        "You rectify what your 1×1 convolution carries. On the shortcut stands no ReLU.",
        _shortcut(projected={"active": True}),
    ),
    Mistake(
        "large filters on the shortcut",
        "The convolution on your shortcut is 3×3. It only has to fit the shape, and 1×1 does.",
        _shortcut(size=3),
    ),
    Mistake(
        "convolution on every shortcut",
        "With `projection` you have a convolution on every shortcut. Where the shape stays, the shortcut is x "
        "itself.",
        _shortcut(always=True),
    ),
    Mistake(
        "projection turned round",
        "With projection=True your shortcuts are padded with zeros, with False they are convolutions. It is the other "
        "way round.",
        _projection_turned,
    ),
    Mistake(
        "never a projection",
        "Your shortcuts are padded with zeros whatever `projection` says. If it is True, a 1×1 convolution fits the "
        "shape.",
        _projection_fixed(False),
    ),
    Mistake(
        "always a projection",
        "Your shortcuts have a 1×1 convolution whatever `projection` says. If it is False they have no parameters.",
        _projection_fixed(True),
    ),
    Mistake(
        "zeros before the channels",
        "You put the channels of zeros first. x keeps its place, and the zeros come behind it.",
        _shortcut(pad=lambda more: (more, 0)),
    ),
    Mistake(
        "zeros on both sides",
        "You put half of the zeros before the channels and half behind them. Here all of them come behind.",
        _shortcut(pad=lambda more: (more // 2, more - more // 2)),
    ),
    Mistake(
        "shortcut averages",
        "Your shortcut averages over windows to halve the picture. Asked for is every second pixel, as it is.",
        _shortcut(shrink=_averaged),
    ),
    Mistake(
        "shortcut takes the largest",
        "Your shortcut takes the largest value of each window to halve the picture. Asked for is every second pixel, "
        "as it is.",
        _shortcut(shrink=_largest),
    ),
    Mistake(
        "the other pixels",
        "Your shortcut keeps the second, the fourth, … pixel. Begin with the first, where the convolution's windows "
        "have their centre.",
        _shortcut(shrink=_odd_pixels),
    ),
)


# gradient_norms -----------------------------------------------------------------------------------------------

STEP = 1e-30
PLANS: dict[str, tuple[tuple[tuple[str, int], ...], ...]] = {
    "dense layers": (
        (("dense", 4),),
        (("dense", 5), ("relu", 0), ("dense", 4), ("relu", 0), ("dense", 3)),
    ),
    "convolutions": (
        (("conv", 2), ("relu", 0), ("mean", 0), ("dense", 3)),
        (("conv", 2), ("relu", 0), ("conv", 3), ("relu", 0), ("mean", 0), ("dense", 4)),
    ),
    "normalisation, as it is while a network is trained": (
        (("conv", 2), ("norm", 0), ("relu", 0), ("mean", 0), ("dense", 3)),
        (("dense", 6), ("norm", 0), ("relu", 0), ("dense", 3)),
    ),
    "shortcuts": (
        (
            ("conv", 2),
            ("keep", 0),
            ("relu", 0),
            ("conv", 2),
            ("add", 0),
            ("relu", 0),
            ("mean", 0),
            ("dense", 3),
        ),
        (("dense", 4), ("norm", 0), ("keep", 0), ("relu", 0), ("dense", 4), ("add", 0), ("dense", 3)),
    ),
}


def _gradient_cases(rng: np.random.Generator) -> Iterator[Case]:
    for group, plans in PLANS.items():
        for plan in plans:
            pictures = any(kind == "conv" for kind, _ in plan)
            shape = (4, 5, int(rng.integers(1, 3))) if pictures else (int(rng.integers(3, 7)),)
            count = int(rng.integers(5, 9))
            arrays = {
                "X": rng.standard_normal((count, *shape)),
                **{f"w{i}": value for i, value in enumerate(_weights(plan, shape[-1], rng))},
            }
            arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
            arrays["Y"] = rng.integers(0, plan[-1][1], count)
            yield Case(group, arrays, {"steps": [list(step) for step in plan]})


def _weights(
    plan: Sequence[tuple[str, int]], channels: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the trainable weights of a small network in Keras' order."""
    for kind, number in plan:
        if kind in ("conv", "dense"):
            shape = (3, 3, channels, number) if kind == "conv" else (channels, number)
            yield rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
            yield rng.uniform(-0.5, 0.5, number)
            channels = number
        if kind == "norm":
            yield rng.uniform(0.5, 2, channels)
            yield rng.uniform(-0.5, 0.5, channels)


def _norms_by_complex_steps(model, X, Y):
    """Differentiate the loss by every number of every kernel: Im f(w + ih) / h (Squire and Trapp 1998)."""
    weights = [np.asarray(w).astype(np.complex128) for w in model.trainable_weights]
    norms = []
    for weight in weights:
        if weight.ndim > 1:
            slopes = []
            for place in np.ndindex(weight.shape):
                weight[place] += 1j * STEP
                slopes.append(_loss(model, weights, X, Y).imag / STEP)
                weight[place] = weight[place].real
            norms.append(np.sqrt(np.sum(np.square(slopes))))
    return np.array(norms)


def _loss(model, weights: Sequence[np.ndarray], X: np.ndarray, Y: np.ndarray) -> complex:
    """Compute the mean cross-entropy of a small network in training mode, in complex numbers."""
    left, values = list(weights), {id(model.inputs[0]): X.astype(np.complex128)}
    for layer in model.layers[1:-1]:
        taken = layer.input if isinstance(layer.input, list) else [layer.input]
        arguments = [values[id(tensor)] for tensor in taken]
        used = [left.pop(0) for _ in layer.trainable_weights]
        values[id(layer.output)] = _LAYERS[type(layer).__name__](*arguments, *used)
    scores = values[id(model.layers[-1].input)]
    scores = scores - scores.real.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(Y)), Y]
    return losses.mean()


def _convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.tensordot(windows, kernel, ((4, 5, 3), (0, 1, 2))) + bias


def _normalised(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    deviation = x - x.mean(axis=tuple(range(x.ndim - 1)))
    variance = np.mean(
        deviation * deviation, axis=tuple(range(x.ndim - 1))
    )  # not var: |z|² has no derivative
    return gamma * deviation / np.sqrt(variance + KERAS_EPSILON) + beta


_LAYERS: dict[str, Callable[..., np.ndarray]] = {
    "Conv2D": _convolved,
    "BatchNormalization": _normalised,
    "ReLU": lambda x: np.where(x.real > 0, x, 0),
    "Add": lambda x, y: x + y,
    "GlobalAveragePooling2D": lambda x: x.mean(axis=(1, 2)),
    "Dense": lambda x, kernel, bias: x @ kernel + bias,
}


def _kernels(model) -> list:
    return [weight for weight in model.trainable_weights if len(weight.shape) > 1]


def _entropy(probabilities, Y):
    import keras

    return keras.losses.sparse_categorical_crossentropy(Y, probabilities)


def _mean(losses):
    from keras import ops

    return ops.mean(losses)


def _length(gradient: np.ndarray) -> float:
    return float(np.sqrt(np.sum(gradient**2)))


def _wrong_norms(
    model,
    X,
    Y,
    *,
    training=True,
    losses=_entropy,
    reduce=_mean,
    wanted=_kernels,
    size=_length,
    gather=np.array,
    pictures=slice(None),
):
    """Measure the gradients, except for what the caller replaces."""
    import tensorflow as tf

    X, Y = tf.constant(X[pictures]), Y[pictures]
    with tf.GradientTape() as tape:
        tape.watch(X)
        loss = reduce(losses(model(X, training=training), Y))
    gradients = tape.gradient(loss, X if wanted == "pictures" else wanted(model))
    if wanted == "pictures":
        return np.array([_length(np.asarray(g)) for g in gradients])
    return gather([size(np.asarray(g)) for g in gradients])


def _norms(**flaws: Any) -> Callable:
    return partial(_wrong_norms, **flaws)


def _squared_error(probabilities, Y):
    import keras

    one_hot = keras.ops.one_hot(Y, probabilities.shape[1])
    return keras.ops.sum((probabilities - one_hot) ** 2, axis=1)


def _twice_softmax(probabilities, Y):
    import tensorflow as tf

    return tf.nn.sparse_softmax_cross_entropy_with_logits(Y, probabilities)


def _summed(losses):
    from keras import ops

    return ops.sum(losses)


GRADIENT_MISTAKES = (
    Mistake(
        "gradient of the pictures",
        "You differentiate the loss by X, and get one number a picture. Asked for is one number a kernel: give the "
        "tape the kernels to differentiate by.",
        _norms(wanted="pictures"),
    ),
    Mistake(
        "norms of the weights",
        "These are the lengths of the kernels themselves. Asked for are those of the gradients, which "
        "`tape.gradient` gives.",
        lambda model, X, Y: np.array([_length(np.asarray(weight)) for weight in _kernels(model)]),
    ),
    Mistake(
        "vectors counted too",
        "Your list is longer than the number of kernels: biases or the numbers of a normalisation are in it. A "
        "kernel has at least two axes.",
        _norms(wanted=lambda model: model.trainable_weights),
    ),
    Mistake(
        "biases in place of kernels",
        "Your gradients are those of the vectors. Kernels are the weights with more than one axis.",
        _norms(wanted=lambda model: [w for w in model.trainable_weights if len(w.shape) == 1]),
    ),
    Mistake(
        "only convolutions",
        "Dense layers have a kernel too, with two axes. One number is missing for each of them.",
        _norms(wanted=lambda model: [w for w in model.trainable_weights if len(w.shape) == 4]),
    ),
    Mistake(
        "not in training mode",
        "You call the network as it is used after training, where normalisations take their moving averages. The "
        "gradient of a step of training is wanted: training=True.",
        _norms(training=False),
    ),
    Mistake(
        "losses summed",
        "Your loss is the sum over the pictures, so more pictures give longer gradients. Take the mean.",
        _norms(reduce=_summed),
    ),
    Mistake(
        "root missing",
        "You sum the squares; the length is the root of that.",
        _norms(size=lambda g: np.sum(g**2)),
    ),
    Mistake(
        "mean in place of the sum",
        "You take the root of the *mean* square. The length is the root of the sum of squares.",
        _norms(size=lambda g: np.sqrt(np.mean(g**2))),
    ),
    Mistake(
        "sum of absolute values",
        "You sum absolute values. The length of a vector is the root of its summed squares.",
        _norms(size=lambda g: np.abs(g).sum()),
    ),
    Mistake(
        "mean of absolute values",
        "You average absolute values. The length is the root of the summed squares.",
        _norms(size=lambda g: np.abs(g).mean()),
    ),
    Mistake(
        "largest value",
        "You take the largest number of each gradient. All of them count: the root of their summed squares.",
        _norms(size=lambda g: np.abs(g).max()),
    ),
    Mistake(
        "signs cancel",
        "You sum the numbers of a gradient as they are, and positive and negative ones cancel each other.",
        _norms(size=np.sum),
    ),
    Mistake(
        "last layer first",
        "Your list begins with the last layer. The gradient travels in that direction, but the list should run from "
        "first to last.",
        _norms(wanted=lambda model: _kernels(model)[::-1]),
    ),
    Mistake(
        "one number for the whole network",
        "You return one length for all kernels together. Asked for is one for each.",
        _norms(gather=lambda lengths: np.sqrt(np.sum(np.square(lengths)))),
    ),
    Mistake(
        "softmax applied twice",
        "Your loss expects scores and applies a softmax to them, but the network ends with one already. What it gives "
        "are probabilities.",
        _norms(losses=_twice_softmax),
    ),
    Mistake(
        "squared error",
        "Your loss is the squared error of the probabilities. Asked for is the cross-entropy, which the network is "
        "trained with.",
        _norms(losses=_squared_error),
    ),
    Mistake(
        "only the first picture",
        "Your gradient knows only the first picture. Take the loss of all of them.",
        _norms(pictures=slice(1)),
    ),
)

ANSWERS = {
    "residual_forward": Answer(cases=_block_cases, oracle=_block_by_blas, mistakes=BLOCK_MISTAKES),
    "plain_network": Answer(
        cases=_plain_cases, invariant=_judge_network(False), mistakes=PLAIN_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "residual_network": Answer(
        cases=_residual_cases,
        invariant=_judge_network(True),
        mistakes=RESIDUAL_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "gradient_norms": Answer(
        cases=_gradient_cases,
        oracle=_norms_by_complex_steps,
        mistakes=GRADIENT_MISTAKES,
        rtol=1e-3,
        atol=1e-6,
    ),
}
