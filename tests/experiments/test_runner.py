"""Long runs: each part's result is kept at once, an interruption costs only the part that was under way."""

import json

import pytest

from utils.experiments.experiment import Experiment
from utils.experiments.index import EXPERIMENTS, load_experiment
from utils.experiments.runner import finished_parts, run_experiment


class Work:
    """Counts what it is asked to do; interrupted once, at the part given."""

    def __init__(self, stop_at=None):
        self.done, self.stop_at = [], stop_at

    def __call__(self, part, folder):
        if part["depth"] == self.stop_at:
            (folder / "checkpoint").write_text("half way")
            self.stop_at = None
            raise KeyboardInterrupt
        self.done.append(part["depth"])
        return {"loss": part["depth"] / 10, "resumed": (folder / "checkpoint").exists()}


def experiment(work):
    parts = {f"depth-{depth}": {"depth": depth, "seed": 1} for depth in (8, 20, 56)}
    return Experiment("depths", "How depth matters.", 1, parts, work, seed=1)


def test_rows_stand_in_the_log_with_what_is_needed_to_repeat_them(tmp_path):
    seen = []
    log = run_experiment(experiment(Work()), tmp_path, lambda *state: seen.append(state))
    content = json.loads(log.read_text())
    assert [row["depth"] for row in content["rows"]] == [8, 20, 56]
    assert content["command"] == "course run depths"
    assert content["versions"]["numpy"]
    assert seen == [("depth-8", 0, 3), ("depth-20", 1, 3), ("depth-56", 2, 3), ("", 3, 3)]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    work = Work(stop_at=20)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(work), tmp_path)
    assert finished_parts(experiment(work), tmp_path) == ["depth-8"]
    assert not (tmp_path / "depths" / "log.json").exists()
    rows = json.loads(run_experiment(experiment(work), tmp_path).read_text())["rows"]
    assert work.done == [8, 20, 56]
    assert [row["resumed"] for row in rows] == [False, True, False]


def test_a_part_tells_how_far_it_is(tmp_path):
    def work(part, folder, report):
        report(0.5, "half way")
        return {}

    seen = []
    parts = {"one": {}, "two": {}}
    long = Experiment("long", "Long.", 1, parts, work, reports=True)
    run_experiment(long, tmp_path, lambda *state: seen.append(state))
    assert seen == [
        ("one", 0, 2),
        ("one: half way", 0.5, 2),
        ("two", 1, 2),
        ("two: half way", 1.5, 2),
        ("", 2, 2),
    ]


def test_a_finished_run_is_not_done_again(tmp_path):
    work = Work()
    first = run_experiment(experiment(work), tmp_path).read_text()
    assert run_experiment(experiment(work), tmp_path).read_text() == first
    assert work.done == [8, 20, 56]


def test_every_run_in_the_index_loads():
    for name in EXPERIMENTS:
        loaded = load_experiment(name)
        assert loaded.name == name
        assert loaded.parts
        json.dumps({key: dict(part) for key, part in loaded.parts.items()})


def test_an_unknown_run_is_named():
    with pytest.raises(KeyError, match="no run 'resnet51'"):
        load_experiment("resnet51")
