"""What grading runs of every notebook of the course: all that its exercises need, and no training."""

from dataclasses import replace
from pathlib import Path

import pytest

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.plan import choose
from utils.grading.classroom.reading import read_bytes
from utils.grading.classroom.released import read_release
from utils.grading.classroom.repair import fit
from utils.grading.notebooks import course_root

WITH_EXERCISES = [
    name
    for name, notebook in NOTEBOOKS.items()
    if notebook.exercises and (course_root() / notebook.path).exists()
]


@pytest.mark.parametrize("notebook", WITH_EXERCISES)
def test_no_exercise_needs_a_cell_that_is_not_graded(notebook):
    raw = Path(course_root() / NOTEBOOKS[notebook].path).read_bytes()
    fitted, repairs = fit(read_bytes(raw).cells, read_release(raw, notebook))
    assert not repairs
    runs = choose(fitted)
    assert runs == choose([replace(cell, not_graded=False) for cell in fitted])
    tagged = [cell for cell in fitted if cell.not_graded]
    assert {cell.role for cell in tagged} <= {"course"}
    assert {name for cell in fitted if cell.exercise for name in [cell.exercise]} == set(
        NOTEBOOKS[notebook].exercises
    )
