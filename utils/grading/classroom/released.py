"""What a released notebook says about its cells: it alone decides what is given, what is solved and what checks."""

import json
from dataclasses import dataclass
from functools import lru_cache

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.reading import ReadCell, read_bytes
from utils.grading.notebooks import stub_message

NOT_GRADED = "not-graded"  # tag of a cell that is never run when grading
_ASKING = {"check", "hint", "solution", "check_answer"}


@dataclass(frozen=True)
class ReleasedCell:
    """A cell of the release.

    Attributes
    ----------
    cell : ReadCell
        The cell itself.
    role : {"imports", "given", "solution", "check", "asks", "course", "text"}
        What it is for: ``asks`` are hints and quizzes, ``course`` is the course's other code.
    exercise : str
        Name of the function that is written here, for ``"solution"``; else empty.
    not_graded : bool
        Whether it is tagged ``not-graded``.
    """

    cell: ReadCell
    role: str
    exercise: str = ""
    not_graded: bool = False

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.cell.grade_id or self.cell.id


@lru_cache(maxsize=64)
def read_release(release: bytes, notebook: str) -> tuple[ReleasedCell, ...]:
    """Read a released notebook.

    Parameters
    ----------
    release : bytes
        The learner's edition, or the instructor's.
    notebook : str
        Its id, ``"w1a1"``.

    Raises
    ------
    ValueError
        When it is no notebook, has no code, or lacks the cell of an exercise.
    """
    metadata = [cell.get("metadata", {}) for cell in json.loads(release)["cells"]]
    exercises = NOTEBOOKS[notebook].exercises
    cells: list[ReleasedCell] = []
    for cell, about in zip(read_bytes(release).cells, metadata, strict=True):
        role, exercise = _role(cell, about.get("nbgrader", {}), exercises, cells)
        cells.append(ReleasedCell(cell, role, exercise, NOT_GRADED in about.get("tags", ())))
    missing = set(exercises) - {cell.exercise for cell in cells}
    if missing:
        raise ValueError(f"the release of {notebook} has no solution cell for {', '.join(sorted(missing))}")
    return tuple(cells)


def _role(
    cell: ReadCell, row: dict, exercises: tuple[str, ...], before: list[ReleasedCell]
) -> tuple[str, str]:
    if cell.kind != "code":
        return "text", ""
    if all(other.role == "text" for other in before):
        return "imports", ""
    if row.get("solution"):
        return "solution", next((name for name in exercises if name in cell.functions), "")
    if row.get("grade"):
        return "check", ""
    if row.get("locked"):
        return "given", ""
    if only_asks(cell):
        return "asks", ""
    return "course", ""


def only_asks(cell: ReadCell) -> bool:
    """Tell whether a cell does nothing but ask for a check, a hint, a solution or a quiz."""
    return bool(cell.calls_only) and set(cell.calls_only) <= _ASKING


def is_blank(cell: ReadCell, exercise: str) -> bool:
    """Tell whether the blank of an exercise still stands in a cell."""
    return stub_message(exercise) in cell.source
