"""Choosing triplets (anchor, positive, negative) from a batch of encodings, vectorised.

Schroff et al. 2015 (arXiv:1503.03832), section 3.2; Hermans, Beyer and Leibe 2017 (arXiv:1703.07737), "batch hard" and
"batch all". A triplet is three rows of the batch: anchor and positive show one person, the negative another.
"""

import numpy as np
from numpy.typing import ArrayLike

from utils.faces.distances import squared_distances


def all_triplets(labels: ArrayLike) -> np.ndarray:
    """Return every triplet of a batch, (triplets, 3), in order of anchor, positive, negative.

    Parameters
    ----------
    labels : array_like of int, (n,)
        Who is seen in each row.
    """
    same, different = _who_with_whom(labels)
    valid = same[:, :, None] & different[:, None, :]
    return np.argwhere(valid)


def random_triplets(labels: ArrayLike, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw triplets: an anchor that has a positive and a negative, one of its positives, one of its negatives.

    Parameters
    ----------
    labels : array_like of int, (n,)
        Who is seen in each row.
    count : int
        How many; drawn with repetition.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    ndarray of int64, (count, 3)

    Raises
    ------
    ValueError
        When there is no triplet.
    """
    same, different = _who_with_whom(labels)
    possible = np.flatnonzero(same.any(axis=1) & different.any(axis=1))
    if not len(possible):
        raise ValueError("labels must name someone twice, and two people at least")
    anchors = rng.choice(possible, count)
    return np.stack([anchors, _draw(same[anchors], rng), _draw(different[anchors], rng)], axis=1)


def hardest_triplets(encodings: ArrayLike, labels: ArrayLike) -> np.ndarray:
    """Return, for each anchor, its farthest positive and its nearest negative ("batch hard").

    Parameters
    ----------
    encodings : array_like, (n, d)
        Encodings.
    labels : array_like of int, (n,)
        Who is seen in each row.

    Returns
    -------
    ndarray of int64, (anchors, 3)
        Anchors by rising row, without those that have no positive or no negative. The first of equals is taken.
    """
    squares = squared_distances(encodings)
    same, different = _who_with_whom(labels, len(squares))
    anchors = np.flatnonzero(same.any(axis=1) & different.any(axis=1))
    if not len(anchors):
        return np.zeros((0, 3), np.int64)
    positive = np.where(same, squares, -np.inf).argmax(axis=1)
    negative = np.where(different, squares, np.inf).argmin(axis=1)
    return np.stack([anchors, positive[anchors], negative[anchors]], axis=1)


def semi_hard_triplets(encodings: ArrayLike, labels: ArrayLike, alpha: float = 0.2) -> np.ndarray:
    """Return, for each anchor and positive, the nearest negative that is farther than the positive, by less than α.

    Parameters
    ----------
    encodings : array_like, (n, d)
        Encodings.
    labels : array_like of int, (n,)
        Who is seen in each row.
    alpha : float
        The margin, greater than 0.

    Returns
    -------
    ndarray of int64, (triplets, 3)
        By rising anchor, then positive. ‖a − p‖² < ‖a − n‖² < ‖a − p‖² + α holds for each; pairs without such a
        negative are left out.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be greater than 0, got {alpha!r}")
    squares = squared_distances(encodings)
    same, different = _who_with_whom(labels, len(squares))
    anchor, positive = np.nonzero(same)
    if not len(anchor):
        return np.zeros((0, 3), np.int64)
    border = squares[anchor, positive][:, None]
    row = squares[anchor]
    wanted = different[anchor] & (row > border) & (row < border + alpha)
    negative = np.where(wanted, row, np.inf).argmin(axis=1)
    found = wanted.any(axis=1)
    return np.stack([anchor, positive, negative], axis=1)[found]


def _who_with_whom(labels: ArrayLike, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows show the same person as which others, and which another one, (n, n) each."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or (rows is not None and len(labels) != rows):
        raise ValueError(f"labels must have shape ({'n' if rows is None else rows},), got {labels.shape}")
    same = labels[:, None] == labels[None]
    different = ~same
    np.fill_diagonal(same, False)
    return same, different


def _draw(allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one allowed column of each row."""
    return np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1)
