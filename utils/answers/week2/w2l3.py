"""Lesson 3 of week 2: what is tried, what is right by SciPy and by sizes of matrices, and what people get wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np
from scipy.signal import correlate
from scipy.special import softmax

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_models import ATOL, RTOL, model_difference
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_inputs, given_weights, shape_text

# conv1x1 ------------------------------------------------------------------------------------------------------


def _mixing_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, ...], filters: int, dtype: type = np.float64) -> Case:
        arrays = {
            "x": rng.standard_normal(shape),
            "W": rng.standard_normal((1, 1, shape[3], filters)),
            "b": rng.uniform(0.5, 2, (1, 1, 1, filters)) * rng.choice([-1, 1], (1, 1, 1, filters)),
        }
        return Case(group, {name: value.astype(dtype) for name, value in arrays.items()})

    def sides() -> tuple[int, int]:
        height, width = rng.choice(np.arange(3, 8), 2, replace=False)
        return int(height), int(width)

    group = "one filter: all channels become one"
    yield case(group, (1, *sides(), 3), 1)
    yield case(group, (1, *sides(), 5), 1, np.float32)
    group = "several filters on one picture"
    yield case(group, (1, *sides(), 3), 4)
    yield case(group, (1, *sides(), 6), 2)
    yield case(group, (1, *sides(), 4), 4, np.float32)
    group = "batches of pictures"
    yield case(group, (3, *sides(), 4), 2, np.float32)
    yield case(group, (2, *sides(), 2), 5)
    yield case(group, (4, 1, 1, 3), 2)


def _mix_by_scipy(x, W, b):
    maps = [
        [correlate(picture, W[0, :, :, k][None], "valid", method="direct")[..., 0] for k in range(W.shape[3])]
        for picture in x
    ]
    return np.moveaxis(np.array(maps), 1, 3) + b


def _last_channel_only(x, W, b):
    z = np.zeros((*x.shape[:3], W.shape[3]))
    for k in range(W.shape[3]):
        for c in range(x.shape[3]):
            z[..., k] = x[..., c] * W[0, 0, c, k]
    return z + b


def _one_channel_each(x, W, b):
    channels = np.arange(W.shape[3]) % x.shape[3]
    return x[..., channels] * W[0, 0, channels, np.arange(W.shape[3])] + b


MIXING_MISTAKES = (
    Mistake(
        "bias forgotten",
        "The mixing is right, but nothing is added to it. Each filter has a bias, `b`.",
        lambda x, W, b: x @ W[0, 0],
    ),
    Mistake(
        "ReLU applied",
        "Your negative results have become 0. Asked for is the convolution alone; the ReLU is a step of its own.",
        lambda x, W, b: np.maximum(x @ W[0, 0] + b, 0),
    ),
    Mistake(
        "mean over the channels",
        "You take the mean of the products. A convolution takes their sum, also when the filter is only one "
        "pixel wide.",
        lambda x, W, b: x @ W[0, 0] / x.shape[3] + b,
    ),
    Mistake(
        "positions mixed",
        "All pixels of your result are equal: you averaged over the picture. A 1×1 filter looks at one pixel and "
        "knows nothing about its neighbours.",
        lambda x, W, b: np.broadcast_to(
            x.mean(axis=(1, 2), keepdims=True) @ W[0, 0] + b, (*x.shape[:3], b.size)
        ),
    ),
    Mistake(
        "axes of W mixed up by reshape",
        "You changed the order of W's axes by a reshape. A reshape keeps the numbers in one row and only breaks the "
        "line elsewhere; W[0, 0] has the right order already.",
        lambda x, W, b: x @ W.reshape(W.shape[3], W.shape[2]).T + b,
    ),
    Mistake(
        "bias for every channel",
        "You add the bias once for each input channel. It belongs to the filter and is added once, after the sum.",
        lambda x, W, b: x @ W[0, 0] + x.shape[3] * b,
    ),
    Mistake(
        "only the first picture",
        "Every picture of your batch gives the result of the first one. Look at where you index the first axis.",
        lambda x, W, b: np.repeat(x[:1] @ W[0, 0] + b, len(x), axis=0),
    ),
    Mistake(
        "height and width swapped",
        "Your result lies on its side: height and width are swapped.",
        lambda x, W, b: np.swapaxes(x @ W[0, 0] + b, 1, 2),
    ),
    Mistake(
        "one channel a filter",
        "Each of your filters sees a single channel. A filter reaches through all of them and adds up their "
        "products: that is what makes it a mixture.",
        _one_channel_each,
    ),
    Mistake(
        "only the last channel counts",
        "Your loop over the channels overwrites what it found before, so only the last channel is left. The products "
        "have to add up.",
        _last_channel_only,
    ),
)

# multiplications ----------------------------------------------------------------------------------------------


def _work_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(
        group: str, shape: tuple[int, ...], size: int, filters: int, bottleneck: int | None = None
    ) -> Case:
        params = {"input_shape": [int(n) for n in shape], "size": int(size), "filters": int(filters)}
        return Case(group, params=params if bottleneck is None else {**params, "bottleneck": int(bottleneck)})

    def shape() -> np.ndarray:
        return rng.choice(np.arange(4, 30), 3, replace=False)

    def count() -> int:
        return int(rng.integers(3, 40))

    group = "without a bottleneck"
    yield case(group, (28, 28, 192), 5, 32)
    yield case(group, shape(), 3, count())
    yield case(group, shape(), 1, count())
    yield case(group, (1, 7, 4), 5, 3)
    group = "with a bottleneck"
    yield case(group, (28, 28, 192), 5, 32, 16)
    yield case(group, shape(), 3, count(), rng.integers(2, 9))
    yield case(group, shape(), 7, count(), 1)
    group = "a bottleneck that does not save anything"
    yield case(group, shape(), 1, count(), rng.integers(20, 60))
    yield case(group, (6, 5, 2), 3, 4, 9)


def _matrix_product_size(shape: tuple[int, ...], size: int, filters: int) -> int:
    """Return rows · depth · columns of the matrix product that a same convolution is (im2col), from array shapes."""
    height, width, channels = shape
    padded = np.broadcast_to(np.float32(0), (height + size - 1, width + size - 1, channels))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return prod(windows.shape[:2]) * prod(windows.shape[2:]) * filters


def _work_of_matrix_products(input_shape, size, filters, bottleneck=None):
    if bottleneck is None:
        return _matrix_product_size(input_shape, size, filters)
    narrow = (*input_shape[:2], bottleneck)
    return _matrix_product_size(input_shape, 1, bottleneck) + _matrix_product_size(narrow, size, filters)


def _plain_work(shape, size, filters):
    return prod(shape) * size**2 * filters


def _wrong_work(input_shape, size, filters, bottleneck=None, *, layer=_plain_work, together=None):
    if bottleneck is None:
        return layer(input_shape, size, filters)
    if together:
        return together(input_shape, size, filters, bottleneck)
    return layer(input_shape, 1, bottleneck) + layer((*input_shape[:2], bottleneck), size, filters)


def _work_mistake(name: str, says: str, **parts: Callable) -> Mistake:
    return Mistake(name, says, partial(_wrong_work, **parts))


WORK_MISTAKES = (
    _work_mistake(
        "bottleneck ignored",
        "Without a bottleneck you are right; with one you return the same number. The large filters then see "
        "fewer channels.",
        together=lambda s, f, n, k: _plain_work(s, f, n),
    ),
    _work_mistake(
        "bottleneck for free",
        "You count the large filters behind the bottleneck. The 1×1 convolution multiplies too, once for each of its "
        "weights at each pixel.",
        together=lambda s, f, n, k: _plain_work((*s[:2], k), f, n),
    ),
    _work_mistake(
        "only the bottleneck",
        "You count the 1×1 convolution alone. The large filters come after it.",
        together=lambda s, f, n, k: _plain_work(s, 1, k),
    ),
    _work_mistake(
        "bottleneck without effect",
        "You add the 1×1 convolution, but the large filters still see all channels of the input. They get "
        "only those that leave the bottleneck.",
        together=lambda s, f, n, k: _plain_work(s, 1, k) + _plain_work(s, f, n),
    ),
    _work_mistake(
        "bottleneck with large filters",
        "You count the bottleneck as if its filters were as large as those behind it. They are 1×1.",
        together=lambda s, f, n, k: _plain_work(s, f, k) + _plain_work((*s[:2], k), f, n),
    ),
    _work_mistake(
        "product in place of sum",
        "You multiply the work of the two convolutions. One is done after the other, so their work adds up.",
        together=lambda s, f, n, k: _plain_work(s, 1, k) * _plain_work((*s[:2], k), f, n),
    ),
    _work_mistake(
        "size not squared",
        "A filter has size · size places in each channel; you count one side.",
        layer=lambda s, f, n: prod(s) * f * n,
    ),
    _work_mistake(
        "input channels forgotten",
        "A filter multiplies in every channel that arrives. Yours are flat.",
        layer=lambda s, f, n: s[0] * s[1] * f * f * n,
    ),
    _work_mistake(
        "filters forgotten",
        "You count the work of a single filter in each convolution.",
        layer=lambda s, f, n: prod(s) * f * f,
    ),
    _work_mistake(
        "weights in place of work",
        "You count weights. Every weight is used again at each of the height · width positions.",
        layer=lambda s, f, n: f * f * s[2] * n,
    ),
    _work_mistake(
        "valid padding",
        "You count the positions of a valid convolution. With “same” there are as many positions as pixels, and "
        "products with padded zeros count.",
        layer=lambda s, f, n: max(s[0] - f + 1, 0) * max(s[1] - f + 1, 0) * f * f * s[2] * n,
    ),
    _work_mistake(
        "biases counted",
        "A bias is added, not multiplied, so it takes no part in this count.",
        layer=lambda s, f, n: s[0] * s[1] * (f * f * s[2] + 1) * n,
    ),
    _work_mistake(
        "additions counted too",
        "Your numbers are twice too large: only multiplications count here.",
        layer=lambda s, f, n: 2 * _plain_work(s, f, n),
    ),
)


# Networks: what they compute, by SciPy on the weights that the probe gives --------------------------------------


def _padded(x: np.ndarray, size: int, stride: int, fill: float) -> np.ndarray:
    """Pad height and width for "same", as TensorFlow does: an odd pixel goes to the bottom and to the right."""
    totals = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[1:3]]
    margins = [(total // 2, total - total // 2) for total in totals]
    return np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)


def _windows(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Return (batch, rows, columns, channels, size, size)."""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]


