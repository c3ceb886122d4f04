"""How long grading a class takes beside nbgrader's own autograde of the same submissions.

Run ``python benchmarks/grade.py [--json FILE] [--rounds N]``. One round grades the same class, of right solutions, by
``course grade`` with two processes and the sandbox on, and by ``nbgrader autograde``, which runs one submission after
the other and has no sandbox; each is a program started anew, and both write a gradebook. Releasing the notebook is no
part of either time. First a NumPy notebook, then one with TensorFlow.
"""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from timing import arguments, conclude, quartiles, seconds

from utils.course.environment import kernel_environment
from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root, notebook_path

OURS, NBGRADER = "course grade, 2 processes, sandbox", "nbgrader autograde"
CLASSES = {"w1l2": 12, "w1a2": 6}  # notebook and number of submissions
LEAST = {"w1l2": 3.0, "w1a2": 4.0}  # nbgrader's time over ours
ENVIRONMENT = kernel_environment(progress_bars=False)


def program(*command: str, folder: Path) -> None:
    """Run a program of this environment; what it says is shown when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")


def hand_in(folder: Path, notebook: str, number: int) -> None:
    """Make a course with one notebook, release it, and let everybody hand the solutions in."""
    path = notebook_path(notebook)
    week = folder / NOTEBOOKS[notebook].week
    week.mkdir(parents=True)
    shutil.copy(path, week)
    shutil.copy(course_root() / "nbgrader_config.py", folder)
    os.symlink(course_root() / "data", folder / "data")
    program("nbgrader", "generate_assignment", week.name, folder=folder)
    for student in range(number):
        shutil.copytree(week, folder / "submitted" / f"student-{student}" / week.name)


def by_nbgrader(folder: Path, notebook: str) -> None:
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    program("nbgrader", "autograde", NOTEBOOKS[notebook].week, "--force", folder=folder)


def by_us(folder: Path, notebook: str) -> None:
    for path in (folder / "out").rglob("*"):
        if path.is_file() and not path.name.startswith("release-"):
            path.unlink()
    submissions, out = str(folder / "submitted"), str(folder / "out")
    week = ("--week", NOTEBOOKS[notebook].week)
    program("utils.cli", "grade", submissions, "--out", out, "--jobs", "2", *week, folder=course_root())


def full_marks(folder: Path, notebook: str, number: int) -> bool:
    """Tell whether both have given every point to everybody."""
    with (folder / "out" / "grades.csv").open(newline="", encoding="utf-8") as file:
        ours = [row for row in csv.DictReader(file) if row["notebook"] == notebook]
    with sqlite3.connect(folder / "gradebook.db") as book:
        theirs = book.execute(
            "select g.auto_score, c.max_score from grade g join grade_cells c on c.id = g.cell_id"
        ).fetchall()
    count = number * len(NOTEBOOKS[notebook].exercises)
    right = all(row["points"] == row["max_points"] for row in ours) and all(
        got == most for got, most in theirs
    )
    return len(ours) == len(theirs) == count and right


def main() -> int:
    """Grade both classes in turns and say what it came to."""
    given = arguments(__doc__.split("\n")[0], rounds=3)
    results, missed = {}, []
    for notebook, number in CLASSES.items():
        with tempfile.TemporaryDirectory(prefix="grade-") as place:
            folder = Path(place)
            hand_in(folder, notebook, number)
            forms = {OURS: partial(by_us, folder, notebook), NBGRADER: partial(by_nbgrader, folder, notebook)}
            forms[OURS]()  # keeps the release for the rounds
            times = {name: [] for name in forms}
            for _ in range(given.rounds):
                for name, form in forms.items():
                    times[name].append(seconds(form))
            if not full_marks(folder, notebook, number):
                missed.append(f"{notebook}: a right solution without full marks")
        results[notebook] = quartiles(times[NBGRADER], times[OURS])
        low, middle, high = results[notebook]
        ratio = f"{middle:.1f} ({low:.1f}–{high:.1f})"
        print(f"{notebook}, {number} submissions: {NBGRADER} takes {ratio} × as long as {OURS}")
        if middle < LEAST[notebook]:
            missed.append(f"{notebook}: {middle:.1f} × nbgrader's speed, not {LEAST[notebook]:g}")
    return conclude(results, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
