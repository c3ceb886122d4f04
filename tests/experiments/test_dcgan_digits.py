"""The run of lesson 8 of week 4: short games are logged, pictures survive the log, and the log is of this run."""

import numpy as np
import pytest

from utils.data.runs import load_run
from utils.experiments.dcgan_digits import (
    COLLAPSE,
    EXPERIMENT,
    SEEDS,
    TRICKS,
    pack_pictures,
    rows_of,
    unpack_pictures,
    work,
)


def test_pictures_survive_the_log_but_for_half_a_level():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    found = unpack_pictures(pack_pictures(pictures))
    assert found.shape == pictures.shape
    assert np.abs(found - pictures / 255).max() <= 0.5 / 15 + 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("trick", ["data in [0, 1]", "minimax loss", "slow discriminator"])
def test_a_short_game_is_judged(trick, tmp_path):
    told = []
    part = {"steps": 50, "look_every": 50, "seed": 3, "otherwise": TRICKS[trick]}
    row = work(part, tmp_path, lambda fraction, says: told.append(fraction))
    assert told[-1] == 1
    assert row["curve"]["recorded_step"] == [50]
    (look,) = row["looks"]
    assert look["step"] == 50
    assert sum(look["shares"]) == pytest.approx(1, abs=1e-3)
    assert unpack_pictures(row["pictures"]["50"]).shape[1:] == (28, 28)
    assert (tmp_path / "weights.h5").exists()


def test_the_log_is_of_this_run():
    rows = load_run("dcgan-digits")["rows"]
    assert [row["part"] for row in rows] == list(EXPERIMENT.parts)
    for row in rows:
        assert {key: row[key] for key in EXPERIMENT.parts[row["part"]]} == EXPERIMENT.parts[row["part"]]
    (collapsed,) = rows_of(rows, "collapsed")
    assert collapsed["otherwise"] == COLLAPSE
    assert collapsed["looks"][-1]["score"] < 2
    assert all(len(rows_of(rows, trick)) == len(SEEDS) for trick in TRICKS)