class _Reference:
    """Applies steps with the given weights; keeps shapes of weights, steps in words and dropout rates."""

    def __init__(self, input_shape: Sequence[int]):
        self.input_shape = tuple(input_shape)
        self.shapes: list[tuple[int, ...]] = []
        self.steps: list[str] = []
        self.dropout: list[float] = []

    def convolve(self, x: np.ndarray, filters: int, size: int, stride: int = 1) -> np.ndarray:
        """ReLU of a same convolution."""
        kernel, bias = self._weights((size, size, x.shape[3], filters), (filters,))
        step = f", stride {stride}" if stride > 1 else ""
        self.steps += [f"convolution with {filters} filters of {size}×{size}{step}, same padding", "ReLU"]
        maps = [
            [correlate(picture, kernel[..., k], "valid")[::stride, ::stride, 0] for k in range(filters)]
            for picture in _padded(x, size, stride, 0)
        ]
        return np.maximum(np.moveaxis(np.array(maps), 1, 3) + bias, 0)

    def pool(self, x: np.ndarray, stride: int) -> np.ndarray:
        """Maxima of 3×3 windows, same padding."""
        self.steps.append(f"max-pooling 3×3, stride {stride}, same padding")
        return _windows(_padded(x, 3, stride, -np.inf), 3, stride).max(axis=(4, 5))

    def module(self, x: np.ndarray, filters: Sequence[int]) -> np.ndarray:
        """Inception module."""
        n1, n3_reduce, n3, n5_reduce, n5, n_pool = filters
        paths = [
            self.convolve(x, n1, 1),
            self.convolve(self.convolve(x, n3_reduce, 1), n3, 3),
            self.convolve(self.convolve(x, n5_reduce, 1), n5, 5),
            self.convolve(self.pool(x, 1), n_pool, 1),
        ]
        self.steps.append("concatenate")
        return np.concatenate(paths, axis=3)

    def side(self, x: np.ndarray, filters: int, units: int, classes: int) -> np.ndarray:
        """Side classifier."""
        self.steps += ["average-pooling 5×5, stride 3", "flatten", "ReLU"]
        x = self.convolve(_windows(x, 5, 3).mean(axis=(4, 5)), filters, 1)
        x = np.maximum(self._dense(x.reshape(len(x), -1), units), 0)
        return self._classify(x, classes, 0.7)

    def main(self, x: np.ndarray, classes: int) -> np.ndarray:
        """Probabilities at the end of the network."""
        self.steps.append("GlobalAveragePooling2D")
        return self._classify(x.mean(axis=(1, 2)), classes, 0.4)

    def _classify(self, x: np.ndarray, classes: int, rate: float) -> np.ndarray:
        self.dropout.append(rate)
        self.steps += ["Dropout", "softmax"]
        return softmax(self._dense(x, classes), axis=1)

    def _dense(self, x: np.ndarray, units: int) -> np.ndarray:
        kernel, bias = self._weights((x.shape[1], units), (units,))
        self.steps.append(f"dense with {units} units")
        return x @ kernel + bias

    def _weights(self, *shapes: tuple[int, ...]) -> list[np.ndarray]:
        self.shapes += shapes
        return given_weights(shapes)

    def arrays(self, outputs: np.ndarray) -> Arrays:
        return {
            "input_shape": np.array(self.input_shape),
            "output_shape": np.array(outputs.shape[1:]),
            "weights": np.array(sorted(map(shape_text, self.shapes))),
            "trainable": np.array(sum(map(prod, self.shapes))),
            "outputs": outputs,
            "steps": np.array(self.steps),
        }


