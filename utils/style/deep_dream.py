"""DeepDream: what a layer sees in a photograph is made stronger in it, at several sizes.

Mordvintsev, Olah and Tyka 2015, "Inceptionism: going deeper into neural networks" (Google Research blog) and their
published notebook: normalised steps, octaves, jitter. Gradients need the TensorFlow backend (see
`utils.style.gradients`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import keras
import numpy as np
from keras import ops

from utils.style.gradients import compile_gradient, value_and_gradient
from utils.style.network import feature_extractor
from utils.style.pictures import check_picture, resize_picture

_TINY = 1e-8
LEAST_SIDE = 32  # pixels of the smallest octave


def dream_loss(activations: Sequence[keras.KerasTensor], weights: Sequence[float]):
    """Return the weighted sum of the layers' mean squared activations: how much they see.

    Parameters
    ----------
    activations : sequence of tensor
        Of any shapes.
    weights : sequence of float
        As many.

    Raises
    ------
    ValueError
        When their numbers differ, or there is none.
    """
    if not len(activations) or len(activations) != len(weights):
        raise ValueError(
            f"activations and weights must be as many, at least one, got {len(activations)}, {len(weights)}"
        )
    pairs = zip(activations, weights, strict=True)
    return sum(weight * ops.mean(ops.square(activation)) for activation, weight in pairs)


def gradient_ascent_step(
    picture: np.ndarray, loss_of: Callable, step: float = 0.01
) -> tuple[np.ndarray, float]:
    """Change a picture so that a loss grows.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        In [0, 1].
    loss_of : callable
        Picture, as a tensor → scalar tensor.
    step : float
        By how much a pixel changes on average.

    Returns
    -------
    picture : ndarray
        Clipped to [0, 1].
    loss : float
        Before the step.
    """
    loss, gradient = value_and_gradient(loss_of, picture)
    return _moved(picture, gradient, step), float(loss)


def _moved(picture: np.ndarray, gradient: np.ndarray, step: float) -> np.ndarray:
    gradient = gradient / (np.abs(gradient).mean() + _TINY)
    return np.clip(picture + step * gradient, 0, 1).astype(np.float32)


def octave_shapes(shape: tuple[int, int], octaves: int = 4, scale: float = 1.4) -> list[tuple[int, int]]:
    """Return heights and widths from the smallest octave to the picture's own.

    Parameters
    ----------
    shape : tuple of int
        (height, width) of the picture.
    octaves : int
        How many, at least 1.
    scale : float
        Of one octave to the next smaller one, greater than 1.

    Raises
    ------
    ValueError
        For values out of range, and when the smallest octave would have less than 32 pixels on a side.
    """
    if octaves < 1 or not scale > 1:
        raise ValueError(
            f"octaves must be at least 1 and scale greater than 1, got {octaves!r} and {scale!r}"
        )
    shapes = [tuple(round(side / scale**k) for side in shape) for k in reversed(range(octaves))]
    if min(shapes[0]) < LEAST_SIDE:
        raise ValueError(
            f"the smallest octave would be {shapes[0][0]}×{shapes[0][1]}, at least {LEAST_SIDE} are needed: "
            f"take fewer octaves or a larger picture"
        )
    return shapes


def deep_dream(
    picture: np.ndarray,
    shapes: Sequence[tuple[int, int]],
    ascend: Callable[[np.ndarray], np.ndarray],
    resize: Callable[[np.ndarray, tuple[int, int]], np.ndarray] = resize_picture,
) -> np.ndarray:
    """Dream from small to large; what a size cannot hold of the photograph is put back at the next.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        In [0, 1].
    shapes : sequence of (int, int)
        From small to large; the last is the picture's own.
    ascend : callable
        Picture → picture of the same shape in which more is seen.
    resize : callable
        ``(picture, (height, width)) → picture``.

    Returns
    -------
    ndarray, (height, width, 3)
        In [0, 1].
    """
    dreamt, small = None, None
    for shape in shapes:
        original = resize(picture, shape)
        if dreamt is None:
            dreamt = original
        else:
            lost = original - resize(small, shape)
            dreamt = np.clip(resize(dreamt, shape) + lost, 0, 1)
        dreamt, small = ascend(dreamt), original
    return dreamt


def ascents(
    picture: np.ndarray,
    loss_and_gradient: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    steps: int,
    step: float,
    jitter: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Yield the picture after each of several steps, shifted at random before each and back after it.

    Without the shifts, the borders of poolings and strides leave a grid in the picture. The loss comes with its
    gradient, as `utils.style.gradients.compile_gradient` makes them.
    """
    for _ in range(steps):
        shift = rng.integers(-jitter, jitter + 1, 2)
        shifted = np.roll(picture, shift, axis=(0, 1))
        _, gradient = loss_and_gradient(shifted)
        picture = np.roll(_moved(shifted, gradient, step), -shift, axis=(0, 1))
        yield picture


def dream(
    picture: np.ndarray,
    network: keras.Model,
    weights: Mapping[str, float],
    *,
    octaves: int = 4,
    scale: float = 1.4,
    steps: int = 10,
    step: float = 0.015,
    jitter: int = 8,
    seed: int = 0,
) -> np.ndarray:
    """Let a network dream into a photograph.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        uint8, or floats in [0, 1].
    network : keras.Model
        Such as `utils.models.vgg.vgg16_features`: pictures in [0, 1] → maps.
    weights : mapping of str to float
        Of layers, by name.
    octaves, scale : int, float
        See :func:`octave_shapes`.
    steps, step : int, float
        Steps an octave, and by how much a pixel changes on average in each.
    jitter : int
        Pixels of the largest random shift.
    seed : int
        Of the shifts.

    Returns
    -------
    ndarray, (height, width, 3)
        float32 in [0, 1].
    """
    picture = check_picture("picture", picture)
    extractor = feature_extractor(network, list(weights))
    rng = np.random.default_rng(seed)

    def loss_of(image):
        maps = extractor(image[None])
        return dream_loss([maps[name] for name in weights], list(weights.values()))

    loss_and_gradient = compile_gradient(loss_of, (None, None, 3))

    def ascend(image):
        for better in ascents(image, loss_and_gradient, steps, step, jitter, rng):
            image = better
        return image

    return deep_dream(picture, octave_shapes(picture.shape[:2], octaves, scale), ascend)
