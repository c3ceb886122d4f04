"""Week 1, lesson 2, padding, strides and volumes: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def conv_output_size_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give sides of 1 to 64 in three groups; whether the last step fits, and by how much, is chosen."""
    for f in rng.permutation([1, 2, 3, 5]):
        n = int(f) + int(rng.integers(0, 20))
        yield Case("no padding, stride 1", params={"n": n, "f": int(f), "pad": 0, "stride": 1})
    for pad in (1, 2, 5):
        f = int(rng.integers(2, 8))
        n = f + int(rng.integers(0, 20))
        yield Case("with padding", params={"n": n, "f": f, "pad": pad, "stride": 1})
    for stride, pad, left_over in (
        (2, 0, 1),
        (3, 1, 2),
        (2, 1, 0),
        (4, 2, 3),
        (5, 0, 1),
        (3, 2, 1),
        (2, 3, 1),
    ):
        f = int(rng.integers(2, 8))
        steps = int(rng.integers(2, 9))
        n = f + stride * steps + left_over - 2 * pad
        yield Case("strides of 2 and more", params={"n": n, "f": f, "pad": pad, "stride": stride})


def conv_output_size_oracle(n: int, f: int, pad: int, stride: int) -> int:
    """Lay out all windows of a padded side with NumPy and count every stride-th."""
    return len(sliding_window_view(np.zeros(n + 2 * pad), f)[::stride])


CONV_OUTPUT_SIZE_MISTAKES = (
    Mistake(
        "starting place not counted",
        "Your sizes are one too small. A filter as large as the picture has one place, and with n = f "
        "your function gives none: steps were counted, and the place before the first step was not.",
        lambda n, f, pad, stride: (n + 2 * pad - f) // stride,
    ),
    Mistake(
        "padded on one end only",
        "Without padding all is right. Padding is put on both ends of a side: how much longer does the "
        "side get?",
        lambda n, f, pad, stride: (n + pad - f) // stride + 1,
    ),
    Mistake(
        "rounded up",
        "Where the last step does not fit, you round up: that counts a window which hangs over the edge. "
        "Only whole windows count.",
        lambda n, f, pad, stride: ceil((n + 2 * pad - f) / stride) + 1,
    ),
    Mistake(
        "rounded to the nearest",
        "`round` goes up as often as down. A step that fits only by half does not fit: round down.",
        lambda n, f, pad, stride: round((n + 2 * pad - f) / stride) + 1,
    ),
    Mistake(
        "not rounded",
        "A size is a whole number; you return the plain quotient, which `/` makes a float even where it "
        "divides evenly. Drop what is left over after the last whole step.",
        lambda n, f, pad, stride: (n + 2 * pad - f) / stride + 1,
    ),
    Mistake(
        "rounded, but a float",
        "The values are right. `np.floor` rounds down and still returns a float, which cannot be used as "
        "an array's size: make it a whole number.",
        lambda n, f, pad, stride: np.floor((n + 2 * pad - f) / stride) + 1,
    ),
    Mistake(
        "stride ignored",
        "With stride 1 all is right, larger strides change nothing in your result. Each step moves on by "
        "`stride` pixels, so there are fewer places.",
        lambda n, f, pad, stride: n + 2 * pad - f + 1,
    ),
    Mistake(
        "one added before dividing",
        "With stride 1 all is right. You add the 1 before dividing by the stride; it stands for the "
        "starting place, which is there whatever the stride.",
        lambda n, f, pad, stride: (n + 2 * pad - f + 1) // stride,
    ),
    Mistake(
        "padding taken away",
        "Padding makes the picture larger; in your result it makes it smaller. Look at the sign.",
        lambda n, f, pad, stride: (n - 2 * pad - f) // stride + 1,
    ),
    Mistake(
        "padding ignored",
        "Without padding all is right; `pad` changes nothing in your result.",
        lambda n, f, pad, stride: (n - f) // stride + 1,
    ),
)


