"""The class's gradebook, as nbgrader keeps it: in SQLite by default, in any database that SQLAlchemy reaches.

nbgrader's own functions commit every row; here a week is one transaction, so that a gradebook never holds half of one.
Marks that a teacher gives in nbgrader's formgrader stand in the same book and stay.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from alembic.script import ScriptDirectory
from nbgrader.api import (
    Assignment,
    Base,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import (
    URL,
    Column,
    Float,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from utils.grading.classroom.outputs.late import Deadlines
from utils.grading.classroom.outputs.marks import Mark, WeekTotal, exact, plain
from utils.grading.classroom.outputs.released import ReleasedNotebook, require_checks
from utils.grading.classroom.outputs.text import identifier, prose

COURSE = "convnet-course"
_LONGEST_ID = 128
_STUDENTS_AT_A_TIME = 100

# Which of the book's manual marks come from overrides.csv: the others are a teacher's, given in formgrader.
_ours = Table(
    "course_override",
    MetaData(),
    Column("grade_id", String(32), primary_key=True),
    Column("points", Float, nullable=False),
)


@dataclass(frozen=True)
class ManualMark:
    """A mark that was given in the book and not by ``overrides.csv``.

    Attributes
    ----------
    student, week, notebook, exercise : str
        Whose and of what, spelt as in ``grades.csv``.
    points : float
        The mark, extra credit not counted.
    """

    student: str
    week: str
    notebook: str
    exercise: str
    points: float


def sqlite_url(path: Path) -> str:
    """Return the URL of a gradebook in a file, whatever the file is called."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def check_database(url: str) -> None:
    """Open a gradebook, or make it, to learn early that this is possible.

    Raises
    ------
    ValueError
        When the URL is none, its driver is missing or the database refuses.
    """
    with _open(url):
        pass


def write_gradebook(
    url: str,
    marks: Sequence[Mark],
    totals: Sequence[WeekTotal],
    notebooks: Mapping[tuple[str, str], ReleasedNotebook],
    deadlines: Deadlines | None = None,
) -> list[ManualMark]:
    """Bring a gradebook up to date; done twice, it changes nothing.

    A week is nbgrader's assignment, an exercise's check its grade cell. The judge's points become the automatic score,
    an override the manual one; a flagged exercise needs manual grading. Who handed nothing in has no submission.

    Parameters
    ----------
    url : str
        Database, as SQLAlchemy spells it: ``sqlite:///gradebook.db``, ``postgresql+psycopg://user@host/name``.
    marks, totals : sequences
        Of the class.
    notebooks : dict
        Released notebooks by week and id.
    deadlines : Deadlines, optional
        When the weeks were due.

    Returns
    -------
    list of ManualMark
        Marks that stand in the book, were not given by an override and win there over the automatic ones.

    Raises
    ------
    ValueError
        When the database cannot be used, or a release lacks the check of an exercise; the book is as it was.
    """
    require_checks(notebooks, ((mark.week, mark.notebook, mark.result.exercise) for mark in marks))
    manual: list[ManualMark] = []
    with _open(url) as session:
        for week in sorted({total.week for total in totals}):
            manual += _Week(
                session,
                week,
                [mark for mark in marks if mark.week == week],
                [total for total in totals if total.week == week],
                [notebook for (its_week, _), notebook in sorted(notebooks.items()) if its_week == week],
                deadlines.of(week) if deadlines else None,
            ).write()
            session.commit()
    return manual


@contextmanager
def _open(url: str) -> Iterator[Session]:
    try:
        shown = make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise ValueError(
            f"the database must be an address such as sqlite:///gradebook.db, got {url!r}"
        ) from error
    book = None
    try:
        _make_tables(url)
        book = Gradebook(url, COURSE)
        session = book.db()
        _stamp(book)
        yield session
    except (SQLAlchemyError, ImportError) as error:
        first = str(error).strip().split("\n")[0]
        raise ValueError(f"the gradebook {shown} cannot be used: {first}") from error
    finally:
        if book is not None:
            book.close()  # rolls back what is not committed


def _make_tables(url: str) -> None:
    """Make the tables that are not there.

    For an empty database nbgrader itself starts alembic's program, and with it a second Python, to ask for one number.
    """
    engine = create_engine(url)
    try:
        Base.metadata.create_all(engine)
        _ours.create(engine, checkfirst=True)
    finally:
        engine.dispose()


