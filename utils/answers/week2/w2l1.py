"""Lesson 1 of week 2: what is tried, what is right by `tf.nn` and SciPy, and what people get wrong."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
from scipy.ndimage import convolve1d

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_models import ATOL, RTOL, model_difference
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_inputs, given_weights, shape_text

DROPOUT = (0.5, 0.5)
BLOCKS = (2, 2, 3, 3, 3)


class _Reference:
    """Applies layers with the given weights to the probed batch, by `tf.nn`; keeps a record of weights and steps."""

    def __init__(self, input_shape: tuple[int, ...]):
        self.x = given_inputs(input_shape)
        self.input_shape = input_shape
        self.weights: list[str] = []
        self.count = 0
        self.steps: list[str] = []
        self._seen: Counter = Counter()

    def convolve(self, filters: int, size: int, padding: str, stride: int = 1, groups: int = 1) -> None:
        """ReLU of a convolution; with groups each part of the channels is convolved by itself."""
        import tensorflow as tf

        depth = self.x.shape[-1] // groups
        kernel, bias = self._weights((size, size, depth, filters), (filters,))
        parts = [
            tf.nn.conv2d(x, k, stride, padding.upper())
            for x, k in zip(np.split(self.x, groups, -1), np.split(kernel, groups, -1), strict=True)
        ]
        self.x = tf.nn.relu(tf.concat(parts, -1) + bias).numpy()
        step = f", stride {stride}" if stride > 1 else ""
        self.steps += [
            f"convolution with {filters} filters of {size}×{size}{step}, {padding} padding",
            "ReLU",
        ]

    def pool(self, size: int = 2) -> None:
        import tensorflow as tf

        self.x = tf.nn.max_pool2d(self.x, size, 2, "VALID").numpy()
        self.steps.append(f"max-pooling {size}×{size}" + (", stride 2" if size != 2 else ""))

    def normalize(self, alpha: float) -> None:
        import tensorflow as tf

        self.x = tf.nn.local_response_normalization(self.x, 2, 2.0, alpha, 0.75).numpy()
        self.steps.append("LocalResponseNormalization")

    def flatten(self) -> None:
        self.x = self.x.reshape(len(self.x), -1)
        self.steps.append("flatten")

    def dense(self, units: int, activation: str, dropout: bool = False) -> None:
        import tensorflow as tf

        kernel, bias = self._weights((self.x.shape[1], units), (units,))
        self.x = getattr(tf.nn, activation)(self.x @ kernel + bias).numpy()
        self.steps += [f"dense with {units} units", "ReLU" if activation == "relu" else activation]
        self.steps += ["Dropout"] if dropout else []

    def _weights(self, *shapes: tuple[int, ...]) -> list[np.ndarray]:
        self.weights += [shape_text(shape) for shape in shapes]
        self.count += sum(int(np.prod(shape)) for shape in shapes)
        self._seen[shapes] += 1
        return given_weights(shapes, self._seen[shapes] - 1)

    def arrays(self) -> Arrays:
        return {
            "input_shape": np.array(self.input_shape),
            "output_shape": np.array(self.x.shape[1:]),
            "weights": np.array(sorted(self.weights)),
            "trainable": np.array(self.count),
            "outputs": self.x,
            "steps": np.array(self.steps),
        }


@lru_cache(maxsize=32)
def _expected_lenet5(input_shape: tuple[int, ...], classes: int) -> Arrays:
    net = _Reference(input_shape)
    for filters in (6, 16):
        net.convolve(filters, 5, "valid")
        net.pool()
    net.flatten()
    net.dense(120, "relu")
    net.dense(84, "relu")
    net.dense(classes, "softmax")
    return net.arrays()


@lru_cache(maxsize=32)
def _expected_alexnet(input_shape: tuple[int, ...], classes: int, units: int, alpha: float) -> Arrays:
    net = _Reference(input_shape)
    net.convolve(96, 11, "valid", stride=4)
    net.normalize(alpha)
    net.pool(3)
    net.convolve(256, 5, "same", groups=2)
    net.normalize(alpha)
    net.pool(3)
    net.convolve(384, 3, "same")
    net.convolve(384, 3, "same", groups=2)
    net.convolve(256, 3, "same", groups=2)
    net.pool(3)
    _add_dense(net, classes, units)
    return net.arrays()


@lru_cache(maxsize=32)
def _expected_vgg16(input_shape: tuple[int, ...], classes: int, width: int, units: int) -> Arrays:
    net = _Reference(input_shape)
    for convolutions, factor in zip(BLOCKS, (1, 2, 4, 8, 8), strict=True):
        for _ in range(convolutions):
            net.convolve(factor * width, 3, "same")
        net.pool()
    _add_dense(net, classes, units)
    return net.arrays()


def _add_dense(net: _Reference, classes: int, units: int) -> None:
    net.flatten()
    net.dense(units, "relu", dropout=True)
    net.dense(units, "relu", dropout=True)
    net.dense(classes, "softmax")


def _equals(expected: Callable[..., Arrays], *names: str) -> Callable[[Case, Arrays], str]:
    def invariant(case: Case, arrays: Arrays) -> str:
        shape = tuple(case.params["input_shape"])
        wanted = expected(shape, *(case.params[name] for name in names))
        if "dropout" not in arrays:
            return model_difference(wanted, arrays)
        # Dropout makes training mode differ, as it should; its rates are compared in place of that.
        sentence = model_difference(wanted, {**arrays, "same_in_training": np.array(True)})
        return sentence or _dropout_difference(arrays["dropout"])

    return invariant


def _dropout_difference(rates: np.ndarray) -> str:
    if rates.tolist() == list(DROPOUT):
        return ""
    found = ", ".join(f"{rate:g}" for rate in rates) or "none"
    return f"The network should have two Dropout layers of rate 0.5; the rates of yours: {found}."


def _lenet5_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, input_shape: tuple[int, ...], classes: int) -> Case:
        return Case(group, params={"input_shape": [int(n) for n in input_shape], "classes": int(classes)})

    yield case("32×32 pictures in grey, ten classes", (32, 32, 1), 10)
    height, width = rng.choice(np.arange(18, 36), 2, replace=False)
    yield case("other sizes, and colour", (height, width, 3), 10)
    yield case("other numbers of classes", (20, 24, 1), 3)
    yield case("other numbers of classes", (height, width, 1), rng.integers(11, 40))


def _alexnet_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, input_shape: tuple[int, ...], classes: int, units: int) -> Case:
        params = {"input_shape": list(input_shape), "classes": classes, "units": units, "alpha": 0.5}
        return Case(group, params=params)

    classes, units = (int(n) for n in rng.choice(np.arange(5, 40), 2, replace=False))
    yield case("small pictures in colour", (67, 67, 3), 10, 24)
    yield case("other sizes, classes and widths", (83, 99, 1), classes, units)


def _vgg16_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, input_shape: tuple[int, ...], classes: int, width: int, units: int) -> Case:
        return Case(
            group,
            params={"input_shape": list(input_shape), "classes": classes, "width": width, "units": units},
        )

    classes, units = (int(n) for n in rng.choice(np.arange(11, 40), 2, replace=False))
    yield case("32×32 pictures in colour, a narrow network", (32, 32, 3), 10, 4, 24)
    yield case("other sizes, classes and widths", (33, 65, 1), classes, 3, units)


def _chain(steps: Sequence[tuple], input_shape: tuple[int, ...]):
    """Build a chain from (layer's name, arguments, options), calling what is callable."""
    import keras

    x = inputs = keras.Input(input_shape)
    for step in steps:
        if callable(step):
            x = step(x)
        else:
            name, *args = step
            options = args.pop() if args and isinstance(args[-1], dict) else {}
            x = getattr(keras.layers, name)(*args, **options)(x)
    return keras.Model(inputs, x)


def _wrong_lenet5(
    input_shape,
    classes,
    *,
    filters=(6, 16),
    size=5,
    paddings=("valid", "valid"),
    conv_activation="relu",
    pools=("MaxPooling2D", "MaxPooling2D"),
    flat="Flatten",
    hidden=(120, 84),
    hidden_activation="relu",
    output="softmax",
):
    """Build LeNet-5, except for what the caller replaces."""
    steps: list = []
    for count, padding, pool in zip(filters, paddings, pools, strict=True):
        steps.append(("Conv2D", count, size, {"padding": padding, "activation": conv_activation}))
        steps += [(pool, 2)] if pool else []
    steps += [(flat,)] if flat else []
    steps += [("Dense", units, {"activation": hidden_activation}) for units in hidden]
    return _chain([*steps, ("Dense", classes, {"activation": output})], input_shape)


def _lenet5(**parts) -> Callable:
    return partial(_wrong_lenet5, **parts)


LENET5_MISTAKES = (
    Mistake(
        "first convolution same",
        "Your first convolution keeps the size. In the table 32 becomes 28: LeNet-5 does not pad.",
        _lenet5(paddings=("same", "valid")),
    ),
    Mistake(
        "both convolutions same",
        "Your convolutions keep the size, so 8×8×16 numbers reach the dense layers in place of 5×5×16. The "
        "network is from a time when nobody padded.",
        _lenet5(paddings=("same", "same")),
    ),
    Mistake(
        "filters the other way round",
        "You have 16 filters first and 6 after. The channels grow while the pictures shrink.",
        _lenet5(filters=(16, 6)),
    ),
    Mistake("filters of 3×3", "Your filters are 3×3. In 1998 they were 5×5.", _lenet5(size=3)),
    Mistake(
        "average pooling",
        "You average over each window. That is close to the network of 1998; asked for is today's reading, "
        "with the maximum.",
        _lenet5(pools=("AveragePooling2D", "AveragePooling2D")),
    ),
    Mistake(
        "second pooling forgotten",
        "You pool once. The table pools after the second convolution too.",
        _lenet5(pools=("MaxPooling2D", None)),
    ),
    Mistake(
        "tanh for ReLU",
        "You use tanh everywhere, as in 1998. Asked for is today's reading, with ReLU.",
        _lenet5(conv_activation="tanh", hidden_activation="tanh"),
    ),
    Mistake(
        "sigmoid for ReLU",
        "You use sigmoids between the layers. They flatten at both ends and pass little gradient on; the table "
        "says ReLU.",
        _lenet5(conv_activation="sigmoid", hidden_activation="sigmoid"),
    ),
    Mistake(
        "convolutions without ReLU",
        "Your convolutions have no activation. Look at the last column of the table.",
        _lenet5(conv_activation=None),
    ),
    Mistake(
        "dense layers without ReLU",
        "Your dense layers have no activation, so three of them do no more than one.",
        _lenet5(hidden_activation=None),
    ),
    Mistake(
        "dense layers the other way round",
        "You have 84 units before 120. The layers narrow towards the classes.",
        _lenet5(hidden=(84, 120)),
    ),
    Mistake(
        "layer of 84 forgotten",
        "From 120 units you go straight to the classes. One dense layer is missing.",
        _lenet5(hidden=(120,)),
    ),
    Mistake(
        "flatten forgotten",
        "There is no Flatten, so the dense layers work at each of the 5×5 positions alone and give an answer for "
        "each.",
        _lenet5(flat=None),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores, which need not sum to 1. The last row of the table asks for probabilities.",
        _lenet5(output=None),
    ),
    Mistake(
        "always ten classes",
        "Your network always has ten outputs. There is an argument `classes`.",
        lambda input_shape, classes: _wrong_lenet5(input_shape, 10),
    ),
    Mistake(
        "always 32×32 in grey",
        "Your network takes pictures of 32×32×1 whatever is asked. There is an argument `input_shape`.",
        lambda input_shape, classes: _wrong_lenet5((32, 32, 1), classes),
    ),
)


def _normalization_cases(rng: np.random.Generator) -> Iterator[Case]:
    def array(channels: int, spread: float, dtype: str) -> np.ndarray:
        shape = (*rng.integers(1, 4, 1), *rng.integers(3, 7, 2), channels)
        return (spread * rng.standard_normal(shape)).astype(dtype)

    def options(depth_radius: int) -> dict:
        alpha, beta, bias = rng.uniform(0.1, 1), rng.uniform(0.3, 1.3), rng.uniform(0.5, 3)
        values = {"bias": bias, "alpha": alpha, "beta": beta}
        return {"depth_radius": depth_radius, **{name: round(float(v), 2) for name, v in values.items()}}

    group = "the paper's own numbers: only x is given"
    yield Case(group, {"x": array(9, 60.0, "float32")})
    yield Case(group, {"x": array(12, 90.0, "float64")})
    group = "other neighbourhoods and strengths"
    for depth_radius, dtype in ((1, "float32"), (2, "float64"), (3, "float64")):
        yield Case(group, {"x": array(int(rng.integers(8, 14)), 2.0, dtype)}, options(depth_radius))
    group = "more neighbours asked for than there are, and none"
    yield Case(group, {"x": array(3, 2.0, "float64")}, options(5))
    yield Case(group, {"x": array(1, 2.0, "float32")}, options(2))
    yield Case(group, {"x": array(6, 2.0, "float64")}, options(0))


def _normalized_by_scipy(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75):
    """Sum of squares along the channels as SciPy's one-dimensional convolution with ones, zeros outside."""
    squares = np.square(x.astype(np.float64))
    total = convolve1d(squares, np.ones(2 * depth_radius + 1), axis=-1, mode="constant")
    return (x / (bias + alpha * total) ** beta).astype(x.dtype)


def _window_sum(values: np.ndarray, before: int, after: int, axis: int = -1) -> np.ndarray:
    """Sum of each value with so many before and after it along an axis."""
    values = np.moveaxis(values, axis, -1)
    n = values.shape[-1]
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(before, after)])
    return np.moveaxis(sum(padded[..., i : i + n] for i in range(before + after + 1)), -1, axis)


