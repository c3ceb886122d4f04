"""How assignment 1 of week 1 is judged.

Oracles: scipy.ndimage's correlation forward, and central differences of it backward (a convolution's output is linear
in each of its arguments, so that these are exact); scikit-image's windows for pooling and im2col; a complex step for
grad_check. Never our own loops, never TensorFlow: tests/exercises/test_w1a1.py shows that TensorFlow agrees.
"""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from scipy import ndimage
from skimage.util import view_as_windows

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.week1.w1a1 import FUNCTIONS

Rng = np.random.Generator
F32, F64 = "float32", "float64"
KEPT = "what the backward pass needs is kept"


def _normal(rng: Rng, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return rng.standard_normal(shape).astype(dtype)


def _far_from_zero(rng: Rng, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Draw numbers of either sign of which none may be left out unnoticed: biases, upstream gradients."""
    return (rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)).astype(dtype)


def _pad(X: np.ndarray, pad: int) -> np.ndarray:
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _windows(X: np.ndarray, f: int, stride: int) -> np.ndarray:
    """Cut the windows of a batch, shape (m, n_H, n_W, f, f, C)."""
    return view_as_windows(X, (1, f, f, X.shape[3]), (1, stride, stride, 1))[:, :, :, 0, 0]


def _zero_pad_cases(rng: Rng) -> Iterator[Case]:
    for group, m, C, pads, dtype in (
        ("one grey picture", 1, 1, (1, 3), F64),
        ("a batch of colour pictures, with and without padding", 3, 3, (2, 0, 1), F32),
    ):
        for pad in pads:
            H = int(rng.integers(2, 5))
            yield Case(group, {"X": _far_from_zero(rng, (m, H, H + 2, C), dtype)}, {"pad": pad})


ZERO_PAD = Answer(
    cases=_zero_pad_cases,
    oracle=_pad,
    mistakes=(
        Mistake(
            "every axis padded",
            "The batch and the channels grew too: there are now empty pictures and empty channels. "
            "Only the rows and "
            "columns get a border; look at what you pass for the first and the last axis.",
            lambda X, pad: np.pad(X, pad),
        ),
        Mistake(
            "wrong axes padded",
            "Axis 0 counts the pictures and axis 1 the rows. Your border went to axes 0 and 1; rows "
            "and columns are "
            "axes 1 and 2.",
            lambda X, pad: np.pad(X, ((pad, pad), (pad, pad), (0, 0), (0, 0))),
        ),
        Mistake(
            "columns and channels padded",
            "Your border went to the last two axes. The last axis of a batch is the channels, not the columns: "
            "(picture, row, column, channel).",
            lambda X, pad: np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad))),
        ),
        Mistake(
            "edge repeated",
            "The border repeats the pixels at the edge. Zero padding means zeros; look at the mode of np.pad.",
            lambda X, pad: np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge"),
        ),
        Mistake(
            "padded on one side",
            "Each axis grew by pad, not by 2·pad: the border stands below and on the right only. A "
            "pair for np.pad is "
            "(before, after).",
            lambda X, pad: np.pad(X, ((0, 0), (0, pad), (0, pad), (0, 0))),
        ),
        Mistake(
            "pad of one always",
            "Your border is one pixel wide whatever pad says. Is there a fixed 1 in your code?",
            lambda X, pad: _pad(X, 1),
        ),
    ),
)


def _single_step_cases(rng: Rng) -> Iterator[Case]:
    for group, sizes in (
        ("windows that you can work out by hand", ((2, 1), (2, 2))),
        ("random windows of several channels", ((3, 3), (1, 4), (5, 2))),
    ):
        for f, C in sizes:
            if sizes[0] == (2, 1):
                window = rng.permutation(np.arange(-4.0, 5.0))[:4].repeat(C).reshape(f, f, C)
                W = rng.permutation(np.arange(1.0, 9.0))[: f * f * C].reshape(f, f, C)
                yield Case(
                    group,
                    {"a_slice_prev": window, "W": W, "b": np.full((1, 1, 1), float(rng.integers(2, 6)))},
                )
            else:
                dtype = F32 if f == 3 else F64
                arrays = {"a_slice_prev": _normal(rng, (f, f, C), dtype), "W": _normal(rng, (f, f, C), dtype)}
                yield Case(group, arrays | {"b": _far_from_zero(rng, (1, 1, 1), dtype)})


def _single_step_oracle(a_slice_prev, W, b):
    centre = tuple(n // 2 for n in W.shape)
    return ndimage.correlate(a_slice_prev.astype(F64), W.astype(F64), mode="constant")[centre] + b.item()


CONV_SINGLE_STEP = Answer(
    cases=_single_step_cases,
    oracle=_single_step_oracle,
    mistakes=(
        Mistake(
            "bias forgotten",
            "The sum of products is right, but nothing was added to it: where does b come in?",
            lambda a_slice_prev, W, b: np.sum(a_slice_prev * W),
        ),
        Mistake(
            "bias added to every product",
            "The bias went into the sum, so it was added once for each weight. A filter has one bias: add it after "
            "summing.",
            lambda a_slice_prev, W, b: np.sum(a_slice_prev * W + b),
        ),
        Mistake(
            "bias keeps its axes",
            "The value is right, but it still stands in an array of shape (1, 1, 1), because b has "
            "that shape. Take "
            "the number out of b.",
            lambda a_slice_prev, W, b: np.sum(a_slice_prev * W) + b,
        ),
        Mistake(
            "kernel flipped",
            "You turned the kernel by 180° first. That is the convolution of mathematics; networks "
            "leave the kernel as "
            "it is.",
            lambda a_slice_prev, W, b: np.sum(a_slice_prev * W[::-1, ::-1]) + b.item(),
        ),
        Mistake(
            "mean in place of sum",
            "The products were averaged. A filter adds them up: np.mean divides by their number.",
            lambda a_slice_prev, W, b: np.mean(a_slice_prev * W) + b.item(),
        ),
        Mistake(
            "channels not summed",
            "There is one number for each channel left. A filter looks at all channels at once: sum over all three "
            "axes.",
            lambda a_slice_prev, W, b: np.sum(a_slice_prev * W, axis=(0, 1)) + b.item(),
        ),
    ),
)


def _convolution(
    rng: Rng, group: str, sizes: tuple[int, ...], stride: int, pad: int, dtype: str = F64
) -> Case:
    """Make arguments of conv_forward from sizes = (m, n_H, n_W, n_C_prev, f, n_C)."""
    m, H, W, C, f, filters = sizes
    arrays = {
        "A_prev": _normal(rng, (m, H, W, C), dtype),
        "W": _normal(rng, (f, f, C, filters), dtype),
        "b": _far_from_zero(rng, (1, 1, 1, filters), dtype),
    }
    return Case(group, arrays, {"hparameters": {"stride": stride, "pad": pad}})


def _conv_forward_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(5, 7))
    group = "stride 1, no padding"
    yield _convolution(rng, group, (2, n, n + 2, 3, 3, 2), 1, 0, F32)
    yield _convolution(rng, group, (1, 4, 3, 1, 1, 3), 1, 0)
    yield _convolution(rng, group, (2, 4, 4, 2, 4, 2), 1, 0)
    group = "stride 1 with padding"
    yield _convolution(rng, group, (2, 4, n, 2, 3, 2), 1, 1)
    yield _convolution(rng, group, (1, 3, 4, 3, 2, 2), 1, 2, F32)
    group = "strides of 2 and more"
    yield _convolution(rng, group, (2, 8, 6, 2, 3, 2), 2, 0, F32)
    yield _convolution(rng, group, (1, 7, n + 5, 1, 2, 2), 3, 1)
    yield _convolution(rng, group, (2, 5, 6, 2, 1, 2), 2, 0)
    yield _convolution(rng, KEPT, (2, 4, 6, 2, 3, 2), 2, 1, F32)


def _forward_by_ndimage(
    A_prev: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int, pad: int
) -> np.ndarray:
    """Correlate with scipy.ndimage everywhere, then keep where the kernel lies wholly on the padded picture."""
    X = _pad(A_prev, pad).astype(F64)
    f, _, C, _ = W.shape
    half = f // 2
    keep = (
        slice(None),
        slice(half, half + X.shape[1] - f + 1, stride),
        slice(half, half + X.shape[2] - f + 1, stride),
        C // 2,
    )
    responses = [
        ndimage.correlate(X, w[None].astype(F64), mode="constant")[keep] for w in np.moveaxis(W, 3, 0)
    ]
    return np.stack(responses, axis=-1) + b


def _conv_forward_oracle(A_prev, W, b, hparameters):
    return _forward_by_ndimage(A_prev, W, b, hparameters["stride"], hparameters["pad"])


def _cache_is_kept(case: Case, arrays: Arrays) -> str:
    """Judge the cache of a forward pass, in the cases whose group asks for it."""
    if case.group != KEPT:
        return ""
    if "cache" in arrays:
        return str(arrays["cache"])
    wanted = dict(case.arrays) | case.params["hparameters"]
    kept = {
        name.removeprefix("cache: "): value for name, value in arrays.items() if name.startswith("cache: ")
    }
    if not kept:
        return (
            "Your function returns its output alone. The backward pass needs the cache as well: return both."
        )
    for name, value in wanted.items():
        if name not in kept:
            return f"`{name}` is missing from the cache."
        if not np.array_equal(kept[name], value):
            came = f"shape {kept[name].shape}" if np.ndim(value) else f"{kept[name]}"
            should = f"shape {value.shape}" if np.ndim(value) else f"{value}"
            return f"`{name}` in the cache is not what the function was given: {came} in place of {should}."
    return ""


def _size(n: int, f: int, pad: int, stride: int) -> int:
    return (n + 2 * pad - f) // stride + 1


def _window_product(window, W, b, c):
    return np.sum(window * W[..., c]) + b[0, 0, 0, c]


def _conv_mistake(
    pad: Callable = _pad,
    size: Callable = _size,
    start: Callable = lambda i, stride: i * stride,
    unit: Callable = _window_product,
    swapped: bool = False,
    pictures: Callable = lambda m: m,
    result: Callable = lambda Z, padded, cache: (Z, cache),
) -> Callable:
    """Build a wrong conv_forward: the usual loops with one step exchanged."""

    def conv_forward(A_prev, W, b, hparameters):
        stride, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        X = pad(A_prev, p)
        n_H, n_W = size(A_prev.shape[1], f, p, stride), size(A_prev.shape[2], f, p, stride)
        Z = np.zeros((len(A_prev), n_H, n_W, W.shape[3]))
        for i, h, w, c in np.ndindex(pictures(len(A_prev)), *Z.shape[1:]):
            y, x = start(h, stride), start(w, stride)
            rows, columns = (
                (slice(x, x + f), slice(y, y + f)) if swapped else (slice(y, y + f), slice(x, x + f))
            )
            Z[i, h, w, c] = unit(X[i, rows, columns], W, b, c)
        return result(Z, X, (A_prev, W, b, hparameters))

    return conv_forward


_SIZE_WITHOUT_STRIDE = (
    "Your output has as many rows and columns as with stride 1: divide by the stride before adding 1."
)
_NOT_ALL_CHANNELS = (
    "The window has several channels and the filter too, but only the first was used: sum over all."
)
_ROWS_FIRST = (
    "Rows and columns are exchanged when the window is cut out. The first spatial axis is the row "
    "(vertical), the second "
    "the column (horizontal)."
)
_NO_PARTS = "The backward pass needs four things: (A_prev, W, b, hparameters). Look at what your cache holds."

CONV_FORWARD = Answer(
    cases=_conv_forward_cases,
    oracle=_conv_forward_oracle,
    invariant=_cache_is_kept,
    mistakes=(
        Mistake(
            "bias forgotten",
            "Every channel is off by a constant: its bias. Add b after summing the products.",
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window * W[..., c])),
        ),
        Mistake(
            "bias added to every product",
            "Every channel is off by a multiple of its bias: b went into the sum and was added once "
            "for each weight.",
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window * W[..., c] + b[0, 0, 0, c])),
        ),
        Mistake(
            "first filter everywhere",
            "All output channels show what the first filter found. Which index of W chooses the filter?",
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window * W[..., 0]) + b[0, 0, 0, c]),
        ),
        Mistake(
            "first bias everywhere",
            "The first output channel is right, the others are off by a constant: all of them got the first bias.",
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window * W[..., c]) + b[0, 0, 0, 0]),
        ),
        Mistake(
            "kernel flipped",
            "You turned the filter by 180°. Networks leave it as it is: what they call convolution is "
            "cross-correlation.",
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window * W[::-1, ::-1, :, c]) + b[0, 0, 0, c]),
        ),
        Mistake(
            "first channel only",
            _NOT_ALL_CHANNELS,
            _conv_mistake(unit=lambda window, W, b, c: np.sum(window[..., 0] * W[..., 0, c]) + b[0, 0, 0, c]),
        ),
        Mistake(
            "stride ignored",
            'The output is as large as with stride 1, and right for stride 1. hparameters["stride"] belongs into the '
            "size and into the start of each window.",
            _conv_mistake(size=lambda n, f, p, s: n + 2 * p - f + 1, start=lambda i, s: i),
        ),
        Mistake(
            "stride ignored in the windows",
            "The output has the right size, but its windows lie next to each other: window h starts "
            "at row h in place "
            "of h times the stride.",
            _conv_mistake(start=lambda i, s: i),
        ),
        Mistake(
            "stride ignored in the size",
            _SIZE_WITHOUT_STRIDE,
            _conv_mistake(size=lambda n, f, p, s: n + 2 * p - f + 1),
        ),
        Mistake(
            "size rounded up",
            "When the stride does not divide evenly, the last window would hang over the edge. The size is rounded "
            "down: // or int, not ceil or round.",
            _conv_mistake(size=lambda n, f, p, s: -(-(n + 2 * p - f) // s) + 1),
        ),
        Mistake(
            "padding counted once",
            "The output is too small: padding adds pad pixels at both ends of an axis, so it counts "
            "twice in the size.",
            _conv_mistake(size=lambda n, f, p, s: (n + p - f) // s + 1),
        ),
        Mistake(
            "one window too few",
            "The last row and the last column are missing. Between the first and the last start "
            "there are n steps, and "
            "n + 1 windows.",
            _conv_mistake(size=lambda n, f, p, s: (n + 2 * p - f) // s),
        ),
        Mistake(
            "windows cut from the picture without padding",
            "The size counts the padding, but the windows are cut out of A_prev as it came. Cut them "
            "out of the padded "
            "picture.",
            _conv_mistake(pad=lambda A_prev, p: A_prev),
        ),
        Mistake("rows and columns exchanged", _ROWS_FIRST, _conv_mistake(swapped=True)),
        Mistake(
            "only the first picture",
            "The first picture of the batch is right, the others are all zeros. Does a `return` "
            "stand inside the loop, "
            "or does the loop over pictures end early?",
            _conv_mistake(pictures=lambda m: 1),
        ),
        Mistake("no cache", "Z is right. " + _NO_PARTS, _conv_mistake(result=lambda Z, X, cache: Z)),
        Mistake(
            "cache is None", "Z is right. " + _NO_PARTS, _conv_mistake(result=lambda Z, X, cache: (Z, None))
        ),
        Mistake(
            "cache without hyperparameters",
            "Z is right. The cache lacks the hyperparameters: without them the backward pass cannot "
            "know the stride.",
            _conv_mistake(result=lambda Z, X, cache: (Z, cache[:3])),
        ),
        Mistake(
            "padded picture in the cache",
            "Z is right. The cache keeps the padded picture; keep A_prev as it came, since its "
            "gradient must have its "
            "shape.",
            _conv_mistake(result=lambda Z, X, cache: (Z, (X, *cache[1:]))),
        ),
    ),
)


def _pooling(
    rng: Rng, group: str, sizes: tuple[int, ...], f: int, stride: int, mode: str, dtype: str = F64
) -> Case:
    """Make arguments of pool_forward; negative pictures too, so that a maximum may lie below zero."""
    A_prev = _normal(rng, sizes, dtype) - np.asarray(1.5, dtype)
    return Case(group, {"A_prev": A_prev}, {"hparameters": {"f": f, "stride": stride}, "mode": mode})


def _pool_forward_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(5, 7))
    group = "maximum, windows side by side"
    yield _pooling(rng, group, (2, 4, 6, 3), 2, 2, "max", F32)
    yield _pooling(rng, group, (1, 7, n + 4, 2), 3, 3, "max")
    group = "maximum, windows that overlap or leave gaps"
    yield _pooling(rng, group, (2, n, n + 2, 2), 3, 1, "max", F32)
    yield _pooling(rng, group, (1, 8, 6, 1), 3, 2, "max")
    yield _pooling(rng, group, (2, 8, n + 3, 2), 1, 2, "max")
    group = "average"
    yield _pooling(rng, group, (2, 4, 7, 2), 2, 2, "average", F32)
    yield _pooling(rng, group, (1, n + 2, n, 3), 3, 1, "average")
    yield _pooling(rng, group, (2, 4, 4, 2), 4, 2, "average")
    yield _pooling(rng, KEPT, (2, 5, 4, 2), 2, 2, "max", F32)


def _pool_forward_oracle(A_prev, hparameters, mode="max"):
    windows = _windows(A_prev, hparameters["f"], hparameters["stride"])
    return windows.max(axis=(3, 4)) if mode == "max" else windows.astype(F64).mean(axis=(3, 4))


def _pool_unit(window, mode, f, c):
    return window[..., c].max() if mode == "max" else window[..., c].mean()


def _pool_mistake(
    size: Callable = lambda n, f, s: (n - f) // s + 1,
    start: Callable = lambda i, stride, f: i * stride,
    unit: Callable = _pool_unit,
    swapped: bool = False,
    result: Callable = lambda A, cache: (A, cache),
) -> Callable:
    """Build a wrong pool_forward: the usual loops with one step exchanged."""

    def pool_forward(A_prev, hparameters, mode="max"):
        f, stride = hparameters["f"], hparameters["stride"]
        n_H, n_W = size(A_prev.shape[1], f, stride), size(A_prev.shape[2], f, stride)
        A = np.zeros((len(A_prev), n_H, n_W, A_prev.shape[3]))
        for i, h, w, c in np.ndindex(A.shape):
            y, x = start(h, stride, f), start(w, stride, f)
            rows, columns = (
                (slice(x, x + f), slice(y, y + f)) if swapped else (slice(y, y + f), slice(x, x + f))
            )
            with warnings.catch_warnings(action="ignore"):  # windows beyond the edge may be empty
                A[i, h, w, c] = unit(A_prev[i, rows, columns], mode, f, c)
        return result(A, (A_prev, hparameters))

    return pool_forward


def _sum_over(divisor: Callable) -> Callable:
    return lambda window, mode, f, c: (
        window[..., c].max() if mode == "max" else window[..., c].sum() / divisor(f)
    )


POOL_FORWARD = Answer(
    cases=_pool_forward_cases,
    oracle=_pool_forward_oracle,
    invariant=_cache_is_kept,
    mistakes=(
        Mistake(
            "always the maximum",
            "The maximum is taken in both modes. Ask for mode before you summarise a window.",
            _pool_mistake(unit=lambda window, mode, f, c: window[..., c].max()),
        ),
        Mistake(
            "always the mean",
            "The mean is taken in both modes. Ask for mode before you summarise a window.",
            _pool_mistake(unit=lambda window, mode, f, c: window[..., c].mean()),
        ),
        Mistake(
            "modes exchanged",
            'You have the mean where mode is "max" and the maximum where it is "average".',
            _pool_mistake(
                unit=lambda window, mode, f, c: (
                    window[..., c].mean() if mode == "max" else window[..., c].max()
                )
            ),
        ),
        Mistake(
            "sum in place of mean",
            "Average pooling adds up each window and stops there: divide by how many numbers it holds.",
            _pool_mistake(unit=_sum_over(lambda f: 1)),
        ),
        Mistake(
            "divided by one side",
            "The average is f times too large: a window of f × f numbers was divided by f.",
            _pool_mistake(unit=_sum_over(lambda f: f)),
        ),
        Mistake(
            "channels mixed",
            "All channels of your output are equal: the window was summarised over its channels too. "
            "Pooling handles "
            "each channel by itself.",
            _pool_mistake(unit=lambda window, mode, f, c: window.max() if mode == "max" else window.mean()),
        ),
        Mistake(
            "maximum starts at zero",
            "Where a window holds only negative numbers you return 0. The search for the maximum "
            "starts from a value "
            "that is not in the window.",
            _pool_mistake(
                unit=lambda window, mode, f, c: (
                    max(window[..., c].max(), 0) if mode == "max" else window[..., c].mean()
                )
            ),
        ),
        Mistake(
            "largest absolute value",
            "You return the number farthest from zero. The maximum of −3 and 1 is 1.",
            _pool_mistake(
                unit=lambda window, mode, f, c: (
                    window[..., c].ravel()[np.abs(window[..., c]).argmax()]
                    if mode == "max"
                    else window[..., c].mean()
                )
            ),
        ),
        Mistake(
            "stride taken to be f",
            "Your windows always lie side by side, as if the stride were f. It is a hyperparameter "
            "of its own: windows "
            "may overlap.",
            _pool_mistake(size=lambda n, f, s: (n - f) // f + 1, start=lambda i, s, f: i * f),
        ),
        Mistake(
            "stride ignored in the windows",
            "The output has the right size, but window h starts at row h in place of h times the stride.",
            _pool_mistake(start=lambda i, s, f: i),
        ),
        Mistake(
            "stride ignored in the size",
            _SIZE_WITHOUT_STRIDE,
            _pool_mistake(size=lambda n, f, s: n - f + 1),
        ),
        Mistake(
            "size is n over stride",
            "The output has n / stride rows. A window needs f rows to stand on, so the last starts "
            "are lost: use the "
            "same formula as for a convolution, with pad 0.",
            _pool_mistake(size=lambda n, f, s: n // s),
        ),
        Mistake(
            "size rounded up",
            "When the stride does not divide evenly, you add a window that hangs over the edge. The "
            "size is rounded down.",
            _pool_mistake(size=lambda n, f, s: -(-(n - f) // s) + 1),
        ),
        Mistake("rows and columns exchanged", _ROWS_FIRST, _pool_mistake(swapped=True)),
        Mistake(
            "no cache",
            "A is right. The backward pass needs (A_prev, hparameters): return A and that cache.",
            _pool_mistake(result=lambda A, cache: A),
        ),
        Mistake(
            "cache without hyperparameters",
            "A is right. The cache lacks the hyperparameters: without them the backward pass cannot "
            "find the windows.",
            _pool_mistake(result=lambda A, cache: (A, cache[:1])),
        ),
        Mistake(
            "output in the cache",
            "A is right. The cache keeps the output; the backward pass must look for the maxima in the input.",
            _pool_mistake(result=lambda A, cache: (A, (A, cache[1]))),
        ),
    ),
)


def _conv_backward_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(4, 6))
    for group, sizes, stride, pad, dtype in (
        ("stride 1, no padding", (2, n, n + 1, 2, 3, 2), 1, 0, F32),
        ("stride 1, no padding", (1, 3, 4, 1, 2, 3), 1, 0, F64),
        ("stride 1, no padding", (2, 3, 3, 2, 3, 2), 1, 0, F64),
        ("stride 1 with padding", (2, 3, n, 2, 3, 2), 1, 1, F64),
        ("stride 1 with padding", (1, 2, 3, 2, 2, 2), 1, 2, F32),
        ("strides of 2 and more", (2, 6, 5, 2, 3, 2), 2, 0, F64),
        ("strides of 2 and more", (2, 5, 7, 1, 2, 2), 3, 1, F32),
        ("strides of 2 and more", (1, 4, 5, 2, 1, 2), 2, 0, F64),
    ):
        case = _convolution(rng, group, sizes, stride, pad, dtype)
        m, H, W, _, f, filters = sizes
        shape = (m, _size(H, f, pad, stride), _size(W, f, pad, stride), filters)
        yield Case(group, {"dZ": _far_from_zero(rng, shape, dtype), **case.arrays}, case.params)


def _conv_backward_oracle(dZ, cache):
    A_prev, W, b, hparameters = (x.astype(F64) if isinstance(x, np.ndarray) else x for x in cache)
    stride, pad = hparameters["stride"], hparameters["pad"]
    filters = W.shape[3]

    def losses(batches: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
        """Sum dZ · Z over each of several batches, shape (n, m, …)."""
        Z = _forward_by_ndimage(batches.reshape(-1, *A_prev.shape[1:]), weights, biases, stride, pad)
        return (Z.reshape(-1, *dZ.shape) * dZ).sum(axis=(1, 2, 3, 4))

    steps = np.eye(A_prev.size).reshape(-1, *A_prev.shape)
    dA_prev = (losses(A_prev + steps, W, b) - losses(A_prev - steps, W, b)) / 2
    # Another weight is another filter: all steps of one filter go through as a bank of filters side by side.
    dW = np.zeros((W.size // filters, filters))
    for c in range(filters):
        steps = np.eye(len(dW)).reshape(*W.shape[:3], -1)
        up, down = (
            _forward_by_ndimage(A_prev, W[..., [c]] + s * steps, np.zeros(1), stride, pad) for s in (1, -1)
        )
        dW[:, c] = ((up - down) / 2 * dZ[..., [c]]).sum(axis=(0, 1, 2))
    moves = np.eye(filters).reshape(filters, 1, 1, 1, filters)
    db = [((losses(A_prev[None], W, b + e) - losses(A_prev[None], W, b - e)) / 2).item() for e in moves]
    return dA_prev.reshape(A_prev.shape), dW.reshape(W.shape), np.reshape(db, (1, 1, 1, filters))


def _add(total, where, part):
    total[where] += part


def _put(total, where, part):
    total[where] = part


def _crop(dX, pad, shape):
    return dX[:, pad : pad + shape[1], pad : pad + shape[2]]


def _backward_mistake(
    start: Callable = lambda i, stride: i * stride,
    to_input: Callable = _add,
    to_filters: Callable = _add,
    to_biases: Callable = _add,
    weights: Callable = lambda W, c: W[..., c],
    crop: Callable = _crop,
    new_picture: Callable = lambda dW, db: None,
    padded: bool = True,
    result: Callable = lambda dA_prev, dW, db, dZ: (dA_prev, dW, db),
) -> Callable:
    """Build a wrong conv_backward: the usual loops with one step exchanged."""

    def conv_backward(dZ, cache):
        A_prev, W, b, hparameters = cache
        stride, pad, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        X = _pad(A_prev, pad) if padded else A_prev
        dX, dW, db = np.zeros(_pad(A_prev, pad).shape), np.zeros(W.shape), np.zeros(b.shape)
        for i in range(len(dZ)):
            new_picture(dW, db)
            for h, w, c in np.ndindex(dZ.shape[1:]):
                y, x = start(h, stride), start(w, stride)
                window = (i, slice(y, y + f), slice(x, x + f))
                to_input(dX, window, weights(W, c) * dZ[i, h, w, c])
                to_filters(dW, (..., c), X[window] * dZ[i, h, w, c])
                to_biases(db, (..., c), dZ[i, h, w, c])
        return result(crop(dX, pad, A_prev.shape), dW, db, dZ)

    return conv_backward


def _forget(dW, db):
    dW[...], db[...] = 0, 0


def _crop_always(dX, pad, shape):
    dA_prev = np.zeros(shape)
    dA_prev[:] = dX[:, pad:-pad, pad:-pad]
    return dA_prev


CONV_BACKWARD = Answer(
    cases=_conv_backward_cases,
    oracle=_conv_backward_oracle,
    mistakes=(
        Mistake(
            "input gradient overwritten",
            "dA_prev is wrong where windows overlap: a pixel takes part in several outputs and gets "
            "a gradient from each. "
            "Add, do not assign.",
            _backward_mistake(to_input=_put),
        ),
        Mistake(
            "filter gradient overwritten",
            "dW holds only what the last window sent. A filter was used at every position of every "
            "picture: add it all up.",
            _backward_mistake(to_filters=_put),
        ),
        Mistake(
            "bias gradient overwritten",
            "db holds only the last number of dZ. The bias was added to every output of its channel: "
            "add it all up.",
            _backward_mistake(to_biases=_put),
        ),
        Mistake(
            "only the last picture counts",
            "dW and db hold only what the last picture sent: they start from zero again inside the "
            "loop over pictures.",
            _backward_mistake(new_picture=_forget),
        ),
        Mistake(
            "border not cut off",
            "dA_prev has the shape of the padded picture. The zeros of the border are not part of "
            "A_prev: cut them off.",
            _backward_mistake(crop=lambda dX, pad, shape: dX),
        ),
        Mistake(
            "cut off with [pad:-pad]",
            "With pad = 0 the slice [pad:-pad] is [0:0]: empty. Count the end from the start (pad + "
            "n), or leave the cutting "
            "out when there is no padding.",
            _backward_mistake(crop=_crop_always),
        ),
        Mistake(
            "[pad:-pad] returned",
            "With pad = 0 the slice [pad:-pad] is [0:0], so your dA_prev comes out empty. Count the "
            "end from the start "
            "(pad + n), or leave the cutting out when there is no padding.",
            _backward_mistake(crop=lambda dX, pad, shape: dX[:, pad:-pad, pad:-pad]),
        ),
        Mistake(
            "border cut off in one corner",
            "dA_prev has the right shape but is shifted by pad: the border lies on all sides, not "
            "only below and on the right.",
            _backward_mistake(crop=lambda dX, pad, shape: dX[:, : shape[1], : shape[2]]),
        ),
        Mistake(
            "stride ignored",
            "Right for stride 1. The window of output (h, w) starts at row h·stride and column "
            "w·stride, backward as forward.",
            _backward_mistake(start=lambda i, stride: i),
        ),
        Mistake(
            "filter flipped",
            "dW and db are right, dA_prev is not: you turned the filter by 180°. When you go from "
            "output to window, the weight "
            "at a place is the one that was used at that place.",
            _backward_mistake(weights=lambda W, c: W[::-1, ::-1, :, c]),
        ),
        Mistake(
            "first filter everywhere",
            "dW and db are right, dA_prev is not: the first filter was used for every channel of dZ.",
            _backward_mistake(weights=lambda W, c: W[..., 0]),
        ),
        Mistake(
            "windows cut from the picture without padding",
            "dW is built from windows of A_prev as it came. The filters saw the padded picture.",
            _backward_mistake(padded=False),
        ),
        Mistake(
            "averaged over the batch",
            "dW and db are divided by the number of pictures. The loss has seen to that already: "
            "this function adds up.",
            _backward_mistake(result=lambda dA_prev, dW, db, dZ: (dA_prev, dW / len(dZ), db / len(dZ))),
        ),
        Mistake(
            "bias gradient averaged",
            "db is a mean of dZ. A bias is added at every position, so its gradient is the sum over "
            "pictures, rows and columns.",
            _backward_mistake(
                result=lambda dA_prev, dW, db, dZ: (dA_prev, dW, dZ.mean(axis=(0, 1, 2), keepdims=True))
            ),
        ),
        Mistake(
            "bias gradient keeps the pictures",
            "db still has one row for each picture. All pictures share one bias: sum over axis 0 as well.",
            _backward_mistake(
                result=lambda dA_prev, dW, db, dZ: (dA_prev, dW, dZ.sum(axis=(1, 2), keepdims=True))
            ),
        ),
        Mistake(
            "bias gradient without its axes",
            "db has the right numbers in the wrong shape: b is (1, 1, 1, n_C), and a gradient is "
            "shaped like what it belongs to.",
            _backward_mistake(result=lambda dA_prev, dW, db, dZ: (dA_prev, dW, dZ.sum(axis=(0, 1, 2)))),
        ),
        Mistake(
            "returned in another order",
            "The results come in another order: dA_prev first, then dW, then db.",
            _backward_mistake(result=lambda dA_prev, dW, db, dZ: (dW, db, dA_prev)),
        ),
    ),
)


def _mask_cases(rng: Rng) -> Iterator[Case]:
    for shape, dtype in (((2, 2), F64), ((3, 3), F32), ((2, 4), F64)):
        x = rng.permutation(np.arange(1.0, 1 + np.prod(shape))).reshape(shape)
        yield Case("one largest number", {"x": (x - rng.integers(2, 4)).astype(dtype)})
    # An ordinary window whose numbers are all below zero, the one farthest from it not the largest.
    yield Case("one largest number", {"x": -rng.permutation(np.arange(1.0, 10.0)).reshape(3, 3)})
    for shape, count, top, dtype in (((3, 3), 2, 4, F32), ((2, 3), 3, -2, F64), ((4, 4), 4, 2, F64)):
        largest = top + int(rng.integers(0, 2))
        x = rng.integers(largest - 6, largest, shape).astype(dtype)
        x.flat[rng.choice(x.size, count, replace=False)] = largest
        yield Case("several equal largest numbers", {"x": x})


def _mask_oracle(x):
    reach = tuple(2 * n + 1 for n in x.shape)
    return x == ndimage.maximum_filter(x, size=reach, mode="constant", cval=-np.inf)


def _first_only(x):
    out = np.zeros(x.shape, bool)
    out.flat[np.argmax(x)] = True
    return out


CREATE_MASK = Answer(
    cases=_mask_cases,
    oracle=_mask_oracle,
    mistakes=(
        Mistake(
            "only the first maximum",
            "When the largest number stands in several places, you mark one of them. Mark every "
            "place that is equal to it.",
            _first_only,
        ),
        Mistake(
            "maximum of every column",
            "You marked the largest number of every column: np.max had an axis. The whole window has one maximum.",
            lambda x: x == np.max(x, axis=0),
        ),
        Mistake(
            "maximum of every row",
            "You marked the largest number of every row: np.max had an axis. The whole window has one maximum.",
            lambda x: x == np.max(x, axis=1, keepdims=True),
        ),
        Mistake(
            "smallest marked",
            "You marked the smallest number.",
            lambda x: x == np.min(x),
        ),
        Mistake(
            "largest absolute value marked",
            "You marked the number farthest from zero. With negative numbers that is not the maximum.",
            lambda x: np.abs(x) == np.max(np.abs(x)),
        ),
        Mistake(
            "values in place of marks",
            "You kept the largest value itself and zeros elsewhere. The mask says only yes or no: True or False.",
            lambda x: x * (x == np.max(x)),
        ),
        Mistake(
            "place in place of mask",
            "You return where the maximum stands, as a row and a column. A mask has the shape of the window.",
            lambda x: np.unravel_index(np.argmax(x), x.shape),
        ),
        Mistake(
            "the others marked",
            "Your mask is the wrong way round: True belongs where the maximum is.",
            lambda x: x != np.max(x),
        ),
    ),
)


def _distribute_cases(rng: Rng) -> Iterator[Case]:
    for group, shapes in (
        ("square windows", ((2, 2), (3, 3), (1, 1))),
        ("windows that are not square", ((2, 3), (4, 1), (1, 5))),
    ):
        for shape in shapes:
            dz = float(np.round(rng.uniform(1, 9) * rng.choice([-1, 1]), 3))
            yield Case(group, {}, {"dz": dz, "shape": list(shape)})


def _distribute_oracle(dz, shape):
    """Differentiate dz · mean(window) by central differences, exact because the mean is linear."""
    steps = np.eye(int(np.prod(shape)))
    return (dz * (steps.mean(axis=1) - (-steps).mean(axis=1)) / 2).reshape(shape)


DISTRIBUTE_VALUE = Answer(
    cases=_distribute_cases,
    oracle=_distribute_oracle,
    mistakes=(
        Mistake(
            "not divided",
            "Every place got the whole of dz, so the window holds far more than dz together. Share it out.",
            lambda dz, shape: np.full(shape, dz),
        ),
        Mistake(
            "divided by the height",
            "Only the number of rows was divided by. How many places does the whole window have?",
            lambda dz, shape: np.full(shape, dz / shape[0]),
        ),
        Mistake(
            "divided by height plus width",
            "You divided by height + width. A window of height × width places has their product.",
            lambda dz, shape: np.full(shape, dz / (shape[0] + shape[1])),
        ),
        Mistake(
            "divided by the height squared",
            "You divided by the square of the height. That is right for square windows only.",
            lambda dz, shape: np.full(shape, dz / shape[0] ** 2),
        ),
        Mistake(
            "height and width exchanged",
            "The window came out turned: shape is (rows, columns).",
            lambda dz, shape: np.full(shape[::-1], dz / (shape[0] * shape[1])),
        ),
        Mistake(
            "one number",
            "You return the part that each place gets. Put it into every place of a window of the asked shape.",
            lambda dz, shape: dz / (shape[0] * shape[1]),
        ),
    ),
)

# Of equal numbers the first in row-major order wins: it does after this much is taken off per place. The numbers in the
# cases are multiples of a half, so that nothing else changes its rank.
_FALL, _STEP = 1e-3, 1e-4


def _pool_backward_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(4, 6))
    rows = (
        ("maximum, windows side by side", (2, 4, 6, 2), 2, 2, "max", F32),
        ("maximum, windows side by side", (1, 7, n + 1, 1), 3, 3, "max", F64),
        ("maximum, windows that overlap or leave gaps", (2, n, n + 1, 2), 2, 1, "max", F64),
        ("maximum, windows that overlap or leave gaps", (2, 7, 5, 1), 3, 2, "max", F32),
        ("maximum, windows that overlap or leave gaps", (1, 5, 4, 2), 1, 2, "max", F64),
        ("ties go to the first maximum", (2, 4, 6, 2), 2, 2, "max", F32),
        ("ties go to the first maximum", (1, n, 5, 2), 3, 1, "max", F64),
        ("average", (2, 4, 5, 2), 2, 2, "average", F32),
        ("average", (1, n + 1, n, 2), 3, 1, "average", F64),
        ("average", (2, 5, 7, 1), 2, 3, "average", F64),
    )
    for group, sizes, f, stride, mode, dtype in rows:
        m, H, W, C = sizes
        if group.startswith("ties"):
            A_prev = rng.integers(-2, 1, sizes) / 2 - 0.5
            A_prev[:, :f, :f] = -0.5  # a window that is one single tie
        else:
            A_prev = (rng.permutation(m * H * W * C).reshape(sizes) - m * H * W * C // 2) / 2 + 0.5
        dA = _far_from_zero(rng, (m, (H - f) // stride + 1, (W - f) // stride + 1, C), dtype)
        arrays = {"dA": dA, "A_prev": A_prev.astype(dtype)}
        yield Case(group, arrays, {"hparameters": {"f": f, "stride": stride}, "mode": mode})


def _pool_backward_oracle(dA, cache, mode="max"):
    A_prev, hparameters = cache
    _, H, W, C = A_prev.shape
    falling = A_prev.astype(F64) - _FALL * np.arange(H * W).reshape(1, H, W, 1)

    def losses(batches: np.ndarray) -> np.ndarray:
        A = _pool_forward_oracle(batches.reshape(-1, H, W, C), hparameters, mode)
        return (A.reshape(-1, *dA.shape) * dA).sum(axis=(1, 2, 3, 4))

    steps = _STEP * np.eye(A_prev.size).reshape(-1, *A_prev.shape)
    return ((losses(falling + steps) - losses(falling - steps)) / (2 * _STEP)).reshape(A_prev.shape)


def _to_first(window, dz, mode, f):
    """Share out one gradient over a window of shape (f, f): the right way, which every mistake below bends."""
    out = np.zeros(window.shape)
    if mode == "max":
        out.flat[window.argmax()] = dz
        return out
    return out + dz / f**2


def _pool_backward_mistake(
    share: Callable = _to_first,
    start: Callable = lambda i, stride, f: i * stride,
    give: Callable = _add,
    pictures: Callable = lambda m: range(m),
    source: Callable = lambda A_prev, i, window, c: A_prev[i, window[0], window[1], c],
) -> Callable:
    """Build a wrong pool_backward: the usual loops with one step exchanged."""

    def pool_backward(dA, cache, mode="max"):
        A_prev, hparameters = cache
        f, stride = hparameters["f"], hparameters["stride"]
        dA_prev = np.zeros(A_prev.shape)
        for i in pictures(len(dA)):
            for h, w, c in np.ndindex(dA.shape[1:]):
                y, x = start(h, stride, f), start(w, stride, f)
                window = (slice(y, y + f), slice(x, x + f))
                part = share(source(A_prev, i, window, c), dA[i, h, w, c], mode, f)
                give(dA_prev, (i, *window, c), part)
        return dA_prev

    return pool_backward


def _when_max(share: Callable) -> Callable:
    return lambda window, dz, mode, f: share(window) * dz if mode == "max" else _to_first(window, dz, mode, f)


def _when_average(part: Callable) -> Callable:
    return lambda window, dz, mode, f: (
        _to_first(window, dz, mode, f) if mode == "max" else np.full(window.shape, part(dz, f))
    )


def _last_maximum(window):
    return _first_only(window[::-1, ::-1])[::-1, ::-1]


POOL_BACKWARD = Answer(
    cases=_pool_backward_cases,
    oracle=_pool_backward_oracle,
    mistakes=(
        Mistake(
            "tie sent to every maximum",
            "Where a window has several equal maxima, each of them got the whole gradient. One "
            "output number has one "
            "gradient: give it to the first of them only.",
            _pool_backward_mistake(share=_when_max(lambda window: window == window.max())),
        ),
        Mistake(
            "tie shared out",
            "Where a window has several equal maxima, you share the gradient among them. That is a "
            "possible rule, but here, "
            "as in TensorFlow, the first in reading order gets all of it.",
            _pool_backward_mistake(
                share=_when_max(lambda window: (window == window.max()) / (window == window.max()).sum())
            ),
        ),
        Mistake(
            "tie sent to the last maximum",
            "Where a window has several equal maxima, the last one got the gradient; it should be "
            "the first in reading order.",
            _pool_backward_mistake(share=_when_max(_last_maximum)),
        ),
        Mistake(
            "gradient to the whole window",
            "In max mode the whole window got the gradient. Only the maximum had a say in the "
            "output; the others get nothing.",
            _pool_backward_mistake(share=_when_max(lambda window: np.ones(window.shape))),
        ),
        Mistake(
            "always average",
            "The gradient is spread evenly in both modes. In max mode only the largest number of a window gets it.",
            _pool_backward_mistake(share=lambda window, dz, mode, f: _to_first(window, dz, "average", f)),
        ),
        Mistake(
            "always max",
            "The gradient goes to the maximum in both modes. In average mode every place of the "
            "window gets a part.",
            _pool_backward_mistake(share=lambda window, dz, mode, f: _to_first(window, dz, "max", f)),
        ),
        Mistake(
            "average not divided",
            "In average mode every place got the whole gradient. The forward pass divided by f·f; so "
            "does this one.",
            _pool_backward_mistake(share=_when_average(lambda dz, f: dz)),
        ),
        Mistake(
            "average divided by one side",
            "In average mode the gradient was divided by f. A window holds f·f numbers.",
            _pool_backward_mistake(share=_when_average(lambda dz, f: dz / f)),
        ),
        Mistake(
            "gradient overwritten",
            "Wrong where windows overlap: a pixel in several windows collects from each. Add, do not assign.",
            _pool_backward_mistake(give=_put),
        ),
        Mistake(
            "stride ignored",
            "Your windows start at h and w. They start at h·stride and w·stride, as in the forward pass.",
            _pool_backward_mistake(start=lambda i, stride, f: i),
        ),
        Mistake(
            "stride taken to be f",
            "Your windows lie side by side, as if the stride were f. Take it from hparameters.",
            _pool_backward_mistake(start=lambda i, stride, f: i * f),
        ),
        Mistake(
            "maximum of the first channel",
            "The first channel is right. In the others you look for the maximum in channel 0: each "
            "channel has its own.",
            _pool_backward_mistake(source=lambda A_prev, i, window, c: A_prev[i, window[0], window[1], 0]),
        ),
        Mistake(
            "only the first picture",
            "The first picture is right, the others got nothing. Does a `return` stand inside the loop?",
            _pool_backward_mistake(pictures=lambda m: range(1)),
        ),
    ),
)


def _exact_gradient(name: str, x: np.ndarray) -> np.ndarray:
    """Differentiate by a complex step: f(x + ih) = f(x) + ih·f'(x) + …, without any difference of near numbers."""
    h = 1e-30
    columns = np.eye(x.size).reshape(-1, *x.shape)
    return np.array([FUNCTIONS[name](x + 1j * h * e).imag / h for e in columns]).reshape(x.shape)


def _grad_check_cases(rng: Rng) -> Iterator[Case]:
    names = list(FUNCTIONS)
    wrong = (
        lambda g: 2 * g,
        lambda g: -g,
        lambda g: g + 0.1,
        lambda g: np.where(np.arange(g.size) == 1, 0, g.ravel()),
    )
    for group, shape, scale, chosen in (
        ("functions of a vector", (4,), 1.0, names),
        ("functions of arrays with more axes", (2, 3), 1.0, names[1:]),
        ("functions of arrays with more axes", (2, 2, 2), 1.0, names[3:]),
        ("close to the bottom of a valley", (3,), 1e-4, names[:1]),
    ):
        for number, name in enumerate(chosen):
            x = scale * (rng.uniform(0.4, 1.4, shape) * rng.choice([-1, 1], shape))
            gradient = _exact_gradient(name, x)
            yield Case(group, {"x": x, "df": gradient}, {"f": name})
            bent = scale * wrong[number](gradient / scale)
            yield Case(group, {"x": x, "df": bent.reshape(shape)}, {"f": name})


def _grad_check_oracle(f, x, df):
    h = 1e-30
    columns = np.eye(x.size).reshape(-1, *x.shape)
    exact = np.array([f(x + 1j * h * e).imag / h for e in columns]).reshape(x.shape)
    return np.sqrt(np.square(exact - df).sum()) / (
        np.sqrt(np.square(exact).sum()) + np.sqrt(np.square(df).sum())
    )


def _differences(f, x, h=1e-5, one_sided=False, divisor=2.0):
    out = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        if one_sided:
            out[place] = (f(up) - f(x)) / h
        else:
            down[place] -= h
            out[place] = (f(up) - f(down)) / (divisor * h)
    return out


def _relative(num, df, norm=lambda v: np.sqrt((v**2).sum())):
    return norm(num - df) / (norm(num) + norm(df))


def _rows_at_once(f, x, df):
    num = np.zeros(x.shape)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        num[i] = (f(up) - f(down)) / 2e-5
    return _relative(num, df)


def _all_at_once(f, x, df):
    return _relative(np.full(x.shape, (f(x + 1e-5) - f(x - 1e-5)) / 2e-5), df)


def _never_moved_back(f, x, df):
    x, num = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += 1e-5
        up = f(x)
        x[place] -= 2e-5
        num[place] = (up - f(x)) / 2e-5
    return _relative(num, df)


GRAD_CHECK = Answer(
    cases=_grad_check_cases,
    oracle=_grad_check_oracle,
    rtol=1e-5,
    atol=1e-7,
    mistakes=(
        Mistake(
            "one-sided difference",
            "You compare f(x + h) with f(x). That is off by about h times the curvature, which can "
            "be more than the "
            "mistakes you are looking for. Step both ways.",
            lambda f, x, df: _relative(_differences(f, x, one_sided=True), df),
        ),
        Mistake(
            "divided by h",
            "Your numerical gradient is twice too large: from x − h to x + h it is 2h, not h.",
            lambda f, x, df: _relative(_differences(f, x, divisor=1.0), df),
        ),
        Mistake(
            "error not relative",
            "You return the length of the difference as it is. Divide by ‖num‖ + ‖df‖: an error of "
            "0.1 is much for a "
            "gradient of 1 and nothing for one of a million.",
            lambda f, x, df: np.linalg.norm((_differences(f, x) - df).ravel()),
        ),
        Mistake(
            "divided by one norm",
            "You divide by one of the two lengths. The denominator is their sum, so that the result "
            "lies between 0 and 1.",
            lambda f, x, df: np.linalg.norm((_differences(f, x) - df).ravel()) / np.linalg.norm(df.ravel()),
        ),
        Mistake(
            "norm of the sum",
            "The denominator is ‖num + df‖. It should be ‖num‖ + ‖df‖: two lengths, added.",
            lambda f, x, df: np.divide(
                np.linalg.norm((_differences(f, x) - df).ravel()),
                np.linalg.norm((_differences(f, x) + df).ravel()),
            ),
        ),
        Mistake(
            "squared lengths",
            "Your lengths are squared: the root is missing.",
            lambda f, x, df: _relative(_differences(f, x), df, norm=lambda v: (v**2).sum()),
        ),
        Mistake(
            "sum of absolute values",
            "You add up absolute values. ‖v‖ is the Euclidean length, the root of the sum of squares.",
            lambda f, x, df: _relative(_differences(f, x), df, norm=lambda v: np.abs(v).sum()),
        ),
        Mistake(
            "largest entry",
            "You compare the largest entries. ‖v‖ is the Euclidean length, the root of the sum of squares.",
            lambda f, x, df: _relative(_differences(f, x), df, norm=lambda v: np.abs(v).max()),
        ),
        Mistake(
            "whole rows moved",
            "A whole row of x moved at once. Each number needs a step of its own: your loop runs "
            "over the first axis only.",
            _rows_at_once,
        ),
        Mistake(
            "all numbers moved at once",
            "All numbers of x moved at once, which gives one slope along the diagonal. Move one number at a time.",
            _all_at_once,
        ),
        Mistake(
            "not moved back",
            "After its turn a number stays at x − h, so the later ones are measured at another point. Put it back.",
            _never_moved_back,
        ),
        Mistake(
            "yes or no",
            "You return whether the error is small. Return the error itself: who calls decides what is small.",
            lambda f, x, df: bool(_relative(_differences(f, x), df) < 1e-6),
        ),
    ),
)


def _im2col_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(4, 6))
    for group, sizes, f, stride, pad, dtype in (
        ("one grey picture", (1, 4, n + 1, 1), 2, 1, 0, F64),
        ("one grey picture", (1, n + 1, 4, 1), 3, 1, 0, F32),
        ("several channels", (1, 4, n + 1, 3), 2, 1, 0, F32),
        ("several channels", (1, 3, 5, 2), 1, 1, 0, F64),
        ("several channels", (1, 3, 3, 2), 3, 1, 0, F64),
        ("a batch with strides and padding", (2, n + 2, 5, 2), 3, 2, 1, F32),
        ("a batch with strides and padding", (3, 5, 8, 1), 2, 3, 0, F64),
        ("a batch with strides and padding", (2, 3, n, 2), 2, 1, 2, F64),
    ):
        yield Case(group, {"X": _normal(rng, sizes, dtype)}, {"f": f, "stride": stride, "pad": pad})


def _im2col(X, f, stride, pad):
    return _windows(_pad(X, pad), f, stride).reshape(-1, f * f * X.shape[3])


def _reordered(rows: tuple[int, ...], columns: tuple[int, ...]) -> Callable:
    """Write windows as rows with their axes (0, 1, 2) and (3, 4, 5) in another order."""

    def im2col(X, f, stride, pad):
        windows = _windows(_pad(X, pad), f, stride).transpose(*rows, *columns)
        return windows.reshape(-1, f * f * X.shape[3])

    return im2col


IM2COL = Answer(
    cases=_im2col_cases,
    oracle=_im2col,
    mistakes=(
        Mistake(
            "channels first in a row",
            "Each row holds the right numbers in another order: first all of channel 0, then all of "
            "channel 1. Asked is row, "
            "column, channel, as W.reshape(-1, n_C) has them.",
            _reordered((0, 1, 2), (5, 3, 4)),
        ),
        Mistake(
            "windows read column by column",
            "Each row holds the right numbers in another order: the window was read column by column.",
            _reordered((0, 1, 2), (4, 3, 5)),
        ),
        Mistake(
            "positions column by column",
            "The windows are right, but their order is not: walk along a row of the picture first, "
            "then down to the next row.",
            _reordered((0, 2, 1), (3, 4, 5)),
        ),
        Mistake(
            "pictures innermost",
            "The windows are right, but their order is not: all windows of picture 0 come first, "
            "then those of picture 1.",
            _reordered((1, 2, 0), (3, 4, 5)),
        ),
        Mistake(
            "transposed",
            "Your matrix lies on its side: windows are its rows, places in a window its columns.",
            lambda X, f, stride, pad: _im2col(X, f, stride, pad).T,
        ),
        Mistake(
            "stride ignored",
            "Every window is there, also those that the stride leaves out.",
            lambda X, f, stride, pad: _im2col(X, f, 1, pad),
        ),
        Mistake(
            "padding ignored",
            "The windows at the border are missing: the picture was not padded.",
            lambda X, f, stride, pad: _im2col(X, f, stride, 0),
        ),
        Mistake(
            "only the first picture",
            "Only the windows of picture 0 are there.",
            lambda X, f, stride, pad: _im2col(X[:1], f, stride, pad),
        ),
        Mistake(
            "axes left as they were",
            "The windows are right, but they still stand in an array of several axes: one row for "
            "each window, flat.",
            lambda X, f, stride, pad: _windows(_pad(X, pad), f, stride),
        ),
        Mistake(
            "windows flipped",
            "Every window is turned by 180°. Networks do not flip.",
            lambda X, f, stride, pad: _windows(_pad(X, pad), f, stride)[:, :, :, ::-1, ::-1].reshape(
                -1, f * f * X.shape[3]
            ),
        ),
    ),
)

LARGE = "a batch that is too large for loops"


def _conv_forward_fast_cases(rng: Rng) -> Iterator[Case]:
    n = int(rng.integers(4, 6))
    group = "any stride and padding"
    yield _convolution(rng, group, (2, n, n + 2, 3, 3, 2), 1, 0, F32)
    yield _convolution(rng, group, (1, 4, 3, 1, 1, 3), 1, 0)
    yield _convolution(rng, group, (2, 3, n + 1, 2, 2, 3), 1, 1)
    yield _convolution(rng, group, (3, 8, 6, 2, 3, 2), 2, 0, F32)
    yield _convolution(rng, group, (2, 4, 4, 2, 4, 2), 3, 2)
    yield _convolution(rng, KEPT, (2, 4, 6, 2, 3, 3), 2, 1, F32)
    yield _convolution(rng, LARGE, (16, 60, 64, 1, 3, 32), 1, 1, F32)


def _fast_mistake(
    matrix: Callable = lambda W: W.reshape(-1, W.shape[3]),
    bias: Callable = lambda b: b.reshape(1, -1),
    shape: Callable = lambda product, m, n_H, n_W: product.reshape(m, n_H, n_W, -1),
    rows: Callable = _im2col,
    result: Callable = lambda Z, cache: (Z, cache),
) -> Callable:
    """Build a wrong conv_forward_fast: the usual product with one step exchanged."""

    def conv_forward_fast(A_prev, W, b, hparameters):
        f, stride, pad = W.shape[0], hparameters["stride"], hparameters["pad"]
        m, n_H, n_W = (
            len(A_prev),
            _size(A_prev.shape[1], f, pad, stride),
            _size(A_prev.shape[2], f, pad, stride),
        )
        product = rows(A_prev, f, stride, pad) @ matrix(W) + bias(b)
        return result(shape(product, m, n_H, n_W), (A_prev, W, b, hparameters))

    return conv_forward_fast


CONV_FORWARD_FAST = Answer(
    cases=_conv_forward_fast_cases,
    oracle=_conv_forward_oracle,
    invariant=_cache_is_kept,
    mistakes=(
        Mistake(
            "filters as rows",
            "The filters were cut across: W's last axis counts the filters, so reshape(n_C, −1) "
            "mixes them. Keep that axis "
            "last.",
            _fast_mistake(matrix=lambda W: W.reshape(W.shape[3], -1).T),
        ),
        Mistake(
            "filters flipped",
            "You turned the filters by 180°. Networks leave them as they are.",
            _fast_mistake(matrix=lambda W: W[::-1, ::-1].reshape(-1, W.shape[3])),
        ),
        Mistake(
            "bias forgotten",
            "Every channel is off by a constant: its bias.",
            _fast_mistake(bias=lambda b: 0),
        ),
        Mistake(
            "one bias for all",
            "The first output channel is right, the others are off by a constant: all of them got the first bias.",
            _fast_mistake(bias=lambda b: b[0, 0, 0, 0]),
        ),
        Mistake(
            "still a matrix",
            "The numbers are right, but they still stand in a matrix. Give it back the axes picture, row, column.",
            _fast_mistake(shape=lambda product, m, n_H, n_W: product),
        ),
        Mistake(
            "reshaped to channels first",
            "The product's last axis counts the filters. Reshaping it to (m, n_C, n_H, n_W) mixes "
            "places and channels.",
            _fast_mistake(
                shape=lambda product, m, n_H, n_W: product.reshape(m, -1, n_H, n_W).transpose(0, 2, 3, 1)
            ),
        ),
        Mistake(
            "height and width exchanged",
            "The product was reshaped to (m, n_W, n_H, n_C): rows come before columns.",
            _fast_mistake(shape=lambda product, m, n_H, n_W: product.reshape(m, n_W, n_H, -1)),
        ),
        Mistake(
            "pictures in the wrong place",
            "The rows of the product run over pictures first. Reshape to (m, n_H, n_W, n_C) directly.",
            _fast_mistake(
                shape=lambda product, m, n_H, n_W: product.reshape(n_H, n_W, m, -1).transpose(2, 0, 1, 3)
            ),
        ),
        Mistake(
            "rows of another order",
            "The rows of your window matrix hold the channels first, those of W.reshape(-1, n_C) "
            "hold them last: they do not "
            "fit together.",
            _fast_mistake(rows=_reordered((0, 1, 2), (5, 3, 4))),
        ),
        Mistake(
            "no cache",
            "Z is right. Return the cache as well, as conv_forward does: then this function can take its place.",
            _fast_mistake(result=lambda Z, cache: Z),
        ),
    ),
)

ANSWERS = {
    "zero_pad": ZERO_PAD,
    "conv_single_step": CONV_SINGLE_STEP,
    "conv_forward": CONV_FORWARD,
    "pool_forward": POOL_FORWARD,
    "conv_backward": CONV_BACKWARD,
    "create_mask_from_window": CREATE_MASK,
    "distribute_value": DISTRIBUTE_VALUE,
    "pool_backward": POOL_BACKWARD,
    "grad_check": GRAD_CHECK,
    "im2col": IM2COL,
    "conv_forward_fast": CONV_FORWARD_FAST,
}
