"""What assignment 1 of week 1 asks: convolution and pooling step by step, forward, backward and fast."""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array, named_results

# Functions whose gradients grad_check is asked about. A case names one, so that no code travels with it. All of them
# take arrays of any shape and work on complex numbers too.
FUNCTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "sum of squares": lambda x: np.sum(x**2),
    "sum of sines": lambda x: np.sum(np.sin(x)),
    "log of the sum of exponentials": lambda x: np.log(np.sum(np.exp(x))),
    "products of neighbours": lambda x: np.sum(x.ravel()[1:] * x.ravel()[:-1]) + np.sum(x**3),
}


def output_and_cache(output: str, kept: tuple[str, ...]) -> Callable[[Any], Arrays]:
    """Make a probe for a layer's forward pass, which returns its output and a cache.

    A missing or odd cache costs only the cases that ask for it: the output is judged all the same.

    Parameters
    ----------
    output : str
        What the output is called.
    kept : tuple of str
        Names of the arrays that the cache holds, in order; the dictionary of hyperparameters follows them.
    """

    def probe(result: Any) -> Arrays:
        if not isinstance(result, tuple | list):
            return {output: as_array(result, f"`{output}`")}
        if len(result) != 2:
            raise WrongKind(
                f"The function should return 2 values, ({output}, cache); it returned {len(result)}."
            )
        return {output: as_array(result[0], f"`{output}`"), **_cache_arrays(result[1], kept)}

    return probe


def _cache_arrays(cache: Any, kept: tuple[str, ...]) -> Arrays:
    wanted = f"({', '.join(kept)}, hparameters)"
    if not isinstance(cache, tuple | list) or len(cache) != len(kept) + 1:
        came = f"{len(cache)} things" if isinstance(cache, tuple | list) else f"one {type(cache).__name__}"
        return {"cache": np.array(f"`cache` should hold {len(kept) + 1} things, {wanted}; it holds {came}.")}
    if not isinstance(cache[-1], dict):
        came = type(cache[-1]).__name__
        return {
            "cache": np.array(
                f"The last thing in `cache` should be the dictionary hparameters; it is a {came}."
            )
        }
    arrays = {f"cache: {name}": as_array(value) for name, value in zip(kept, cache[:-1], strict=True)}
    return arrays | {f"cache: {name}": as_array(value) for name, value in cache[-1].items()}


def mask(result: Any) -> Arrays:
    """Probe for a mask: booleans, or numbers that are all 0 or 1."""
    array = as_array(result)
    if array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all():
        array = array.astype(bool)
    return {"result": array}


def _conv_backward_arguments(case: Case) -> tuple[tuple, dict]:
    arrays = case.arrays
    cache = (arrays["A_prev"], arrays["W"], arrays["b"], case.params["hparameters"])
    return (arrays["dZ"], cache), {}


def _pool_backward_arguments(case: Case) -> tuple[tuple, dict]:
    cache = (case.arrays["A_prev"], case.params["hparameters"])
    return (case.arrays["dA"], cache), {"mode": case.params["mode"]}


def _distribute_arguments(case: Case) -> tuple[tuple, dict]:
    return (case.params["dz"], tuple(case.params["shape"])), {}


def _grad_check_arguments(case: Case) -> tuple[tuple, dict]:
    return (FUNCTIONS[case.params["f"]], case.arrays["x"], case.arrays["df"]), {}


_CONVOLUTIONS = (
    "utils.layers.conv2d",
    "scipy.signal.correlate",
    "scipy.ndimage.correlate",
    "tensorflow.nn.conv2d",
)
_POOLS = (
    "utils.layers.max_pool2d",
    "utils.layers.average_pool2d",
    "tensorflow.nn.pool",
    "skimage.measure.block_reduce",
)