# inception_module ---------------------------------------------------------------------------------------------


def _module_cases(rng: np.random.Generator) -> Iterator[Case]:
    # Six different numbers: equal filters of one path could not be told from another's.
    def case(group: str, shape: Sequence[int], filters: Sequence[int] | None = None) -> Case:
        numbers = rng.choice(np.arange(2, 11), 6, replace=False) if filters is None else filters
        return Case(group, params={"shape": [int(n) for n in shape], "filters": [int(n) for n in numbers]})

    height, width = rng.choice(np.arange(5, 9), 2, replace=False)
    group = "volumes of several pixels"
    yield case(group, (height, width, 6))
    yield case(group, (6, 6, 3), (5, 3, 1, 2, 1, 1))
    group = "a single pixel, and a single channel"
    yield case(group, (1, 1, 4))
    yield case(group, (3, 2, 1))


@lru_cache(maxsize=64)
def _expected_module(shape: tuple[int, ...], filters: tuple[int, ...]) -> Arrays:
    net = _Reference(shape)
    return net.arrays(net.module(given_inputs(shape), filters))


def _module_invariant(case: Case, arrays: Arrays) -> str:
    expected = _expected_module(tuple(case.params["shape"]), tuple(case.params["filters"]))
    return model_difference(*map(_one_word_for_1x1, (expected, arrays)))


