"""Error rates against SciPy's rank statistic and against counting at every threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from utils.faces.verification import pairs, rank_one, roc

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({same for _, same in rows}) == 2
)


@given(PAIRS)
def test_curve_area_and_equal_errors(rows):
    values, same = np.array([v for v, _ in rows], float), np.array([s for _, s in rows])
    curve = roc(values, same)
    for threshold, false, true in zip(curve.thresholds, curve.false_accept, curve.true_accept, strict=True):
        assert false == pytest.approx(np.mean(values[~same] <= threshold))
        assert true == pytest.approx(np.mean(values[same] <= threshold))
    assert (np.diff(curve.thresholds) > 0).all()
    statistic = mannwhitneyu(values[~same], values[same]).statistic
    assert curve.area == pytest.approx(statistic / (same.sum() * (~same).sum()))
    # On the curve between its points the two errors are equal there.
    rate = curve.equal_error_rate
    assert 1 - np.interp(rate, curve.false_accept, curve.true_accept) <= rate + 1e-9
    assert 0 <= rate <= 1
    errors = np.abs(curve.false_accept - (1 - curve.true_accept))
    assert errors[curve.thresholds == curve.equal_error_threshold] == pytest.approx(errors.min())


def test_known_rates():
    perfect = roc([0.1, 0.2, 0.8, 0.9], [True, True, False, False])
    assert (perfect.area, perfect.equal_error_rate, perfect.equal_error_threshold) == (1.0, 0.0, 0.2)
    # One of four on either side is on the wrong one.
    mixed = roc([1, 2, 3, 6, 4, 5, 7, 8], [1, 1, 1, 1, 0, 0, 0, 0])
    assert mixed.equal_error_rate == pytest.approx(0.25)
    useless = roc([1, 1, 1, 1], [1, 0, 1, 0])
    assert useless.area == useless.equal_error_rate == 0.5


def test_pairs_and_rank_one():
    x, labels = np.array([[0.0], [1.0], [5.0]]), np.array([7, 7, 8])
    values, same = pairs(x, labels)
    assert values.tolist() == [1, 5, 4]
    assert same.tolist() == [True, False, False]
    assert rank_one(x, labels, [[0.4], [2.0], [4.0], [9.0]], [7, 8, 8, 8]) == 0.75


@pytest.mark.parametrize(
    ("values", "same", "message"),
    [
        ([1, 2], [True], "one shape"),
        ([1, np.nan], [True, False], "finite"),
        ([1, 2], [True, True], "pairs of one person and pairs of two"),
    ],
)
def test_bad_input_is_named(values, same, message):
    with pytest.raises(ValueError, match=message):
        roc(values, same)
