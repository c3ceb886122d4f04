"""Plain nbgrader, with the course's configuration, in a throw-away course: release, then autograde."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.course.throwaway import edit
from utils.course.environment import kernel_environment

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"
SUBMISSIONS = {"right": "return a + b", "half": "return 3", "wrong": "return None", "blank": None}
POINTS = {"right": 10, "half": 4, "wrong": 0, "blank": 0}


def nbgrader(course, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # nbgrader calls alembic by name, so the environment must be activated.
    return subprocess.run(
        command,
        cwd=course,
        env=kernel_environment(progress_bars=False),
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.slow
def test_release_and_autograde(course, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shutil.copy(CONFIG, course)
    (course / "week1_small" / "demo_adding.ipynb").unlink()
    lesson = course / "week1_small" / "1_adding.ipynb"
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "check_answer" not in cell.source]
    nbformat.write(notebook, lesson)
    done = nbgrader(course, "generate_assignment", "week1_small")
    assert done.returncode == 0, done.stderr
    release = course / "release" / "week1_small"
    assert sorted(path.name for path in release.iterdir()) == ["1_adding.ipynb", "README.md"]

    for student, body in SUBMISSIONS.items():
        folder = course / "submitted" / student / "week1_small"
        shutil.copytree(release, folder)
        if body:
            edit(folder / "1_adding.ipynb", "t1l1-add", f"def add(a, b):\n    {body}")
    done = nbgrader(course, "autograde", "week1_small")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(course / "gradebook.db") as book:
        rows = book.execute(
            "select s.student_id, g.auto_score from grade g"
            " join submitted_notebook n on n.id = g.notebook_id join submitted_assignment s on s.id = n.assignment_id"
        ).fetchall()
    assert dict(rows) == POINTS
