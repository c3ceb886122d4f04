"""Rates by group: the share itself, and an interval that grows when pictures of one person err together."""

import numpy as np
import pytest

from utils.faces.fairness import rate_interval


def test_the_rate_is_the_share_and_lies_within_its_interval():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 20, (2, 500))
    errors = rng.random(500) < 0.3
    rate, low, high = rate_interval(errors, first, second, rng)
    assert rate == errors.mean()
    assert 0 <= low < rate < high <= 1


@pytest.mark.parametrize("value", [False, True])
def test_nothing_to_doubt_where_all_pairs_are_alike(value):
    pairs = np.arange(10)
    assert rate_interval(np.full(10, value), pairs, pairs, np.random.default_rng(0)) == (value, value, value)


def test_one_person_who_carries_all_errors_makes_it_wide():
    people = np.repeat(np.arange(10), 40)
    rng = np.random.default_rng(0)
    _, low, high = rate_interval(people == 0, people, people, rng)
    _, even_low, even_high = rate_interval(np.arange(400) % 10 == 0, people, people, rng)
    assert high - low > 0.2
    assert even_high - even_low < 1e-9


def test_people_of_one_kind_of_pairs_weigh_by_how_often_they_are_drawn():
    # Two people, one pair each, one of them an error: a draw holds the one, the other or both, 1 : 1 : 2.
    rate, low, high = rate_interval(
        [True, False], [0, 1], [0, 1], np.random.default_rng(0), draws=4000, confidence=0.4
    )
    assert (rate, low, high) == (0.5, 0.5, 0.5)


def test_numbers_of_people_may_have_gaps():
    rate, low, high = rate_interval([True, True], [3, 30], [3, 30], np.random.default_rng(0))
    assert (rate, low, high) == (1, 1, 1)


@pytest.mark.parametrize(
    "arguments",
    [([], [], []), ([True], [0, 1], [0]), ([[True]], [[0]], [[0]])],
    ids=["empty", "lengths", "two axes"],
)
def test_bad_shapes_are_refused(arguments):
    with pytest.raises(ValueError, match="errors, first and second"):
        rate_interval(*arguments, np.random.default_rng(0))


@pytest.mark.parametrize("how", [{"draws": 0}, {"confidence": 0}, {"confidence": 1}])
def test_bad_numbers_are_refused(how):
    with pytest.raises(ValueError, match="draws"):
        rate_interval([True], [0], [0], np.random.default_rng(0), **how)
