"""The run of lesson 2 of week 4: what it counts, by brute force, its loss of given triplets, and its log."""

import itertools

import numpy as np
import pytest

from tests.experiments.faces import NUMBERS, made_up_faces
from utils.data.runs import load_run
from utils.experiments import faces_mining
from utils.experiments.faces_mining import (
    ALPHA,
    EXPERIMENT,
    KINDS,
    LAYERS,
    SEEDS,
    active_share,
    given_triplets_loss,
    measure,
)


def encodings(seed, people=4, pictures=3, spread=0.6):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), pictures)
    x = rng.normal(size=(people, 5))[labels] + spread * rng.normal(size=(len(labels), 5))
    return x / np.linalg.norm(x, axis=1, keepdims=True), labels


@pytest.mark.parametrize("alpha", [ALPHA, 1.0])
def test_the_share_of_active_triplets_is_counted_one_by_one(alpha):
    x, labels = encodings(0)
    costs = [
        ((x[a] - x[p]) ** 2).sum() - ((x[a] - x[n]) ** 2).sum() + alpha > 0
        for a, p, n in itertools.permutations(range(len(labels)), 3)
        if labels[a] == labels[p] != labels[n]
    ]
    assert active_share(x, labels, alpha) == pytest.approx(np.mean(costs), abs=1e-4)


def test_the_loss_of_given_triplets_is_their_mean():
    x, _ = encodings(1)
    triplets = np.array([(0, 1, 5), (3, 4, 0), (0, 2, 11)])
    costs = [max(((x[a] - x[p]) ** 2).sum() - ((x[a] - x[n]) ** 2).sum() + ALPHA, 0) for a, p, n in triplets]
    found = float(given_triplets_loss(triplets.astype(np.float32), x.astype(np.float32)))
    assert found == pytest.approx(np.mean(costs), rel=1e-4)


def test_people_far_apart_are_told_apart_without_error():
    x, labels = encodings(2, spread=0.001)
    assert measure(x, labels) == {"area": 1.0, "equal_error_rate": 0.0, "rank_one": 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_learns_what_tells_people_apart(kind, monkeypatch, tmp_path):
    monkeypatch.setattr(faces_mining, "faces_seen", lambda layers: made_up_faces())
    row = faces_mining.work({"kind": kind, "steps": 45, "seed": 1, "layers": "conv64_3"}, tmp_path)
    assert row["at"] == list(range(0, 46, 3))
    # Dense layer, and mean and variance before and behind it.
    assert row["parameters"] == NUMBERS * 256 + 2 * NUMBERS + 2 * 256
    assert row["final"]["area"] > row["area"][0] + 0.05
    assert row["active"][-1] < row["active"][0]


def test_the_log_holds_every_kind_for_every_seed():
    rows = load_run("faces-mining")["rows"]
    wanted = {(layers, kind, seed) for layers in LAYERS for kind in KINDS for seed in SEEDS}
    assert {(row.get("layers"), row["kind"], row["seed"]) for row in rows} == wanted
    for row in rows:
        part = EXPERIMENT.parts[row["part"]]
        assert {key: row[key] for key in part} == part
        assert row["at"][0] == 0
        assert row["at"][-1] == row["steps"]
        assert row["area"][-1] == row["final"]["area"]
        assert len(row["at"]) == len(row["area"]) == len(row["active"])
