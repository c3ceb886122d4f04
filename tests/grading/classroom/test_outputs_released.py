"""What is read from a release: every exercise of the course has its check and its solution cell there."""

import pytest

from tests.grading.classroom.made_up import RELEASES, WEEK
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.classroom.outputs.released import read_releases, require_checks
from utils.grading.notebooks import notebook_path


@pytest.mark.parametrize("notebook", [name for name, row in NOTEBOOKS.items() if row.exercises])
def test_the_course(notebook):
    path = notebook_path(notebook)
    week = NOTEBOOKS[notebook].week
    released = read_releases({week: {path.name: path.read_bytes()}})[week, notebook]
    assert set(released.checks) == set(NOTEBOOKS[notebook].exercises) <= set(released.solutions)
    points = {cell.name: cell.points for cell in released.cells if cell.graded}
    assert {name: points[released.checks[name]] for name in released.checks} == {
        name: exercise(f"{notebook}/{name}").points for name in NOTEBOOKS[notebook].exercises
    }
    assert released.title


def test_other_files_are_passed_over():
    assert list(read_releases(RELEASES)) == [(WEEK, "w1l2"), (WEEK, "w1l3")]


def test_an_exercise_without_a_check_is_named():
    with pytest.raises(ValueError, match="w1l2 of week1_conv_basics has none of other"):
        require_checks(read_releases(RELEASES), [(WEEK, "w1l2", "other")])
