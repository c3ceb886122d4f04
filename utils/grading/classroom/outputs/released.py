"""What the release says about a notebook: its graded cells, its solution cells, and what they hold before any work."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from utils.grading.notebooks import defined_functions

_CHECK = re.compile(r"\bcheck\(\s*(\w+)")


@dataclass(frozen=True)
class ReleasedCell:
    """A cell that nbgrader knows.

    Attributes
    ----------
    name, kind, source : str
        ``grade_id``, ``"code"`` or ``"markdown"``, and text.
    checksum : str or None
        As the release has it.
    locked, graded, solution, task : bool
        As nbgrader sees the cell.
    points : float
        What it is worth; 0 where it is not graded.
    """

    name: str
    kind: str
    source: str
    checksum: str | None
    locked: bool
    graded: bool
    solution: bool
    task: bool
    points: float


@dataclass(frozen=True)
class ReleasedNotebook:
    """A notebook of a release.

    Attributes
    ----------
    week, id, name : str
        The week folder's name, the notebook's id such as ``"w1a1"``, and its file's name without the ending.
    heading : str
        Its first line, without the mark of a heading; empty where that is none.
    kernelspec : str
        As JSON.
    cells : tuple of ReleasedCell
        Those that nbgrader knows.
    """

    week: str
    id: str
    name: str
    heading: str
    kernelspec: str
    cells: tuple[ReleasedCell, ...]

    @cached_property
    def title(self) -> str:
        """Name for people: ``"Lesson 2: Padding, strides and volumes"``."""
        kind, number = re.match(r"([a-z]*)_?(\d*)", self.name).groups()
        place = f"{kind.capitalize() or 'Lesson'} {number}".strip()
        if not self.heading:
            return self.name.replace("_", " ")
        known = kind in ("", "assignment") and number and not self.heading.startswith(place)
        return f"{place}: {self.heading}" if known else self.heading

    @cached_property
    def checks(self) -> dict[str, str]:
        """``grade_id`` of the cell that checks each exercise."""
        found = {}
        for cell in self.cells:
            if cell.graded and not cell.solution and (names := _CHECK.findall(cell.source)):
                found.setdefault(names[0], cell.name)
        return found

    @cached_property
    def solutions(self) -> dict[str, ReleasedCell]:
        """Cell in which each exercise is solved, as it was handed out."""
        found: dict[str, ReleasedCell] = {}
        for cell in self.cells:
            if cell.solution and cell.kind == "code":
                for name in defined_functions(cell.source):
                    found.setdefault(name, cell)
        return found


def read_releases(
    releases: Mapping[str, Mapping[str, bytes]],
) -> dict[tuple[str, str], ReleasedNotebook]:
    """Read the notebooks of releases.

    Parameters
    ----------
    releases : dict of dict of bytes
        Content by week folder and file name; files that are no notebooks are passed over.

    Returns
    -------
    dict
        Notebook by week and id.
    """
    notebooks = (
        _read(week, file, content)
        for week, files in releases.items()
        for file, content in files.items()
        if file.endswith(".ipynb")
    )
    return {(notebook.week, notebook.id): notebook for notebook in notebooks}


def require_checks(
    notebooks: Mapping[tuple[str, str], ReleasedNotebook], exercises: Iterable[tuple[str, str, str]]
) -> None:
    """Refuse exercises that the releases do not hold.

    Parameters
    ----------
    notebooks : dict
        As read.
    exercises : iterable of (str, str, str)
        Week, notebook and exercise of each result.

    Raises
    ------
    ValueError
        When a notebook or the check of an exercise is missing.
    """
    for week, notebook, exercise in exercises:
        if (week, notebook) not in notebooks:
            raise ValueError(f"releases must hold every graded notebook: {notebook} of {week} is not there")
        if exercise not in notebooks[week, notebook].checks:
            raise ValueError(
                f"releases must hold a check of every exercise: {notebook} of {week} has none of {exercise}"
            )


def _read(week: str, file: str, content: bytes) -> ReleasedNotebook:
    document = nbformat.reads(content.decode(), as_version=4)
    name = PurePath(file).stem
    return ReleasedNotebook(
        week=week,
        id=document.metadata.get("course", {}).get("id", name),
        name=name,
        heading=_heading(document.cells),
        kernelspec=json.dumps(document.metadata.get("kernelspec", {})),
        cells=tuple(
            _cell(cell) for cell in document.cells if "grade_id" in cell.metadata.get("nbgrader", {})
        ),
    )


def _heading(cells: Sequence[NotebookNode]) -> str:
    first = cells[0].source.split("\n")[0] if cells else ""
    return first.removeprefix("# ").strip() if first.startswith("# ") else ""


def _cell(cell: NotebookNode) -> ReleasedCell:
    said = cell.metadata.nbgrader
    return ReleasedCell(
        name=said.grade_id,
        kind=cell.cell_type,
        source=cell.source,
        checksum=said.get("checksum"),
        locked=bool(is_locked(cell)),
        graded=is_grade(cell),
        solution=is_solution(cell),
        task=is_task(cell),
        points=float(said.get("points", 0)),
    )