def _stamp(book: Gradebook) -> None:
    """Note the version of the tables where nobody has, as alembic does."""
    if inspect(book.engine).has_table("alembic_version"):
        return
    version = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    book.db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    book.db.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), {"version": version})
    book.db.commit()


def _key(*names: str) -> str:
    """Return the primary key of a row: the same for the same names, so that two runs make the same book."""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]


def _naive(time: datetime | None) -> datetime | None:
    """Return a time as nbgrader keeps it: UTC, without saying so."""
    return None if time is None else time.astimezone(UTC).replace(tzinfo=None)


class _Week:
    """One assignment of the book, being written within one transaction."""

    def __init__(
        self,
        session: Session,
        week: str,
        marks: Sequence[Mark],
        totals: Sequence[WeekTotal],
        notebooks: Sequence[ReleasedNotebook],
        due: datetime | None,
    ):
        self.session, self.week, self.marks, self.totals = session, week, marks, totals
        self.notebooks, self.due = notebooks, due
        self.students = {total.student: identifier(total.student, _LONGEST_ID) for total in totals}

    def write(self) -> list[ManualMark]:
        self._assignment()
        self._cells()
        self._submissions()
        return self._grades()

    def _add(self, kind: type, row_key: str, **values):
        row = kind(**values)
        row.id = row_key
        self.session.add(row)
        return row

    def _assignment(self) -> None:
        known = set(self.session.scalars(select(Student.id)))
        for name in sorted(set(self.students.values()) - known):
            self.session.add(Student(id=name))
        found = self.session.scalars(select(Assignment).where(Assignment.name == self.week)).one_or_none()
        self.assignment = found or self._add(
            Assignment, _key("assignment", self.week), name=self.week, course_id=COURSE
        )
        if self.due is not None:
            self.assignment.duedate = _naive(self.due)
        self.session.flush()

    def _cells(self) -> None:
        """Bring notebooks and cells to what the release says."""
        known = {notebook.name: notebook for notebook in self.assignment.notebooks}
        self.rows: dict[str, Notebook] = {}
        self.cells: dict[tuple[str, type], dict[str, GradeCell | SolutionCell | TaskCell]] = {}
        for notebook in self.notebooks:
            row = known.get(notebook.name) or self._add(
                Notebook,
                _key("notebook", self.week, notebook.name),
                name=notebook.name,
                assignment_id=self.assignment.id,
            )
            row.kernelspec = notebook.kernelspec
            self.rows[notebook.id] = row
        self.session.flush()
        for notebook in self.notebooks:
            row = self.rows[notebook.id]
            for kind, wanted in (
                (GradeCell, [cell for cell in notebook.cells if cell.graded]),
                (SolutionCell, [cell for cell in notebook.cells if cell.solution]),
                (TaskCell, [cell for cell in notebook.cells if cell.task]),
                (SourceCell, notebook.cells),
            ):
                there = self.session.scalars(select(kind).where(kind.notebook_id == row.id))
                self.cells[notebook.id, kind] = self._cells_of_kind(
                    kind, row, {cell.name: cell for cell in there}, wanted
                )
        self.session.flush()

    def _cells_of_kind(self, kind: type, notebook: Notebook, there: dict, wanted: Sequence) -> dict:
        for released in wanted:
            cell = there.get(released.name)
            if cell is None:
                cell = there[released.name] = self._add(
                    kind,
                    _key(kind.__name__, self.week, notebook.name, released.name),
                    name=released.name,
                    notebook_id=notebook.id,
                )
            if kind is not SolutionCell:
                cell.cell_type = released.kind
            if kind in (GradeCell, TaskCell):
                cell.max_score = released.points
            if kind is SourceCell:
                cell.locked, cell.source, cell.checksum = released.locked, released.source, released.checksum
        for name in sorted(set(there) - {released.name for released in wanted}):
            self._drop(there.pop(name))
        return there

    def _drop(self, cell) -> None:
        """Remove a cell that the release no longer has; not where a mark was given by hand."""
        if isinstance(cell, GradeCell):
            grades = self.session.scalars(select(Grade).where(Grade.cell_id == cell.id)).all()
            ours = set(self.session.scalars(select(_ours.c.grade_id)))
            if any(grade.manual_score is not None and grade.id not in ours for grade in grades):
                return
            for grade in grades:
                self.session.delete(grade)
        elif isinstance(cell, SolutionCell | TaskCell):
            comments = self.session.scalars(select(Comment).where(Comment.cell_id == cell.id)).all()
            if any(comment.manual_comment for comment in comments):
                return
            for comment in comments:
                self.session.delete(comment)
        self.session.flush()
        self.session.delete(cell)

    def _submissions(self) -> None:
        """Make a submission of everybody who handed something in or was given a mark."""
        found = self.session.scalars(
            select(SubmittedAssignment).where(SubmittedAssignment.assignment_id == self.assignment.id)
        )
        by_student = {row.student_id: row for row in found}
        self.submissions: dict[str, SubmittedAssignment] = {}
        for total in self.totals:
            student = self.students[total.student]
            row = by_student.get(student)
            if row is None:
                if total.counts["missing"] == sum(total.counts.values()) and not total.overridden:
                    continue
                row = self._add(
                    SubmittedAssignment,
                    _key("submission", self.week, student),
                    assignment_id=self.assignment.id,
                    student_id=student,
                )
            if total.submitted is not None:
                row.timestamp = _naive(total.submitted)
            self.submissions[total.student] = row
        self.session.flush()

    def _grades(self) -> list[ManualMark]:
        """Write scores and comments of every submission, some at a time: a large class need not be in memory."""
        of_this_week = (
            select(Grade.id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .where(SubmittedAssignment.assignment_id == self.assignment.id)
        )
        there = set(self.session.scalars(of_this_week))
        ours = {row.grade_id: row.points for row in self.session.execute(select(_ours))}
        marks = {(mark.student, mark.notebook, mark.result.exercise): mark for mark in self.marks}
        penalties = self._penalties()
        given: dict[str, float] = {}
        manual: list[ManualMark] = []
        for students in _batches(list(self.submissions), _STUDENTS_AT_A_TIME):
            rows = self._submitted_notebooks(students, penalties)
            self._scores(rows, marks, ours, given, manual)
            self._comments(rows, marks)
            self.session.flush()
        self._remember(ours, given, there)
        return manual

    def _submitted_notebooks(
        self, students: Sequence[str], penalties: Mapping[tuple[str, str], Decimal]
    ) -> dict[tuple[str, str], SubmittedNotebook]:
        """Return the rows of these students' notebooks, by student and notebook."""
        submissions = {student: self.submissions[student].id for student in students}
        of_these = select(SubmittedNotebook).where(
            SubmittedNotebook.assignment_id.in_(list(submissions.values()))
        )
        known = {(row.assignment_id, row.notebook_id): row for row in self.session.scalars(of_these)}
        rows = {}
        for student, submission in submissions.items():
            for notebook in self.notebooks:
                row = known.get((submission, self.rows[notebook.id].id)) or self._add(
                    SubmittedNotebook,
                    _key("submitted notebook", submission, notebook.name),
                    assignment_id=submission,
                    notebook_id=self.rows[notebook.id].id,
                )
                row.late_submission_penalty = float(penalties.get((student, notebook.id), 0))
                rows[student, notebook.id] = row
        return rows

    def _scores(
        self,
        rows: Mapping[tuple[str, str], SubmittedNotebook],
        marks: Mapping[tuple[str, str, str], Mark],
        ours: Mapping[str, float],
        given: dict[str, float],
        manual: list[ManualMark],
    ) -> None:
        grades = self._known(Grade, rows)
        for student, notebook, row in self._places(rows):
            exercise_of = {cell: exercise for exercise, cell in notebook.checks.items()}
            for kind in (GradeCell, TaskCell):
                for name, cell in self.cells[notebook.id, kind].items():
                    grade = grades.get((row.id, cell.id)) or self._add(
                        Grade,
                        _key("grade", row.id, cell.id),
                        notebook_id=row.id,
                        cell_id=cell.id,
                        needs_manual_grade=True,
                    )
                    mark = marks.get((student, notebook.id, exercise_of.get(name, "")))
                    if mark is not None:
                        self._score(grade, mark, ours, given, manual)

    def _comments(
        self,
        rows: Mapping[tuple[str, str], SubmittedNotebook],
        marks: Mapping[tuple[str, str, str], Mark],
    ) -> None:
        comments = self._known(Comment, rows)
        for student, notebook, row in self._places(rows):
            says = {
                cell.name: marks.get((student, notebook.id, exercise))
                for exercise, cell in notebook.solutions.items()
            }
            for kind in (SolutionCell, TaskCell):
                for name, cell in self.cells[notebook.id, kind].items():
                    comment = comments.get((row.id, cell.id)) or self._add(
                        Comment, _key("comment", row.id, cell.id), notebook_id=row.id, cell_id=cell.id
                    )
                    if (mark := says.get(name)) is not None:
                        comment.auto_comment = comment_on(mark)

    def _places(
        self, rows: Mapping[tuple[str, str], SubmittedNotebook]
    ) -> Iterator[tuple[str, ReleasedNotebook, SubmittedNotebook]]:
        by_id = {notebook.id: notebook for notebook in self.notebooks}
        return ((student, by_id[notebook], row) for (student, notebook), row in rows.items())

    def _score(
        self,
        grade: Grade,
        mark: Mark,
        ours: Mapping[str, float],
        given: dict[str, float],
        manual: list[ManualMark],
    ) -> None:
        before = grade.auto_score
        grade.auto_score = float(exact(mark.result.points))
        if mark.override is not None:
            grade.manual_score = given[grade.id] = float(mark.override.points)
            grade.needs_manual_grade = False
            return
        if grade.id in ours and grade.manual_score == ours[grade.id]:
            grade.manual_score = None
        if grade.manual_score is None:
            grade.needs_manual_grade = mark.result.status == "flagged"
            return
        if before != grade.auto_score:
            grade.needs_manual_grade = True  # as nbgrader does: somebody should look again
        manual.append(
            ManualMark(mark.student, mark.week, mark.notebook, mark.result.exercise, grade.manual_score)
        )

    def _remember(self, before: Mapping[str, float], given: Mapping[str, float], there: set[str]) -> None:
        """Note which manual marks are ours."""
        old = [grade for grade in before if grade in there and before[grade] != given.get(grade)]
        for some in _batches(old):
            self.session.execute(delete(_ours).where(_ours.c.grade_id.in_(some)))
        new = [grade for grade in given if before.get(grade) != given[grade]]
        for some in _batches(new):
            self.session.execute(
                insert(_ours), [{"grade_id": grade, "points": given[grade]} for grade in some]
            )

    def _known(self, kind: type, rows: Mapping[tuple[str, str], SubmittedNotebook]) -> dict[tuple, object]:
        """Return what the book holds of a kind for these notebooks, by the ids of notebook and cell."""
        of_these = [row.id for row in rows.values()]
        found = (
            row
            for some in _batches(of_these)
            for row in self.session.scalars(select(kind).where(kind.notebook_id.in_(some)))
        )
        return {(row.notebook_id, row.cell_id): row for row in found}

    def _penalties(self) -> dict[tuple[str, str], Decimal]:
        """Share each week's late penalty out over its notebooks: nbgrader keeps it there and adds it up."""
        left = {total.student: total.penalty for total in self.totals}
        shares = {}
        for (student, notebook), some in groupby(self.marks, lambda mark: (mark.student, mark.notebook)):
            earned = sum((mark.points for mark in some), Decimal(0))
            shares[student, notebook] = min(left[student], earned)
            left[student] -= shares[student, notebook]
        return shares


def _batches(values: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def comment_on(mark: Mark) -> str:
    """Return what the book says to the student about an exercise, in plain text."""
    result = mark.result
    parts = []
    if mark.override is not None:
        points = f"{plain(mark.points)} of {plain(mark.max_points)} points"
        parts.append(f"Set by your teacher to {points}: {mark.override.reason}")
    if result.status != "flagged":
        parts.append(result.says)
    elif mark.override is None:
        parts.append("Your teacher will look at this answer; until then it has no points.")
    parts += [
        result.mistake_says if result.mistake_says != result.says else "",
        f"Hint: {result.hint}" if result.hint else "",
    ]
    wrong = [group for group, right in result.groups.items() if not right]
    if wrong:
        parts.append("Not right yet: " + "; ".join(wrong) + ".")
    return prose("\n".join(part for part in parts if part))
