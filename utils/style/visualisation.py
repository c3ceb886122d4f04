"""Pictures that excite a unit as much as possible, by gradient ascent on the pixels.

Erhan et al. 2009, "Visualizing higher-layer features of a deep network"; Simonyan, Vedaldi and Zisserman 2013
(arXiv:1312.6034), section 2, with the L2 penalty; total variation and jitter as in Mahendran and Vedaldi 2015
(arXiv:1412.0035) and 2016 (arXiv:1512.02017); blurring as in Yosinski et al. 2015 (arXiv:1506.06579). Gradients need
the TensorFlow backend (see `utils.style.gradients`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from utils.style.gradients import compile_gradient
from utils.style.network import feature_extractor

_TINY = 1e-8
_Slope = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Regularisation:
    """What keeps a picture from becoming noise that only the network sees; all zero is no regularisation.

    Attributes
    ----------
    jitter : int
        Before each step the picture is shifted, around its borders, by up to so many pixels in each direction.
    blur : float
        Share of a [1, 2, 1] / 4 blur, down and across, that is mixed in after each step; in [0, 1].
    decay : float
        Weight of the mean of (pixel − .5)², which is subtracted from the activation.
    variation : float
        Weight of the mean absolute difference of neighbouring pixels, subtracted as well.
    """

    jitter: int = 0
    blur: float = 0.0
    decay: float = 0.0
    variation: float = 0.0

    def __post_init__(self):
        if self.jitter < 0 or self.decay < 0 or self.variation < 0 or not 0 <= self.blur <= 1:
            raise ValueError(f"jitter, decay and variation must be at least 0 and blur in [0, 1], got {self}")


PLAIN = Regularisation()


def noise(count: int, size: int, rng: np.random.Generator, spread: float = 0.05) -> np.ndarray:
    """Return grey pictures with a little normal noise, (count, size, size, 3), float32 in [0, 1]."""
    grains = 0.5 + spread * rng.standard_normal((count, size, size, 3), np.float32)
    return np.clip(grains, 0, 1).astype(np.float32)


def maximise(
    model: keras.Model,
    layer: str,
    units: Sequence[int],
    pictures: np.ndarray,
    steps: int,
    step_size: float,
    regularisation: Regularisation = PLAIN,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Climb from pictures to ones that excite units more, each picture for a unit of its own.

    A step adds `step_size` times the gradient of the unit's mean activation (minus penalties), divided by its root
    mean square, and clips to [0, 1].

    Parameters
    ----------
    model : keras.Model
        Pictures (batch, height, width, 3) in [0, 1] → anything.
    layer : str
        Name of a layer with feature maps.
    units : sequence of int
        Channel of the layer for each picture.
    pictures : ndarray, (len(units), height, width, 3)
        Where the climb begins; not changed.
    steps : int
        At least 0.
    step_size : float
        Root mean square of a step, in units of the pixels.
    regularisation : Regularisation
        None by default.
    rng : numpy.random.Generator, optional
        Draws the jitter; needed for it only.

    Returns
    -------
    ndarray
        As `pictures`, float32 in [0, 1].

    Raises
    ------
    ValueError
        When there are not as many units as pictures, a unit is none of the layer's, or jitter has no `rng`.
    """
    if pictures.ndim != 4 or len(pictures) != len(units):
        raise ValueError(
            f"pictures must be one a unit, ({len(units)}, height, width, 3), got {pictures.shape}"
        )
    if regularisation.jitter and rng is None:
        raise ValueError("rng must be given when there is jitter")
    slope_at = _compile_slope(model, layer, units, regularisation)
    return _climb(slope_at, pictures, steps, step_size, regularisation, rng)


