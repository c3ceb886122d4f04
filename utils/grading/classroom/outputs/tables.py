r"""The tables: every exercise of every student, the sums, a file that Canvas imports; UTF-8, ``\n`` line ends."""

import csv
import io
from collections.abc import Iterable, Sequence

from utils.grading.classroom.outputs.marks import Mark, WeekTotal, plain
from utils.grading.classroom.outputs.text import cell, week_title
from utils.grading.classroom.records import STATUSES

GRADES = ("student", "week", "notebook", "exercise", "points", "max_points", "status")
TOTALS = (
    "student",
    "week",
    "points",
    "max_points",
    "late_penalty",
    "total",
    "percent",
    *STATUSES,
    "overridden",
)
# https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def grades_csv(marks: Sequence[Mark]) -> str:
    """Return ``grades.csv``: a row an exercise, with the points that count before a late penalty."""
    rows = (
        (
            mark.student,
            mark.week,
            mark.notebook,
            mark.result.exercise,
            plain(mark.points),
            plain(mark.max_points),
            mark.result.status,
        )
        for mark in marks
    )
    return _table([GRADES, *rows])


def totals_csv(totals: Sequence[WeekTotal]) -> str:
    """Return ``totals.csv``: a row a student and week, ``total`` being ``points`` less ``late_penalty``."""
    rows = (
        (
            total.student,
            total.week,
            plain(total.points),
            plain(total.max_points),
            plain(total.penalty),
            plain(total.total),
            plain(total.percent),
            *(str(total.counts[status]) for status in STATUSES),
            str(total.overridden),
        )
        for total in totals
    )
    return _table([TOTALS, *rows])


def canvas_csv(totals: Sequence[WeekTotal]) -> str:
    """Return ``canvas.csv``: the shape of Canvas' gradebook import, one assignment a week, late penalties included.

    The folder's name is given as name and as login; Canvas finds its students by the login.
    """
    weeks = sorted({total.week for total in totals})
    worth = {total.week: plain(total.max_points) for total in totals}
    earned: dict[str, dict[str, str]] = {}
    for total in totals:
        earned.setdefault(total.student, {})[total.week] = plain(total.total)
    rows = [
        (*CANVAS, *map(week_title, weeks)),
        ("    Points Possible", "", "", "", "", *(worth[week] for week in weeks)),
        *(
            (student, "", "", student, "", *(points.get(week, "") for week in weeks))
            for student, points in earned.items()
        ),
    ]
    return _table(rows)


def _table(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
