"""The learner's edition as it is really used: worked through blank, and graded by plain nbgrader."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.api import Gradebook
from traitlets.config import Config

from tests.course.blank import ENVIRONMENT, shortened
from utils.course.environment import kernel_environment
from utils.course.kernels import private_connection
from utils.course.release import learners_edition
from utils.exercises.index import NOTEBOOKS, all_keys, exercise
from utils.grading.judge import judge
from utils.grading.notebooks import course_root, notebook_path

pytestmark = pytest.mark.slow

WITH_EXERCISES = [name for name, row in NOTEBOOKS.items() if row.exercises]


@pytest.fixture
def environment(monkeypatch):
    """The kernel's environment, as `make lab` sets it."""
    for name, value in kernel_environment(progress_bars=False).items():
        monkeypatch.setenv(name, value)


@pytest.mark.blank
@pytest.mark.parametrize("notebook", WITH_EXERCISES)
@pytest.mark.timeout(600)
def test_blank_notebook_says_not_done_once_for_each_exercise_and_raises_nothing(
    notebook, tmp_path, environment, monkeypatch
):
    """Run what a learner's function reaches, in short; the rest is as in the solved edition, which `notebooks` runs."""
    source = notebook_path(notebook)
    blank = nbformat.reads(learners_edition(source.parent.name, [source])[source.name].decode(), as_version=4)
    run = shortened(blank, NOTEBOOKS[notebook].exercises)
    solved = {cell.id: cell.source for cell in nbformat.read(source, as_version=4).cells}
    left_out = {cell.id: cell for cell in blank.cells if cell.cell_type == "code" and cell not in run.cells}
    assert {name: cell.source for name, cell in left_out.items()} == {name: solved[name] for name in left_out}
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    NotebookClient(
        run,
        timeout=300,
        allow_errors=True,
        config=Config(KernelManager=private_connection()),
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    code = [cell for cell in run.cells if cell.cell_type == "code"]
    raised = [(c.id, o.ename, o.evalue) for c in code for o in c.outputs if o.output_type == "error"]
    assert raised == []
    html = [o.data.get("text/html", "") for c in code for o in c.outputs if o.output_type == "execute_result"]
    not_done = [match for page in html for match in re.findall(r"(\w+) is not done yet</b>", page)]
    assert not_done == list(NOTEBOOKS[notebook].exercises)


@pytest.mark.parametrize("week", sorted({NOTEBOOKS[name].week for name in WITH_EXERCISES}))
def test_solved_week_earns_all_its_points(week):
    """Read from the committed outputs, which strict nbval reproduces."""
    keys = [key for key in all_keys() if NOTEBOOKS[key.split("/")[0]].week == week]
    earned = 0.0
    for name in WITH_EXERCISES:
        if NOTEBOOKS[name].week != week:
            continue
        for cell in nbformat.read(notebook_path(name), as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                points = [
                    float(o.data["text/plain"]) for o in cell.outputs if o.output_type == "execute_result"
                ]
                assert points == [cell.metadata.nbgrader.points], cell.id
                earned += points[0]
    assert earned == sum(exercise(key).points for key in keys)


@pytest.mark.timeout(600)
def test_plain_nbgrader_reads_right_partial_and_no_credit(tmp_path, environment):
    source = notebook_path("w1l2")
    week = source.parent.name
    names = NOTEBOOKS["w1l2"].exercises
    (tmp_path / week).mkdir()
    shutil.copy(source, tmp_path / week)
    shutil.copy(course_root() / "nbgrader_config.py", tmp_path)
    _nbgrader(tmp_path, "generate_assignment", week)

    halves = {
        # Forgets the stride; right wherever the stride is 1.
        "conv_output_size": "def conv_output_size(n, f, pad=0, stride=1):\n    return n + 2 * pad - f + 1",
        # Forgets the bias of each filter; never right.
        "parameter_count": "def parameter_count(f, n_C_prev, n_C):\n    return f * f * n_C_prev * n_C",
    }
    wrong = {name: f"def {name}(*args, **kwargs):\n    return 0" for name in names}
    for student, code in {"right": None, "blank": {}, "half": halves, "wrong": wrong}.items():
        _submit(tmp_path, week, source, student, code)
    _nbgrader(tmp_path, "autograde", week)

    namespaces: dict[str, dict] = {name: {} for name in halves}
    for name, text in halves.items():
        exec(text, namespaces[name])
    expected_half = sum(judge(f"w1l2/{name}", namespaces[name][name]).points for name in halves)
    all_points = sum(exercise(f"w1l2/{name}").points for name in names)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions(week)}
    assert 0 < expected_half < all_points
    assert scores == {"right": all_points, "blank": 0, "half": pytest.approx(expected_half), "wrong": 0}


def _nbgrader(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _submit(folder: Path, week: str, source: Path, student: str, code: dict[str, str] | None) -> None:
    """Write a submission: the release with some functions replaced; None hands in the solutions."""
    release = nbformat.read(folder / "release" / week / source.name, as_version=4)
    solved = {cell.id: cell.source for cell in nbformat.read(source, as_version=4).cells}
    for cell in release.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            name = re.search(r"^def (\w+)", cell.source, re.MULTILINE).group(1)
            cell.source = solved[cell.id] if code is None else code.get(name, cell.source)
    target = folder / "submitted" / student / week
    target.mkdir(parents=True)
    nbformat.write(release, target / source.name)
