"""The run of lesson 4 of week 2: which pictures it draws, and how sure its accuracies are."""

import numpy as np
import pytest

from utils.data import load_asset
from utils.data.runs import load_run
from utils.experiments.transfer_cut_outs import EXPERIMENT, accuracy_interval, choose_pictures


@pytest.fixture(scope="module")
def things():
    return load_asset("cut-outs-6")


@pytest.mark.parametrize("per_class", [1, 5, 20, 100])
def test_the_pictures_show_as_many_things_as_there_are(things, per_class):
    labels, shown = things["y_train"], things["object_train"]
    chosen = choose_pictures(labels, shown, per_class, seed=3)
    assert len(set(chosen.tolist())) == 6 * per_class
    for label in range(6):
        mine = chosen[labels[chosen] == label]
        assert len(mine) == per_class
        there = len(np.unique(shown[labels == label]))
        assert len(np.unique(shown[mine])) == min(per_class, there)


def test_the_draw_depends_on_its_seed_alone(things):
    labels, shown = things["y_train"], things["object_train"]
    first = choose_pictures(labels, shown, 5, seed=1)
    np.testing.assert_array_equal(first, choose_pictures(labels, shown, 5, seed=1))
    assert set(first.tolist()) != set(choose_pictures(labels, shown, 5, seed=2).tolist())
    for wrong in (0, 121):
        with pytest.raises(ValueError, match="per_class"):
            choose_pictures(labels, shown, wrong, seed=1)


def test_the_interval_of_things_that_are_all_right_or_all_wrong_is_that_of_as_many_coins():
    """62 things whose pictures share their fate: the standard error is that of 62 independent answers."""
    hits = np.tile([6, 0], 31)[np.newaxis]
    mean, low, high = accuracy_interval(hits, np.full(62, 6), np.random.default_rng(0))
    assert mean == 0.5
    assert (high - low) / 2 == pytest.approx(1.96 * 0.5 / np.sqrt(62), rel=0.1)


def test_the_interval_holds_the_spread_of_the_runs():
    hits = np.repeat([[2], [4]], 62, axis=1)
    mean, low, high = accuracy_interval(hits, np.full(62, 6), np.random.default_rng(0))
    assert mean == pytest.approx(0.5)
    assert (low, high) == pytest.approx((1 / 3, 2 / 3))


def test_the_log_is_of_this_run(things):
    rows = load_run("transfer-cut-outs")["rows"]
    assert [row["part"] for row in rows] == list(EXPERIMENT.parts)
    totals = np.bincount(things["object_test"])
    for row in rows:
        assert (np.array(row["hits"]) <= totals).all()
        assert sum(row["hits"]) / totals.sum() == pytest.approx(row["accuracy"], abs=1e-4)
