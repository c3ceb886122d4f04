"""The statistics: ratios within a round, their spread, agreement of two runs, growth. Plain numbers in and out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Two processes get their memory at other places: ratios that are closer than this agree, however little they scatter.
CLOSE = 0.05


class Spread(NamedTuple):
    """The 10th, 50th and 90th percentile of something measured several times."""

    low: float
    median: float
    high: float

    @property
    def width(self) -> float:
        """Distance from low to high, as a share of the median."""
        return (self.high - self.low) / self.median


class Exponent(NamedTuple):
    """The exponent b of a cost a·sizeᵇ and its standard error."""

    value: float
    error: float


def spread(values: Sequence[float]) -> Spread:
    """Return the percentiles of positive numbers, to five digits.

    Raises
    ------
    ValueError
        When there is none, or one is not positive.
    """
    if not len(values) or not np.min(values) > 0:
        raise ValueError(f"values must be positive numbers, at least one, got {list(values)}")
    return Spread(*(float(f"{value:.5g}") for value in np.percentile(values, [10, 50, 90])))


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return our time over theirs, round by round: what disturbs a whole round falls out.

    Parameters
    ----------
    ours, theirs : sequence of float
        Seconds; the entries at one place are of one round.
    """
    if len(ours) != len(theirs):
        raise ValueError(
            f"ours and theirs must have a time for each round, got {len(ours)} and {len(theirs)}"
        )
    return spread(np.divide(ours, theirs))


def agree(first: Spread, second: Spread) -> bool:
    """Tell whether two spreads overlap, or their medians are within 5 %."""
    overlap = first.low <= second.high and second.low <= first.high
    return overlap or max(first.median, second.median) <= (1 + CLOSE) * min(first.median, second.median)


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> Exponent:
    """Fit seconds = a·sizeᵇ by least squares on the logarithms.

    Parameters
    ----------
    sizes, seconds : sequence of float
        At least three of each, positive; the sizes differ.

    Returns
    -------
    Exponent
        b and its standard error, from how far the points lie off the line.
    """
    if len(sizes) != len(seconds) or len(sizes) < 3 or len(set(sizes)) < 3:
        raise ValueError(
            f"sizes and seconds must be at least three pairs: got {list(sizes)} and {list(seconds)}"
        )
    if min(*sizes, *seconds) <= 0:
        raise ValueError("sizes and seconds must be positive")
    x, y = np.log(sizes), np.log(seconds)
    x = x - x.mean()
    slope = (x @ y) / (x @ x)
    off = y - y.mean() - slope * x
    error = np.sqrt((off @ off) / (len(x) - 2) / (x @ x))
    return Exponent(round(float(slope), 3), round(float(error), 3))
