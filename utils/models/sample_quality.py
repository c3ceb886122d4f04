"""How good made digits are, in numbers: a classifier of real digits looks at them.

After the inception score of Salimans and others 2016, "Improved techniques for training GANs" (arXiv:1606.03498),
section 4, with a small classifier of digits in place of an ImageNet network.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike
from scipy.spatial.distance import pdist

from utils.models.weights import assign_weights, load_weights

SURE = 0.95
CLASSES = 10


def digit_judge(weights: str | Path | None = "bundled") -> keras.Model:
    """Build the classifier that judges made digits, trained by ``course run dcgan-digits``.

    Parameters
    ----------
    weights : "bundled", path or None
        The bundled ones, those of a file that the run has written, or random.

    Returns
    -------
    keras.Model
        Digits (batch, 28, 28, 1) in [0, 1], white on black → probabilities (batch, 10).
    """
    digits = keras.Input((28, 28, 1), name="digits")
    x = digits
    for number, filters in enumerate((16, 32)):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv_{number}")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(64, activation="relu", name="dense")(layers.Flatten()(x))
    x = layers.Dropout(0.3)(x)
    model = keras.Model(digits, layers.Dense(CLASSES, activation="softmax", name="classes")(x), name="judge")
    if weights is not None:
        assign_weights(model, load_weights(weights, "digit-judge"))
    return model


@dataclass(frozen=True)
class Quality:
    """What a classifier says of made pictures.

    Attributes
    ----------
    sure : float
        Share of the pictures whose most probable class has a probability of at least .95.
    score : float
        exp of the mean KL divergence of a picture's class probabilities from those of all pictures together: from 1
        (all alike, or none like a digit) to the number of classes (each clear, all equally frequent).
    shares : tuple of float
        Share of the pictures that each class is the most probable for; sums to 1.
    entropy : float
        Of the shares, in bits; at most log₂ of the number of classes.
    """

    sure: float
    score: float
    shares: tuple[float, ...]
    entropy: float


def judge_samples(probabilities: ArrayLike) -> Quality:
    """Summarise class probabilities of made pictures.

    Parameters
    ----------
    probabilities : array_like, (n, classes)
        Rows sum to 1.

    Raises
    ------
    ValueError
        When they are not a table of probabilities.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or not len(p) or (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            f"probabilities must be rows (n, classes) that sum to 1, got an array of shape {p.shape}"
        )
    together = p.mean(axis=0)
    divergence = np.sum(p * (_log(p) - _log(together)), axis=1).mean()
    shares = np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)
    return Quality(
        sure=float(np.mean(p.max(axis=1) >= SURE)),
        score=float(np.exp(divergence)),
        shares=tuple(shares.tolist()),
        entropy=float(-np.sum(shares * _log(shares)) / np.log(2)),
    )


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, 1e-12))


def pairwise_distance(pictures: ArrayLike) -> float:
    """Return the mean Euclidean distance between all pairs of pictures (n, height, width), n at least 2."""
    pictures = np.asarray(pictures, np.float64)
    if len(pictures) < 2:
        raise ValueError(f"pictures must be at least 2, got {len(pictures)}")
    return float(pdist(pictures.reshape(len(pictures), -1)).mean())
