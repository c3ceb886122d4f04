"""Marks that a teacher gives by hand, in a file that outlives every regrading: ``overrides.csv`` beside the results."""

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.outputs.text import cell
from utils.grading.classroom.records import NotebookResult

COLUMNS = ("student", "week", "notebook", "exercise", "points", "reason")
_MOST_COMPLAINTS = 20

Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class Override:
    """A mark that a teacher gave by hand.

    Attributes
    ----------
    student, week, notebook, exercise : str
        Whose and of what, spelt as in ``grades.csv``.
    points : Decimal
        Instead of the computed ones, at least 0.
    reason : str
        For the student to read.
    teacher : str
        Who gave it; may be empty.
    line : int
        Line of the file.
    """

    student: str
    week: str
    notebook: str
    exercise: str
    points: Decimal
    reason: str
    teacher: str = ""
    line: int = 0


def read_overrides(path: Path) -> list[Override]:
    """Read a file of overrides; a file that is not there holds none.

    Parameters
    ----------
    path : Path
        UTF-8, separated by commas or, as some spreadsheets save it, by semicolons; the header is
        ``student,week,notebook,exercise,points,reason``, with ``teacher`` as a seventh column if wanted.

    Raises
    ------
    ValueError
        When anything is wrong, with file, line, column, what came and what was wanted.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    header = text.split("\n", 1)[0]
    between = ";" if ";" in header and "," not in header else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    complaints: list[str] = []
    found: dict[Place, Override] = {}
    try:
        names = _header(path, next(rows, []))
        for row in rows:
            if any(value.strip() for value in row):
                _add(found, complaints, path, rows.line_num, names, row)
    except csv.Error as error:
        raise ValueError(f"{path}, line {rows.line_num}: not readable as CSV: {error}") from error
    _complain(complaints)
    return list(found.values())


def settle(
    overrides: Sequence[Override], results: Sequence[NotebookResult], file: str = "overrides.csv"
) -> tuple[dict[Place, Override], list[Override]]:
    """Find what each override is about.

    Parameters
    ----------
    overrides : sequence of Override
        As read.
    results : sequence of NotebookResult
        Of the class.
    file : str
        The file's name, for messages.

    Returns
    -------
    settled : dict
        Override by student, week, notebook and exercise, spelt as in the results.
    unused : list of Override
        Those of weeks of the course that none of the results is about.

    Raises
    ------
    ValueError
        When a student, week, notebook or exercise is not there, or points are more than there are to earn.
    """
    students = {cell(result.student): result.student for result in results}
    students = {result.student: result.student for result in results} | students
    weeks = {result.week for result in results}
    notebooks = {(result.week, result.notebook) for result in results}
    worth = {
        (result.student, result.week, result.notebook, one.exercise): one.max_points
        for result in results
        for one in result.exercises
    }
    settled: dict[Place, Override] = {}
    unused, complaints = [], []
    for row in overrides:
        where = f"{file}, line {row.line}"
        if row.week not in weeks:
            if row.week in {notebook.week for notebook in NOTEBOOKS.values()}:
                unused.append(row)
            else:
                complaints.append(f"{where}, column week: {_unknown(row.week, weeks)}")
            continue
        if row.student not in students:
            complaints.append(f"{where}, column student: {_unknown(row.student, students)}")
            continue
        place = (students[row.student], row.week, row.notebook, row.exercise)
        if (row.week, row.notebook) not in notebooks:
            there = {name for week, name in notebooks if week == row.week}
            complaints.append(f"{where}, column notebook: {_unknown(row.notebook, there)}")
        elif place not in worth:
            there = {name for *others, name in worth if tuple(others) == place[:3]}
            complaints.append(f"{where}, column exercise: {_unknown(row.exercise, there)}")
        elif row.points > Decimal(str(worth[place])):
            complaints.append(
                f"{where}, column points: got {row.points}, wanted at most {worth[place]:g}, what "
                f"{row.exercise} is worth"
            )
        elif place in settled:
            complaints.append(f"{where}: the same exercise has a mark in line {settled[place].line} already")
        else:
            settled[place] = row
    _complain(complaints)
    return settled, unused


def _header(path: Path, row: Sequence[str]) -> list[str]:
    names = [name.strip() for name in row]
    if len(set(names)) != len(names) or set(names) - {"teacher"} != set(COLUMNS):
        raise ValueError(
            f"{path}, line 1: got the columns {', '.join(names) or 'none'}; "
            f"wanted {', '.join(COLUMNS)} and, if you like, teacher"
        )
    return names


def _add(
    found: dict[Place, Override],
    complaints: list[str],
    path: Path,
    line: int,
    names: Sequence[str],
    row: Sequence[str],
) -> None:
    where = f"{path}, line {line}"
    if len(row) != len(names):
        complaints.append(f"{where}: got {len(row)} values, wanted {len(names)}: {', '.join(names)}")
        return
    values = {name: value.strip() for name, value in zip(names, row, strict=True)}
    # A folder's name may begin or end with a space.
    values["student"] = row[names.index("student")]
    empty = [name for name in COLUMNS if not values[name]]
    if empty:
        complaints.append(f"{where}, column {empty[0]}: got nothing, wanted {_wanted(empty[0])}")
        return
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", values["points"], re.ASCII):
        complaints.append(f"{where}, column points: got {values['points']!r}, wanted {_wanted('points')}")
        return
    place = (values["student"], values["week"], values["notebook"], values["exercise"])
    if place in found:
        complaints.append(f"{where}: the same exercise has a mark in line {found[place].line} already")
        return
    found[place] = Override(
        *place, Decimal(values["points"]), values["reason"], values.get("teacher", ""), line
    )


def _wanted(column: str) -> str:
    if column == "points":
        return "a number such as 3 or 2.5"
    if column == "reason":
        return "a sentence that says why, for the student to read"
    return f"the {column} as grades.csv spells it"


def _unknown(name: str, there: Mapping[str, str] | set[str]) -> str:
    near = difflib.get_close_matches(name, there, 1)
    known = f"did you mean {near[0]!r}?" if near else f"wanted one of {', '.join(sorted(there)[:12])}"
    return f"got {name!r}, which grades.csv does not have; {known}"


def _complain(complaints: Sequence[str]) -> None:
    if complaints:
        more = len(complaints) - _MOST_COMPLAINTS
        rest = [f"… and {more} more"] if more > 0 else []
        raise ValueError("\n".join([*complaints[:_MOST_COMPLAINTS], *rest]))
