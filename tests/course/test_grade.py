"""`course grade` and `course regrade`: what is refused before any work, what is written, what is run again."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.grading.classroom import judges
from tests.grading.classroom.classes import WEEK, change, hand_in
from utils import cli
from utils.course import grade as module
from utils.course.grade import GradeOptions, grade, regrade
from utils.course.refusal import Refusal
from utils.grading.classroom import batch, store
from utils.grading.notebooks import course_root, notebook_path

ROOT = Path(__file__).parents[2]
JUDGE = "tests.grading.classroom.judges:full_marks"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Let the release be the course's own notebooks, which saves nbgrader's seconds, and judges leave marks."""
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(judges.FOLDER, str(tmp_path / "marks"))
    monkeypatch.setattr(module, "learners_edition", _release)
    monkeypatch.chdir(tmp_path)


def _release(week, paths):
    return {path.name: path.read_bytes() for path in paths}


def judged(tmp_path):
    found = sorted(judges.judged(tmp_path / "marks"))
    (tmp_path / "marks" / "judged").unlink(missing_ok=True)
    return found


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written(out):
    """Return every output but the report and the pages, which hold the time, and the database."""
    return {name: (out / name).read_bytes() for name in ("grades.csv", "totals.csv", "canvas.csv")}


def marks(out):
    with sqlite3.connect(out / "gradebook.db") as book:
        return book.execute("select auto_score from grade").fetchall()


def test_a_class_is_graded_and_everything_written(tmp_path, capfd):
    folder = hand_in(tmp_path / "class", ["ada", "bob"], ["w1l2", "w1l4"])
    (folder / "nobody").mkdir()
    (folder / "notes.txt").write_text("")
    assert grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)
    table = rows(tmp_path / "out" / "grades.csv")
    assert list(table[0]) == ["student", "week", "notebook", "exercise", "points", "max_points", "status"]
    assert {row["student"] for row in table} == {"ada", "bob", "nobody"}
    assert {row["status"] for row in table if row["student"] == "nobody"} == {"missing"}
    graded = [row for row in table if row["status"] == "graded"]
    assert {(row["student"], row["notebook"]) for row in graded} == {
        (student, notebook) for student in ("ada", "bob") for notebook in ("w1l2", "w1l4")
    }
    assert all(row["points"] == row["max_points"] for row in graded)
    assert [row["student"] for row in rows(tmp_path / "out" / "totals.csv")] == ["ada", "bob", "nobody"]
    for name in ("gradebook.db", "canvas.csv", "report.html", f"feedback/ada/{WEEK}.html"):
        assert (tmp_path / "out" / name).stat().st_size
    said = capfd.readouterr().err
    assert "3 students" in said
    assert "notes.txt is no folder" in said


def test_resuming_writes_the_same(tmp_path):
    hand_in(tmp_path / "class", ["ada", "bob"])
    grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)
    before, scores = written(tmp_path / "out"), marks(tmp_path / "out")
    judged(tmp_path)
    (tmp_path / "out" / "grades.csv").unlink()
    assert grade(ROOT, Path("class"), Path("out"), GradeOptions(), resume=True, judge=JUDGE)
    assert judged(tmp_path) == []
    assert (written(tmp_path / "out"), marks(tmp_path / "out")) == (before, scores)


def test_regrading_judges_what_a_correction_changed_and_keeps_overrides(tmp_path, monkeypatch):
    hand_in(tmp_path / "class", ["ada", "bob"], ["w1l2", "w1l4"])
    options = GradeOptions(["1"], late_penalty="10%/day", due=["2030-01-01T00:00"])
    grade(ROOT, Path("class"), Path("out"), options, judge=JUDGE)
    judged(tmp_path)
    overrides = f"student,week,notebook,exercise,points,reason\nbob,{WEEK},w1l2,zero_pad,0.5,copied\n"
    (tmp_path / "out" / "overrides.csv").write_text(overrides)
    assert regrade(ROOT, Path("out"), judge=JUDGE)
    assert judged(tmp_path) == []
    plain = batch.engine
    monkeypatch.setattr(batch, "engine", lambda name: plain(name) + "x" * (name == "w1l2"))
    assert regrade(ROOT, Path("out"), judge=JUDGE)
    assert judged(tmp_path) == ["ada/w1l2", "bob/w1l2"]
    found = {
        (row["student"], row["exercise"]): row["points"]
        for row in rows(tmp_path / "out" / "grades.csv")
        if row["notebook"] == "w1l2"
    }
    assert (found["bob", "zero_pad"], found["ada", "zero_pad"]) == ("0.5", "3")
    assert (tmp_path / "out" / "overrides.csv").read_text() == overrides
    assert store.read_run(tmp_path / "out")["late_penalty"] == "10%/day"


