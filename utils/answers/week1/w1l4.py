"""Private half of lesson 4 of week 1: receptive field, multiply-adds, parameters saved.

The oracles are experiments: disturb each input and see what changes, lay out the matrix product and measure it, write
a convolution as a matrix and count its different entries.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import prod

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

# receptive_field ----------------------------------------------------------------------------------------------


def _conv(size: int, stride: int = 1) -> dict:
    return {"type": "conv", "name": f"conv{size}", "filters": 8, "size": int(size), "stride": int(stride)}


def _pool(size: int, stride: int) -> dict:
    return {"type": "pool", "name": f"pool{size}", "size": int(size), "stride": int(stride)}


def _field_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, *layers: dict) -> Case:
        return Case(group, params={"layers": list(layers)})

    group = "convolutions of stride 1"
    yield case(group, _conv(3))
    yield case(group, _conv(3), _conv(3))
    yield case(group, _conv(5), _conv(3), _conv(int(rng.integers(2, 8))))
    yield case(group, *(_conv(size) for size in rng.integers(3, 8, 4)))

    group = "one layer with a stride"
    yield case(group, _conv(3), _pool(2, 2), _conv(3))
    yield case(group, _conv(5), _conv(3, 2), _conv(5), _conv(3))
    yield case(group, _pool(3, 2), _conv(int(rng.integers(3, 6))))
    yield case(group, _conv(int(rng.integers(4, 8)), 3), _conv(3), _pool(2, 1))

    group = "several strides in a row"
    yield case(group, _conv(3, 2), _conv(3, 2), _conv(3, 2))
    yield case(group, _conv(7, 2), _pool(3, 2), _conv(3), _conv(3, 2), _conv(3))
    yield case(group, _conv(3), _conv(3), _pool(2, 2), _conv(3), _conv(3), _pool(2, 2), _conv(3))
    yield case(
        group, *(_conv(size, stride) for size, stride in zip(rng.integers(2, 6, 3), (3, 2, 2), strict=True))
    )

    group = "1 × 1 convolutions, and no layer at all"
    yield case(group)
    yield case(group, _conv(1))
    yield case(group, _conv(1, 2), _conv(3), _conv(1))
    yield case(group, _conv(3), _conv(1), _pool(2, 2), _conv(1), _conv(5, 2))


def _field_by_experiment(layers):
    """Disturb one pixel of a line at a time, and see which pixels reach the first value that comes out."""
    length = 2 + sum(layer["size"] for layer in layers) * prod(layer["stride"] for layer in layers)
    signal = np.eye(length)  # row i: the line with pixel i disturbed
    for layer in layers:
        windows = np.lib.stride_tricks.sliding_window_view(signal, layer["size"], axis=1)
        signal = windows[:, :: layer["stride"]].sum(axis=2)
    reached = np.flatnonzero(signal[:, 0])
    return int(reached[-1] - reached[0] + 1)


def _field_mistake(step: Callable[[int, int, dict], tuple[int, int]], field: int = 1) -> Callable:
    """Make a wrong answer from its step ``(field, jump, layer) → (field, jump)``."""

    def function(layers):
        seen, jump = field, 1
        for layer in layers:
            seen, jump = step(seen, jump, layer)
        return seen

    return function


def _right_step(field, jump, layer):
    return field + (layer["size"] - 1) * jump, jump * layer["stride"]


def _without_pooling(field, jump, layer):
    return (field, jump) if layer["type"] == "pool" else _right_step(field, jump, layer)


def _without_pool_strides(field, jump, layer):
    return field + (layer["size"] - 1) * jump, jump if layer["type"] == "pool" else jump * layer["stride"]


FIELD_MISTAKES = (
    Mistake(
        "strides ignored",
        "Every layer adds its own size less one, whatever came before. After a stride of 2, neighbouring "
        "values lie two input pixels apart, so a later window reaches twice as far.",
        _field_mistake(lambda r, j, layer: (r + layer["size"] - 1, j)),
    ),
    Mistake(
        "stride used one layer early",
        "You multiply the step before the layer's own window is added. A layer's stride spreads its "
        "outputs; its own window still lies on the old spacing.",
        _field_mistake(
            lambda r, j, layer: (r + (layer["size"] - 1) * j * layer["stride"], j * layer["stride"])
        ),
    ),
    Mistake(
        "only the last stride counts",
        "You take the stride of the layer just before. Strides pile up: after two strides of 2, neighbours "
        "are four input pixels apart.",
        _field_mistake(lambda r, j, layer: (r + (layer["size"] - 1) * j, layer["stride"])),
    ),
    Mistake(
        "strides added up",
        "You add strides. Two layers that each keep every second value leave every fourth, not every "
        "third: what happens to steps inside steps?",
        _field_mistake(lambda r, j, layer: (r + (layer["size"] - 1) * j, j + layer["stride"] - 1)),
    ),
    Mistake(
        "whole sizes added",
        "You add the full size of each window. One of its positions is the place you already had, so a "
        "window of 3 brings two new neighbours.",
        _field_mistake(lambda r, j, layer: (r + layer["size"] * j, j * layer["stride"])),
    ),
    Mistake(
        "begins at 0",
        "You begin with 0 pixels. With no layer at all a value sees itself, one pixel.",
        _field_mistake(_right_step, field=0),
    ),
    Mistake(
        "sizes multiplied",
        "You multiply the sizes. Windows of stride 1 overlap heavily, so two 3 × 3 layers see 5 × 5 and "
        "not 9 × 9.",
        _field_mistake(lambda r, j, layer: (r * layer["size"], j)),
    ),
    Mistake(
        "walked the wrong way",
        "Your rule, (field − 1) · stride + size, is right for a walk from the output back to the input. "
        "You apply it from the input on.",
        _field_mistake(lambda r, j, layer: ((r - 1) * layer["stride"] + layer["size"], j)),
    ),
    Mistake(
        "pooling left out",
        "You skip the pooling layers. A pooling window joins pixels as a filter does, and its stride "
        "spreads the values in the same way.",
        _field_mistake(_without_pooling),
    ),
    Mistake(
        "strides of pooling ignored",
        "The windows are right, but only convolutions change your step. A pooling layer with stride 2 "
        "spreads its outputs too.",
        _field_mistake(_without_pool_strides),
    ),
    Mistake(
        "area instead of side",
        "You return the number of pixels in the square. The task asks for its side.",
        lambda layers: _field_by_experiment(layers) ** 2,
    ),
    Mistake(
        "step returned",
        "You return the distance between neighbouring outputs, the product of the strides. It is one of "
        "the two numbers needed on the way; the field is the other.",
        lambda layers: prod(layer["stride"] for layer in layers),
    ),
)

# multiply_adds ------------------------------------------------------------------------------------------------

MOVES_ONLY = (
    {"type": "flatten", "name": "flatten"},
    {"type": "pool", "name": "pool1", "size": 2, "stride": 2},
)


def _work_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, ...], layer: dict) -> Case:
        return Case(group, params={"layer": layer, "input_shape": [int(n) for n in shape]})

    def conv(size: int, stride: int, padding: str) -> dict:
        return dict(_conv(size, stride), filters=int(rng.integers(4, 30)), padding=padding)

    def shape(channels: int) -> tuple[int, ...]:
        height, width = rng.choice(np.arange(11, 40), 2, replace=False)
        return int(height), int(width), channels

    group = "convolutions of stride 1"
    yield case(group, (6, 6, 1), dict(_conv(3), filters=2, padding="valid"))
    yield case(group, (28, 28, 192), dict(_conv(5), filters=32, padding="same"))
    for padding in ("valid", "same"):
        for size in (3, 5):
            yield case(group, shape(int(rng.integers(2, 9))), conv(size, 1, padding))

    group = "convolutions with a stride"
    yield case(group, (7, 9, 3), dict(_conv(3, 2), filters=4, padding="valid"))
    yield case(group, (7, 10, 3), dict(_conv(3, 2), filters=4, padding="same"))
    for padding in ("valid", "same"):
        for stride in (2, 3):
            yield case(group, shape(int(rng.integers(2, 9))), conv(int(rng.integers(4, 8)), stride, padding))

    group = "fully connected layers, and layers that multiply nothing"
    yield case(group, (400,), {"type": "dense", "name": "dense1", "units": 64})
    for _ in range(2):
        layer = {"type": "dense", "name": "scores", "units": int(rng.integers(5, 300))}
        yield case(group, (int(rng.integers(10, 1000)),), layer)
    for layer in MOVES_ONLY:
        yield case(group, shape(5), dict(layer))


def _work_of_matrix_product(layer, input_shape):
    """Lay out the layer's matrix product, whose work is rows · inner size · columns."""
    x = np.broadcast_to(np.float32(0), input_shape)
    if layer["type"] == "dense":
        return int(np.broadcast_to(x[:, None], (x.size, layer["units"])).size)
    if layer["type"] != "conv":
        return 0
    f, stride = layer["size"], layer["stride"]
    if layer["padding"] == "same":
        x = np.pad(x, ((f - 1 - (f - 1) // 2, (f - 1) // 2),) * 2 + ((0, 0),))
    patches = np.lib.stride_tricks.sliding_window_view(x, (f, f), axis=(0, 1))[::stride, ::stride]
    return int(patches.size) * layer["filters"]


def _sides(layer, shape, stride=None, padding=None):
    stride, same = stride or layer["stride"], (padding or layer["padding"]) == "same"
    return tuple(-(-n // stride) if same else (n - layer["size"]) // stride + 1 for n in shape[:2])


def _conv_work(layer, shape):
    return prod(_sides(layer, shape)) * layer["size"] ** 2 * shape[2] * layer["filters"]


def _dense_work(layer, shape):
    return shape[0] * layer["units"]


def _wrong_work(layer, input_shape, *, conv=_conv_work, dense=_dense_work, other=None):
    """Give the right number of multiplications except for what the caller replaces."""
    if layer["type"] == "conv":
        return conv(layer, input_shape)
    if layer["type"] == "dense":
        return dense(layer, input_shape)
    return other(layer, input_shape) if other else 0


def _pool_work(layer, shape):
    return prod(shape) if layer["type"] == "pool" else 0


def _work_mistake(name: str, says: str, **parts: Callable) -> Mistake:
    return Mistake(name, says, partial(_wrong_work, **parts))


WORK_MISTAKES = (
    _work_mistake(
        "input channels forgotten",
        "A filter multiplies in every channel that arrives. Your windows are flat.",
        conv=lambda layer, s: prod(_sides(layer, s)) * layer["size"] ** 2 * layer["filters"],
    ),
    _work_mistake(
        "filters forgotten",
        "You count the work of a single filter. All of them visit every position.",
        conv=lambda layer, s: prod(_sides(layer, s)) * layer["size"] ** 2 * s[2],
    ),
    _work_mistake(
        "positions of the input",
        "You count one window for each input pixel. There is one window for each pixel of the output; "
        "without padding, or with a stride, that is fewer.",
        conv=lambda layer, s: s[0] * s[1] * layer["size"] ** 2 * s[2] * layer["filters"],
    ),
    _work_mistake(
        "stride ignored",
        "Your windows move by one pixel. A stride of 2 leaves about a quarter of the positions.",
        conv=lambda layer, s: prod(_sides(layer, s, stride=1)) * layer["size"] ** 2 * s[2] * layer["filters"],
    ),
    _work_mistake(
        "padding ignored",
        "You treat all convolutions as valid. With “same” there are more positions, and multiplications by "
        "padded zeros count as well.",
        conv=lambda layer, s: (
            prod(_sides(layer, s, padding="valid")) * layer["size"] ** 2 * s[2] * layer["filters"]
        ),
    ),
    _work_mistake(
        "always same",
        "You treat all convolutions as padded. With “valid” no window hangs over the edge, so there are "
        "fewer positions.",
        conv=lambda layer, s: (
            prod(_sides(layer, s, padding="same")) * layer["size"] ** 2 * s[2] * layer["filters"]
        ),
    ),
    _work_mistake(
        "size not squared",
        "A window has size × size places in each channel; you count one side.",
        conv=lambda layer, s: prod(_sides(layer, s)) * layer["size"] * s[2] * layer["filters"],
    ),
    _work_mistake(
        "parameters instead of work",
        "You count weights. Every weight of a filter is used again at each position of the output, and "
        "each use is a multiplication.",
        conv=lambda layer, s: layer["size"] ** 2 * s[2] * layer["filters"],
    ),
    _work_mistake(
        "biases counted",
        "A bias is added, not multiplied, so it takes no part in this count.",
        conv=lambda layer, s: prod(_sides(layer, s)) * (layer["size"] ** 2 * s[2] + 1) * layer["filters"],
        dense=lambda layer, s: (s[0] + 1) * layer["units"],
    ),
    _work_mistake(
        "additions counted separately",
        "Your numbers are twice too large. A multiplication and the addition that follows it count as one "
        "multiply-add here.",
        conv=lambda layer, s: 2 * _conv_work(layer, s),
        dense=lambda layer, s: 2 * _dense_work(layer, s),
    ),
    _work_mistake(
        "output only",
        "You count the numbers that come out. Each of them is a sum of many products.",
        conv=lambda layer, s: prod(_sides(layer, s)) * layer["filters"],
        dense=lambda layer, s: layer["units"],
    ),
    _work_mistake(
        "pooling multiplies",
        "Convolutions and dense layers are right. A pooling layer compares numbers and multiplies none.",
        other=_pool_work,
    ),
)

# parameter_savings --------------------------------------------------------------------------------------------


def _savings_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, int, int], f: int, filters: int) -> Case:
        params = {"input_shape": [int(n) for n in shape], "f": int(f), "filters": int(filters)}
        return Case(group, params=params)

    def shape(channels: int) -> tuple[int, int, int]:
        height, width = rng.choice(np.arange(6, 12), 2, replace=False)
        return int(height), int(width), channels

    group = "grey pictures"
    yield case(group, (6, 6, 1), 3, 1)
    yield case(group, shape(1), 2, 1)
    yield case(group, shape(1), 5, 3)
    group = "several channels and filters"
    yield case(group, (8, 8, 3), 3, 2)
    yield case(group, shape(3), 4, 4)
    yield case(group, shape(5), 3, 2)
    group = "filters as large as the picture, or nearly so"
    yield case(group, (5, 5, 2), 5, 3)
    yield case(group, (5, 6, 2), 5, 3)
    yield case(group, (7, 7, 1), 6, 2)


def _savings_of_matrix(input_shape, f, filters):
    """Write the convolution as a matrix whose entries name their weight, 0 for none, and count."""
    pixels = np.arange(prod(input_shape)).reshape(input_shape)
    names = 1 + np.arange(f * f * input_shape[2] * filters).reshape(filters, -1)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (f, f), axis=(0, 1))
    windows = windows.reshape(-1, names.shape[1])
    matrix = np.zeros((filters, len(windows), pixels.size), int)
    for k, window in enumerate(windows):
        matrix[:, k, window] = names
    different = len(np.unique(matrix[matrix > 0]))
    return (matrix.size + filters * len(windows)) / (different + filters)


def _savings(input_shape, f, filters, *, outputs=None, dense=None, conv=None):
    height, width, channels = input_shape
    n_in = height * width * channels
    n_out = outputs(input_shape, f, filters) if outputs else (height - f + 1) * (width - f + 1) * filters
    return (dense or _dense_count)(n_in, n_out) / (conv or _conv_count)(f, channels, filters)


def _dense_count(n_in, n_out):
    return (n_in + 1) * n_out


def _conv_count(f, channels, filters):
    return (f * f * channels + 1) * filters


def _savings_mistake(name: str, says: str, **parts: Callable) -> Mistake:
    return Mistake(name, says, partial(_savings, **parts))


SAVINGS_MISTAKES = (
    _savings_mistake(
        "biases forgotten",
        "You divide weights by weights. Both layers also have biases: one for each unit, one for each "
        "filter.",
        dense=lambda n_in, n_out: n_in * n_out,
        conv=lambda f, c, k: f * f * c * k,
    ),
    _savings_mistake(
        "dense biases forgotten",
        "The convolution is counted with its biases, the dense layer without. Each of its units has one.",
        dense=lambda n_in, n_out: n_in * n_out,
    ),
    _savings_mistake(
        "conv biases forgotten",
        "The dense layer is counted with its biases, the convolution without. Each filter has one.",
        conv=lambda f, c, k: f * f * c * k,
    ),
    _savings_mistake(
        "input channels forgotten",
        "Your filters are flat: each reaches through all input channels.",
        conv=lambda f, c, k: (f * f + 1) * k,
    ),
    _savings_mistake(
        "output as large as the input",
        "Your dense layer has a unit for each input position. Without padding the output is smaller: n − f "
        "+ 1 a side.",
        outputs=lambda shape, f, k: shape[0] * shape[1] * k,
    ),
    _savings_mistake(
        "one unit for each filter",
        "Your dense layer has one unit for each filter. A filter gives a whole map; the dense layer needs "
        "a unit for every number in it.",
        outputs=lambda shape, f, k: k,
    ),
    _savings_mistake(
        "filters forgotten in the output",
        "Your dense layer makes a single map. The convolution makes one for each filter, and the outputs "
        "should agree.",
        outputs=lambda shape, f, k: (shape[0] - f + 1) * (shape[1] - f + 1),
    ),
    Mistake(
        "upside down",
        "You divide the convolution's parameters by the dense layer's. The question is how many times "
        "*more* the dense layer has.",
        lambda input_shape, f, filters: 1 / _savings(input_shape, f, filters),
    ),
    Mistake(
        "difference instead of ratio",
        "You subtract. How many times more is a quotient.",
        lambda input_shape, f, filters: (
            _savings(input_shape, f, filters, conv=lambda f, c, k: 1)
            - _conv_count(f, input_shape[2], filters)
        ),
    ),
    Mistake(
        "rounded down",
        "Your quotient lost its decimals. Look at which division sign you use.",
        lambda input_shape, f, filters: int(_savings(input_shape, f, filters)),
    ),
)

ANSWERS = {
    "receptive_field": Answer(cases=_field_cases, oracle=_field_by_experiment, mistakes=FIELD_MISTAKES),
    "multiply_adds": Answer(cases=_work_cases, oracle=_work_of_matrix_product, mistakes=WORK_MISTAKES),
    "parameter_savings": Answer(cases=_savings_cases, oracle=_savings_of_matrix, mistakes=SAVINGS_MISTAKES),
}
