"""Say how a part of a Keras network differs from what was asked for, in each of its modes."""

import numpy as np
from scipy.signal import correlate

from utils.answers.keras_models import model_difference
from utils.exercises.entry import Arrays
from utils.exercises.keras_graphs import place_key, placed_weights, signed_inputs
from utils.exercises.keras_models import shape_text

RTOL, ATOL = 2e-3, 1e-4


class Reference:
    """Computes a network of convolutions and normalisations by SciPy, with and without training.

    A value is a triple: the array in inference mode, the array in training mode, and the keys of the layers with
    weights that feed it.
    """

    def __init__(self, shape: tuple[int, ...]):
        x = signed_inputs(shape)
        self.x = (x, x, ())
        self.weights: list[str] = []
        self.trainable = 0

    def convolve(self, value, filters: int, size: int, stride: int = 1):
        """Apply a convolution with bias and size // 2 zeros on each side."""
        key, (kernel, bias) = self._weights(value, (size, size, value[0].shape[3], filters), (filters,))
        self.trainable += kernel.size + bias.size
        return *(_correlate(x, kernel, stride) + bias for x in value[:2]), (key,)

    def normalise(self, value, epsilon: float = 1e-5):
        """Normalise by the moving averages, and by the batch."""
        channels = value[0].shape[3]
        key, (gamma, beta, mean, variance) = self._weights(value, *[(channels,)] * 4)
        self.trainable += 2 * channels
        trained = value[1].astype(np.float64)
        batch = trained.mean(axis=(0, 1, 2)), trained.var(axis=(0, 1, 2))
        outputs = (
            gamma * (x - m) / np.sqrt(v + epsilon) + beta
            for x, m, v in ((value[0], mean, variance), (trained, *batch))
        )
        return *outputs, (key,)

    def _weights(self, value, *shapes: tuple[int, ...]) -> tuple[int, list[np.ndarray]]:
        self.weights += [shape_text(shape) for shape in shapes]
        key = place_key(shapes, value[2])
        return key, placed_weights(shapes, key)

    def arrays(self, value) -> Arrays:
        """Return what the probe should say."""
        return {
            "input_shape": np.array(self.x[0].shape[1:]),
            "output_shape": np.array(value[0].shape[1:]),
            "weights": np.array(sorted(self.weights)),
            "trainable": np.array(self.trainable),
            "inference": value[0],
            "training": value[1],
        }


def relu(value):
    """Apply a ReLU to a reference's value."""
    return np.maximum(value[0], 0), np.maximum(value[1], 0), value[2]


def add(one, other):
    """Add two of a reference's values."""
    return one[0] + other[0], one[1] + other[1], (*one[2], *other[2])


def _correlate(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    margin = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    maps = [
        [correlate(picture, kernel[..., k], "valid")[..., 0] for k in range(kernel.shape[3])]
        for picture in padded
    ]
    return np.moveaxis(np.array(maps), 1, 3)[:, ::stride, ::stride]


def network_difference(expected: Arrays, got: Arrays, training: bool | None, loose: float = 1.0) -> str:
    """Compare two networks as :func:`utils.exercises.keras_graphs.probe_network` describes them.

    Parameters
    ----------
    expected, got : dict of str to ndarray
        Arrays of the probe; ``expected`` needs neither ``plain`` nor ``kernel_range``.
    training : bool or None
        The mode that a call without ``training`` has to use; None means inference.
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
    if not _close(expected["training"], got["training"], loose):
        return (
            "After training your network is right; in training mode, where the batch's own statistics count, it gives "
            "other outputs."
        )
    if _close(expected["training" if training else "inference"], got["plain"], loose):
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