def test_regrading_by_name_judges_that_and_no_other(tmp_path, monkeypatch):
    hand_in(tmp_path / "class", ["ada"], ["w1l2", "w1l4"])
    grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)
    judged(tmp_path)
    plain = batch.engine
    monkeypatch.setattr(batch, "engine", lambda name: plain(name) + "x")
    monkeypatch.setattr(module, "engine", lambda name: plain(name) + "x")
    assert regrade(ROOT, Path("out"), ["w1l4/receptive_field"], judge=JUDGE)
    assert judged(tmp_path) == ["ada/w1l4"]
    assert regrade(ROOT, Path("out"), judge=JUDGE)
    assert judged(tmp_path) == ["ada/w1l2"]
    assert regrade(ROOT, Path("out"), ["w1l4"], judge=JUDGE)
    assert judged(tmp_path) == ["ada/w1l4"]


def test_a_released_week_is_converted_once(tmp_path, monkeypatch):
    hand_in(tmp_path / "class", ["ada"])
    calls = []
    monkeypatch.setattr(module, "learners_edition", lambda *given: calls.append(given) or _release(*given))
    grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)
    grade(ROOT, Path("class"), Path("out"), GradeOptions(), resume=True, judge=JUDGE)
    assert [week for week, _ in calls] == [WEEK]
    (kept,) = (tmp_path / "out" / ".grading").glob("release-*.json")
    kept.write_text("{")
    grade(ROOT, Path("class"), Path("out"), GradeOptions(), resume=True, judge=JUDGE)
    assert len(calls) == 2


def test_a_password_is_not_kept(tmp_path):
    hand_in(tmp_path / "class", ["ada"])
    url = f"sqlite:///{tmp_path}/book.db"
    grade(ROOT, Path("class"), Path("out"), GradeOptions(gradebook=url), judge=JUDGE)
    assert store.read_run(tmp_path / "out")["gradebook"] == url
    assert (tmp_path / "book.db").exists()
    about = module._about(GradeOptions(gradebook="postgresql+psycopg://ada:hush@host/book"))
    assert "hush" not in str(about)
    store.write_run(tmp_path / "out", {**store.read_run(tmp_path / "out"), **about})
    with pytest.raises(Refusal, match="password and was not kept"):
        regrade(ROOT, Path("out"), judge=JUDGE)
    assert regrade(ROOT, Path("out"), gradebook=url, judge=JUDGE)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--late-penalty", "a lot"], "late penalty must be a rule"),
        (["--late-penalty", "10%/day"], "needs to know when work was due"),
        (["--due", "tomorrow"], "due time must be a date and time"),
        (["--week", "9"], "There is no week '9'"),
        (["--cell-seconds", "0"], "cell_seconds must be positive"),
        (["--memory", "-1"], "memory_mb must be positive"),
        (["--gradebook", "my gradebook"], "must be an SQLAlchemy URL"),
        (["--scheduler", "tcp://127.0.0.1:1", "--week", "1"], "tcp://127.0.0.1:1 cannot be reached"),
    ],
)
def test_bad_options_are_refused_before_any_work(tmp_path, monkeypatch, options, sentence):
    monkeypatch.setattr("utils.grading.classroom.cluster._WAIT_SECONDS", 1)
    hand_in(tmp_path / "class", ["ada"])
    result = CliRunner().invoke(cli.app, ["grade", "class", "--out", "out", "--unsafe", *options])
    assert result.exit_code == 1
    assert sentence in result.output.replace("\n", " ")
    assert not (tmp_path / "out" / "grades.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "nowhere", "--out", "out"], "The submissions cannot be read"),
        (["grade", "class", "--out", "class/out"], "lies within the submissions"),
        (["grade", "class", "--out", "full"], "holds a grading already. --resume"),
        (["grade", "empty", "--out", "out"], "There is nobody to grade"),
        (["grade", "class", "--out", "class/ada/w"], "lies within the submissions"),
        (["regrade", "--out", "out"], "No class was graded into out"),
        (["regrade", "--out", "full", "w9a9"], "There is no exercise 'w9a9'"),
        (["regrade", "--out", "full", "w2a1"], "w2a1 was not graded into full"),
        (["regrade", "--out", "full", "zero_pad"], "say which, w1l2/zero_pad or w1a1/zero_pad"),
    ],
)
def test_what_cannot_be_graded_is_one_sentence_and_status_1(tmp_path, arguments, sentence):
    hand_in(tmp_path / "class", ["ada"])
    (tmp_path / "empty").mkdir()
    with store.lock(tmp_path / "full"):
        about = {"weeks": [WEEK], "limits": {}, "submissions": "class", "engines": {"w1l2": "x"}}
        store.write_run(tmp_path / "full", {**module._about(GradeOptions()), **about})
    result = CliRunner().invoke(cli.app, [*arguments, "--unsafe"])
    assert result.exit_code == 1
    assert sentence in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


