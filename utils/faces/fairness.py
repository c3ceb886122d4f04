"""Error rates of groups of people, with intervals that know that pictures of one person err together."""

import numpy as np
from numpy.typing import ArrayLike


def rate_interval(
    errors: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    rng: np.random.Generator,
    draws: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Return the share of pairs that are errors, and an interval for it by drawing *people* again and again.

    Parameters
    ----------
    errors : array_like of bool, (n,)
        Whether a pair of pictures was judged wrongly.
    first, second : array_like of int, (n,)
        Who is seen in each of the two pictures, from 0.
    rng : numpy.random.Generator
        Draws the people.
    draws : int
        How often, at least 1.
    confidence : float
        Share of the draws that lie inside, in (0, 1).

    Returns
    -------
    rate, low, high : float
        NaN for `low` and `high` when no draw held a pair.

    Notes
    -----
    The bootstrap by people (Bolle, Ratha and Pankanti 2004, "Error analysis of pattern recognition systems: the subsets
    bootstrap"): whoever is drawn twice counts twice, so a pair of two people counts as often as the product of both
    says, and one of one person as often as that person. Intervals from independent pairs would be far too narrow.
    """
    errors, first, second = np.asarray(errors, bool), np.asarray(first), np.asarray(second)
    if errors.ndim != 1 or not errors.size or errors.shape != first.shape or errors.shape != second.shape:
        raise ValueError(
            "errors, first and second must have one shape (n,), n at least 1, got "
            f"{errors.shape}, {first.shape} and {second.shape}"
        )
    if draws < 1 or not 0 < confidence < 1:
        raise ValueError(f"draws must be at least 1 and confidence in (0, 1), got {draws!r}, {confidence!r}")
    people = int(max(first.max(), second.max())) + 1
    present = np.unique(np.concatenate([first, second]))
    wrong, all_pairs = np.zeros((people, people)), np.zeros((people, people))
    np.add.at(wrong, (first, second), errors)
    np.add.at(all_pairs, (first, second), 1)
    rates = []
    for _ in range(draws):
        times = np.bincount(rng.choice(present, len(present)), minlength=people)
        weights = np.outer(times, times)
        np.fill_diagonal(weights, times)
        if total := (weights * all_pairs).sum():
            rates.append((weights * wrong).sum() / total)
    ends = np.quantile(rates, [(1 - confidence) / 2, (1 + confidence) / 2]) if rates else (np.nan, np.nan)
    return float(errors.mean()), float(ends[0]), float(ends[1])
