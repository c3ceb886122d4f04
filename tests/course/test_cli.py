"""The program itself: help, exit statuses, one sentence for what cannot be done."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from utils import cli
from utils.exercises.index import NOTEBOOKS, all_keys


@pytest.fixture
def run(course, learn, monkeypatch):
    monkeypatch.setattr(cli, "course_root", lambda: course)
    monkeypatch.chdir(course)

    def call(*arguments):
        return CliRunner().invoke(cli.app, list(map(str, arguments)))

    return call


COMMANDS = [
    "lab",
    "demo",
    "start",
    "progress",
    "reset",
    "exercises",
    "release",
    "grade",
    "regrade",
    "gate",
    "bench",
    "execute",
    "run",
    "test",
    "data",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_help_is_told_without_heavy_imports():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom utils.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([m for m in ('tensorflow', 'keras', 'nbgrader', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"


def test_start_tells_what_it_did(run, learn):
    result = run("start", "--to", learn)
    assert result.exit_code == 0
    assert "3 new" in result.output
    assert "3 unchanged" in run("start", "--to", learn).output


def test_start_announces_a_newer_edition(run, course, learn):
    run("start", "--to", learn)
    readme = "week1_small/README.md"
    (learn / readme).write_text("my notes")
    (course / readme).write_text("# Second edition")
    result = run("start", "--to", learn)
    assert "README.new.md" in result.output
    assert (learn / readme).read_text() == "my notes"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["start", "9"], "There is no week '9'; there are: week1_small."),
        (["progress"], "There is no progress in "),
        (["reset", "no_such"], "There is no exercise 'no_such'"),
        (["reset", "zero_pad"], "say which, w1l2/zero_pad or w1a1/zero_pad"),
        (["gate", "w9a9"], "no notebook 'w9a9'; there are: w1l1"),
        (["execute", "no_such.ipynb"], "There is no notebook no_such.ipynb."),
        (["test", "--only", "no_such"], "only must name stages (style, "),
        (["lab", "--port", "70000"], "PORT must be a number from 1 to 65535, got 70000."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(run, arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 1
    assert sentence in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


def test_progress_counts_points(run, learn):
    run("start", "--to", learn)
    notebook = next(name for name, row in NOTEBOOKS.items() if row.exercises)
    key = f"{notebook}/{NOTEBOOKS[notebook].exercises[0]}"
    row = {"best": 1.0, "checks": 1, "failed": 0, "hints": 0}
    (learn / ".progress.json").write_text(json.dumps({key: row}))
    result = run("progress", "--to", learn)
    assert result.exit_code == 0
    assert "✓" in result.output


def test_exercises_as_json_has_a_row_for_each():
    rows = json.loads(CliRunner().invoke(cli.app, ["exercises", "--json"]).output)
    assert [f"{row['notebook']}/{row['exercise']}" for row in rows] == all_keys()
    assert all(
        list(row) == ["week", "notebook", "exercise", "points", "cases", "mistakes", "hints"] for row in rows
    )
    assert all(min(row["points"], row["cases"], row["mistakes"], row["hints"]) > 0 for row in rows)
