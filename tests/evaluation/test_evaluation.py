"""Intervals against published numbers, paired comparisons against exact sums and SciPy's bootstrap."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from utils.evaluation import compare_paired, wilson_interval

# Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("correct", "total", "low", "high"), NEWCOMBE)
def test_wilson_gives_the_published_intervals(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_ends_are_where_the_score_test_just_rejects(numbers):
    correct, total = numbers
    share = correct / total
    for end in wilson_interval(correct, total):
        assert 0 <= end <= 1
        if 1e-9 < end < 1 - 1e-9:
            assert abs(share - end) / np.sqrt(end * (1 - end) / total) == pytest.approx(1.959964, rel=1e-4)


@pytest.mark.parametrize(
    ("correct", "total", "confidence", "names"),
    [(3, 2, 0.95, "correct"), (-1, 2, 0.95, "correct"), (0, 0, 0.95, "total"), (1, 2, 95, "confidence")],
)
def test_wilson_refuses_what_cannot_be(correct, total, confidence, names):
    with pytest.raises(ValueError, match=names):
        wilson_interval(correct, total, confidence)


def flags(both, gained, lost, neither):
    """Return two arrays with these counts of pictures, in a shuffled order."""
    before = np.repeat([True, False, True, False], [both, gained, lost, neither])
    after = np.repeat([True, True, False, False], [both, gained, lost, neither])
    order = np.random.default_rng(0).permutation(len(before))
    return before[order], after[order]


def exact_p(gained, lost):
    """Add up the probabilities of all outcomes of a fair coin that are at most as likely as the one that came."""
    n = gained + lost
    return float(sum(Fraction(comb(n, k), 2**n) for k in range(n + 1) if comb(n, k) <= comb(n, gained)))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 50))
def test_mcnemar_is_the_exact_sign_test_of_the_disagreements(gained, lost, both):
    result = compare_paired(*flags(both, gained, lost, 3), np.random.default_rng(0), resamples=10)
    assert (result.gained, result.lost, result.total) == (gained, lost, gained + lost + both + 3)
    assert result.p_value == pytest.approx(exact_p(gained, lost) if gained + lost else 1.0)
    assert result.gain == pytest.approx((gained - lost) / result.total)


def test_eight_to_one_is_not_luck_by_the_usual_measure():
    assert compare_paired(*flags(5, 8, 1, 5), np.random.default_rng(0)).p_value == pytest.approx(20 / 512)


def test_the_interval_is_that_of_scipys_paired_bootstrap():
    before, after = flags(800, 60, 25, 115)
    mine = compare_paired(before, after, np.random.default_rng(1))
    theirs = bootstrap(
        (after - before.astype(float),),
        np.mean,
        n_resamples=10_000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=2e-3)


def test_equal_classifiers_have_no_gain_and_no_interval():
    before, _ = flags(5, 3, 0, 2)
    result = compare_paired(before, before, np.random.default_rng(0))
    assert (result.gain, result.low, result.high, result.p_value) == (0, 0, 0, 1)


def test_the_same_generator_gives_the_same_interval():
    results = [compare_paired(*flags(50, 9, 4, 7), np.random.default_rng(5)) for _ in range(2)]
    assert results[0] == results[1]


BAD = [
    (dict(before=np.ones(3)), TypeError, "before must be boolean"),
    (dict(after=np.ones((3, 1), bool)), ValueError, "after must be"),
    (dict(before=np.ones(0, bool), after=np.ones(0, bool)), ValueError, "before must be"),
    (dict(after=np.ones(4, bool)), ValueError, "same pictures, got 3 and 4"),
    (dict(confidence=1.0), ValueError, "confidence"),
    (dict(resamples=0), ValueError, "resamples"),
]


@pytest.mark.parametrize(("changes", "error", "match"), BAD)
def test_a_comparison_refuses_what_cannot_be(changes, error, match):
    arguments = {
        "before": np.ones(3, bool),
        "after": np.ones(3, bool),
        "rng": np.random.default_rng(0),
        **changes,
    }
    with pytest.raises(error, match=match):
        compare_paired(**arguments)