def _one_word_for_1x1(arrays: Arrays) -> Arrays:
    """Leave the padding of 1×1 convolutions out of the steps: it makes no difference, so no message may be about it."""
    steps = [
        step.replace(", valid padding", "").replace(", same padding", "") if "of 1×1" in step else step
        for step in map(str, arrays["steps"])
    ]
    return {"same_in_training": np.array(True), **arrays, "steps": np.array(steps, dtype=np.str_)}


def _wrong_module(x, *filters, window=("Max", 3, {"strides": 1}), relu="relu", reduce_relu="relu", **parts):
    """Apply the module that was asked for, except for what the caller replaces by a function of x, n and the layers."""
    from keras import layers

    names = ("n1", "n3_reduce", "n3", "n5_reduce", "n5", "n_pool")
    n = dict(zip(names, filters, strict=True))

    def conv(x, count, size, activation=relu):
        return layers.Conv2D(count, size, padding="same", activation=activation)(x)

    def pooled(x):
        kind, size, options = window
        return getattr(layers, f"{kind}Pooling2D")(size, padding="same", **options)(x)

    paths = {
        "one": lambda: conv(x, n["n1"], 1),
        "three": lambda: conv(conv(x, n["n3_reduce"], 1, reduce_relu), n["n3"], 3),
        "five": lambda: conv(conv(x, n["n5_reduce"], 1, reduce_relu), n["n5"], 5),
        "pool": lambda: conv(pooled(x), n["n_pool"], 1),
    }
    order = parts.pop("order", ("one", "three", "five", "pool"))
    join = parts.pop("join", "Concatenate")
    tensors = {
        name: parts[name](x, n, conv, pooled) if name in parts else make() for name, make in paths.items()
    }
    return getattr(layers, join)()([tensors[name] for name in order])


