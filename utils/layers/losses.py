"""Cross-entropy of softmax probabilities with integer labels, and its gradient. NumPy alone is imported."""

from typing import Any

import numpy as np

from utils.layers.activations import softmax
from utils.layers.validation import as_floating


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.floating:
    """Mean over the batch of −log softmax(logits)[label].

    Computed as log Σ exp(z) − z[label] with the largest logit subtracted first, so that no probability of 0
    reaches the logarithm.

    Parameters
    ----------
    logits
        Shape (batch, classes); integers are converted to float32.
    labels
        Integers in [0, classes), shape (batch,).

    Returns
    -------
    numpy.floating
        The loss in nats, at least 0, of the type of `logits`.

    Raises
    ------
    TypeError, ValueError
        If `logits` is not a finite matrix, or `labels` are not integers in range, one for each row.
    """
    logits, labels = _check(logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return (log_sums - shifted[np.arange(len(labels)), labels]).mean()


def softmax_cross_entropy_backward(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Gradient of `softmax_cross_entropy` with respect to the logits, (softmax − one-hot) / batch.

    Parameters
    ----------
    logits, labels
        As given to `softmax_cross_entropy`.

    Returns
    -------
    numpy.ndarray
        Shape (batch, classes).

    Raises
    ------
    TypeError, ValueError
        As `softmax_cross_entropy`.
    """
    logits, labels = _check(logits, labels)
    gradient = softmax(logits)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def _check(logits: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    (logits,) = as_floating({"logits": ("batch", "classes")}, logits=logits)
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers (one class a row, not one-hot); got dtype {labels.dtype}")
    if labels.shape != logits.shape[:1]:
        raise ValueError(
            f"labels must have shape {logits.shape[:1]}, one a row of logits; got {labels.shape}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        raise ValueError(f"labels must lie in [0, {logits.shape[1]}); got values from {low} to {high}")
    return logits, labels