def same_padding_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give odd sizes with 1 among them, and even ones mixed with odd ones."""
    for f in rng.permutation([1, 3, 5, 7, 11]):
        yield Case("odd filters", params={"f": int(f)})
    for f in rng.permutation([2, 4, 6, 10, 3, 9]):
        yield Case("even filters refused, odd ones not", params={"f": int(f)})


def same_padding_oracle(f: int) -> int:
    """Try paddings until a side of 20 keeps its length."""
    for pad in range(f):
        if len(sliding_window_view(np.zeros(20 + 2 * pad), f)) == 20:
            return pad
    raise ValueError(f"f must be odd, got {f}: no padding keeps the size")


def _refuse_even(f: int, error: type[Exception] = ValueError) -> None:
    if f % 2 == 0:
        raise error(f"f must be odd, got {f}")


def _same_padding(formula: Callable[[int], object], error: type[Exception] = ValueError) -> Callable:
    def wrong(f):
        _refuse_even(f, error)
        return formula(f)

    return wrong


def _odd_refused(f):
    if f % 2 == 1:
        raise ValueError("f must be even")
    return (f - 1) // 2


SAME_PADDING_MISTAKES = (
    Mistake(
        "even filters accepted",
        "Odd filters are right. For an even one you return a number, but with it the picture changes its "
        "size: try f = 2 with your formula. Refuse it with a ValueError.",
        lambda f: (f - 1) // 2,
    ),
    Mistake(
        "even filters accepted, half of f",
        "Odd filters are right. For an even one half of f makes the picture a pixel larger. Refuse it "
        "with a ValueError.",
        lambda f: f // 2,
    ),
    Mistake(
        "half pixels for even filters",
        "(f − 1)/2 with `/` gives floats, and half pixels for even filters. Padding is a whole number of "
        "pixels; where there is none, raise a ValueError.",
        lambda f: (f - 1) / 2,
    ),
    Mistake(
        "a float for odd filters",
        "The values are right, but `/` makes them floats, with which no array can be padded. Return a "
        "whole number.",
        _same_padding(lambda f: (f - 1) / 2),
    ),
    Mistake(
        "both ends together",
        "f − 1 pixels are missing in all, and they are shared by the two ends of a side. Asked for is the "
        "padding on one end.",
        _same_padding(lambda f: f - 1),
    ),
    Mistake(
        "rounded the wrong way",
        "One pixel too many. For f = 1 the picture keeps its size without any padding: what does your "
        "formula give there?",
        _same_padding(lambda f: (f + 1) // 2),
    ),
    Mistake(
        "odd and even confused",
        "You refuse the odd filters and accept the even ones. An odd filter is the one with a middle "
        "pixel: `f % 2` is 1.",
        _odd_refused,
    ),
    Mistake(
        "AssertionError for even filters",
        "The values are right. `assert` raises an AssertionError, which is for a program's own mistakes "
        "and can be switched off; a wrong argument is answered with a ValueError.",
        _same_padding(lambda f: (f - 1) // 2, AssertionError),
    ),
    Mistake(
        "nothing for even filters",
        "Odd filters are right. For even ones your function ends without a return, so it gives None, and "
        "the trouble shows up somewhere else. Raise a ValueError there.",
        lambda f: (f - 1) // 2 if f % 2 else None,
    ),
)


def zero_pad_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give batches of several sizes, no picture square by accident, borders of 0 to 5, both float dtypes."""
    for pad in (1, 2):
        side = int(rng.integers(3, 6))
        yield _batch(rng, "square colour pictures", (int(rng.integers(2, 5)), side, side, 3), pad)
    for height, width in ((2, 5), (6, 3)):
        shape = (int(rng.integers(1, 4)), height, width, int(rng.integers(1, 5)))
        yield _batch(rng, "pictures that are not square", shape, int(rng.integers(1, 3)))
    for pad in (0, 3, 5):
        shape = (2, int(rng.integers(3, 5)), int(rng.integers(5, 7)), int(rng.integers(1, 3)))
        yield _batch(rng, "no border, and wide borders", shape, pad)