def _module_mistake(name: str, says: str, **parts: Any) -> Mistake:
    return Mistake(name, says, partial(_wrong_module, **parts))


MODULE_MISTAKES = (
    _module_mistake(
        "ReLU missing",
        "Your convolutions have no activation. Every convolution of the module, reductions and projection included, "
        "is followed by a ReLU.",
        relu=None,
        reduce_relu=None,
    ),
    _module_mistake(
        "reductions without ReLU",
        "Your reductions are linear. The 1×1 convolutions have a ReLU like the others: that adds a "
        "non-linearity, not only a saving.",
        reduce_relu=None,
    ),
    _module_mistake(
        "no reductions",
        "Your 3×3 and 5×5 filters see all channels of the input. That is the naive module; here a 1×1 "
        "convolution shrinks the channels before each of them.",
        three=lambda x, n, conv, pooled: conv(x, n["n3"], 3),
        five=lambda x, n, conv, pooled: conv(x, n["n5"], 5),
    ),
    _module_mistake(
        "reduction after the large filters",
        "You use the 1×1 convolutions behind the large filters. Then the expensive step still sees all channels; "
        "shrink first.",
        three=lambda x, n, conv, pooled: conv(conv(x, n["n3_reduce"], 3), n["n3"], 1),
        five=lambda x, n, conv, pooled: conv(conv(x, n["n5_reduce"], 5), n["n5"], 1),
    ),
    _module_mistake(
        "reduction and filters swapped",
        "In the paths of 3×3 and 5×5 the two numbers are swapped: the smaller, “reduce”, belongs to the 1×1 "
        "convolution.",
        three=lambda x, n, conv, pooled: conv(conv(x, n["n3"], 1), n["n3_reduce"], 3),
        five=lambda x, n, conv, pooled: conv(conv(x, n["n5"], 1), n["n5_reduce"], 5),
    ),
    _module_mistake(
        "one reduction for both",
        "Your 3×3 and 5×5 filters work on the same reduced tensor. Each path has a reduction of its own.",
        five=lambda x, n, conv, pooled: conv(conv(x, n["n3_reduce"], 1), n["n5"], 5),
    ),
    _module_mistake(
        "5×5 path fed by the 3×3 path",
        "Your 5×5 path starts from the result of the 3×3 path. All four paths start from `x`; a name was probably "
        "used twice.",
        five=lambda x, n, conv, pooled: conv(
            conv(conv(conv(x, n["n3_reduce"], 1), n["n3"], 3), n["n5_reduce"], 1), n["n5"], 5
        ),
    ),
    _module_mistake(
        "filter sizes swapped",
        "The 3×3 filters stand in the path of the 5×5 ones, and the other way round.",
        three=lambda x, n, conv, pooled: conv(conv(x, n["n3_reduce"], 1), n["n3"], 5),
        five=lambda x, n, conv, pooled: conv(conv(x, n["n5_reduce"], 1), n["n5"], 3),
    ),
    _module_mistake(
        "projection missing",
        "Your pooling path keeps all channels of the input. A 1×1 convolution with n_pool filters follows the pooling.",
        pool=lambda x, n, conv, pooled: pooled(x),
    ),
    _module_mistake(
        "projection before the pooling",
        "You project first and pool after. In the module the pooling works on the input itself.",
        pool=lambda x, n, conv, pooled: pooled(conv(x, n["n_pool"], 1)),
    ),
    _module_mistake(
        "average pooling",
        "You average over the windows. The module takes their maximum.",
        window=("Average", 3, {"strides": 1}),
    ),
    _module_mistake(
        "pooling 2×2",
        "Your pooling windows are 2×2; the module has 3×3.",
        window=("Max", 2, {"strides": 1}),
    ),
    _module_mistake(
        "stride of the pooling left out",
        "Without `strides`, Keras' pooling moves by its own size, and your pooled map is too small to be joined with "
        "the others. Here pooling must keep height and width.",
        window=("Max", 3, {}),
    ),
    _module_mistake(
        "added in place of joined",
        "You add the paths. They are laid side by side, channel after channel, so that the next layer can tell them "
        "apart.",
        join="Add",
    ),
    _module_mistake(
        "pooling first",
        "You join the pooling path first. As a network that is just as good, but trained weights would not fit: keep "
        "the order of the picture, from top to bottom.",
        order=("pool", "one", "three", "five"),
    ),
    _module_mistake(
        "1×1 path missing",
        "You join three paths. The first one, a 1×1 convolution alone, is missing.",
        order=("three", "five", "pool"),
    ),
)


