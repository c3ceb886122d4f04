"""How well distances tell the same person from another: false accepts, false rejects, and the threshold between.

Fawcett 2006, "An introduction to ROC analysis". A pair is accepted when its distance is ≤ the threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from utils.faces.distances import distances as all_distances


@dataclass(frozen=True)
class Roc:
    """What happens at every threshold that makes a difference.

    Attributes
    ----------
    thresholds : ndarray, (k,)
        Rising; −∞ first, where nothing is accepted.
    false_accept, true_accept : ndarray, (k,)
        Shares of the pairs of different people, and of the same person, that are accepted; both rise from 0 to 1.
    """

    thresholds: np.ndarray
    false_accept: np.ndarray
    true_accept: np.ndarray

    @property
    def area(self) -> float:
        """Area under the curve: the chance that a pair of one person is nearer than a pair of two; ties count half."""
        return float(np.trapezoid(self.true_accept, self.false_accept))

    @property
    def equal_error_rate(self) -> float:
        """Share of errors where false accepts and false rejects are equally frequent; linear between two thresholds."""
        return float(self._crossing()[0])

    @property
    def equal_error_threshold(self) -> float:
        """Threshold at which false accepts and false rejects come nearest to each other; the lower of equals."""
        return float(self.thresholds[np.abs(self.false_accept + self.true_accept - 1).argmin()])

    def _crossing(self) -> tuple[float, int]:
        difference = self.false_accept - (1 - self.true_accept)
        after = int(np.argmax(difference >= 0))
        before = max(after - 1, 0)
        rise = difference[after] - difference[before]
        share = -difference[before] / rise if rise else 0.0
        step = self.false_accept[after] - self.false_accept[before]
        return self.false_accept[before] + share * step, after


def roc(distances: ArrayLike, same: ArrayLike) -> Roc:
    """Measure distances of pairs against the truth.

    Parameters
    ----------
    distances : array_like, (n,)
        Of pairs.
    same : array_like of bool, (n,)
        Whether a pair shows one person; there must be pairs of both kinds.

    Raises
    ------
    ValueError
        For shapes that do not fit, distances that are not finite, or when one kind is missing.
    """
    distances, same = np.asarray(distances, np.float64), np.asarray(same, bool)
    if distances.ndim != 1 or distances.shape != same.shape:
        raise ValueError(
            f"distances and same must have one shape (n,), got {distances.shape} and {same.shape}"
        )
    if not np.isfinite(distances).all():
        raise ValueError("distances must be finite")
    if same.all() or not same.any():
        raise ValueError("same must hold pairs of one person and pairs of two")
    order = np.argsort(distances, kind="stable")
    values, hits = distances[order], same[order]
    last = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)  # of equal distances
    true_accept = np.cumsum(hits)[last] / hits.sum()
    false_accept = np.cumsum(~hits)[last] / (~hits).sum()
    start = [0.0]
    return Roc(
        np.concatenate([[-np.inf], values[last]]),
        np.concatenate([start, false_accept]),
        np.concatenate([start, true_accept]),
    )


def pairs(encodings: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return distance and truth of every pair of different rows, ``(distances, same)``, n (n − 1) / 2 each."""
    labels = np.asarray(labels)
    every = all_distances(encodings)
    if labels.shape != (len(every),):
        raise ValueError(f"labels must have shape ({len(every)},), got {labels.shape}")
    one, other = np.triu_indices(len(every), 1)
    return every[one, other], labels[one] == labels[other]


def rank_one(
    gallery: ArrayLike, gallery_labels: ArrayLike, probes: ArrayLike, probe_labels: ArrayLike
) -> float:
    """Return the share of probes whose nearest encoding of the gallery shows the same person.

    Parameters
    ----------
    gallery, probes : array_like, (n, d) and (m, d)
        Encodings of known people, and of those to be recognised.
    gallery_labels, probe_labels : array_like of int, (n,) and (m,)
        Who they are.
    """
    nearest = all_distances(probes, gallery).argmin(axis=1)
    return float(np.mean(np.asarray(gallery_labels)[nearest] == np.asarray(probe_labels)))
