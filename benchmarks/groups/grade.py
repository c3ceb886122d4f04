"""Grading a class of right solutions: `course grade`, two processes, sandbox on, beside `nbgrader autograde`.

Both are programs started anew and write a gradebook; nbgrader runs one submission after the other and has no sandbox.
Releasing the notebook is no part of either time. Both must give full marks to everybody.
"""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import cache, partial
from pathlib import Path

from benchmarks.cases import Case, Form, Work
from utils.course.environment import kernel_environment
from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root, notebook_path

NBGRADER = "nbgrader autograde"
# Short ones: nbgrader runs every cell of a notebook, and one that trains for a minute would take it ten for a class.
IN_NUMPY, IN_TENSORFLOW = "w1l2", "w3l3"


def program(*command: str, folder: Path) -> None:
    """Run a program of this environment; its last words are in the error when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=kernel_environment(progress_bars=False),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr[-1000:]}")


@cache
def released(notebook: str) -> tempfile.TemporaryDirectory:
    """Make a course with one notebook, and release it for both graders; shared by all class sizes."""
    place = tempfile.TemporaryDirectory(prefix="bench-grade-")
    folder, week = Path(place.name), NOTEBOOKS[notebook].week
    (folder / week).mkdir()
    shutil.copy(notebook_path(notebook), folder / week)
    shutil.copy(course_root() / "nbgrader_config.py", folder)
    os.symlink(course_root() / "data", folder / "data")
    program("nbgrader", "generate_assignment", week, folder=folder)
    hand_in(folder, notebook, 1)
    by_us(folder, notebook, 1)  # keeps its release in the folder of its results
    forget_grades(folder)
    return place


def hand_in(folder: Path, notebook: str, students: int) -> None:
    """Let so many students hand the solutions in."""
    week = NOTEBOOKS[notebook].week
    for student in range(students):
        place = folder / "submitted" / f"student-{student}" / week
        shutil.copytree(folder / week, place, dirs_exist_ok=True)


def forget_grades(folder: Path) -> None:
    """Remove everything of an earlier grading by us but the release."""
    for path in (folder / "out").rglob("*"):
        if path.is_file() and not path.name.startswith("release-"):
            path.unlink()


def by_us(folder: Path, notebook: str, students: int) -> None:
    """Grade with `course grade`."""
    forget_grades(folder)
    submissions, out = str(folder / "submitted"), str(folder / "out")
    week = ("--week", NOTEBOOKS[notebook].week)
    program("utils.cli", "grade", submissions, "--out", out, "--jobs", "2", *week, folder=course_root())
    with (folder / "out" / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["notebook"] == notebook]
    full_marks([(row["points"], row["max_points"]) for row in rows], notebook, students)


def by_nbgrader(folder: Path, notebook: str, students: int) -> None:
    """Grade with nbgrader."""
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    program("nbgrader", "autograde", NOTEBOOKS[notebook].week, "--force", folder=folder)
    with sqlite3.connect(folder / "gradebook.db") as book:
        asked = "select g.auto_score, c.max_score from grade g join grade_cells c on c.id = g.cell_id"
        full_marks(book.execute(asked).fetchall(), notebook, students)


def full_marks(rows: list[tuple], notebook: str, students: int) -> None:
    """Make sure that everybody has every point.

    Raises
    ------
    RuntimeError
        When there is a row too few, or a point.
    """
    wanted = students * len(NOTEBOOKS[notebook].exercises)
    right = sum(got == most for got, most in rows)
    if not len(rows) == right == wanted:
        raise RuntimeError(f"{right} of {len(rows)} exercises have full marks, wanted {wanted} of {wanted}")


def grading(notebook: str, students: int) -> Work:
    """Prepare a class of so many students."""
    place = tempfile.TemporaryDirectory(prefix="bench-grade-")
    folder = Path(place.name) / "course"
    shutil.copytree(released(notebook).name, folder, symlinks=True)
    hand_in(folder, notebook, students)
    return Work(
        Form(partial(by_us, folder, notebook, students)),
        {NBGRADER: Form(partial(by_nbgrader, folder, notebook, students))},
        close=place.cleanup,
    )


def class_of(students: int, rounds: int = 1, at_most: float | None = None) -> Case:
    """Return a class that hands in a NumPy notebook."""
    return Case(
        f"NumPy, {students}",
        f"{students} submissions of {NOTEBOOKS[IN_NUMPY].path}",
        partial(grading, IN_NUMPY, students),
        {} if at_most is None else {NBGRADER: at_most},
        series="submissions",
        size=students,
        rounds=rounds,
    )


CASES = [
    class_of(1),
    class_of(2),
    class_of(4),
    class_of(8, rounds=3, at_most=round(1 / 3, 2)),
    Case(
        "TensorFlow, 5",
        f"5 submissions of {NOTEBOOKS[IN_TENSORFLOW].path}",
        partial(grading, IN_TENSORFLOW, 5),
        {NBGRADER: 0.25},
        rounds=3,
    ),
]
