"""Private half of lesson 3 of week 1: pooling, and a whole network as a table.

The oracles count what is really there: windows of a sliding view, elements of allocated arrays.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

# pool_output_size ---------------------------------------------------------------------------------------------


def _pool_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, n: int, f: int, stride: int) -> Case:
        return Case(group, params={"n": int(n), "f": int(f), "stride": int(stride)})

    plain, overlap, left = "windows side by side", "windows that overlap", "pixels left over"
    yield case(plain, 4, 2, 2)
    for f in (2, 3, 5):
        yield case(plain, f * rng.integers(3, 40), f, f)
    yield case(overlap, 5, 3, 1)
    yield case(overlap, 55, 3, 2)
    for _ in range(3):
        f = rng.integers(3, 8)
        yield case(overlap, f + (f - 2) * rng.integers(3, 20), f, f - 2)
    yield case(left, 5, 2, 2)
    yield case(left, 11, 3, 2 + 3)
    for f, stride in ((3, 3), (2, 4), (5, 3)):
        yield case(left, f + stride * rng.integers(2, 30) + stride - 1, f, stride)
    fit = "a window as large as the picture, and a larger one"
    yield case(fit, 7, 7, 2)
    yield case(fit, 3, 3, 3)
    yield case(fit, 6, 7, 1)
    yield case(fit, 3, 9, 2)


def _count_windows(n: int, f: int, stride: int) -> int:
    """Count the windows of a line that really exists; NumPy raises ValueError when not one fits."""
    return len(np.lib.stride_tricks.sliding_window_view(np.zeros(n), f)[::stride])


def _demand_fit(n: int, f: int) -> None:
    if f > n:
        raise ValueError(f"a window of {f} does not fit into {n} pixels")


def _pool_mistake(formula: Callable[[int, int, int], float]) -> Callable:
    def function(n, f, stride):
        _demand_fit(n, f)
        return formula(n, f, stride)

    return function


POOL_MISTAKES = (
    Mistake(
        "first window not counted",
        "You count the steps, not the windows. Before the first step there is already one window: try it on paper "
        "with n = 4, f = 2, stride 2.",
        _pool_mistake(lambda n, f, s: (n - f) // s),
    ),
    Mistake(
        "stride ignored",
        "Your windows move by one pixel each time, whatever `stride` says. Longer steps mean fewer windows.",
        _pool_mistake(lambda n, f, s: n - f + 1),
    ),
    Mistake(
        "window size ignored",
        "You divide the picture by the stride alone. The last window needs f pixels from where it starts, so the size "
        "of the window matters as soon as windows overlap.",
        _pool_mistake(lambda n, f, s: n // s),
    ),
    Mistake(
        "divided by the window",
        "You divide by the size of the window. That is right only when the stride equals the window; what decides is "
        "how far each step goes.",
        _pool_mistake(lambda n, f, s: n // f),
    ),
    Mistake(
        "rounded up",
        "You round up, which counts a window that hangs over the edge. Pooling without padding drops the pixels that "
        "do not fill a window, so round down.",
        _pool_mistake(lambda n, f, s: -(-(n - f) // s) + 1),
    ),
    Mistake(
        "true division",
        "The result is a fraction or a float. A number of windows is a whole number: look at which division sign you "
        "use.",
        _pool_mistake(lambda n, f, s: (n - f) / s + 1),
    ),
    Mistake(
        "one added before dividing",
        "The 1 went inside the division. It stands for the first window, not for a pixel: divide first, then count it.",
        _pool_mistake(lambda n, f, s: (n - f + 1) // s),
    ),
    Mistake(
        "large windows not refused",
        "The formula itself is right. What is missing is the case in which the window is larger than the picture: the "
        "task asks for a ValueError there, or a size of 0 or less travels on through the network.",
        lambda n, f, stride: (n - f) // stride + 1,
    ),
    Mistake(
        "0 for large windows",
        "The formula is right. When the window is larger than the picture you return a number; the task asks for a "
        "ValueError, because a network with an empty layer is a mistake that should be heard.",
        lambda n, f, stride: max((n - f) // stride + 1, 0),
    ),
)

# layer_table --------------------------------------------------------------------------------------------------


def _conv(name: str, filters: int, size: int, stride: int = 1, padding: str = "valid") -> dict:
    return {
        "type": "conv",
        "name": name,
        "filters": int(filters),
        "size": int(size),
        "stride": int(stride),
        "padding": padding,
    }


def _pool(name: str, size: int, stride: int) -> dict:
    return {"type": "pool", "name": name, "size": int(size), "stride": int(stride)}


FLATTEN = {"type": "flatten", "name": "flatten"}


def _dense(name: str, units: int) -> dict:
    return {"type": "dense", "name": name, "units": int(units)}


def _table_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, int, int], *layers: dict) -> Case:
        return Case(group, params={"layers": list(layers), "input_shape": [int(n) for n in shape]})

    def sides(low: int, high: int) -> tuple[int, int]:
        height, width = rng.choice(np.arange(low, high), 2, replace=False)
        return int(height), int(width)

    group = "one convolution, valid and same"
    yield case(group, (6, 6, 1), _conv("conv1", 2, 3))
    yield case(group, (*sides(8, 20), 3), _conv("edges", 5, 5, 1, "valid"))
    yield case(group, (*sides(8, 20), 4), _conv("corners", 6, 3, 1, "same"))
    yield case(group, (*sides(8, 20), 3), _conv("first", 4, 3), _conv("second", 7, 5, 1, "same"))

    group = "strides, with pixels left over"
    yield case(group, (9, 12, 3), _conv("conv1", 4, 3, 2, "valid"))
    yield case(group, (10, 13, 3), _conv("conv1", 4, 3, 3, "same"))
    yield case(group, (*sides(20, 33), 2), _conv("a", 3, 5, 3), _conv("b", 5, 3, 2, "same"))

    group = "pooling"
    yield case(group, (8, 6, 3), _pool("pool1", 2, 2))
    yield case(group, (13, 11, 5), _pool("pool1", 3, 2))
    yield case(group, (*sides(20, 30), 6), _pool("pool1", 2, 2), _pool("pool2", 3, 1), _pool("pool3", 2, 3))

    group = "flatten and dense"
    yield case(group, (4, 5, 3), dict(FLATTEN), _dense("scores", 10))
    yield case(group, (3, 7, 2), dict(FLATTEN, name="vector"), _dense("hidden", 12), _dense("scores", 4))

    group = "whole networks, down to windows that no longer fit"
    whole = [
        _conv("conv1", 6, 5),
        _pool("pool1", 2, 2),
        _conv("conv2", 16, 5),
        _pool("pool2", 2, 2),
        dict(FLATTEN),
        _dense("dense1", 20),
        _dense("dense2", 10),
    ]
    yield case(group, (32, 32, 3), *whole)
    yield case(group, (16, 20, 1), *whole)
    yield case(
        group,
        (*sides(36, 60), 3),
        _conv("conv1", 8, 7, 2, "same"),
        _pool("pool1", 3, 2),
        _conv("conv2", 12, 3, 1, "same"),
        _pool("pool2", 2, 2),
        dict(FLATTEN),
        _dense("scores", 7),
    )
    yield case(group, (14, 16, 1), *whole)
    yield case(group, (6, 4, 3), _conv("conv1", 2, 5))
    yield case(group, (5, 8, 3), _pool("pool1", 6, 2))


def _table_oracle(layers, input_shape):
    """Send an empty picture through the layers: every shape and every count is that of an array which exists."""
    x = np.broadcast_to(np.float32(0), input_shape)
    rows = []
    for layer in layers:
        weights = ()
        if layer["type"] == "conv":
            weights = (
                np.empty((layer["size"], layer["size"], x.shape[-1], layer["filters"])),
                np.empty(layer["filters"]),
            )
            # With same padding there is a window around every pixel, of which every stride-th is taken.
            starts = x if layer["padding"] == "same" else _windows(x, layer["size"])
            starts = starts[:: layer["stride"], :: layer["stride"]]
            x = np.broadcast_to(np.float32(0), (*starts.shape[:2], layer["filters"]))
        elif layer["type"] == "pool":
            x = _windows(x, layer["size"])[:: layer["stride"], :: layer["stride"]].max(axis=(3, 4))
        elif layer["type"] == "flatten":
            x = x.ravel()
        else:
            weights = (np.empty((x.size, layer["units"])), np.empty(layer["units"]))
            x = x @ np.zeros(weights[0].shape)
        rows.append((layer["name"], x.shape, sum(array.size for array in weights)))
    return rows


def _windows(x: np.ndarray, size: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))


def _valid(n, f, stride):
    _demand_fit(n, f)
    return (n - f) // stride + 1


def _same(n, f, stride):
    return (n + stride - 1) // stride


def _conv_parameters(layer, shape, out):
    return (layer["size"] ** 2 * shape[2] + 1) * layer["filters"]


def _dense_parameters(layer, shape):
    return (shape[0] + 1) * layer["units"]


def _nothing(layer, shape):
    return 0


def _wrong_table(
    layers,
    input_shape,
    *,
    valid=_valid,
    same=_same,
    pool=None,
    conv_parameters=_conv_parameters,
    dense_parameters=_dense_parameters,
    pool_parameters=_nothing,
    conv_channels=lambda layer, shape: layer["filters"],
    pool_channels=lambda shape: shape[2],
    flat=lambda shape: shape[0] * shape[1] * shape[2],
    width_of=lambda shape: shape[1],
):
    """Make a table that is right except for what the caller replaces."""
    shape, rows = input_shape, []
    for layer in layers:
        kind, parameters = layer["type"], 0
        if kind in ("conv", "pool"):
            side = (pool or valid) if kind == "pool" else same if layer["padding"] == "same" else valid
            sizes = tuple(side(n, layer["size"], layer["stride"]) for n in (shape[0], width_of(shape)))
            if kind == "conv":
                out = (*sizes, conv_channels(layer, shape))
                parameters = conv_parameters(layer, shape, out)
            else:
                out = (*sizes, pool_channels(shape))
                parameters = pool_parameters(layer, shape)
        elif kind == "flatten":
            out = (flat(shape),)
        else:
            out = (layer["units"],)
            parameters = dense_parameters(layer, shape)
        rows.append((layer["name"], out, parameters))
        shape = out
    return rows


def _flat_of_input(layers, input_shape):
    """Each row computed from the network's input; flatten and dense then see the picture's own size."""
    rows = []
    for layer in layers:
        flat = (int(np.prod(input_shape)),)
        rows += _wrong_table([layer], flat if layer["type"] == "dense" else input_shape)
    return rows


def _changed(**parts) -> Callable:
    return partial(_wrong_table, **parts)


TABLE_MISTAKES = (
    Mistake(
        "biases forgotten",
        "Your parameters are those of the weights alone. Every filter and every dense unit also learns one bias.",
        _changed(
            conv_parameters=lambda layer, shape, out: layer["size"] ** 2 * shape[2] * layer["filters"],
            dense_parameters=lambda layer, shape: shape[0] * layer["units"],
        ),
    ),
    Mistake(
        "conv biases forgotten",
        "The dense layers are right, but each filter of a conv layer has a bias too: your count lacks it.",
        _changed(conv_parameters=lambda layer, shape, out: layer["size"] ** 2 * shape[2] * layer["filters"]),
    ),
    Mistake(
        "dense biases forgotten",
        "The conv layers are right. Each unit of a dense layer has a bias besides its weights: your count lacks it.",
        _changed(dense_parameters=lambda layer, shape: shape[0] * layer["units"]),
    ),
    Mistake(
        "one bias for the whole layer",
        "You add a single bias to a layer. A bias belongs to each filter and to each unit, because each has its own "
        "threshold to learn.",
        _changed(
            conv_parameters=lambda layer, shape, out: layer["size"] ** 2 * shape[2] * layer["filters"] + 1,
            dense_parameters=lambda layer, shape: shape[0] * layer["units"] + 1,
        ),
    ),
    Mistake(
        "input channels forgotten",
        "A filter reaches through all channels that arrive. Your filters are flat: the number of channels that come in "
        "is missing from their size.",
        _changed(conv_parameters=lambda layer, shape, out: (layer["size"] ** 2 + 1) * layer["filters"]),
    ),
    Mistake(
        "parameters for every position",
        "You count separate weights at each position of the output. One filter visits all positions with the same "
        "weights, so the size of the picture must not enter the count.",
        _changed(
            conv_parameters=lambda layer, shape, out: _conv_parameters(layer, shape, out) * out[0] * out[1]
        ),
    ),
    Mistake(
        "size not squared",
        "A filter has size × size weights for each channel; you count only one side of it.",
        _changed(conv_parameters=lambda layer, shape, out: (layer["size"] * shape[2] + 1) * layer["filters"]),
    ),
    Mistake(
        "pooling has parameters",
        "You give the pooling layers parameters. Taking a maximum has nothing to learn: size and stride are "
        "chosen, not trained.",
        _changed(pool_parameters=lambda layer, shape: layer["size"] ** 2 * shape[2]),
    ),
    Mistake(
        "pooling merges channels",
        "Your pooling leaves one channel. It looks at each channel alone, so as many leave as came in.",
        _changed(pool_channels=lambda shape: 1),
    ),
    Mistake(
        "pooling divides by its stride",
        "You divide the size by the stride of the pooling. That is right only while windows do not overlap and none "
        "hangs over the edge; use the same formula as for a valid convolution.",
        _changed(pool=lambda n, f, s: n // s if f <= n else _valid(n, f, s)),
    ),
    Mistake(
        "pooling divides by its size",
        "You divide by the size of the pooling window. How fast the picture shrinks is decided by the stride; the two "
        "are equal often, not always.",
        _changed(pool=lambda n, f, s: n // f if f <= n else _valid(n, f, s)),
    ),
    Mistake(
        "channels of the input kept",
        "After your conv layer there are as many channels as before it. Each filter makes one channel of the output.",
        _changed(conv_channels=lambda layer, shape: shape[2]),
    ),
    Mistake(
        "shape not carried on",
        "Every row starts again from the network's input. What leaves one layer is what enters the next.",
        _flat_of_input,
    ),
    Mistake(
        "stride ignored with same padding",
        "With “same” you leave the size as it is. That holds for stride 1; a longer stride still skips windows.",
        _changed(same=lambda n, f, s: n),
    ),
    Mistake(
        "same rounded down",
        "With “same” padding and a stride the size is rounded up: a window stands on the first pixel, then on every "
        "stride-th. You round down.",
        _changed(same=lambda n, f, s: n // s),
    ),
    Mistake(
        "padding ignored",
        "You treat every convolution as valid. Look at what `padding` says: with “same” the picture is padded first.",
        _changed(same=_valid),
    ),
    Mistake(
        "always same",
        "You treat every convolution as padded. With “valid” the windows must lie inside the picture, so it shrinks.",
        _changed(valid=_same, pool=_valid),
    ),
    Mistake(
        "rounded up",
        "You round up where windows hang over the edge. Without padding these windows do not exist: round down.",
        _changed(valid=lambda n, f, s: -(-(n - f) // s) + 1 if f <= n else _valid(n, f, s)),
    ),
    Mistake(
        "stride ignored",
        "All your windows move by one pixel. Each conv and pool layer says in `stride` how far it steps.",
        _changed(valid=lambda n, f, s: _valid(n, f, 1), same=lambda n, f, s: n),
    ),
    Mistake(
        "height used twice",
        "Your pictures are always square: the width is computed from the height. Look at an input that is wider than "
        "high.",
        _changed(width_of=lambda shape: shape[0]),
    ),
    Mistake(
        "flatten drops the channels",
        "Flatten keeps every number: height times width times channels. Yours keeps one channel's worth.",
        _changed(flat=lambda shape: shape[0] * shape[1]),
    ),
    Mistake(
        "sizes as floats",
        "Some of your sizes are floats. `/` always gives a float in Python, even 28 / 2; look for the division that "
        "gives whole numbers.",
        _changed(valid=lambda n, f, s: (n - f) / s + 1 if f <= n else _valid(n, f, s)),
    ),
    Mistake(
        "large windows not refused",
        "Your table is right as long as every window fits. When one does not, it goes on with sizes of 0 or less; the "
        "task asks for a ValueError there.",
        _changed(valid=lambda n, f, s: (n - f) // s + 1),
    ),
)

ANSWERS = {
    "pool_output_size": Answer(cases=_pool_cases, oracle=_count_windows, mistakes=POOL_MISTAKES),
    "layer_table": Answer(cases=_table_cases, oracle=_table_oracle, mistakes=TABLE_MISTAKES),
}
