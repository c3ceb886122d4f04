"""How sure a measured accuracy is: the interval of one classifier, and the gain of one over another.

Two classifiers that are measured on the same pictures are compared picture by picture. That is much sharper than to
look whether two intervals overlap, because what both get right, or both get wrong, says nothing about the difference.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest


@dataclass(frozen=True)
class PairedComparison:
    """One classifier against another on the same pictures.

    Attributes
    ----------
    gained, lost : int
        Pictures that only the second classifier gets right, and that only the first does.
    total : int
        Number of pictures.
    gain : float
        Accuracy of the second minus that of the first, in [-1, 1]: ``(gained - lost) / total``.
    low, high : float
        Confidence interval of the gain, by a paired bootstrap over pictures.
    p_value : float
        McNemar's exact test, two-sided: how often luck alone would bring a difference at least as large between two
        classifiers that are equally good.
    """

    gained: int
    lost: int
    total: int
    gain: float
    low: float
    high: float
    p_value: float


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of an accuracy.

    Parameters
    ----------
    correct, total : int
        Right answers and answers, 0 ≤ correct ≤ total, total ≥ 1.
    confidence : float
        How often such intervals hold the true accuracy, between 0 and 1.

    Returns
    -------
    (low, high) : tuple of float
        In [0, 1].

    Raises
    ------
    ValueError
        When a number is out of its range.

    References
    ----------
    Wilson: Probable inference, the law of succession, and statistical inference, 1927.
    """
    _check_confidence(confidence)
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(
            f"correct and total must satisfy 0 ≤ correct ≤ total and total ≥ 1, got {correct!r} of {total!r}"
        )
    interval = binomtest(int(correct), int(total)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def compare_paired(
    before: np.ndarray,
    after: np.ndarray,
    rng: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> PairedComparison:
    """Compare two classifiers on the same pictures.

    Parameters
    ----------
    before, after : ndarray
        (pictures,), boolean: which pictures each classifier gets right, in the same order.
    rng : numpy.random.Generator
        For the bootstrap.
    confidence : float
        Of the interval, between 0 and 1.
    resamples : int
        Test sets that the bootstrap draws.

    Returns
    -------
    PairedComparison
        Positive ``gain``: the second is better.

    Raises
    ------
    TypeError
        When an array is not boolean.
    ValueError
        When the arrays differ in length or are empty, or a number is out of its range.

    References
    ----------
    McNemar: Note on the sampling error of the difference between correlated proportions or percentages, 1947.
    Efron, Tibshirani: An introduction to the bootstrap, 1993, chapter 13 (percentile intervals).
    """
    before, after = _checked_flags("before", before), _checked_flags("after", after)
    if len(before) != len(after):
        raise ValueError(
            f"before and after must be about the same pictures, got {len(before)} and {len(after)}"
        )
    _check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples!r}")
    total = len(before)
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    # Only how many pictures of the three kinds a resampled test set holds matters, so those counts are drawn at once.
    shares = np.array([gained, lost, total - gained - lost]) / total
    counts = rng.multinomial(total, shares, size=resamples)
    low, high = np.quantile(
        (counts[:, 0] - counts[:, 1]) / total, [(1 - confidence) / 2, (1 + confidence) / 2]
    )
    p_value = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    return PairedComparison(
        gained, lost, total, (gained - lost) / total, float(low), float(high), float(p_value)
    )


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}")


def _checked_flags(name: str, flags: np.ndarray) -> np.ndarray:
    flags = np.asarray(flags)
    if flags.dtype != bool:
        raise TypeError(f"{name} must be boolean, right or wrong for each picture; got {flags.dtype}")
    if flags.ndim != 1 or len(flags) == 0:
        raise ValueError(f"{name} must be (pictures,) with at least one picture, got shape {flags.shape}")
    return flags
