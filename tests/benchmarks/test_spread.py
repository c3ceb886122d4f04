"""The statistics, against NumPy's and SciPy's and what must hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from benchmarks.spread import Spread, agree, exponent, paired_ratio, spread

SECONDS = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=40)


@given(SECONDS)
def test_a_spread_holds_eight_of_ten_values(values):
    low, median, high = spread(values)
    assert low <= median <= high
    assert median == pytest.approx(np.median(values), rel=1e-4)
    inside = np.mean([low * (1 - 1e-4) <= value <= high * (1 + 1e-4) for value in values])
    assert inside >= 0.8 - 2 / len(values)


@pytest.mark.parametrize("values", [[], [1.0, 0.0], [-1.0], [float("nan")]])
def test_a_spread_needs_positive_numbers(values):
    with pytest.raises(ValueError, match="values"):
        spread(values)


def test_width_is_a_share_of_the_median():
    assert Spread(1.5, 2.0, 2.5).width == 0.5


def test_what_disturbs_a_whole_round_falls_out_of_a_ratio():
    disturbed = np.array([1.0, 1.0, 7.0, 1.0, 30.0])
    assert paired_ratio(3 * disturbed, 2 * disturbed) == Spread(1.5, 1.5, 1.5)


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=20))
def test_the_ratio_of_exchanged_forms_is_the_inverse(pairs):
    ours, theirs = zip(*pairs, strict=True)
    one, other = paired_ratio(ours, theirs), paired_ratio(theirs, ours)
    if len(pairs) % 2:
        assert one.median == pytest.approx(1 / other.median, rel=1e-3)
    assert sorted(np.divide(ours, theirs))[0] <= one.low * (1 + 1e-4)


def test_rounds_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="round"):
        paired_ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (Spread(1.0, 1.1, 1.2), Spread(1.15, 1.3, 1.4), True),  # overlap
        (Spread(1.0, 1.1, 1.2), Spread(1.21, 1.3, 1.4), False),
        (Spread(1.0, 1.0, 1.0), Spread(1.04, 1.04, 1.04), True),  # apart, but close
        (Spread(1.0, 1.0, 1.0), Spread(1.06, 1.06, 1.06), False),
        (Spread(0.1, 1.0, 10.0), Spread(5.0, 6.0, 7.0), True),
    ],
)
def test_two_runs_agree_when_spreads_overlap_or_medians_are_close(first, second, wanted):
    assert agree(first, second) is wanted
    assert agree(second, first) is wanted


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.floats(1e-6, 1e3)),
        min_size=3,
        max_size=8,
        unique_by=lambda p: p[0],
    )
)
def test_the_exponent_is_that_of_a_regression_on_logarithms(points):
    sizes, seconds = zip(*points, strict=True)
    wanted = linregress(np.log(sizes), np.log(seconds))
    found = exponent(sizes, seconds)
    assert found.value == pytest.approx(wanted.slope, abs=1e-3, rel=1e-3)
    assert found.error == pytest.approx(wanted.stderr, abs=1e-3, rel=1e-3)


def test_an_exact_power_has_no_error():
    assert exponent([1, 10, 100, 1000], [2.0, 200.0, 2e4, 2e6]) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("sizes", "seconds"),
    [
        ([1, 2], [1.0, 2.0]),
        ([1, 2, 3], [1.0, 2.0]),
        ([1, 1, 2], [1.0, 1.0, 2.0]),
        ([1, 2, 3], [0.0, 1.0, 2.0]),
    ],
)
def test_too_few_points_or_none_positive_are_refused(sizes, seconds):
    with pytest.raises(ValueError, match="sizes and seconds"):
        exponent(sizes, seconds)
