"""Every notebook of the course keeps the rules of CONTRIBUTING."""

import subprocess
from pathlib import Path

import nbformat
import pytest

from tests.style import rules
from tests.style.test_glossary import read_rows as glossary_rows
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.notebooks import course_root

ROOT = course_root()
PATHS = sorted(ROOT.glob("week[0-9]*/*.ipynb"))
NAMES = {row.path: name for name, row in NOTEBOOKS.items()}
WEEKS = sorted({row.week for row in NOTEBOOKS.values()})


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def points_of(name: str) -> dict[str, float]:
    return {function: exercise(f"{name}/{function}").points for function in NOTEBOOKS[name].exercises}


@pytest.mark.parametrize("path", PATHS, ids=relative)
def test_notebook_keeps_the_rules(path):
    name = NAMES.get(relative(path))
    assert name, f"{relative(path)} is missing in utils/exercises/index.py"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    complaints = rules.header(notebook)
    if rules.is_demo(name):
        complaints += rules.demo_length(notebook)
    else:
        complaints += rules.summary(notebook)
    for rule in (
        rules.cell_length,
        rules.imports,
        rules.outputs,
        rules.hot_links,
        rules.markers,
        rules.tagged,
    ):
        complaints += rule(notebook)
    complaints += rules.ids(notebook, name) + rules.named(notebook, name) + rules.grading_metadata(notebook)
    complaints += rules.exercises(notebook, points_of(name))
    if (kilobytes := path.stat().st_size / 1024) > rules.MAX_KB:
        complaints.append(f"{kilobytes:.0f} KB, {rules.MAX_KB} are allowed")
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("week", WEEKS)
def test_a_complete_week_is_worth_100_points(week):
    names = [name for name, row in NOTEBOOKS.items() if row.week == week]
    lessons = sum(sum(points_of(name).values()) for name in names if name[2] == "l")
    assignments = sum(sum(points_of(name).values()) for name in names if name[2] == "a")
    planned = {row.path for row in glossary_rows() if row.path.startswith(week)}
    if missing := planned - {NOTEBOOKS[name].path for name in names}:
        pytest.skip(
            f"{week} is not complete, {len(missing)} notebooks of the glossary are missing: "
            f"{lessons} + {assignments} points so far"
        )
    assert (lessons, assignments) == (40, 60)


def git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def last_commit_on_main() -> str | None:
    """Return the commit to compare with: where this branch left main, or on main itself the commit before."""
    head = git("rev-parse", "HEAD")
    if head is None:
        return None
    bases = (git("merge-base", "HEAD", ref) for ref in ("origin/main", "main"))
    base = next((found for found in bases if found), head)
    if base == head and not git("status", "--porcelain", "--", "week*"):
        base = git("rev-parse", "HEAD~1") or head
    return base.strip()


@pytest.mark.parametrize("path", PATHS, ids=relative)
def test_ids_stay_with_their_cells(path):
    base = last_commit_on_main()
    if base is None:
        pytest.skip("this copy of the course has no git history to compare cell ids with")
    before = git("show", f"{base}:{relative(path)}")
    if before is None:
        return  # a new notebook
    old = nbformat.reads(before, as_version=4)
    assert rules.moved_ids(old.cells, nbformat.read(path, as_version=4).cells) == []
