"""The two ways down: Adam, and L-BFGS in chunks. Both give every picture with its own cost, and keep to [0, 1]."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from scipy.optimize import Bounds, minimize

CHUNK = 10  # L-BFGS's iterations between two pictures
OPTIMIZERS = ("adam", "l-bfgs")

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def adam_steps(
    gradient: Gradient, start: np.ndarray, steps: int, learning_rate: float
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Give (step, cost, picture) from step 0, the start, to step `steps`.

    Kingma and Ba 2015 (arXiv:1412.6980), with clipping to [0, 1] after each update.

    Parameters
    ----------
    gradient : callable
        Picture (height, width, 3) → cost, gradient.
    start : ndarray, (height, width, 3)
        In [0, 1].
    steps : int
        Updates.
    learning_rate : float
        About how far a value moves at an update.

    Raises
    ------
    FloatingPointError
        When the cost is no longer finite.
    """
    picture = tf.Variable(start, dtype=tf.float32)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build([picture])

    @tf.function
    def update(slope: tf.Tensor) -> None:
        optimizer.apply([slope], [picture])
        picture.assign(tf.clip_by_value(picture, 0, 1))

    for step in range(steps + 1):
        cost, slope = gradient(picture.value())
        yield step, _finite(cost, step), picture.numpy()
        if step < steps:
            update(slope)


def lbfgs_steps(
    gradient: Gradient, start: np.ndarray, steps: int, learning_rate: float, chunk: int = CHUNK
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Give (step, cost, picture) for step 0, the start, and after every `chunk` iterations of L-BFGS-B.

    Byrd, Lu, Nocedal and Zhu 1995, in SciPy, with the bounds [0, 1]. An iteration takes 1.1 to 1.5 gradients. What it
    knows of the curvature is forgotten between chunks; the cost never rises.

    Parameters
    ----------
    gradient, start, steps
        As in :func:`adam_steps`.
    learning_rate : float
        The mean change of a value at the first iteration of a chunk, before anything is known of the curvature.
    chunk : int
        Iterations between two pictures.

    Raises
    ------
    FloatingPointError
        When the cost is no longer finite.
    """
    shape, x = start.shape, start.astype(np.float64).ravel()
    cost, slope = _double(gradient, x, shape)
    yield 0, _finite(cost, 0), start
    done = 0
    while done < steps:
        # The first iteration goes along the gradient as far as it is long, so the cost is given a fitting scale.
        scale = learning_rate / max(np.abs(slope).mean(), 1e-30)

        def scaled(x: np.ndarray, scale: float = scale) -> tuple[float, np.ndarray]:
            cost, slope = _double(gradient, x, shape)
            return cost * scale, slope * scale

        options = {"maxiter": min(chunk, steps - done), "maxcor": chunk, "ftol": 0, "gtol": 0}
        found = minimize(scaled, x, jac=True, method="L-BFGS-B", bounds=Bounds(0, 1), options=options)
        if found.nit == 0:
            return
        done, x, cost, slope = done + found.nit, found.x, found.fun / scale, found.jac / scale
        yield done, _finite(cost, done), x.reshape(shape).astype(np.float32)


def _double(gradient: Gradient, x: np.ndarray, shape: tuple[int, ...]) -> tuple[float, np.ndarray]:
    """Return cost and gradient as SciPy wants them."""
    cost, slope = gradient(tf.constant(x.reshape(shape), tf.float32))
    return float(cost), slope.numpy().astype(np.float64).ravel()


def _finite(cost: tf.Tensor | float, step: int) -> float:
    cost = float(cost)
    if not np.isfinite(cost):
        raise FloatingPointError(f"the cost is {cost} at step {step}: a smaller learning_rate may help")
    return cost