# googlenet ----------------------------------------------------------------------------------------------------

_Table = list[dict[str, Any]]


def _network_cases(rng: np.random.Generator) -> Iterator[Case]:
    def numbers(count: int) -> list[int]:
        return [int(n) for n in rng.choice(np.arange(2, 12), count, replace=False)]

    def conv(size: int, stride: int) -> dict[str, Any]:
        return {"type": "conv", "filters": numbers(1)[0], "size": size, "stride": stride}

    def module() -> dict[str, Any]:
        return {"type": "inception", "filters": numbers(6)}

    def side() -> dict[str, Any]:
        return {"type": "side", "filters": numbers(1)[0], "units": int(rng.integers(5, 30))}

    def case(group: str, rows: Callable[[], _Table], shape: Sequence[int], **more: bool) -> Case:
        classes = int(rng.integers(3, 30))
        table = rows()
        # Equal layers could not be told apart by their weights, so tables that have some are drawn anew.
        while not _all_different(table, shape, classes):
            table = rows()
        return Case(group, params={"table": table, "input_shape": list(shape), "classes": classes, **more})

    pool = {"type": "pool"}
    group = "convolutions, pooling and modules"
    yield case(group, lambda: [conv(5, 2), pool, conv(1, 1), conv(3, 1), module()], (19, 22, 3))
    yield case(group, lambda: [conv(3, 1), module(), pool, module()], (9, 6, 1), auxiliary=True)
    group = "side classifiers, for training"
    yield case(group, lambda: [conv(3, 2), module(), side()], (17, 24, 1))
    yield case(
        group,
        lambda: [conv(3, 1), pool, module(), side(), module(), side(), pool],
        (16, 20, 3),
        auxiliary=True,
    )
    group = "side classifiers left out, for prediction"
    yield case(
        group, lambda: [conv(3, 1), module(), side(), pool, module(), side()], (14, 12, 1), auxiliary=False
    )


def _all_different(table: _Table, input_shape: Sequence[int], classes: int) -> bool:
    expected = _expected_network(_frozen(table), tuple(input_shape), classes, True)
    kernels = [shape for shape in expected["weights"] if "×" in shape]
    return len(set(kernels)) == len(kernels)


def _frozen(table: _Table) -> tuple:
    return tuple(
        (row["type"], *(tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "type"))
        for row in table
    )


@lru_cache(maxsize=256)
def _expected_network(table: tuple, input_shape: tuple[int, ...], classes: int, auxiliary: bool) -> Arrays:
    net = _Reference(input_shape)
    x, sides = given_inputs(input_shape), []
    for kind, *numbers in table:
        if kind == "conv":
            x = net.convolve(x, *numbers)
        elif kind == "pool":
            x = net.pool(x, 2)
        elif kind == "inception":
            x = net.module(x, *numbers)
        elif auxiliary:
            sides.append(net.side(x, *numbers, classes))
    if sides:
        net.steps.append("concatenate")  # the probe looks at all outputs side by side
    arrays = net.arrays(np.concatenate([net.main(x, classes), *sides], axis=1))
    return {
        **arrays,
        "heads": np.full(1 + len(sides), classes),
        "dropout": np.array(sorted(net.dropout)),
    }