EXERCISES = (
    Exercise(
        notebook="w1a1",
        function="zero_pad",
        signature="(X, pad)",
        points=2,
        task="Put a border of zeros around every picture of a batch.",
        hints=(
            "A batch has four axes: picture, row, column, channel. Which two of them grow?",
            "`np.pad` takes one pair (before, after) for each axis. Two of the four pairs are (0, 0).",
            "Without np.pad: start from an array of zeros of the final shape and write X into its middle.",
        ),
        answered_by=("utils.layers.pad2d", "tensorflow.pad"),
    ),
    Exercise(
        notebook="w1a1",
        function="conv_single_step",
        signature="(a_slice_prev, W, b)",
        points=2,
        task="Apply one filter to one window: the sum of products, plus the bias.",
        hints=(
            "Two arrays of one shape can be multiplied number by number with `*`.",
            "`np.sum` without an axis adds up everything and gives one number. The bias is added once, after it.",
            "b has shape (1, 1, 1). `b.item()` is the number inside.",
        ),
        answered_by=_CONVOLUTIONS,
    ),
    Exercise(
        notebook="w1a1",
        function="conv_forward",
        signature="(A_prev, W, b, hparameters)",
        points=8,
        task="Convolve a batch of pictures with several filters, and keep what the backward pass needs.",
        hints=(
            "First the size of the output: (n + 2·pad − f) / stride, rounded down, plus 1, once for "
            "the height and once "
            "for the width. Then four loops: picture, row, column, filter.",
            "Output row h looks at the rows h·stride to h·stride + f of the padded picture. Columns likewise. "
            "All channels belong to the window.",
            "Inside the loops: cut the window of picture i, multiply it with W[:, :, :, c], sum, add "
            "b[0, 0, 0, c].",
            "Return two things: Z and the tuple (A_prev, W, b, hparameters), with A_prev as it came, not padded.",
        ),
        probe=output_and_cache("Z", ("A_prev", "W", "b")),
        answered_by=_CONVOLUTIONS,
    ),
    Exercise(
        notebook="w1a1",
        function="pool_forward",
        signature='(A_prev, hparameters, mode="max")',
        points=6,
        task="Summarise every window by its maximum or its mean, channel by channel.",
        hints=(
            "The loops are those of conv_forward. Nothing is padded, and every channel is handled by itself.",
            "The window of channel c is a flat f × f array: A_prev[i, rows, columns, c].",
            '`np.max` when mode is "max", `np.mean` when it is "average".',
        ),
        probe=output_and_cache("A", ("A_prev",)),
        answered_by=_POOLS,
    ),
    Exercise(
        notebook="w1a1",
        function="conv_backward",
        signature="(dZ, cache)",
        points=9,
        task="Turn the gradient of a convolution's output into those of its input, its filters and its biases.",
        hints=(
            "Walk over the output exactly as conv_forward did. Every output number sends its "
            "gradient to three places.",
            "To the window of the (padded) input: the filter times dZ[i, h, w, c]. To the filter c: "
            "the window times it. "
            "To the bias c: the number itself. Everything is added (`+=`): windows overlap, filters "
            "are used everywhere.",
            "Collect the input's gradient in an array of the padded shape and cut the border off at the end. "
            "Mind pad = 0: `[0:-0]` is empty.",
        ),
        build=_conv_backward_arguments,
        probe=named_results("dA_prev", "dW", "db"),
        answered_by=(
            "utils.layers.conv2d_backward",
            "utils.layers.conv.conv2d_backward",
            "tensorflow.GradientTape",
        ),
    ),
    Exercise(
        notebook="w1a1",
        function="create_mask_from_window",
        signature="(x)",
        points=2,
        task="Mark where a window has its maximum.",
        hints=(
            "Comparing an array with a number gives an array of booleans of the same shape.",
            "Compare with the largest number of the whole window: `np.max` without an axis.",
        ),
        probe=mask,
    ),
    Exercise(
        notebook="w1a1",
        function="distribute_value",
        signature="(dz, shape)",
        points=2,
        task="Spread a number evenly over a window.",
        hints=(
            "How many places are there in a window of that shape? Each gets the same part, and the "
            "parts add up to dz.",
            "`np.full(shape, value)` makes an array that holds one value everywhere.",
        ),
        build=_distribute_arguments,
    ),
    Exercise(
        notebook="w1a1",
        function="pool_backward",
        signature='(dA, cache, mode="max")',
        points=6,
        task="Turn the gradient of a pooling layer's output into that of its input.",
        hints=(
            "Walk over the output as pool_forward did and add to dA_prev, which starts as zeros "
            "shaped like A_prev.",
            "Average: every place of the window gets dA[i, h, w, c] / (f·f). Max: one place gets all of it.",
            "`np.argmax(window)` counts the places of the window row by row and gives the first of the largest; "
            "`np.unravel_index` turns that count into a row and a column.",
        ),
        build=_pool_backward_arguments,
        answered_by=(
            "utils.layers.max_pool2d_backward",
            "utils.layers.average_pool2d_backward",
            "tensorflow.GradientTape",
        ),
    ),
    Exercise(
        notebook="w1a1",
        function="grad_check",
        signature="(f, x, df)",
        points=4,
        task="Compare a gradient with finite differences of the function and return the relative error.",
        hints=(
            "Move one number of x by a small h, both ways, and see by how much f changes: (f(x + h) "
            "− f(x − h)) / (2h).",
            "`np.ndindex(x.shape)` walks over the positions of an array of any shape. Work on a copy of x.",
            "`np.linalg.norm(v)` is the Euclidean length over all entries of v, whatever its shape. The result is "
            "‖num − df‖ / (‖num‖ + ‖df‖): two lengths below the line, added.",
        ),
        build=_grad_check_arguments,
        answered_by=(
            "scipy.optimize.check_grad",
            "scipy.optimize.approx_fprime",
            "scipy.differentiate.jacobian",
        ),
    ),
    Exercise(
        notebook="w1a1",
        function="im2col",
        signature="(X, f, stride, pad)",
        points=4,
        task="Write every window of a batch as one row of a matrix.",
        hints=(
            "A simple way: the loops of conv_forward without the one over filters, and `.ravel()` of "
            "each window as a row.",
            "NumPy's `ravel` and `reshape` run through the last axis first. That gives the asked "
            "order without transposing.",
            "Fast: f·f slices. The picture's numbers that stand at place (i, j) of their windows are "
            "padded[:, i : i + stride·n_H : stride, j : j + stride·n_W : stride] (mind the end of the picture).",
        ),
        answered_by=("utils.layers.patch_matrix.patch_matrix", "tensorflow.image.extract_patches"),
    ),
    Exercise(
        notebook="w1a1",
        function="conv_forward_fast",
        signature="(A_prev, W, b, hparameters)",
        points=3,
        task="Do what conv_forward does, with one matrix product in place of loops.",
        hints=(
            "Windows as rows, filters as columns: their product holds every output number once.",
            "W.reshape(-1, n_C) puts each filter into a column, in the order of the windows' rows.",
            "The product has shape (m·n_H·n_W, n_C). Add the bias and reshape it to (m, n_H, n_W, n_C).",
        ),
        probe=output_and_cache("Z", ("A_prev", "W", "b")),
        answered_by=_CONVOLUTIONS,
        time_limit=4.0,
    ),
)