def maximise_coarse_to_fine(
    model: keras.Model,
    layer: str,
    units: Sequence[int],
    sizes: Sequence[int],
    steps: int,
    step_size: float,
    regularisation: Regularisation,
    rng: np.random.Generator,
) -> np.ndarray:
    """Climb at several sizes, each beginning with the enlarged picture of the one before: large shapes come first.

    Parameters
    ----------
    model, layer, units, step_size, regularisation
        As in :func:`maximise`.
    sizes : sequence of int
        Sides of the square pictures in pixels, from small to large.
    steps : int
        At each size.
    rng : numpy.random.Generator
        Draws the noise that the climb begins with, and the jitter.

    Returns
    -------
    ndarray, (len(units), last size, last size, 3)
        float32 in [0, 1].
    """
    pictures = noise(len(units), sizes[0], rng)
    slope_at = _compile_slope(model, layer, units, regularisation)
    for size in sizes:
        resized = ops.image.resize(
            pictures, (size, size), interpolation="bicubic", data_format="channels_last"
        )
        pictures = _climb(slope_at, np.asarray(resized), steps, step_size, regularisation, rng)
    return pictures


def activations(model: keras.Model, layer: str, units: Sequence[int], pictures: np.ndarray) -> np.ndarray:
    """Return each unit's mean activation on its own picture, (len(units),); arguments as in :func:`maximise`."""
    maps = np.asarray(feature_extractor(model, [layer])(pictures, training=False)[layer])
    return maps[np.arange(len(units)), :, :, np.asarray(units)].mean(axis=(1, 2))


def _compile_slope(
    model: keras.Model, layer: str, units: Sequence[int], regularisation: Regularisation
) -> _Slope:
    """Record each unit's excitement by its picture, minus penalties, with the gradient; for pictures of any size."""
    network = feature_extractor(model, [layer])
    channels = model.get_layer(layer).output.shape[-1]
    for unit in units:
        if not 0 <= unit < channels:
            raise ValueError(f"units must be between 0 and {channels - 1}, got {unit!r}")
    chosen = ops.one_hot(np.asarray(units), channels)[:, None, None, :]

    def objective(x):
        maps = network(x, training=False)[layer]
        excitement = ops.sum(ops.mean(maps * chosen, axis=(1, 2)))
        return excitement - ops.sum(_penalties(x, regularisation))

    return compile_gradient(objective, (len(units), None, None, 3))


def _climb(
    slope_at: _Slope,
    pictures: np.ndarray,
    steps: int,
    step_size: float,
    regularisation: Regularisation,
    rng: np.random.Generator | None,
) -> np.ndarray:
    """Take the steps of :func:`maximise` at one size."""
    x = np.clip(pictures, 0, 1).astype(np.float32)
    for _ in range(steps):
        shift = (
            rng.integers(-regularisation.jitter, regularisation.jitter + 1, 2) if regularisation.jitter else 0
        )
        x = np.roll(x, shift, axis=(1, 2)) if regularisation.jitter else x
        _, gradient = slope_at(x)
        length = np.sqrt(np.mean(np.square(gradient), axis=(1, 2, 3), keepdims=True))
        x = np.clip(x + step_size * gradient / (length + _TINY), 0, 1)
        x = _blur(x, regularisation.blur)
        x = np.roll(x, -shift, axis=(1, 2)) if regularisation.jitter else x
    return x.astype(np.float32)


def _penalties(x, regularisation: Regularisation):
    """Return the penalties of each picture, (batch,)."""
    total = ops.zeros(x.shape[0])
    if regularisation.decay:
        total = total + regularisation.decay * ops.mean(ops.square(x - 0.5), axis=(1, 2, 3))
    if regularisation.variation:
        down = ops.mean(ops.abs(x[:, 1:] - x[:, :-1]), axis=(1, 2, 3))
        across = ops.mean(ops.abs(x[:, :, 1:] - x[:, :, :-1]), axis=(1, 2, 3))
        total = total + regularisation.variation * (down + across)
    return total


def _blur(x: np.ndarray, share: float) -> np.ndarray:
    """Mix in a [1, 2, 1] / 4 blur down and across; borders are mirrored."""
    if not share:
        return x
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    down = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    both = (down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 4
    return (1 - share) * x + share * both