def test_faulty_overrides_are_said_before_anything_is_judged(tmp_path):
    hand_in(tmp_path / "class", ["ada"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "overrides.csv").write_text("student\nada\n")
    with pytest.raises(Refusal, match=r"overrides\.csv"):
        grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)
    assert judged(tmp_path) == []


def test_without_bubblewrap_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    hand_in(tmp_path / "class", ["ada"])
    monkeypatch.setattr("shutil.which", lambda *given, **further: None)
    result = CliRunner().invoke(cli.app, ["grade", "class", "--out", "out"])
    assert result.exit_code == 1
    assert "install bubblewrap" in result.output.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_sandbox_that_may_not_be_made_is_said(tmp_path, monkeypatch):
    hand_in(tmp_path / "class", ["ada"])
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda *given, **further: str(bwrap))
    result = CliRunner().invoke(cli.app, ["grade", "class", "--out", "out"])
    assert result.exit_code == 1
    said = result.output.replace("\n", " ")
    assert "cannot make a sandbox here (No permissions to create new namespace)" in said
    assert not (tmp_path / "out").exists()


def test_unsafe_is_shouted_and_recorded(tmp_path, capfd):
    hand_in(tmp_path / "class", ["ada"])
    grade(ROOT, Path("class"), Path("out"), GradeOptions(unsafe=True), judge=JUDGE)
    assert "NO SANDBOX" in capfd.readouterr().err
    assert store.read_run(tmp_path / "out")["unsafe"] is True
    assert "sandbox" in (tmp_path / "out" / "report.html").read_text().lower()


def test_two_gradings_do_not_write_one_folder(tmp_path):
    hand_in(tmp_path / "class", ["ada"])
    with store.lock(tmp_path / "out"), pytest.raises(Refusal, match="Another grading"):
        grade(ROOT, Path("class"), Path("out"), GradeOptions(), judge=JUDGE)


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(tmp_path):
    hand_in(tmp_path / "class", [f"slow-{number:03}" for number in range(40)])
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.course import test_grade as here\n"
        "here.module.learners_edition = here._release\n"
        "ended = here.grade(here.ROOT, Path('class'), Path('out'), here.GradeOptions(jobs=2),"
        " judge='tests.grading.classroom.judges:by_name')\n"
        "sys.exit(0 if ended else 130)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    while len(list((tmp_path / "out").glob(".grading/results/*.json"))) < 45:
        assert run.poll() is None
        time.sleep(0.05)
    os.kill(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "the same command with --resume goes on" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "grades.csv").exists()


@pytest.mark.slow
def test_the_whole_path_gives_what_is_earned(tmp_path, system_part):
    system_part("bubblewrap")
    folder = hand_in(tmp_path / "class", ["honest", "worse"])
    path = folder / "worse" / WEEK / notebook_path("w1l2").name
    change(path, "    ### BEGIN SOLUTION", "    return None\n    ### BEGIN SOLUTION")
    result = CliRunner().invoke(cli.app, ["grade", "class", "--out", "out", "--jobs", "2"])
    assert result.exit_code == 0, result.output
    found = [row for row in rows(tmp_path / "out" / "grades.csv") if row["notebook"] == "w1l2"]
    honest = {row["exercise"]: row for row in found if row["student"] == "honest"}
    assert all(row["points"] == row["max_points"] for row in honest.values())
    points = {row["exercise"]: float(row["points"]) for row in found if row["student"] == "worse"}
    changed = [name for name in points if points[name] != float(honest[name]["points"])]
    assert [points[name] for name in changed] == [0]
    assert course_root() == ROOT
