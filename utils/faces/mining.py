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
    x, labels = _floating(encodings), np.asarray(labels)
    _check_labels(labels, len(x))
    members, count = _members(labels)
    rows = np.arange(len(x))
    anchors = rows[(count > 1) & (count < len(x))]
    if not len(anchors):
        return np.zeros((0, 3), np.int64)
    # ‖b‖² − 2 a·b is ‖a − b‖² without ‖a‖², which is the same for a whole row. The fewer passes over it the better.
    scores = (-2 * x) @ x.T
    scores += np.einsum("nd,nd->n", x, x)
    own = scores[rows[:, None], members]
    own[members == rows[:, None]] = -np.inf
    positive = members[rows, own.argmax(axis=1)]
    scores[rows[:, None], members] = np.inf
    return np.stack([anchors, positive[anchors], scores.argmin(axis=1)[anchors]], axis=1)


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
    _check_labels(labels, rows)
    same = labels[:, None] == labels[None]
    different = ~same
    np.fill_diagonal(same, False)
    return same, different


def _check_labels(labels: np.ndarray, rows: int | None) -> None:
    if labels.ndim != 1 or (rows is not None and len(labels) != rows):
        raise ValueError(f"labels must have shape ({'n' if rows is None else rows},), got {labels.shape}")


def _members(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row all rows of the same person, itself among them, and how many they are.

    Returns
    -------
    members : ndarray of int64, (n, most)
        Rising; who has fewer pictures than somebody else has the row itself in the rest.
    count : ndarray of int64, (n,)
    """
    if not len(labels):
        return np.zeros((0, 0), np.int64), np.zeros(0, np.int64)
    _, person, pictures = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(person, kind="stable")
    first = np.cumsum(pictures) - pictures
    place = np.arange(pictures.max())
    count = pictures[person]
    table = order[np.minimum(first[person][:, None] + place, len(labels) - 1)]
    return np.where(place < count[:, None], table, np.arange(len(labels))[:, None]), count


def _draw(allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one allowed column of each row."""
    return np.where(allowed, rng.random(allowed.shape), -1).argmax(axis=1)


def _floating(encodings: ArrayLike) -> np.ndarray:
    x = np.asarray(encodings)
    if x.ndim != 2:
        raise ValueError(f"encodings must have shape (n, d), got {x.shape}")
    return x if x.dtype.kind == "f" else x.astype(np.float64)