def _batch(rng: np.random.Generator, group: str, shape: tuple, pad: int) -> Case:
    X = rng.normal(size=shape).astype(rng.choice(["float32", "float64"]))
    return Case(group, {"X": X}, {"pad": pad})


def zero_pad_oracle(X: np.ndarray, pad: int) -> np.ndarray:
    """Shift the pictures into a larger frame by SciPy's geometric transform, which reads zeros outside them."""
    m, height, width, channels = X.shape
    size = (m, height + 2 * pad, width + 2 * pad, channels)
    return ndimage.affine_transform(
        X.astype(float), [1, 1, 1, 1], (0, -pad, -pad, 0), size, order=0, mode="constant"
    )


def _framed(X, rows, columns, top, left):
    m, height, width, channels = X.shape
    result = np.zeros((m, height + rows, width + columns, channels), X.dtype)
    result[:, top : top + height, left : left + width] = X
    return result


def _pad_axes(X, pad, *axes):
    return np.pad(X, [(pad, pad) if axis in axes else (0, 0) for axis in range(4)])


def _empty_slice(X, pad):
    m, height, width, channels = X.shape
    result = np.zeros((m, height + 2 * pad, width + 2 * pad, channels))
    result[:, pad:-pad, pad:-pad, :] = X
    return result


def _height_and_width_swapped(X, pad):
    m, width, height, channels = X.shape
    result = np.zeros((m, height + 2 * pad, width + 2 * pad, channels))
    result[:, pad : pad + height, pad : pad + width, :] = X
    return result


def _scattered(X, pad):
    """Fill in the values row after row instead of around a middle."""
    larger = _framed(X, 2 * pad, 2 * pad, pad, pad)
    return np.concatenate([X.ravel(), np.zeros(larger.size - X.size, X.dtype)]).reshape(larger.shape)


ZERO_PAD_MISTAKES = (
    Mistake(
        "every axis padded",
        "Your batch got longer and the pictures got more channels: `np.pad` with a single number pads all "
        "four axes. Only height and width may grow.",
        lambda X, pad: np.pad(X, pad),
    ),
    Mistake(
        "channels first",
        "You padded the last two axes. Here a batch is (batch, height, width, channels): the channels "
        "come last.",
        lambda X, pad: _pad_axes(X, pad, 2, 3),
    ),
    Mistake(
        "batch padded for height",
        "You padded the first two axes. The first one counts the pictures; height and width come after it.",
        lambda X, pad: _pad_axes(X, pad, 0, 1),
    ),
    Mistake(
        "only the height padded",
        "There are zeros above and below, none at the sides.",
        lambda X, pad: _pad_axes(X, pad, 1),
    ),
    Mistake(
        "only the width padded",
        "There are zeros at the sides, none above and below.",
        lambda X, pad: _pad_axes(X, pad, 2),
    ),
    Mistake(
        "channels padded too",
        "Height and width are right, but each picture also got channels of zeros. The pair of the last "
        "axis should be (0, 0).",
        lambda X, pad: _pad_axes(X, pad, 1, 2, 3),
    ),
    Mistake(
        "zeros only at the end",
        "All your zeros stand below and to the right. The border goes around the picture, `pad` pixels at "
        "every side.",
        lambda X, pad: _framed(X, pad, pad, 0, 0),
    ),
    Mistake(
        "picture not in the middle",
        "The size is right, but the picture stands in the top left corner of it. It should begin `pad` "
        "pixels further down and to the right.",
        lambda X, pad: _framed(X, 2 * pad, 2 * pad, 0, 0),
    ),
    Mistake(
        "border repeats the edge",
        "Your border repeats the picture's outermost pixels. That is a border worth having, but asked for "
        "are zeros: look at the mode.",
        lambda X, pad: np.pad(X, [(0, 0), (pad, pad), (pad, pad), (0, 0)], mode="edge"),
    ),
    Mistake(
        "border of ones",
        "The border is there, but it is filled with ones.",
        lambda X, pad: np.pad(X, [(0, 0), (pad, pad), (pad, pad), (0, 0)], constant_values=1),
    ),
    Mistake(
        "slice to −pad",
        "Every border works, except none at all: with pad = 0 the slice `pad:-pad` reads 0:0 and is "
        "empty. Count the end of the slice from the front.",
        _empty_slice,
    ),
    Mistake(
        "height and width swapped",
        "Square pictures work, others do not: you read the width where the height stands. The order is "
        "batch, height, width, channels.",
        _height_and_width_swapped,
    ),
    Mistake(
        "rows torn apart",
        "The shape is right, but the pixels were filled in one after the other, so rows run on into each "
        "other. Copying into a slice keeps them together; `reshape` and `resize` do not.",
        _scattered,
    ),
)


