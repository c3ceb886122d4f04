"""Grading a class: a row for everybody, nothing judged twice, nothing lost when it is interrupted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.grading.classroom import judges
from tests.grading.classroom.classes import WEEK, change, hand_in, released
from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom import batch, store
from utils.grading.classroom.batch import grade_class
from utils.grading.classroom.records import Limits
from utils.grading.classroom.store import CannotGrade
from utils.grading.notebooks import notebook_path

ROOT = Path(__file__).parents[3]
FULL = "tests.grading.classroom.judges:full_marks"
BY_NAME = "tests.grading.classroom.judges:by_name"
FILE = notebook_path("w1l2").name
KILLED_AFTER = [0.4, 1.3, 1.9, 2.6, 1.6]  # seconds; a run needs about one to begin


@pytest.fixture(scope="module")
def release():
    return released("w1l2")


@pytest.fixture
def grade(tmp_path, release):
    """Return a function that grades tmp_path/submissions into tmp_path/out."""
    (tmp_path / "marks").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), judges.FOLDER: str(tmp_path / "marks")}

    def run(
        submissions=tmp_path / "submissions", out=tmp_path / "out", judge=FULL, releases=release, **options
    ):
        with store.lock(out):
            return list(
                grade_class(submissions, out, releases, judge=judge, environment=environment, **options)
            )

    return run


def judged(tmp_path):
    return sorted(judges.judged(tmp_path / "marks"))


def forget(tmp_path):
    (tmp_path / "marks" / "judged").unlink()


def content(results):
    """Return what equal jobs share of their results."""
    rows = [json.loads(one.to_json()) for one in results]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_everybody_has_a_row_for_every_exercise(tmp_path, grade):
    folder = hand_in(tmp_path / "submissions", ["ada", "exits", "-rf", "Zoë ü", "=1+1"])
    (folder / "nothing").mkdir()
    (folder / "broken" / WEEK).mkdir(parents=True)
    (folder / "broken" / WEEK / FILE).write_text('{"cells": [')
    results = grade(judge=BY_NAME)
    found = {(one.student, row.exercise): row.status for one in results for row in one.exercises}
    students = ["ada", "exits", "-rf", "Zoë ü", "=1+1", "nothing", "broken"]
    names = NOTEBOOKS["w1l2"].exercises
    assert found.keys() == {(student, name) for student in students for name in names}
    by_student = {one.student: {row.status for row in one.exercises} for one in results}
    special = {"exits": {"crashed"}, "nothing": {"missing"}, "broken": {"failed"}}
    assert by_student == {name: special.get(name, {"graded"}) for name in students}
    assert [one.student for one in results] == sorted(students)
    assert all(row.max_points > 0 for one in results for row in one.exercises)


def test_results_are_kept_and_what_was_run(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    (result,) = grade(limits=Limits(cell_seconds=7), about={"late": "10%/day"})
    assert store.read(tmp_path / "out", result.fingerprint) == result
    run = store.read_run(tmp_path / "out")
    assert run["limits"]["cell_seconds"] == 7
    assert run["unsafe"] is False
    assert run["late"] == "10%/day"
    assert run["versions"]["numpy"]
    assert list(run["engines"]) == ["w1l2"]
    assert run["begun"] <= run["ended"]


def test_a_second_grading_into_the_same_folder_is_refused(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    grade()
    with pytest.raises(CannotGrade, match="--resume goes on with it"):
        grade()
    assert judged(tmp_path) == ["ada/w1l2"]


def test_resuming_judges_only_what_is_new_or_changed(tmp_path, grade):
    folder = hand_in(tmp_path / "submissions", ["ada", "bob", "cy"])
    first = grade()
    forget(tmp_path)
    assert grade(resume=True) == first
    assert judged(tmp_path) == []
    change(folder / "bob" / WEEK / FILE)
    hand_in(folder, ["dora"])
    steps = []
    again = grade(resume=True, on_progress=steps.append)
    assert judged(tmp_path) == ["bob/w1l2", "dora/w1l2"]
    assert [one.student for one in again] == ["ada", "bob", "cy", "dora"]
    assert sorted((step.result.student, step.kept) for step in steps) == [
        ("ada", True),
        ("bob", False),
        ("cy", True),
        ("dora", False),
    ]
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert {step.total for step in steps} == {4}


def test_a_damaged_result_is_worked_out_again_and_said(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada", "bob"])
    first, said = grade(), []
    place = tmp_path / "out" / ".grading" / "results" / f"{first[0].fingerprint}.json"
    place.write_text(place.read_text()[:100])
    forget(tmp_path)
    assert content(grade(resume=True, say=said.append)) == content(first)
    assert judged(tmp_path) == ["ada/w1l2"]
    assert any(str(place) in line for line in said)


def test_other_limits_are_another_job(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    grade()
    grade(resume=True, limits=Limits(memory_mb=100))
    assert judged(tmp_path) == ["ada/w1l2"] * 2


def test_a_result_from_outside_a_sandbox_does_not_count_inside(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    assert [one.boxed for one in grade(unsafe=True)] == [False]
    assert [one.boxed for one in grade(resume=True)] == [True]
    assert [one.boxed for one in grade(resume=True, unsafe=True)] == [True]
    assert len(judged(tmp_path)) == 2


def test_a_corrected_exercise_is_judged_again_and_no_other(tmp_path, grade, monkeypatch):
    hand_in(tmp_path / "submissions", ["ada", "bob"], ["w1l2", "w1l4"])
    releases = released("w1l2", "w1l4")
    first = grade(releases=releases)
    forget(tmp_path)
    plain = batch.engine
    monkeypatch.setattr(
        batch, "engine", lambda notebook: plain(notebook) + "corrected" * (notebook == "w1l4")
    )
    second = grade(releases=releases, resume=True)
    assert judged(tmp_path) == ["ada/w1l4", "bob/w1l4"]
    assert [(one.student, one.notebook) for one in second] == [
        (student, notebook) for student in ("ada", "bob") for notebook in ("w1l2", "w1l4")
    ]
    same = [old.fingerprint == new.fingerprint for old, new in zip(first, second, strict=True)]
    assert same == [True, False, True, False]


def test_what_is_named_is_judged_again_and_an_old_engine_can_stay(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"], ["w1l2", "w1l4"])
    releases = released("w1l2", "w1l4")
    grade(releases=releases, engines={"w1l2": "old", "w1l4": "old"})
    assert store.read_run(tmp_path / "out")["engines"] == {"w1l2": "old", "w1l4": "old"}
    forget(tmp_path)
    grade(releases=releases, resume=True, engines={"w1l4": "old"}, again=["w1l4"])
    assert judged(tmp_path) == ["ada/w1l2", "ada/w1l4"]


def test_the_order_in_which_results_come_makes_no_difference(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["slow-1", "b", "slow-2", "a"])
    one, three = grade(judge=BY_NAME, jobs=1), grade(judge=BY_NAME, jobs=3, resume=True)
    assert content(one) == content(three)
    (tmp_path / "out").rename(tmp_path / "first")
    (tmp_path / "out" / ".grading").mkdir(parents=True)
    (tmp_path / "first" / ".grading" / "secret").rename(tmp_path / "out" / ".grading" / "secret")
    assert content(grade(judge=BY_NAME, jobs=3)) == content(one)


def test_the_whole_class_has_the_same_secret_cases(tmp_path, grade, monkeypatch):
    seeds, plain = set(), batch.plan

    def plan(*arguments):
        job = plain(*arguments)
        seeds.add(job.seed)
        return job

    monkeypatch.setattr(batch, "plan", plan)
    hand_in(tmp_path / "submissions", ["ada", "bob"])
    grade()
    assert seeds == {store.seed(tmp_path / "out")}


def test_a_fault_in_reading_costs_one_notebook(tmp_path, grade, monkeypatch):
    hand_in(tmp_path / "submissions", ["ada", "bob"])
    plain = batch.plan

    def plan(file, release, notebook, student, *rest):
        if student == "bob":
            raise RecursionError("too deep")
        return plain(file, release, notebook, student, *rest)

    monkeypatch.setattr(batch, "plan", plan)
    assert [{row.status for row in one.exercises} for one in grade()] == [{"graded"}, {"failed"}]


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda folder: None, "The submissions cannot be read"),
        (lambda folder: folder.mkdir(), "There is nobody to grade"),
        (lambda folder: folder.write_text(""), "The submissions cannot be read"),
    ],
)
def test_nothing_to_grade_is_said(tmp_path, grade, prepare, sentence):
    prepare(tmp_path / "submissions")
    with pytest.raises(CannotGrade, match=sentence):
        grade()


def test_results_do_not_go_among_the_submissions(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    with pytest.raises(CannotGrade, match="lies within the submissions"):
        grade(out=tmp_path / "submissions" / "out")


def test_a_release_that_is_no_notebook_is_refused(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["ada"])
    with pytest.raises(CannotGrade, match=FILE):
        grade(releases={WEEK: {FILE: b"{"}})


def test_an_interrupt_keeps_what_is_finished(tmp_path, grade):
    hand_in(tmp_path / "submissions", ["a", "b", "hangs"])
    steps = []

    def stop(step):
        steps.append(step)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(judge=BY_NAME, jobs=2, on_progress=stop)
    forget(tmp_path)
    (tmp_path / "submissions" / "hangs").rename(tmp_path / "submissions" / "done")
    assert [one.student for one in grade(resume=True)] == ["a", "b", "done"]
    assert judged(tmp_path) == ["done/w1l2"]


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed_it_gives_the_same(tmp_path, grade):
    students = [f"slow-{number:02}" for number in range(12)]
    hand_in(tmp_path / "submissions", students)
    straight = grade(judge=BY_NAME)
    forget(tmp_path)
    (tmp_path / "out2" / ".grading").mkdir(parents=True)
    (tmp_path / "out2" / ".grading" / "secret").write_text(
        (tmp_path / "out" / ".grading" / "secret").read_text()
    )
    code = (
        "from pathlib import Path\nfrom tests.grading.classroom.test_batch import *\n"
        "with store.lock(Path('out2')):\n"
        "    grade_class(Path('submissions'), Path('out2'), released('w1l2'), resume=True, judge=BY_NAME, jobs=2)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), judges.FOLDER: str(tmp_path / "marks")}
    for moment in KILLED_AFTER:
        run = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
        time.sleep(moment)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert content(grade(out=tmp_path / "out2", judge=BY_NAME, resume=True)) == content(straight)
    times = [line.split("/")[0] for line in judged(tmp_path)]
    # What was under way when a run was killed is judged again; what was finished is not.
    assert set(times) == set(students)
    assert len(times) <= len(students) + 2 * len(KILLED_AFTER)
