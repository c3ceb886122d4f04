"""Where attacks take place: a student's notebook whose one exercise is attacked and whose others are honest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from textwrap import dedent

from tests.grading.classroom.handed_in import EXERCISES, WEEK, text
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.classroom.judging import judge_notebook
from utils.grading.classroom.records import ExerciseResult, Job, Limits, NotebookResult, PlannedCell
from utils.grading.notebooks import defined_functions, notebook_path, read_cells

SEED = 20_260_704
# The course's first cell, without what only its figures need.
IMPORTS = """
import numpy as np
from utils.grading import check, check_answer, hint, passed, solution
from utils.layers import relu

NOTEBOOK = "w1l2"
"""
WRONG = "def zero_pad(X, pad):\n    return X"


@dataclass(frozen=True)
class Attack:
    """What a student tries in order to get points for an exercise that they have not solved.

    Attributes
    ----------
    name : str
        For the test's name.
    why : str
        Why somebody would expect points from it.
    solution : str
        What stands in the cell of the attacked exercise.
    cells : tuple of str
        Cells of the student's own that run before.
    status : tuple of str
        What the row may say.
    rest : bool
        Whether the student's honest exercise keeps its points: not where the attack spoils the process that both share,
        or where a teacher has to look at everything.
    """

    name: str
    why: str
    solution: str = WRONG
    cells: tuple[str, ...] = ()
    status: tuple[str, ...] = ("graded",)
    rest: bool = True


def job_of(
    solution: str,
    cells: tuple[str, ...] = (),
    *,
    notebook: str = "w1l2",
    attacked: str = "zero_pad",
    honest: tuple[str, ...] = ("parameter_count",),
    limits: Limits | None = None,
    student: str = "mallory",
) -> Job:
    """Return a job: the course's imports, the student's own cells, the attacked exercise, the honest ones."""
    first = IMPORTS if notebook == "w1l2" else _texts(notebook)[""]
    planned = [PlannedCell("imports", first, False)]
    planned += [PlannedCell(f"own-{i}", cell, True, _defines(cell)) for i, cell in enumerate(cells)]
    planned += [PlannedCell(attacked, solution, True, _defines(solution))]
    planned += [PlannedCell(name, right(notebook, name), True, (name,)) for name in honest]
    names = tuple(name for name in NOTEBOOKS[notebook].exercises if name in (attacked, *honest))
    week = NOTEBOOKS[notebook].week
    return Job(student, week, notebook, tuple(planned), names, seed=SEED, limits=limits or Limits())


def right(notebook: str, name: str) -> str:
    """Return the right text of an exercise's cell."""
    return _texts(notebook)[name]


@cache
def _texts(notebook: str) -> dict[str, str]:
    cells = [cell for cell in read_cells(notebook_path(notebook)) if cell.kind == "code"]
    texts = {name: cell.source for cell in cells for name in defined_functions(cell.source)}
    return {**texts, "": cells[0].source}


def _defines(source: str) -> tuple[str, ...]:
    try:
        return tuple(defined_functions(source))
    except (SyntaxError, ValueError):
        return ()


def honest_job(student: str = "alice") -> Job:
    """Return the job of somebody who solved the whole lesson."""
    cells = [PlannedCell("imports", IMPORTS, False)]
    cells += [PlannedCell(name, text(name), True, (name,)) for name in EXERCISES]
    return Job(student, WEEK, "w1l2", tuple(cells), EXERCISES, seed=SEED)


def assert_full(result: NotebookResult) -> None:
    """Assert that every exercise has all its points and that nothing is said against it."""
    for row in result.exercises:
        assert (row.status, row.points, row.flagged_for) == ("graded", row.max_points, ()), row


def row_of(result: NotebookResult, name: str) -> ExerciseResult:
    return next(row for row in result.exercises if row.exercise == name)


def assert_gains_nothing(
    attack: Attack, *, limits: Limits | None = None, judge: Callable[[Job], NotebookResult] = judge_notebook
) -> NotebookResult:
    """Judge an attack on `zero_pad` and assert that it gets nothing and costs nothing else."""
    result = judge(job_of(attack.solution, attack.cells, limits=limits))
    assert [row.exercise for row in result.exercises] == ["zero_pad", "parameter_count"]
    attacked, honest = result.exercises
    assert attacked.points == 0
    assert attacked.max_points == exercise("w1l2/zero_pad").points
    assert attacked.status in attack.status, attacked
    if attack.rest:
        assert (honest.status, honest.points) == ("graded", honest.max_points), honest
    else:
        assert honest.points in (0, honest.max_points)
    NotebookResult.from_json(result.to_json())
    return result


def same(one: NotebookResult, other: NotebookResult) -> bool:
    """Tell whether two results are equal but for the time they took."""
    return replace(one, seconds=0.0) == replace(other, seconds=0.0)


def code(text: str, **places: Path | str | int) -> str:
    """Return a text as a cell: without its margin, ``<name>`` replaced by the values' representations."""
    text = dedent(text).strip()
    for name, value in places.items():
        text = text.replace(f"<{name}>", repr(value if isinstance(value, int) else str(value)))
    return text
