"""Week 4, lesson 5, beyond images: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from scipy.signal import correlate

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def _cases(axes: int) -> Callable[[np.random.Generator], Iterator[Case]]:
    """Return a generator of cases with that many axes to slide along."""
    longest = {1: 12, 3: 5}[axes]

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        # Sides differ, so that exchanged axes are seen; channels differ from all of them.
        yield _case("the defaults", rng, axes, longest, 3, {})
        yield _case("the defaults", rng, axes, longest, 2, {}, np.float64)
        yield _case("padding", rng, axes, longest, 3, {"pad": 1})
        yield _case("padding", rng, axes, longest, 2, {"pad": 2}, np.float64)
        yield _case("strides", rng, axes, longest + 1, 3, {"stride": 2})
        yield _case("strides", rng, axes, longest, 3, {"stride": 2, "pad": 1})
        yield _case("special sizes", rng, axes, 3, 3, {})
        yield _case("special sizes", rng, axes, longest, 1, {"stride": 3}, np.float64)

    return cases


def _case(
    group: str, rng: np.random.Generator, axes: int, side: int, f: int, params: dict, dtype: type = np.float32
) -> Case:
    sides = [side + (k if side > f else 0) for k in range(axes)]
    c_in, c_out = (int(n) for n in rng.choice([1, 2, 4], 2, replace=False))
    arrays = {
        "x": rng.normal(size=(2, *sides, c_in)).astype(dtype),
        "W": rng.normal(size=(*axes * [f], c_in, c_out)).astype(dtype),
        "b": rng.normal(size=c_out).astype(dtype),
    }
    return Case(group, arrays, params)


def _oracle(x, W, b, stride=1, pad=0) -> np.ndarray:
    """Slide with SciPy's correlation, channel by channel, and take every stride-th place."""
    x, W = np.asarray(x, np.float64), np.asarray(W, np.float64)
    axes = x.ndim - 2
    padded = np.pad(x, [(0, 0), *axes * [(pad, pad)], (0, 0)])
    every = [
        [
            sum(correlate(one[..., i], W[..., i, o], "valid", "direct") for i in range(W.shape[-2]))
            for o in range(W.shape[-1])
        ]
        for one in padded
    ]
    places = np.moveaxis(np.array(every), 1, -1)
    return places[(slice(None), *axes * [slice(None, None, stride)])] + b


def _slide(
    padding: Callable = lambda x, pad, axes: np.pad(x, [(0, 0), *axes * [(pad, pad)], (0, 0)]),
    size: Callable = lambda n, f, stride, pad: (n + 2 * pad - f) // stride + 1,
    start: Callable = lambda place, stride: place * stride,
    weigh: Callable = lambda window, W, axes: np.tensordot(window, W, axes + 1),
    bias: Callable = lambda b: b,
) -> Callable:
    """Return a convolution with one of its parts exchanged."""

    def wrong(x, W, b, stride=1, pad=0):
        axes, f = x.ndim - 2, W.shape[0]
        sizes = [size(n, f, stride, pad) for n in x.shape[1:-1]]
        padded, out = padding(x, pad, axes), np.zeros((len(x), *sizes, W.shape[-1]), x.dtype)
        for place in product(*map(range, sizes)):
            window = tuple(slice(start(p, stride), start(p, stride) + f) for p in place)
            out[(slice(None), *place)] = weigh(padded[(slice(None), *window)], W, axes) + bias(b)
        return out

    return wrong


_right = _slide()


def _flipped(window, W, axes):
    return np.tensordot(window, np.flip(W, tuple(range(axes))), axes + 1)


def _first_channel(window, W, axes):
    return np.tensordot(window[..., :1], W[..., :1, :], axes + 1)


def _mean(window, W, axes):
    return np.tensordot(window, W, axes + 1) / np.prod(W.shape[:-1])


_COMMON = (
    Mistake(
        "padding ignored",
        "Right where pad is 0. With padding your result is too small: zeros belong at both ends first.",
        lambda x, W, b, stride=1, pad=0: _right(x, W, b, stride, 0),
    ),
    Mistake(
        "stride ignored",
        "Right where the stride is 1. With a larger one the window jumps, and the output has fewer places.",
        lambda x, W, b, stride=1, pad=0: _right(x, W, b, 1, pad),
    ),
    Mistake(
        "window does not jump",
        "Your output has the right size, but its windows begin at 0, 1, 2, …. With a stride they begin at 0, "
        "s, 2s, ….",
        _slide(start=lambda place, stride: place),
    ),
    Mistake(
        "filter flipped",
        "You flip the filter. That is the mathematician's convolution; networks slide it as it is.",
        _slide(weigh=_flipped),
    ),
    Mistake(
        "first channel only",
        "Only the first input channel is used. The sum runs over all of them.",
        _slide(weigh=_first_channel),
    ),
    Mistake(
        "bias forgotten", "All is right but for a constant a filter: the bias b.", _slide(bias=lambda b: 0)
    ),
    Mistake(
        "bias subtracted",
        "b is subtracted in your version. It is added.",
        _slide(bias=lambda b: -b),
    ),
    Mistake(
        "mean for the sum",
        "Your result is divided by the number of products. A convolution sums them.",
        _slide(weigh=_mean),
    ),
    Mistake(
        "one place short",
        "The last place is missing: with n samples and a window of f there are (n − f) // stride + 1 places.",
        _slide(size=lambda n, f, stride, pad: max((n + 2 * pad - f) // stride, 0)),
    ),
    Mistake(
        "padded with the edge",
        "You repeat the outermost values. Zeros are asked for.",
        _slide(padding=lambda x, pad, axes: np.pad(x, [(0, 0), *axes * [(pad, pad)], (0, 0)], mode="edge")),
    ),
    Mistake(
        "padded at the end only",
        "All zeros are at the end. Half of them belong before the beginning: pad at each end.",
        _slide(padding=lambda x, pad, axes: np.pad(x, [(0, 0), *axes * [(0, 2 * pad)], (0, 0)])),
    ),
)

CONV1D_MISTAKES = _COMMON


def _slice_by_slice(x, W, b, stride=1, pad=0):
    """Use the filter's middle slice only: a 2-D convolution in each slice of the volume."""
    flat = np.zeros_like(W)
    flat[W.shape[0] // 2] = W[W.shape[0] // 2]
    return _right(x, flat, b, stride, pad)


def _depth_not_padded(x, W, b, stride=1, pad=0):
    return _right(np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad), (0, 0)]), W, b, stride, 0)


CONV3D_MISTAKES = (
    *_COMMON,
    Mistake(
        "slice by slice",
        "Each slice of your result depends on one slice of the volume: that is a 2-D convolution. The window "
        "is a cube.",
        _slice_by_slice,
    ),
    Mistake(
        "depth not padded",
        "Height and width are padded, the depth is not. All three axes are.",
        _depth_not_padded,
    ),
    Mistake(
        "axes of the filter exchanged",
        "Depth and width of the filter are exchanged: W[i, j, k] belongs to slice i, row j, column k of the "
        "window.",
        _slide(weigh=lambda window, W, axes: np.tensordot(window, np.swapaxes(W, 0, 2), 4)),
    ),
)

ANSWERS = {
    "conv1d_forward": Answer(_cases(1), _oracle, mistakes=CONV1D_MISTAKES, rtol=1e-4, atol=1e-4),
    "conv3d_forward": Answer(_cases(3), _oracle, mistakes=CONV3D_MISTAKES, rtol=1e-4, atol=1e-4),
}
