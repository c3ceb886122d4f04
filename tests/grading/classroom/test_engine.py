"""What judging depends on: a corrected exercise changes its own notebook's jobs and no other's."""

import shutil
from pathlib import Path

import pytest

import utils
from utils.grading.classroom import engine as module
from utils.grading.classroom.engine import engine, engine_in

ROOT = Path(utils.__file__).resolve().parents[1]
SOME = ("w1l2", "w1a1", "w1a2", "w4l2", "w4a1")


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "utils", tmp_path / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def engines(root):
    engine_in.cache_clear()
    module._imported.cache_clear()
    return {name: engine_in(root, name) for name in SOME}


def changed(root, path):
    """Return the notebooks whose engine changes with a line more in a file."""
    before = engines(root)
    with (root / path).open("a") as file:
        file.write("\n# corrected\n")
    after = engines(root)
    return {name for name in before if before[name] != after[name]}


def test_every_notebook_has_its_own(copy):
    found = engines(copy)
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("half", ["answers", "exercises"])
def test_a_corrected_exercise_changes_its_notebook_only(copy, half):
    assert changed(copy, f"utils/{half}/week1/w1a1.py") == {"w1a1"}


def test_what_another_notebook_builds_on_changes_both(copy):
    assert changed(copy, "utils/answers/week4/w4l2.py") == {"w4l2", "w4a1"}


def test_the_shared_judge_changes_all(copy):
    assert changed(copy, "utils/answers/answer.py") == set(SOME)


def test_what_only_draws_changes_none(copy):
    assert changed(copy, "utils/cli.py") == set()


def test_an_unknown_notebook_is_said():
    with pytest.raises(KeyError, match="no notebook 'w9a9'; there are: w1l1"):
        engine("w9a9")
