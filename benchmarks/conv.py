"""How fast the convolution of `utils.layers` is beside TensorFlow's and beside three other NumPy forms.

Run ``python benchmarks/conv.py [--json FILE] [--rounds N]``. One thread each. The forms take turns in every round,
so that a disturbance hits all of them, and only ratios are reported: the median over rounds of a form's time over
TensorFlow's time (or ours) in the same round, with the quartiles. The exit status is 1 when a goal is missed.
"""

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from _threads import limit_threads

limit_threads(1)

import numpy as np
import tensorflow as tf

from utils.layers import conv2d

SLOWEST = {1: 2.0, 2: 1.5}  # times TensorFlow's compiled convolution, by stride
LEAST_GAIN_OVER_INDEXING = 2.0  # times faster than im2col by fancy index, at stride 1
MOST_EXTRA_MEMORY = 3.0  # times the output, at three channels
LOOPED_WINDOWS = 40  # of the textbook's loops, whose time is then scaled up


@dataclass(frozen=True)
class Shape:
    """One convolution of square pictures with a 3×3 kernel."""

    name: str
    batch: int
    size: int
    channels: int
    filters: int
    stride: int
    padding: str


SHAPES = [
    Shape("first layer", 16, 64, 3, 32, 1, "same"),
    Shape("middle layer", 16, 32, 64, 64, 1, "same"),
    Shape("stride 2", 16, 32, 64, 64, 2, "valid"),
]


def pad(x: np.ndarray, shape: Shape) -> np.ndarray:
    return np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))) if shape.padding == "same" else x


def by_fancy_index(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape) -> np.ndarray:
    """Take all windows at once with index arrays, then one matrix product."""
    padded = pad(x, shape)
    length = (padded.shape[1] - 3) // shape.stride + 1
    starts = shape.stride * np.arange(length)
    rows = starts[:, None, None, None] + np.arange(3)[None, None, :, None]
    columns = starts[None, :, None, None] + np.arange(3)[None, None, None, :]
    patches = padded[:, rows, columns].reshape(len(x) * length * length, -1)
    return (patches @ kernel.reshape(-1, shape.filters) + bias).reshape(len(x), length, length, -1)


def by_sliding_windows(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape) -> np.ndarray:
    """View the windows and contract them with the kernel."""
    windows = np.lib.stride_tricks.sliding_window_view(pad(x, shape), (3, 3), axis=(1, 2))
    return np.tensordot(windows[:, :: shape.stride, :: shape.stride], kernel, ((4, 5, 3), (0, 1, 2))) + bias


def seconds_by_loops(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape, outputs: int
) -> float:
    """Time the textbook's loops on a few windows and scale to all `outputs` numbers."""
    padded = pad(x[:1], shape)[0]
    start = time.perf_counter()
    for window in range(LOOPED_WINDOWS):
        row, column = divmod(window * shape.stride, padded.shape[1] - 2)
        for f in range(shape.filters):
            np.sum(padded[row : row + 3, column : column + 3] * kernel[..., f]) + float(bias[f])
    return (time.perf_counter() - start) * outputs / (LOOPED_WINDOWS * shape.filters)


def seconds(form: Callable[[], object]) -> float:
    start = time.perf_counter()
    form()
    return time.perf_counter() - start


def extra_memory(form: Callable[[], np.ndarray]) -> float:
    """Peak of what NumPy allocates beside the output, in outputs."""
    tracemalloc.start()
    out = form()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - out.nbytes) / out.nbytes


def quartiles(times: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Return the 25th, 50th and 75th percentile of the ratio within each round."""
    return np.percentile(np.divide(times, reference), [25, 50, 75]).round(4).tolist()


def measure(shape: Shape, rounds: int) -> dict:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(shape.batch, shape.size, shape.size, shape.channels)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, shape.channels, shape.filters)).astype(np.float32)
    bias = rng.normal(size=shape.filters).astype(np.float32)
    tensors = [tf.constant(array) for array in (x, kernel, bias)]

    @tf.function
    def compiled(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, shape.stride, shape.padding.upper()), bias)

    forms = {
        "ours": lambda: conv2d(x, kernel, bias, shape.stride, shape.padding),
        "fancy index": lambda: by_fancy_index(x, kernel, bias, shape),
        "sliding windows": lambda: by_sliding_windows(x, kernel, bias, shape),
    }
    wanted = compiled(*tensors).numpy()
    for name, form in forms.items():
        np.testing.assert_allclose(form(), wanted, rtol=0, atol=1e-3, err_msg=name)
    times = {name: [] for name in ["TensorFlow", *forms, "loops"]}
    for _ in range(rounds):
        times["TensorFlow"].append(seconds(lambda: compiled(*tensors)))
        for name, form in forms.items():
            times[name].append(seconds(form))
        times["loops"].append(seconds_by_loops(x, kernel, bias, shape, wanted.size))
    return {
        "shape": asdict(shape),
        "over_tensorflow": {name: quartiles(t, times["TensorFlow"]) for name, t in times.items()},
        "over_ours": {name: quartiles(t, times["ours"]) for name, t in times.items()},
        "extra_memory_in_outputs": {name: round(extra_memory(form), 3) for name, form in forms.items()},
    }


def show(result: dict) -> None:
    shape = Shape(**result["shape"])
    print(
        f"\n{shape.name}: batch {shape.batch}, {shape.size}×{shape.size}×{shape.channels} → {shape.filters}, "
        f"3×3, stride {shape.stride}, {shape.padding}"
    )
    print(f"  {'form':<16}{'time over TensorFlow (quartiles)':<38}extra memory, in outputs")
    for name, (low, median, high) in result["over_tensorflow"].items():
        memory = result["extra_memory_in_outputs"].get(name)
        print(
            f"  {name:<16}{f'{median:.2f} ({low:.2f} to {high:.2f})':<38}{'' if memory is None else f'{memory:.2f}'}"
        )


def missed_goals(results: list[dict]) -> list[str]:
    missed = []
    for result in results:
        shape = Shape(**result["shape"])
        ratio = result["over_tensorflow"]["ours"][1]
        gain = result["over_ours"]["fancy index"][1]
        memory = result["extra_memory_in_outputs"]["ours"]
        if ratio > SLOWEST[shape.stride]:
            missed.append(
                f"{shape.name}: {ratio:.2f} times TensorFlow's time, wanted {SLOWEST[shape.stride]}"
            )
        if shape.stride == 1 and gain < LEAST_GAIN_OVER_INDEXING:
            missed.append(
                f"{shape.name}: {gain:.2f} times as fast as fancy index, wanted {LEAST_GAIN_OVER_INDEXING}"
            )
        if shape.channels == 3 and memory > MOST_EXTRA_MEMORY:
            missed.append(f"{shape.name}: {memory:.2f} outputs of extra memory, wanted {MOST_EXTRA_MEMORY}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the ratios there as well")
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="rounds a shape (default: 30)")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {arguments.rounds}")
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"--json: there is no folder {arguments.json.parent}")
    results = []
    for shape in SHAPES:
        results.append(measure(shape, arguments.rounds))
        show(results[-1])
    missed = missed_goals(results)
    if arguments.json:
        arguments.json.write_text(json.dumps({"results": results, "missed": missed}, indent=1) + "\n")
    print("\n" + ("\n".join(f"Goal missed: {line}." for line in missed) or "Every goal is reached."))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