def _network_invariant(case: Case, arrays: Arrays) -> str:
    params: Mapping[str, Any] = case.params
    expected = _expected_network(
        _frozen(params["table"]),
        tuple(params["input_shape"]),
        params["classes"],
        params.get("auxiliary", True),
    )
    want, have = expected["heads"], arrays["heads"]
    if len(want) != len(have):
        auxiliary = params.get("auxiliary", True)
        return (
            f"Your model has {_outputs(len(have))}; for this table and auxiliary={auxiliary} it should have "
            f"{_outputs(len(want))}."
        )
    if not np.array_equal(want, have):
        return f"Your outputs have {', '.join(map(str, have))} classes; each should have {want[0]}."
    problem = model_difference(*map(_one_word_for_1x1, (expected, arrays)))
    if problem and len(want) > 1 and expected["outputs"].shape == arrays["outputs"].shape:
        problem += _which_outputs(expected["outputs"], arrays["outputs"], len(want))
    if not problem and not np.array_equal(expected["dropout"], arrays["dropout"]):
        rates = [", ".join(f"{rate:g}" for rate in a["dropout"]) or "none" for a in (arrays, expected)]
        return f"Your network has the dropout rates {rates[0]}; it should have {rates[1]}."
    return problem


def _outputs(count: int) -> str:
    return "one output" if count == 1 else f"{count} outputs"


def _which_outputs(expected: np.ndarray, got: np.ndarray, heads: int) -> str:
    pairs = zip(*(np.split(a, heads, axis=1) for a in (expected, got)), strict=True)
    wrong = [
        str(k) for k, (want, have) in enumerate(pairs) if not np.allclose(want, have, rtol=RTOL, atol=ATOL)
    ]
    return f" Of its outputs 0 to {heads - 1} these differ: {', '.join(wrong)}."


def _wrong_network(
    table,
    input_shape,
    classes,
    auxiliary=True,
    *,
    conv_relu="relu",
    use_stride=True,
    pool=(3, "same"),
    end="GlobalAveragePooling2D",
    rates=(0.4, 0.7),
    outputs=lambda main, sides: [main, *sides],
    heed_auxiliary=True,
    side_pool=("Average", 3),
    side_flat="Flatten",
    side_conv=True,
    side_conv_relu="relu",
    side_units=None,
    side_softmax="softmax",
    delay=False,
):
    """Build the network that was asked for, except for what the caller replaces."""
    import keras
    from keras import layers

    def conv(x, filters, size, stride=1, activation="relu"):
        return layers.Conv2D(filters, size, strides=stride, padding="same", activation=activation)(x)

    def module(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool):
        three, five = conv(conv(x, n3_reduce, 1), n3, 3), conv(conv(x, n5_reduce, 1), n5, 5)
        pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
        return layers.Concatenate()([conv(x, n1, 1), three, five, conv(pooled, n_pool, 1)])

    def side(x, row):
        x = getattr(layers, f"{side_pool[0]}Pooling2D")(5, strides=side_pool[1])(x)
        if side_conv:
            x = conv(x, row["filters"], 1, activation=side_conv_relu)
        x = getattr(layers, side_flat)()(x)
        if side_units != "left out":
            x = layers.Dense(row["units"], activation="relu")(x)
        x = layers.Dropout(rates[1])(x)
        return layers.Dense(classes, activation=side_softmax)(x)

    x = before = inputs = keras.Input(input_shape)
    sides = []
    for row in table:
        if row["type"] == "side":
            if auxiliary or not heed_auxiliary:
                sides.append(side(before if delay else x, row))
            continue
        before = x
        if row["type"] == "conv":
            x = conv(x, row["filters"], row["size"], row["stride"] if use_stride else 1, conv_relu)
        elif row["type"] == "pool":
            x = layers.MaxPooling2D(pool[0], strides=2, padding=pool[1])(x)
        else:
            x = module(x, *row["filters"])
    x = layers.Dropout(rates[0])(getattr(layers, end)()(x))
    return keras.Model(inputs, outputs(layers.Dense(classes, activation="softmax")(x), sides))


def _network_mistake(name: str, says: str, **parts: Any) -> Mistake:
    return Mistake(name, says, partial(_wrong_network, **parts))