def _rolled_sum(squares: np.ndarray, r: int) -> np.ndarray:
    return sum(np.roll(squares, shift, axis=-1) for shift in range(-r, r + 1))


def _wrong_norm(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75, *, of: Callable):
    """Hand the squares and everything else to ``of(x, squares, r, k, a, b)``."""
    return of(x, np.square(x), depth_radius, bias, alpha, beta)


def _norm(of: Callable) -> Callable:
    return partial(_wrong_norm, of=of)


def _with_librarys_defaults(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
    return _normalized_by_scipy(x, depth_radius, bias, alpha, beta)


def _centred(s: np.ndarray, r: int) -> np.ndarray:
    return _window_sum(s, r, r)


NORMALIZATION_MISTAKES = (
    Mistake(
        "alpha divided by the number of neighbours",
        "You divide alpha by the size of the neighbourhood, or take the mean of the squares. Caffe and PyTorch "
        "do that; the paper's formula has a plain sum.",
        _norm(lambda x, s, r, k, a, b: x / (k + a / (2 * r + 1) * _centred(s, r)) ** b),
    ),
    Mistake(
        "mean over the channels that exist",
        "You average over the neighbours that there are. The formula sums them, so channels at the ends simply "
        "have a smaller sum.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _centred(s, r) / _centred(np.ones_like(s), r)) ** b),
    ),
    Mistake(
        "radius taken for the width",
        "You look at `depth_radius` channels altogether. The radius counts the neighbours on *each* side: with 2 "
        "the sum has five terms.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _window_sum(s, r // 2, r - r // 2)) ** b),
    ),
    Mistake(
        "neighbouring pixels",
        "You sum over neighbours in the picture. The neighbours here are other channels at the same place: the "
        "last axis.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _window_sum(s, r, r, axis=2)) ** b),
    ),
    Mistake(
        "all channels",
        "You sum over all the channels. Only those up to `depth_radius` away count.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * s.sum(axis=-1, keepdims=True)) ** b),
    ),
    Mistake(
        "channels in a ring",
        "With you the last channel is a neighbour of the first. `np.roll` goes round in a ring; the channels have "
        "two ends.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _rolled_sum(s, r)) ** b),
    ),
    Mistake(
        "own channel left out",
        "You leave out the channel itself. The sum runs from i − r to i + r, and i is one of them.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * (_centred(s, r) - s)) ** b),
    ),
    Mistake(
        "last neighbour missing",
        "Your sum ends one channel early. `range` and slices leave out their end.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _window_sum(s, r, max(r - 1, 0))) ** b),
    ),
    Mistake(
        "only the channels before",
        "You look at the channels before and at the one itself, not at those after it.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _window_sum(s, r, 0)) ** b),
    ),
    Mistake(
        "not squared",
        "You add the values themselves. The formula adds their squares, so that signs do not cancel and strong "
        "channels count most.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * np.abs(_centred(x, r))) ** b),
    ),
    Mistake(
        "absolute values for squares",
        "You add absolute values where the formula has squares.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _centred(np.abs(x), r)) ** b),
    ),
    Mistake(
        "square of the sum",
        "You square after the sum. Square each channel first, then add.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * np.square(_centred(x, r))) ** b),
    ),
    Mistake(
        "bias outside the power",
        "The power belongs to the whole bracket; you add the bias after it. Without it inside, silent places "
        "would be divided by almost nothing.",
        _norm(lambda x, s, r, k, a, b: x / (k + (a * _centred(s, r)) ** b)),
    ),
    Mistake(
        "alpha times the bias too",
        "You multiply bias and sum by alpha. Alpha belongs to the sum alone.",
        _norm(lambda x, s, r, k, a, b: x / (a * (k + _centred(s, r))) ** b),
    ),
    Mistake(
        "always the square root",
        "You take a square root. The exponent is the argument `beta`, .75 in the paper.",
        _norm(lambda x, s, r, k, a, b: x / np.sqrt(k + a * _centred(s, r))),
    ),
    Mistake(
        "power forgotten",
        "You divide by the bracket itself. The exponent `beta` is missing.",
        _norm(lambda x, s, r, k, a, b: x / (k + a * _centred(s, r))),
    ),
    Mistake(
        "multiplied",
        "You multiply by the bracket, so crowded places become louder. Normalising divides.",
        _norm(lambda x, s, r, k, a, b: x * (k + a * _centred(s, r)) ** b),
    ),
    Mistake(
        "the divisor alone",
        "You return what x should be divided by.",
        _norm(lambda x, s, r, k, a, b: (k + a * _centred(s, r)) ** b),
    ),
    Mistake(
        "another library's defaults",
        "With all arguments given your function is right; called with x alone it uses TensorFlow's defaults "
        "(5, 1, 1, .5) and not those of the signature.",
        _with_librarys_defaults,
    ),
)


def _wrong_alexnet(
    input_shape,
    classes,
    units,
    normalize,
    *,
    stride=4,
    first_padding="valid",
    second_padding="same",
    groups=(2, 1, 2, 2),
    pool=("MaxPooling2D", 3, {"strides": 2}),
    stem=("relu", "normalize", "pool"),
    second=("relu", "normalize", "pool"),
    last_pool=True,
    dropout=DROPOUT,
    flat="Flatten",
    hidden_activation="relu",
    output="softmax",
):
    """Build AlexNet, except for what the caller replaces."""
    parts = {"relu": ("ReLU",), "normalize": normalize, "pool": pool}

    def convolve(filters, size, group, padding="same"):
        return ("Conv2D", filters, size, {"padding": padding, "groups": group})

    steps = [
        ("Conv2D", 96, 11, {"strides": stride, "padding": first_padding}),
        *(parts[name] for name in stem),
    ]
    steps += [convolve(256, 5, groups[0], second_padding), *(parts[name] for name in second)]
    for filters, group in zip((384, 384, 256), groups[1:], strict=True):
        steps += [convolve(filters, 3, group), ("ReLU",)]
    steps += [pool] if last_pool else []
    steps += [(flat,), *_dense_steps(classes, units, dropout, hidden_activation, output)]
    return _chain(steps, input_shape)


def _dense_steps(classes, units, dropout, hidden_activation="relu", output="softmax") -> list[tuple]:
    steps: list[tuple] = []
    for rate in dropout:
        steps += [("Dense", units, {"activation": hidden_activation})]
        steps += [("Dropout", rate)] if rate else []
    return [*steps, ("Dense", classes, {"activation": output})]


def _alexnet(**parts) -> Callable:
    return partial(_wrong_alexnet, **parts)


ALEXNET_MISTAKES = (
    Mistake(
        "normalisation left out",
        "`normalize` is never used. It stands in the table twice.",
        _alexnet(stem=("relu", "pool"), second=("relu", "pool")),
    ),
    Mistake(
        "normalised once",
        "You normalise after the first convolution only; the second has it as well.",
        _alexnet(second=("relu", "pool")),
    ),
    Mistake(
        "normalised after pooling",
        "You pool first and normalise what is left. In the paper the normalisation comes between ReLU and "
        "pooling.",
        _alexnet(stem=("relu", "pool", "normalize"), second=("relu", "pool", "normalize")),
    ),
    Mistake(
        "normalised before ReLU",
        "You normalise before the ReLU, so that negative values, which will be cut off, still damp their "
        "neighbours. In the table ReLU comes first.",
        _alexnet(stem=("normalize", "relu", "pool"), second=("normalize", "relu", "pool")),
    ),
    Mistake(
        "groups forgotten",
        "Your convolutions see all the channels. Rows 4, 8 and 9 work in two groups, as if on two GPUs: 1.4 "
        "million weights fewer.",
        _alexnet(groups=(1, 1, 1, 1)),
    ),
    Mistake(
        "third convolution in groups too",
        "Your third convolution works in groups as well. It is the one where the two GPUs talked to each other.",
        _alexnet(groups=(2, 2, 2, 2)),
    ),
    Mistake(
        "stride of the first convolution forgotten",
        "The filters of your first convolution move pixel by pixel. They jump by four.",
        _alexnet(stride=1),
    ),
    Mistake(
        "first convolution same",
        "Your first convolution pads. In the table (227 − 11)/4 + 1 = 55, without a border.",
        _alexnet(first_padding="same"),
    ),
    Mistake(
        "second convolution valid",
        "Your second convolution shrinks its input. From 27×27 it should give 27×27.",
        _alexnet(second_padding="valid"),
    ),
    Mistake(
        "pooling 2×2",
        "Your pooling windows are 2×2. Here they are 3×3 and move by two, so they overlap.",
        _alexnet(pool=("MaxPooling2D", 2)),
    ),
    Mistake(
        "average pooling",
        "You average over the windows. The table asks for the maximum.",
        _alexnet(pool=("AveragePooling2D", 3, {"strides": 2})),
    ),
    Mistake(
        "third pooling forgotten",
        "There is no pooling between the last convolution and Flatten, so the first dense layer gets several "
        "times too many weights.",
        _alexnet(last_pool=False),
    ),
    Mistake(
        "dropout left out",
        "There is no Dropout. With more than 50 million weights in the dense layers AlexNet learned its pictures by "
        "heart without it.",
        _alexnet(dropout=(0, 0)),
    ),
    Mistake(
        "dropout once",
        "Only one of your two wide dense layers is followed by Dropout.",
        _alexnet(dropout=(0, 0.5)),
    ),
    Mistake(
        "one dense layer too few",
        "There is one dense layer of `units` before the last; AlexNet has two.",
        _alexnet(dropout=(0.5,)),
    ),
    Mistake(
        "global pooling for flatten",
        "You average each channel over the picture. Later networks do so and save most of the weights; AlexNet "
        "flattens.",
        _alexnet(flat="GlobalAveragePooling2D"),
    ),
    Mistake(
        "dense layers without ReLU",
        "Your wide dense layers have no activation.",
        _alexnet(hidden_activation=None),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores. The last row asks for probabilities.",
        _alexnet(output=None),
    ),
)


def _wrong_vgg16(
    input_shape,
    classes,
    width,
    units,
    *,
    blocks=BLOCKS,
    factors=(1, 2, 4, 8, 8),
    size=3,
    padding="same",
    activation="relu",
    pool=("MaxPooling2D", 2),
    dropout=DROPOUT,
    flat="Flatten",
    output="softmax",
):
    """Build VGG-16, except for what the caller replaces."""
    steps: list = []
    for convolutions, factor in zip(blocks, factors, strict=True):
        options = {"padding": padding, "activation": activation}
        steps += [("Conv2D", factor * width, size, options)] * convolutions + [pool]
    return _chain([*steps, (flat,), *_dense_steps(classes, units, dropout, output=output)], input_shape)


def _vgg16(**parts) -> Callable:
    return partial(_wrong_vgg16, **parts)


VGG16_MISTAKES = (
    Mistake(
        "four convolutions in the later blocks",
        "Your last three blocks have four convolutions each: that is VGG-19.",
        _vgg16(blocks=(2, 2, 4, 4, 4)),
    ),
    Mistake(
        "two convolutions in every block",
        "All of your blocks have two convolutions: that is VGG-13. The last three blocks have three.",
        _vgg16(blocks=(2, 2, 2, 2, 2)),
    ),
    Mistake(
        "three convolutions in every block",
        "All of your blocks have three convolutions. The first two have two.",
        _vgg16(blocks=(3, 3, 3, 3, 3)),
    ),
    Mistake(
        "doubled to the end",
        "Your filters double once too often. The last block has as many as the one before, 512 in the paper: "
        "the authors thought that enough.",
        _vgg16(factors=(1, 2, 4, 8, 16)),
    ),
    Mistake(
        "never doubled",
        "All of your convolutions have `width` filters. They double from block to block while the pictures halve.",
        _vgg16(factors=(1, 1, 1, 1, 1)),
    ),
    Mistake(
        "growing evenly",
        "Your filters grow by `width` from block to block. They double: 1, 2, 4, 8 times.",
        _vgg16(factors=(1, 2, 3, 4, 4)),
    ),
    Mistake("filters of 5×5", "Your filters are 5×5. VGG has 3×3 and nothing else.", _vgg16(size=5)),
    Mistake(
        "average pooling",
        "You average over the windows; asked for is the maximum.",
        _vgg16(pool=("AveragePooling2D", 2)),
    ),
    Mistake(
        "ReLU missing",
        "Your convolutions have no activation. Three linear layers of 3×3 in a row are one of 7×7, and nothing "
        "is won.",
        _vgg16(activation=None),
    ),
    Mistake(
        "dropout left out",
        "There is no Dropout after the wide dense layers.",
        _vgg16(dropout=(0, 0)),
    ),
    Mistake(
        "one dense layer too few",
        "There is one dense layer of `units` before the last; VGG-16 has two. Thirteen convolutions and three "
        "dense layers make sixteen.",
        _vgg16(dropout=(0.5,)),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores; asked for are probabilities.",
        _vgg16(output=None),
    ),
)

ANSWERS = {
    "lenet5": Answer(
        cases=_lenet5_cases,
        invariant=_equals(_expected_lenet5, "classes"),
        mistakes=LENET5_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "local_response_norm": Answer(
        cases=_normalization_cases, oracle=_normalized_by_scipy, mistakes=NORMALIZATION_MISTAKES
    ),
    "alexnet": Answer(
        cases=_alexnet_cases,
        invariant=_equals(_expected_alexnet, "classes", "units", "alpha"),
        mistakes=ALEXNET_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "vgg16": Answer(
        cases=_vgg16_cases,
        invariant=_equals(_expected_vgg16, "classes", "width", "units"),
        mistakes=VGG16_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
}