def conv_single_step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give windows with one channel and with many, of sides 1 to 5, both float dtypes, results of either sign."""
    for f, sign in ((2, 1), (3, -1)):
        yield _window(rng, "grey pictures: one channel", f, 1, sign)
    for f, channels, sign in ((3, 3, -1), (2, 4, 1), (1, 6, 1), (5, 2, -1), (3, 8, 1)):
        yield _window(rng, "volumes: several channels", f, channels, sign)


def _window(rng: np.random.Generator, group: str, f: int, channels: int, sign: int) -> Case:
    """Choose the bias so that it decides the sign of the result: a ReLU too early must show in every group."""
    a, weights = rng.normal(size=(2, f, f, channels))
    bias = sign * (abs(np.sum(a * weights)) + rng.uniform(1, 3, (1, 1, 1)))
    dtype = rng.choice(["float32", "float64"])
    return Case(group, {"a_slice_prev": a.astype(dtype), "W": weights.astype(dtype), "b": bias.astype(dtype)})


def conv_single_step_oracle(a_slice_prev: np.ndarray, W: np.ndarray, b: np.ndarray) -> float:
    """Take the scalar product of the two volumes, each as one long vector, in double precision."""
    return float(np.vdot(a_slice_prev.astype(float), W.astype(float)) + b.astype(float).item())


CONV_SINGLE_STEP_MISTAKES = (
    Mistake(
        "still an array",
        "The value is right, but it sits in an array of shape (1, 1, 1), because `b` has that shape and "
        "the sum took it over. Take the number out of `b` before adding.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W) + b,
    ),
    Mistake(
        "bias added to every product",
        "The bias was added before the sum, so it counts once for every product. It belongs to the "
        "filter: add it once, at the end.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W + b),
    ),
    Mistake(
        "bias forgotten",
        "The sum of products is right. The bias is missing.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W),
    ),
    Mistake(
        "bias subtracted",
        "The sum of products is right. The bias is subtracted; it should be added.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W) - b.item(),
    ),
    Mistake(
        "bias multiplied",
        "The sum of products is right. The bias is a factor in your result; it should be added.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W) * b.item(),
    ),
    Mistake(
        "one number for each channel",
        "You return one number for each channel. The products of all channels go into a single sum: one "
        "filter gives one number at one place.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W, axis=(0, 1)) + b.item(),
    ),
    Mistake(
        "first channel only",
        "With one channel all is right; with more, only the first is used. A filter reaches through all "
        "channels.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev[..., 0] * W[..., 0]) + b.item(),
    ),
    Mistake(
        "filter flipped",
        "The filter is turned upside down and mirrored before multiplying. Here it is used as it stands, "
        "as in lesson 1.",
        lambda a_slice_prev, W, b: np.sum(a_slice_prev * W[::-1, ::-1]) + b.item(),
    ),
    Mistake(
        "mean for sum",
        "You take the mean of the products. Asked for is their sum.",
        lambda a_slice_prev, W, b: np.mean(a_slice_prev * W) + b.item(),
    ),
    Mistake(
        "ReLU already applied",
        "Negative results come out as 0: you applied the non-linearity as well. This step ends with the "
        "bias.",
        lambda a_slice_prev, W, b: max(0.0, np.sum(a_slice_prev * W) + b.item()),
    ),
)


def parameter_count_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give first layers of networks, and layers deep inside; no two of the three numbers alike."""
    for f, channels in ((3, 3), (5, 3), (11, 3), (5, 1)):
        filters = int(rng.integers(6, 100))
        yield Case("first layers", params={"f": f, "n_C_prev": channels, "n_C": filters})
    for f in (1, 3, 5, 2):
        before, after = (int(n) for n in rng.choice(np.arange(8, 600), 2, replace=False))
        yield Case("layers deep inside", params={"f": f, "n_C_prev": before, "n_C": after})


