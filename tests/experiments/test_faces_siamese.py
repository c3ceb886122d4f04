"""The run of lesson 3 of week 4: every method trains and is measured, and the log is of this run."""

import numpy as np
import pytest

from tests.experiments.faces import made_up_faces
from utils.data.runs import load_run
from utils.experiments import faces_siamese
from utils.experiments.faces_siamese import EXPERIMENT, METHODS, work


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_short_training_is_measured(method, tmp_path):
    row = work({"method": method, "steps": 2, "seed": 5}, tmp_path)
    assert row["measured_steps"] == [2]
    assert row["areas"] == [row["area"]]
    assert 0.5 < row["area"] < 1
    assert 0 < row["equal_error_rate"] < 0.5
    assert 0 < row["rank_one"] <= 1


@pytest.mark.parametrize("method", METHODS)
def test_a_head_learns_what_tells_people_apart(method, monkeypatch, tmp_path):
    monkeypatch.setattr(faces_siamese, "faces_seen", lambda layers: made_up_faces())
    row = work({"method": method, "steps": 50, "seed": 1, "layers": "conv64_3"}, tmp_path)
    untrained = work({"method": method, "steps": 1, "seed": 1, "layers": "conv64_3"}, tmp_path)
    assert row["measured_steps"] == [25, 50]
    assert row["area"] > untrained["area"] + 0.05


def test_the_log_is_of_this_run():
    rows = load_run("faces-siamese")["rows"]
    assert [row["part"] for row in rows] == list(EXPERIMENT.parts)
    for row in rows:
        assert {key: row[key] for key in EXPERIMENT.parts[row["part"]]} == EXPERIMENT.parts[row["part"]]
        assert row["areas"][-1] == row["area"]
        curve = np.trapezoid(row["true_accept"], row["false_accept"])
        assert curve == pytest.approx(row["area"], abs=5e-3)
