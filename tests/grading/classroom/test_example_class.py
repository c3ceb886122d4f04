"""The example class: made from today's notebooks, read without surprise, and worth the points that it says."""

import importlib.util
from pathlib import Path

import pytest

from utils.course.release import learners_edition
from utils.grading.classroom.judging import judge_notebook
from utils.grading.classroom.records import Limits
from utils.grading.classroom.submissions import find_submissions, plan
from utils.grading.notebooks import course_root, notebook_path

FOLDER = course_root() / "examples"


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("make_class", FOLDER / "make_class.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def jobs(made):
    paths = {notebook: notebook_path(notebook) for notebook in ("w1l2", "w1a1")}
    editions = learners_edition(made.WEEK, list(paths.values()))
    return {
        (row.student, notebook): plan(
            row.files[notebook],
            editions[path.name],
            notebook,
            row.student,
            row.week,
            20,
            Limits(cell_seconds=10),
            "engine",
            row.notes_of(notebook),
        )
        for row in find_submissions(FOLDER / "class")
        for notebook, path in paths.items()
        if notebook in row.files
    }


@pytest.mark.slow
def test_the_files_are_what_the_script_makes(made):
    there = {
        path.relative_to(FOLDER / "class").as_posix(): path.read_bytes()
        for path in Path(FOLDER / "class").rglob("*")
        if path.is_file()
    }
    wanted = made.class_files()
    assert set(there) == set(wanted)
    stale = [name for name in wanted if there[name] != wanted[name]]
    assert not stale, "run: python examples/make_class.py"
    assert sum(map(len, there.values())) < 500_000


def test_every_student_has_a_row(made, jobs):
    assert [row.student for row in find_submissions(FOLDER / "class")] == list(made.STUDENTS)
    assert {student for student, _ in jobs} == set(made.STUDENTS) - {"s15"}
    assert [place for place, job in jobs.items() if job.unread] == [("s08", "w1l2")]
    assert [student for (student, _), job in jobs.items() if job.repairs] == ["s09"]


def test_every_notebook_says_its_points(made, jobs):
    told = {(student, notebook) for student, row in made.STUDENTS.items() for notebook in row.points}
    assert told == set(jobs) - {("s04", "w1l2")}  # a wrong answer may hit a case by chance


MISTAKES = {
    "conv_output_size": "starting place not counted",
    "same_padding": "even filters accepted",
    "zero_pad": "every axis padded",
    "conv_single_step": "bias added to every product",
    "parameter_count": "biases forgotten",
}


@pytest.mark.slow
def test_the_class_gets_the_points_that_it_says(made, jobs, system_part):
    system_part("bubblewrap")
    results = {place: judge_notebook(job) for place, job in jobs.items()}
    points = {place: sum(row.points for row in result.exercises) for place, result in results.items()}
    assert points.pop(("s04", "w1l2")) <= 1
    assert points == {
        (student, notebook): worth
        for student, row in made.STUDENTS.items()
        for notebook, worth in row.points.items()
    }
    assert {row.exercise: row.mistake for row in results["s04", "w1l2"].exercises} == MISTAKES
    assert not results["s02", "w1l2"].failed_cells
    statuses = {
        place: {row.exercise: row.status for row in result.exercises} for place, result in results.items()
    }
    assert set(statuses["s08", "w1l2"].values()) == {"failed"}
    assert statuses["s06", "w1l2"]["zero_pad"] == "failed"
    assert statuses["s07", "w1l2"]["conv_output_size"] == "timeout"
    flagged = {place for place, row in statuses.items() if place[0] != "s10" and "flagged" in row.values()}
    assert flagged == {("s16", "w1l2")}
