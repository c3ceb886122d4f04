"""Same person or not, learnt from pairs: two pictures through one encoder, compared number by number and weighed.

Taigman, Yang, Ranzato and Wolf 2014, "DeepFace: closing the gap to human-level performance in face verification",
section 4: a Siamese network whose last layer weighs the absolute differences of two encodings, and the weighted χ²
similarity of two encodings without negative numbers.
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

COMPARISONS = ("difference", "chi-square")
# What the sum of two numbers is taken for where both are 0.
_LEAST_SUM = 1e-12


def chi_square_similarity(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Return Σ (a − b)² / (a + b) over the last axis, in which a term of two zeros counts 0.

    Parameters
    ----------
    a, b : array_like, (..., d)
        Encodings without negative numbers; their other axes broadcast against each other.

    Returns
    -------
    ndarray, (...)
        0 for equal encodings. Floating, of the inputs' precision.

    Raises
    ------
    ValueError
        For negative numbers.
    """
    a, b = (x if x.dtype.kind == "f" else x.astype(np.float64) for x in (np.asarray(a), np.asarray(b)))
    for name, x in (("a", a), ("b", b)):
        if (x < 0).any():
            raise ValueError(f"{name} must hold no negative numbers, its least is {x.min():.4g}")
    total = a + b
    terms = np.divide((a - b) ** 2, total, out=np.zeros_like(total), where=total > 0)
    return terms.sum(axis=-1)


def compare_encodings(first, second, how: str = "difference"):
    """Compare two encodings number by number.

    Parameters
    ----------
    first, second : tensor, (..., d)
        Encodings; they broadcast against each other. For ``"chi-square"`` without negative numbers.
    how : str
        ``"difference"``: |a − b|. ``"chi-square"``: (a − b)² / (a + b), 0 for two zeros.

    Returns
    -------
    tensor, (..., d)
        The same when first and second are exchanged.
    """
    _check_comparison(how)
    if how == "difference":
        return ops.abs(first - second)
    return ops.square(first - second) / ops.maximum(first + second, _LEAST_SUM)


def without_negatives(encoder: keras.Model) -> keras.Model:
    """Return an encoder whose negative numbers are 0 and whose encodings have length 1 again; it shares the weights."""
    pictures = keras.Input(encoder.input_shape[1:])
    return keras.Model(pictures, layers.UnitNormalization()(ops.relu(encoder(pictures))))


def siamese_classifier(
    encoder: keras.Model,
    input_shape: tuple[int, ...],
    how: str = "difference",
    weigh: layers.Layer | None = None,
) -> keras.Model:
    """Build the network that says how probably two pictures show one person.

    Parameters
    ----------
    encoder : keras.Model
        Pictures (batch, *input_shape*) → encodings (batch, d). Both pictures go through it; its weights are shared.
    input_shape : tuple of int
        Of one picture, without the batch.
    how : str
        As in :func:`compare_encodings`.
    weigh : keras.layers.Layer, optional
        (..., d) → (..., 1), a probability; by default a new dense layer with a sigmoid.

    Returns
    -------
    keras.Model
        ``[a, b]`` → (batch, 1): σ(Σ w · comparison + bias), the same when a and b are exchanged. Not compiled.
    """
    _check_comparison(how)
    weigh = layers.Dense(1, activation="sigmoid") if weigh is None else weigh
    a, b = keras.Input(input_shape), keras.Input(input_shape)
    return keras.Model([a, b], weigh(compare_encodings(encoder(a), encoder(b), how)))


def all_pairs_classifier(encoder: keras.Model, weigh: layers.Layer, how: str = "difference") -> keras.Model:
    """Build the network that compares every two pictures of a batch, each encoded once, for training.

    Parameters
    ----------
    encoder, weigh, how
        As in :func:`siamese_classifier`, whose classifier is trained by this one when they have encoder and `weigh` in
        common.

    Returns
    -------
    keras.Model
        Pictures (n, *input_shape*) → probabilities (n, n) that rows show one person. Not compiled.
    """
    _check_comparison(how)
    pictures = keras.Input(encoder.input_shape[1:])
    encodings = encoder(pictures)
    rows, columns = ops.expand_dims(encodings, 1), ops.expand_dims(encodings, 0)
    compared = compare_encodings(rows, columns, how)
    return keras.Model(pictures, ops.squeeze(weigh(compared), axis=-1))


def balanced_pair_loss(labels, same):
    """Return the cross-entropy of pairs, in which those of one person and those of two count one half each.

    Parameters
    ----------
    labels : tensor of int, (n,) or (n, 1)
        Who is seen in each row.
    same : tensor, (n, n)
        Probabilities that two rows show one person. The diagonal does not count.
    """
    labels = ops.reshape(labels, (-1,))
    same = ops.clip(same, 1e-7, 1 - 1e-7)
    together = ops.cast(labels[:, None] == labels[None], same.dtype)
    apart = 1 - together
    together = together - ops.eye(ops.shape(labels)[0], dtype=same.dtype)
    return -(_mean_of(ops.log(same), together) + _mean_of(ops.log(1 - same), apart)) / 2


def _mean_of(values, counts):
    return ops.sum(values * counts) / ops.maximum(ops.sum(counts), 1.0)


def _check_comparison(how: str) -> None:
    if how not in COMPARISONS:
        raise ValueError(f"how must be one of {', '.join(COMPARISONS)}, got {how!r}")
