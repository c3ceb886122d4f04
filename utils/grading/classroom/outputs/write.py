"""Everything that a graded class leaves behind, written at once from the results; written again, it is the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from utils.grading.classroom.outputs.feedback import feedback_page
from utils.grading.classroom.outputs.files import write_file
from utils.grading.classroom.outputs.gradebook import sqlite_url, write_gradebook
from utils.grading.classroom.outputs.late import Deadlines, LateRule
from utils.grading.classroom.outputs.marks import Mark, WeekTotal, in_order, make_marks, make_totals
from utils.grading.classroom.outputs.overrides import read_overrides, settle
from utils.grading.classroom.outputs.released import ReleasedNotebook, read_releases, require_checks
from utils.grading.classroom.outputs.report import Findings, report_page
from utils.grading.classroom.outputs.similarity import find_clusters
from utils.grading.classroom.outputs.tables import canvas_csv, grades_csv, totals_csv
from utils.grading.classroom.outputs.text import folder_names
from utils.grading.classroom.records import NotebookResult

OVERRIDES = "overrides.csv"
GRADEBOOK = "gradebook.db"


def write_outputs(
    results: Sequence[NotebookResult],
    out: Path,
    releases: Mapping[str, Mapping[str, bytes]],
    *,
    late_rule: LateRule | None = None,
    deadlines: Deadlines | None = None,
    submitted: Mapping[tuple[str, str], datetime] | None = None,
    database_url: str | None = None,
    unsafe: bool = False,
    graded_at: str = "",
) -> None:
    """Write tables, feedback, gradebook and report of a class into a folder.

    ``overrides.csv`` in the folder is read, never written. Each file is written beside its place and renamed; pages of
    students who are no longer there are left alone, and so is what else the folder holds.

    Parameters
    ----------
    results : sequence of NotebookResult
        Of the whole class, in any order.
    out : Path
        The folder.
    releases : dict of dict of bytes
        The released notebooks, by week folder and file name.
    late_rule : LateRule, optional
        What being late costs.
    deadlines : Deadlines, optional
        When work was due.
    submitted : dict, optional
        When each student's week was handed in, by student and week.
    database_url : str, optional
        Of the gradebook; ``gradebook.db`` in the folder by default.
    unsafe : bool
        Whether sandboxes were switched off.
    graded_at : str
        When it was graded, in words; pages end with it. No other file holds a time.

    Raises
    ------
    ValueError
        When overrides, results, releases or the database cannot be used. Faults of the first three are found before
        anything is written; where the database refuses, tables and feedback are there already.
    """
    results = in_order(results)
    settled, unused = settle(read_overrides(out / OVERRIDES), results, str(out / OVERRIDES))
    notebooks = read_releases(releases)
    marks = make_marks(results, settled)
    require_checks(notebooks, ((mark.week, mark.notebook, mark.result.exercise) for mark in marks))
    totals = make_totals(marks, late_rule, deadlines, submitted)
    write_file(out / "grades.csv", grades_csv(marks))
    write_file(out / "totals.csv", totals_csv(totals))
    write_file(out / "canvas.csv", canvas_csv(totals))
    titles = {notebook: released.title for (_, notebook), released in notebooks.items()}
    _write_feedback(results, marks, totals, titles, out / "feedback", graded_at)
    manual = write_gradebook(database_url or sqlite_url(out / GRADEBOOK), marks, totals, notebooks, deadlines)
    findings = Findings(find_clusters(results, _stubs(notebooks)), manual, unused)
    write_file(
        out / "report.html",
        report_page(results, marks, totals, findings, titles, unsafe=unsafe, graded_at=graded_at),
    )


def _stubs(notebooks: Mapping[tuple[str, str], ReleasedNotebook]) -> dict[tuple[str, str, str], str]:
    return {
        (week, notebook, exercise): cell.source
        for (week, notebook), released in notebooks.items()
        for exercise, cell in released.solutions.items()
    }


def _write_feedback(
    results: Sequence[NotebookResult],
    marks: Sequence[Mark],
    totals: Sequence[WeekTotal],
    titles: Mapping[str, str],
    folder: Path,
    graded_at: str,
) -> None:
    of_week: dict[tuple[str, str], tuple[list[Mark], list[NotebookResult]]] = {
        (total.student, total.week): ([], []) for total in totals
    }
    for mark in marks:
        of_week[mark.student, mark.week][0].append(mark)
    for result in results:
        if (result.student, result.week) in of_week:
            of_week[result.student, result.week][1].append(result)
    students = folder_names(total.student for total in totals)
    weeks = folder_names(total.week for total in totals)
    for total in totals:
        page = feedback_page(total, *of_week[total.student, total.week], titles, graded_at)
        write_file(folder / students[total.student] / f"{weeks[total.week]}.html", page)
