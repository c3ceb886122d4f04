"""Say how a part of a Keras network differs from what was asked for, in each of its modes."""

from collections.abc import Callable

import numpy as np
from scipy.signal import correlate

from utils.answers.keras_models import model_difference
from utils.exercises.entry import Arrays
from utils.exercises.keras_graphs import faint, place_key, placed_weights, signed_inputs
from utils.exercises.keras_models import shape_text

RTOL, ATOL = 2e-3, 1e-4


class Reference:
    """Computes a network without Keras, in each of the modes in which it is probed.

    A value is a tuple: the array in inference mode, the array in training mode, where asked for the array of faint
    samples in training mode, and last the keys of the layers with weights that feed it.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) of the input.
    convolution : callable, optional
        ``(x, kernel, stride) → maps`` with size // 2 zeros on each side; by SciPy, picture by picture, where none is
        given.
    with_faint : bool
        As in :func:`utils.exercises.keras_graphs.probe_network`.
    """

    def __init__(self, shape: tuple[int, ...], convolution: Callable | None = None, with_faint: bool = False):
        x = signed_inputs(shape)
        self.x = (x, x, faint(x), ()) if with_faint else (x, x, ())
        self.weights: list[str] = []
        self.trainable = 0
        self._convolution = convolution or _correlate

    def convolve(self, value, filters: int, size: int, stride: int = 1):
        """Apply a convolution with bias and size // 2 zeros on each side."""
        key, (kernel, bias) = self._weights(value, (size, size, value[0].shape[3], filters), (filters,))
        self.trainable += kernel.size + bias.size
        return *(self._convolution(x, kernel, stride) + bias for x in value[:-1]), (key,)

    def dense(self, value, units: int):
        """Apply a dense layer to rows."""
        key, (kernel, bias) = self._weights(value, (value[0].shape[1], units), (units,))
        self.trainable += kernel.size + bias.size
        return *(x @ kernel + bias for x in value[:-1]), (key,)

    def normalise(self, value, epsilon: float = 1.001e-5, always_by_batch: bool = False):
        """Normalise by the moving averages in inference mode, unless told otherwise, and else by the batch."""
        channels = value[0].shape[3]
        key, (gamma, beta, mean, variance) = self._weights(value, *[(channels,)] * 4)
        self.trainable += 2 * channels
        outputs = []
        for x, by_batch in zip(value[:-1], (always_by_batch, True, True), strict=False):
            m, v = _statistics(x) if by_batch else (mean, variance)
            outputs.append((x - m) * (gamma / np.sqrt(v + epsilon)).astype(np.float32) + beta)
        return *outputs, (key,)

    def _weights(self, value, *shapes: tuple[int, ...]) -> tuple[int, list[np.ndarray]]:
        self.weights += [shape_text(shape) for shape in shapes]
        key = place_key(shapes, value[-1])
        return key, placed_weights(shapes, key)

    def arrays(self, value, training: bool | None = None) -> Arrays:
        """Return what the probe says of such a network, with ``training`` built into its normalisations."""
        names = ("inference", "training", "faint")
        return {
            "input_shape": np.array(self.x[0].shape[1:]),
            "output_shape": np.array(value[0].shape[1:]),
            "weights": np.array(sorted(self.weights)),
            "trainable": np.array(self.trainable),
            "kernel_range": np.array([0, 2]),
            "plain": value[1 if training else 0],
            **dict(zip(names, value[:-1], strict=False)),
        }


def apply(function: Callable, value):
    """Apply a function without weights to a reference's value."""
    return *map(function, value[:-1]), value[-1]


def relu(value):
    """Apply a ReLU to a reference's value."""
    return apply(lambda x: np.maximum(x, 0), value)


def add(one, other):
    """Add two of a reference's values."""
    return *(a + b for a, b in zip(one[:-1], other[:-1], strict=True)), (*one[-1], *other[-1])


def _statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = x.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32)
    return mean, np.square(x - mean).mean(axis=(0, 1, 2), dtype=np.float64)


def _correlate(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    margin = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    maps = [
        [correlate(picture, kernel[..., k], "valid", "direct")[..., 0] for k in range(kernel.shape[3])]
        for picture in padded
    ]
    return np.moveaxis(np.array(maps), 1, 3)[:, ::stride, ::stride]


def network_difference(expected: Arrays, got: Arrays, training: bool | None, loose: float = 1.0) -> str:
    """Compare two networks as :func:`utils.exercises.keras_graphs.probe_network` describes them.

    Parameters
    ----------
    expected, got : dict of str to ndarray
        Arrays of the probe; ``kernel_range`` is not looked at.
    training : bool or None
        What was asked to be built into the normalisations; for the message.
    loose : float
        Factor on the tolerance in training mode, for deep networks.

    Returns
    -------
    str
        One or two sentences; empty when they agree.
    """
    names = ("input_shape", "output_shape", "weights", "trainable")
    mode = {"same_in_training": np.array(True), "steps": np.array([], dtype=np.str_)}
    want, have = ({**{n: a[n] for n in names}, "outputs": a["inference"], **mode} for a in (expected, got))
    problem = model_difference(want, have)
    if problem:
        return problem
    names = [name for name in ("training", "faint") if name in expected]
    if not all(_close(expected[name], got[name], loose) for name in names):
        return (
            "After training your network is right; in training mode, where the batch's own statistics count, it gives "
            "other outputs."
        )
    if _close(expected["plain"], got["plain"], loose):
        return ""
    return (
        f"Your normalisations do not follow the argument `training`: here it is {training}, and without being told "
        f"otherwise the block should {'use the batch’s own statistics' if training else 'use the moving averages'}."
    )


def kernels_differ(low: float, got: Arrays) -> str:
    """Tell whether the kernels began with what the case's initializer draws, numbers from ``low`` to ``low`` + 1."""
    if tuple(got["kernel_range"]) == (low, low + 1):
        return ""
    return (
        f"The initializer that was given draws numbers from {low:g} to {low + 1:g}; not all of your kernels begin with "
        "such numbers."
    )


def _close(want: np.ndarray, got: np.ndarray, loose: float) -> bool:
    return want.shape == got.shape and np.allclose(want, got, rtol=loose * RTOL, atol=loose * ATOL)