def parameter_count_oracle(f: int, n_C_prev: int, n_C: int) -> int:
    """Count the entries of the arrays that such a layer holds, made as views so that they take no memory."""
    weights = np.broadcast_to(0.0, (f, f, n_C_prev, n_C))
    biases = np.broadcast_to(0.0, (1, 1, 1, n_C))
    return weights.size + biases.size


PARAMETER_COUNT_MISTAKES = (
    Mistake(
        "biases forgotten",
        "The weights are counted rightly; each filter also has a bias.",
        lambda f, n_C_prev, n_C: f * f * n_C_prev * n_C,
    ),
    Mistake(
        "one bias for the layer",
        "The weights are counted rightly. You count a single bias; each filter has its own.",
        lambda f, n_C_prev, n_C: f * f * n_C_prev * n_C + 1,
    ),
    Mistake(
        "a bias for each channel of a filter",
        "The bias is added once for each channel that comes in. A filter gives one number at one place, "
        "so it needs one bias however many channels it reaches through.",
        lambda f, n_C_prev, n_C: (f * f + 1) * n_C_prev * n_C,
    ),
    Mistake(
        "biases by input channels",
        "You count one bias for each channel that comes in. Biases belong to the filters, to what goes out.",
        lambda f, n_C_prev, n_C: f * f * n_C_prev * n_C + n_C_prev,
    ),
    Mistake(
        "flat filters",
        "Your filters are f×f, one layer thick. They reach through all `n_C_prev` channels of their input.",
        lambda f, n_C_prev, n_C: (f * f + 1) * n_C,
    ),
    Mistake(
        "filters added to channels",
        "You add channels and filters where they should be multiplied: every filter has its own weights "
        "for every channel that comes in.",
        lambda f, n_C_prev, n_C: f * f * (n_C_prev + n_C) + n_C,
    ),
    Mistake(
        "f not squared",
        "A filter is f wide *and* f high.",
        lambda f, n_C_prev, n_C: (f * n_C_prev + 1) * n_C,
    ),
    Mistake(
        "a single filter",
        "This is the count for one filter. The layer has `n_C` of them.",
        lambda f, n_C_prev, n_C: f * f * n_C_prev + 1,
    ),
)

# Whoever computes float64 pictures in float32 is right as well.
_LOOSE = {"rtol": 1e-4, "atol": 1e-5}

ANSWERS = {
    "conv_output_size": Answer(
        conv_output_size_cases, conv_output_size_oracle, mistakes=CONV_OUTPUT_SIZE_MISTAKES
    ),
    "same_padding": Answer(same_padding_cases, same_padding_oracle, mistakes=SAME_PADDING_MISTAKES),
    "zero_pad": Answer(zero_pad_cases, zero_pad_oracle, mistakes=ZERO_PAD_MISTAKES, **_LOOSE),
    "conv_single_step": Answer(
        conv_single_step_cases, conv_single_step_oracle, mistakes=CONV_SINGLE_STEP_MISTAKES, **_LOOSE
    ),
    "parameter_count": Answer(
        parameter_count_cases, parameter_count_oracle, mistakes=PARAMETER_COUNT_MISTAKES
    ),
}
