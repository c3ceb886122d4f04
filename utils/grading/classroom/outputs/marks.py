"""What everybody gets: the judge's results with the teacher's marks over them, and sums; in exact decimals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.outputs.late import Deadlines, LateRule, days_late
from utils.grading.classroom.outputs.overrides import Override, Place
from utils.grading.classroom.records import STATUSES, ExerciseResult, NotebookResult

_COURSE_ORDER = {notebook: place for place, notebook in enumerate(NOTEBOOKS)}


def exact(points: float) -> Decimal:
    """Return a number of points as the decimal that it prints as."""
    return Decimal(str(points))


def plain(number: Decimal) -> str:
    """Return a decimal without trailing zeros and without an exponent."""
    return format(number.normalize(), "f") if number else "0"


@dataclass(frozen=True)
class Mark:
    """One exercise of one student.

    Attributes
    ----------
    student, week, notebook : str
        Whose, and where.
    result : ExerciseResult
        What the judge found.
    override : Override or None
        What the teacher decided instead.
    """

    student: str
    week: str
    notebook: str
    result: ExerciseResult
    override: Override | None = None

    @property
    def points(self) -> Decimal:
        """Points that count."""
        return exact(self.result.points) if self.override is None else self.override.points

    @property
    def max_points(self) -> Decimal:
        """Points that there are to earn."""
        return exact(self.result.max_points)


@dataclass(frozen=True)
class WeekTotal:
    """The sums of one student's week.

    Attributes
    ----------
    student, week : str
        Whose, and which.
    points, max_points : Decimal
        Earned before the late penalty, and to earn.
    penalty : Decimal
        Points taken away for being late.
    days : int
        Started days that it was late.
    counts : dict of str to int
        How many exercises have each status.
    overridden : int
        How many have a teacher's mark.
    submitted : datetime or None
        When it was handed in, as far as known.
    """

    student: str
    week: str
    points: Decimal
    max_points: Decimal
    penalty: Decimal
    days: int
    counts: Mapping[str, int]
    overridden: int
    submitted: datetime | None = None

    @property
    def total(self) -> Decimal:
        """Points that count."""
        return self.points - self.penalty

    @property
    def percent(self) -> Decimal:
        """Share of the points to earn, 0 to 100, rounded to hundredths."""
        if not self.max_points:
            return Decimal(0)
        return (100 * self.total / self.max_points).quantize(Decimal("0.01"), ROUND_HALF_UP)


def in_order(results: Sequence[NotebookResult]) -> list[NotebookResult]:
    """Return results by student, week and the notebooks' order in the course.

    Raises
    ------
    ValueError
        When a notebook of a student has two results.
    """
    ordered = sorted(
        results,
        key=lambda one: (
            one.student,
            one.week,
            _COURSE_ORDER.get(one.notebook, len(_COURSE_ORDER)),
            one.notebook,
        ),
    )
    for one, other in pairwise(ordered):
        if (one.student, one.week, one.notebook) == (other.student, other.week, other.notebook):
            raise ValueError(
                f"results must hold each notebook of a student once: got {one.notebook} of {one.student!r} "
                f"in {one.week} twice"
            )
    return ordered


def make_marks(results: Sequence[NotebookResult], overrides: Mapping[Place, Override]) -> list[Mark]:
    """Return a mark for each exercise of each notebook of each student, in order."""
    return [
        Mark(
            result.student,
            result.week,
            result.notebook,
            one,
            overrides.get((result.student, result.week, result.notebook, one.exercise)),
        )
        for result in in_order(results)
        for one in result.exercises
    ]


def make_totals(
    marks: Sequence[Mark],
    rule: LateRule | None = None,
    deadlines: Deadlines | None = None,
    submitted: Mapping[tuple[str, str], datetime] | None = None,
) -> list[WeekTotal]:
    """Return the sums of each week of each student, in the marks' order.

    Parameters
    ----------
    marks : sequence of Mark
        Of the class.
    rule : LateRule, optional
        What being late costs; nothing by default.
    deadlines : Deadlines, optional
        When work was due.
    submitted : dict, optional
        When a student's week was handed in, by student and week.
    """
    weeks: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        weeks.setdefault((mark.student, mark.week), []).append(mark)
    return [
        _total(student, week, of_week, rule, deadlines or Deadlines(), (submitted or {}).get((student, week)))
        for (student, week), of_week in weeks.items()
    ]


def _total(
    student: str,
    week: str,
    marks: Sequence[Mark],
    rule: LateRule | None,
    deadlines: Deadlines,
    submitted: datetime | None,
) -> WeekTotal:
    points = sum((mark.points for mark in marks), Decimal(0))
    max_points = sum((mark.max_points for mark in marks), Decimal(0))
    days = days_late(submitted, deadlines.of(week))
    penalty = rule.penalty(days, points, max_points) if rule and days else Decimal(0)
    counts = {status: sum(mark.result.status == status for mark in marks) for status in STATUSES}
    overridden = sum(mark.override is not None for mark in marks)
    return WeekTotal(student, week, points, max_points, penalty, days, counts, overridden, submitted)
