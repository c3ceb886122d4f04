"""The runs of lesson 6: how pictures are chosen and flags are kept, and that the logs agree with themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data.runs import load_run, unpack_flags
from utils.experiments.ensembles_fashion import measure, pack_flags, random_crops
from utils.experiments.hand_engineering import balanced_choice, hog_features


@given(st.lists(st.booleans(), max_size=70))
def test_flags_come_back_as_they_were(flags):
    assert unpack_flags(pack_flags(np.array(flags, dtype=bool)), len(flags)).tolist() == flags


@pytest.mark.parametrize(("text", "count"), [("ff", 9), ("", 1), ("zz", 1)])
def test_flags_that_are_no_flags_are_refused(text, count):
    with pytest.raises(ValueError):
        unpack_flags(text, count)


def test_measures_by_hand():
    row = measure(np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]]), np.array([0, 1, 1]))
    assert row["accuracy"] == 0.6667
    assert row["log_loss"] == pytest.approx(-(np.log(0.5) + np.log(0.75) + np.log(1e-12)) / 3, abs=1e-4)
    assert unpack_flags(row["right"], 3).tolist() == [True, True, False]


def test_random_crops_are_pieces_of_their_picture_and_half_are_mirrored():
    picture = np.arange(28 * 28).reshape(1, 28, 28)
    crops = random_crops(np.repeat(picture, 400, axis=0), np.random.default_rng(0))
    mirrored = crops[:, 0, 1] < crops[:, 0, 0]
    upright = np.where(mirrored[:, None, None], crops[:, :, ::-1], crops)
    top, left = np.divmod(upright[:, 0, 0], 28)
    assert set(zip(top.tolist(), left.tolist(), strict=True)) == {(y, x) for y in range(5) for x in range(5)}
    for crop, y, x in zip(upright, top, left, strict=True):
        np.testing.assert_array_equal(crop, picture[0, y : y + 24, x : x + 24])
    assert 150 < mirrored.sum() < 250


def test_a_choice_holds_as_many_of_each_class():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 30))
    chosen = balanced_choice(labels, 50, np.random.default_rng(1))
    assert len(set(chosen.tolist())) == 50
    assert np.bincount(labels[chosen]).tolist() == [5] * 10
    assert balanced_choice(labels, 300, np.random.default_rng(1)).tolist() == list(range(300))


def test_features_have_the_stated_size():
    assert hog_features(np.zeros((2, 28, 28), np.uint8)).shape == (2, 288)


def test_the_log_of_the_ensembles_agrees_with_itself():
    for row in load_run("ensembles-fashion")["rows"]:
        for crops in ("one crop", "ten crops"):
            for result in row["singles"][crops] + row["ensembles"][crops]:
                assert unpack_flags(result["right"], 2000).mean() == pytest.approx(result["accuracy"])
            assert row["singles"][crops][0]["right"] == row["ensembles"][crops][0]["right"]
            losses = [result["log_loss"] for result in row["singles"][crops]]
            # Jensen's inequality, up to rounding.
            assert row["ensembles"][crops][-1]["log_loss"] <= np.mean(losses) + 1e-4
