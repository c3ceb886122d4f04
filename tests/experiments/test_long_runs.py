"""`course run` and the logs it leaves: bad names, interruption, reading back."""

import json

import pytest
from typer.testing import CliRunner

from utils import cli
from utils.course.long_runs import do_run
from utils.course.refusal import Refusal
from utils.data.runs import load_run
from utils.experiments.experiment import Experiment


def experiment(work):
    return Experiment("tiny", "Whether anything runs.", 0.1, {"one": {"n": 1}, "two": {"n": 2}}, work)


def test_a_run_says_what_it_does_and_leaves_its_log(tmp_path, capsys):
    log = do_run(experiment(lambda part, folder: {"square": part["n"] ** 2}), tmp_path)
    assert [row["square"] for row in json.loads(log.read_text())["rows"]] == [1, 4]
    assert "Whether anything runs." in capsys.readouterr().out


def test_an_interruption_is_a_sentence_with_the_way_on(tmp_path):
    def stop(part, folder):
        raise KeyboardInterrupt

    with pytest.raises(Refusal, match="`course run tiny` goes on where this stopped"):
        do_run(experiment(stop), tmp_path)


def test_an_unknown_run_is_refused():
    done = CliRunner().invoke(cli.app, ["run", "nothing"])
    assert done.exit_code == 1
    assert "no run 'nothing'" in done.output


def test_runs_are_listed(tmp_path):
    done = CliRunner().invoke(cli.app, ["run", "--to", str(tmp_path)])
    assert done.exit_code == 0
    assert "parts done" in done.output


def test_a_log_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "tiny.json").write_text('{"rows": []}')
    assert load_run("tiny") == {"rows": []}
    with pytest.raises(FileNotFoundError, match="no log of a run 'huge'; there are: tiny"):
        load_run("huge")
