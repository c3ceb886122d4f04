"""Activation functions without weights, and their gradients. NumPy alone is imported."""

import numpy as np

from utils.layers.validation import as_floating, check_shape


def relu(x: np.ndarray) -> np.ndarray:
    """Rectified linear unit, max(x, 0), element by element.

    Parameters
    ----------
    x
        Any shape; integers are converted to float32.

    Returns
    -------
    numpy.ndarray
        A new array shaped as `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` is not numeric, not finite or empty.
    """
    (x,) = as_floating(None, x=x)
    return np.maximum(x, 0)


def relu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to the input of `relu`; at exactly 0 it is 0, as TensorFlow's.

    Parameters
    ----------
    grad
        Gradient with respect to the output, shaped as `x`.
    x
        As given to `relu`.

    Returns
    -------
    numpy.ndarray
        Shaped as `x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not numeric, not finite or empty, or the shapes differ.
    """
    grad, x = as_floating(None, grad=grad, x=x)
    check_shape("grad", grad, x.shape, "that of x")
    return grad * (x > 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities from logits along the last axis, exp(z) / Σ exp(z), safe against overflow.

    Parameters
    ----------
    logits
        Shape (..., classes); integers are converted to float32.

    Returns
    -------
    numpy.ndarray
        Shaped as `logits`, in [0, 1], each row summing to 1.

    Raises
    ------
    TypeError, ValueError
        If `logits` is not numeric, not finite or empty.
    """
    (logits,) = as_floating(None, logits=logits)
    if logits.ndim == 0:
        raise ValueError(f"logits must have at least one axis, the classes; got the number {logits}")
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_backward(grad: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to the logits of `softmax`, p · (g − Σ p g).

    Parameters
    ----------
    grad
        Gradient with respect to the probabilities, shaped as `logits`.
    logits
        As given to `softmax`.

    Returns
    -------
    numpy.ndarray
        Shaped as `logits`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not numeric, not finite or empty, or the shapes differ.
    """
    grad, logits = as_floating(None, grad=grad, logits=logits)
    check_shape("grad", grad, logits.shape, "that of logits")
    probabilities = softmax(logits)
    return probabilities * (grad - (probabilities * grad).sum(axis=-1, keepdims=True))
