"""Distances between encodings, all at once by one matrix product.

Losses and mining use squared Euclidean distances, verification Euclidean ones (Schroff, Kalenichenko and Philbin 2015,
"FaceNet", arXiv:1503.03832, section 3.1).
"""

import numpy as np
from numpy.typing import ArrayLike

LEAST_NORM = 1e-12


def l2_normalize(x: ArrayLike) -> np.ndarray:
    """Scale the vectors of the last axis to length 1; a vector of zeros stays one.

    Parameters
    ----------
    x : array_like, (..., d)
        Finite.

    Returns
    -------
    ndarray, (..., d)
        Floating, of the input's precision.
    """
    x = np.asarray(x)
    x = x.astype(np.float64) if x.dtype.kind in "iub" else x
    return x / np.maximum(np.sqrt(np.sum(x * x, axis=-1, keepdims=True)), LEAST_NORM)


def squared_distances(a: ArrayLike, b: ArrayLike | None = None) -> np.ndarray:
    """Return ‖a − b‖² for every row of one set with every row of another.

    Parameters
    ----------
    a : array_like, (n, d)
        Encodings.
    b : array_like, (m, d), optional
        Others; the same ones when not given.

    Returns
    -------
    ndarray, (n, m)
        At least 0, and exactly 0 on the diagonal when `b` is not given. ‖a‖² + ‖b‖² − 2 a·b: rounding costs about the
        square of the largest norm times the precision.

    Raises
    ------
    ValueError
        For shapes that do not fit.
    """
    a = _encodings(a, "a")
    same = b is None
    b = a if same else _encodings(b, "b")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"a and b must have rows of one length, got {a.shape[1]} and {b.shape[1]}")
    squares = np.einsum("nd,nd->n", a, a)[:, None] + np.einsum("nd,nd->n", b, b)[None]
    squares -= 2 * (a @ b.T)
    np.maximum(squares, 0, out=squares)
    if same:
        np.fill_diagonal(squares, 0)
    return squares


def distances(a: ArrayLike, b: ArrayLike | None = None) -> np.ndarray:
    """Return the Euclidean distance of every row of `a` (n, d) from every row of `b` (m, d), (n, m)."""
    return np.sqrt(squared_distances(a, b))


def _encodings(x: ArrayLike, name: str) -> np.ndarray:
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"{name} must have shape (n, d), got {x.shape}")
    return x if x.dtype.kind == "f" else x.astype(np.float64)