NETWORK_MISTAKES = (
    _network_mistake(
        "side classifiers always there",
        "With `auxiliary=False` your network still has its side classifiers. They help in training; whoever only wants "
        "predictions leaves them out.",
        heed_auxiliary=False,
    ),
    _network_mistake(
        "side classifiers not given back",
        "You build the side classifiers, or skip them, but the model has only its last output. A branch that is no "
        "output of the model is not part of it.",
        outputs=lambda main, sides: main,
    ),
    _network_mistake(
        "only the last side classifier",
        "Of several side classifiers only the last one is an output. Collect them in a list while you go through the "
        "rows.",
        outputs=lambda main, sides: [main, *sides[-1:]],
    ),
    _network_mistake(
        "side classifiers first",
        "Your side classifiers come first in the list of outputs. The network's own output is the first.",
        outputs=lambda main, sides: [*sides, main],
    ),
    _network_mistake(
        "side classifier one row too early",
        "Your side classifiers look at what arrives at the row before them. They look at what leaves it.",
        delay=True,
    ),
    _network_mistake(
        "maximum in the side classifier",
        "Your side classifiers take the maximum of each 5×5 window. Asked for is the average.",
        side_pool=("Max", 3),
    ),
    _network_mistake(
        "stride of the side classifier left out",
        "The windows of your side classifiers lie side by side. They are 5×5 and move by 3, so they overlap.",
        side_pool=("Average", None),
    ),
    _network_mistake(
        "side classifier averaged instead of flattened",
        "Your side classifiers average each channel over the picture. Here the few positions that are left are laid in "
        "a row with Flatten.",
        side_flat="GlobalAveragePooling2D",
    ),
    _network_mistake(
        "1×1 convolution of the side classifier left out",
        "Your side classifiers have no 1×1 convolution between the average and Flatten. It shrinks the channels, so "
        "that the dense layer does not become huge.",
        side_conv=False,
    ),
    _network_mistake(
        "1×1 convolution of the side classifier linear",
        "The 1×1 convolution of your side classifiers has no ReLU.",
        side_conv_relu=None,
    ),
    _network_mistake(
        "dense layer of the side classifier left out",
        'Your side classifiers go from Flatten to the classes at once. A dense layer of row["units"] units lies '
        "between.",
        side_units="left out",
    ),
    _network_mistake(
        "softmax of the side classifiers missing",
        "Your side classifiers give scores, not probabilities. They are classifiers like the main one, with a softmax.",
        side_softmax=None,
    ),
    _network_mistake(
        "flattened at the end",
        "You flatten the last map. GoogLeNet takes the mean of each channel, which saves it almost all the weights of "
        "the dense layer.",
        end="Flatten",
    ),
    _network_mistake(
        "dropout missing",
        "All that can be seen in prediction is right, but there is no dropout: 40 % before the last dense layer, 70 % "
        "in the side classifiers.",
        rates=(0.0, 0.0),
    ),
    _network_mistake(
        "dropout rates swapped",
        "The two dropout rates are swapped: the side classifiers have the larger one.",
        rates=(0.7, 0.4),
    ),
    _network_mistake(
        "pooling 2×2",
        "Your pooling windows between the modules are 2×2. GoogLeNet has 3×3 with stride 2, so they overlap.",
        pool=(2, "same"),
    ),
    _network_mistake(
        "pooling valid",
        "Your pooling drops the last row or column where a window does not fit. With same padding the size is "
        "halved and rounded up.",
        pool=(3, "valid"),
    ),
    _network_mistake(
        "ReLU of the convolutions missing",
        "The convolutions of your “conv” rows have no ReLU.",
        conv_relu=None,
    ),
    _network_mistake(
        "stride ignored",
        'Your convolutions move by one pixel whatever the row says. Look at row["stride"].',
        use_stride=False,
    ),
)

ANSWERS = {
    "conv1x1": Answer(cases=_mixing_cases, oracle=_mix_by_scipy, mistakes=MIXING_MISTAKES),
    "multiplications": Answer(cases=_work_cases, oracle=_work_of_matrix_products, mistakes=WORK_MISTAKES),
    "inception_module": Answer(
        cases=_module_cases, invariant=_module_invariant, mistakes=MODULE_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "googlenet": Answer(
        cases=_network_cases, invariant=_network_invariant, mistakes=NETWORK_MISTAKES, rtol=RTOL, atol=ATOL
    ),
}
