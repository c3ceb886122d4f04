"""The gradebook: nbgrader reads it, it is the same when written twice, and no mark given by hand is lost."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from nbgrader.api import Gradebook, get_alembic_version
from sqlalchemy import create_engine, inspect, make_url, text

from tests.course.test_nbgrader import nbgrader
from tests.grading.classroom.made_up import (
    EXERCISES,
    HOSTILE,
    NOTEBOOK_IDS,
    RELEASES,
    WEEK,
    WEIRD,
    judged,
    result,
    school_class,
)
from tests.grading.classroom.postgres import cluster
from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.outputs import gradebook
from utils.grading.classroom.outputs.gradebook import COURSE, check_database, sqlite_url, write_gradebook
from utils.grading.classroom.outputs.late import Deadlines, LateRule
from utils.grading.classroom.outputs.marks import make_marks, make_totals
from utils.grading.classroom.outputs.overrides import Override
from utils.grading.classroom.outputs.released import read_releases
from utils.grading.classroom.outputs.text import identifier

pytestmark = pytest.mark.slow  # nbgrader takes seconds to make a book

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
FILE_OF = {
    notebook: NOTEBOOKS[notebook].path.split("/")[1].removesuffix(".ipynb") for notebook in NOTEBOOK_IDS
}
CELL = ("w1l2-zero-pad-check", FILE_OF["w1l2"], WEEK)


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory):
    """A new gradebook: nbgrader takes seconds to make one, so each test begins with a copy."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    check_database(sqlite_url(path))
    return path


@pytest.fixture(scope="module")
def server():
    """The address of a PostgreSQL server that has an empty gradebook, called ``empty``."""
    with cluster() as address:
        create_database(address, "empty", "template0")
        check_database(in_database(address, "empty"))
        yield address


def create_database(address, name, template):
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    engine.dispose()


def in_database(address, name):
    return make_url(address).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A new gradebook in each kind of database."""
    if request.param == "sqlite":
        path = tmp_path / "grade book?#%20;é.db"
        shutil.copy(request.getfixturevalue("empty_file"), path)
        return sqlite_url(path)
    address, name = request.getfixturevalue("server"), f"book_{uuid4().hex}"
    create_database(address, name, "empty")
    return in_database(address, name)


@pytest.fixture
def sqlite(tmp_path, empty_file):
    shutil.copy(empty_file, tmp_path / "gradebook.db")
    return sqlite_url(tmp_path / "gradebook.db")


def write(url, results, overrides=(), releases=RELEASES, **late):
    settled = {(row.student, row.week, row.notebook, row.exercise): row for row in overrides}
    marks = make_marks(results, settled)
    totals = make_totals(marks, late.get("rule"), late.get("deadlines"), late.get("submitted"))
    return write_gradebook(url, marks, totals, read_releases(releases), late.get("deadlines"))


@contextmanager
def opened(url):
    with Gradebook(url, COURSE) as book:
        yield book


def everything(url):
    """Return every row of every table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = sorted(inspect(engine).get_table_names())
        rows = {name: sorted(map(repr, connection.execute(text(f"select * from {name}")))) for name in tables}
    engine.dispose()
    return rows


def override(points="1.5", student="ada", reason="Explained it in class"):
    return Override(student, WEEK, "w1l2", "zero_pad", Decimal(points), reason)


def grade_of(book, student="ada"):
    return book.find_grade(*CELL, student)


def give_by_hand(url, points, student="ada", comment=None):
    """Give a mark as formgrader does."""
    with opened(url) as book:
        grade = grade_of(book, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            book.find_comment("w1l2-zero-pad", *CELL[1:], student).manual_comment = comment
        book.db.commit()


def test_scores_and_sums(url):
    write(url, [*school_class("ada"), *school_class("bob", share=0.5), *school_class("eve", share=0)])
    with opened(url) as book:
        assert [student.id for student in book.students] == ["ada", "bob", "eve"]
        (assignment,) = book.assignments
        assert (assignment.name, assignment.max_score) == (WEEK, sum(EXERCISES.values()))
        scores = {row.student.id: row.score for row in book.assignment_submissions(WEEK)}
        half = sum(judged(*place, 0.5).points for place in EXERCISES)
        assert scores == pytest.approx({"ada": sum(EXERCISES.values()), "bob": half, "eve": 0})
        assert not any(row.needs_manual_grade for row in book.assignment_submissions(WEEK))
        cells = {
            (cell.notebook.name, cell.name): cell.max_score
            for row in assignment.notebooks
            for cell in row.grade_cells
        }
        assert cells == {
            (FILE_OF[notebook], f"{notebook}-{name.replace('_', '-')}-check"): worth
            for (notebook, name), worth in EXERCISES.items()
        }


def test_twice_is_the_same(url):
    results = [*school_class("ada", says="Wrong shape."), *school_class("bob", share=0, status="flagged")]
    late = {
        "rule": LateRule(Decimal(10)),
        "deadlines": Deadlines(DUE),
        "submitted": {("ada", WEEK): DUE + timedelta(1)},
    }
    write(url, results, [override()], **late)
    once = everything(url)
    write(url, results[::-1], [override()], **late)
    assert everything(url) == once
    assert all(
        once[name] for name in ("grade", "comment", "source_cell", "course_override", "alembic_version")
    )


def test_two_books_of_the_same_results_are_the_same(tmp_path, empty_file):
    urls = [sqlite_url(shutil.copy(empty_file, tmp_path / name)) for name in ("a.db", "b.db")]
    for url, results in zip(urls, (school_class("ada", "bob"), school_class("bob", "ada")), strict=True):
        write(url, results, [override()])
    assert everything(urls[0]) == everything(urls[1])


def test_students_at_a_time_make_no_difference(tmp_path, empty_file, monkeypatch):
    results = [*school_class("ada", "bob", share=0.5), *school_class("cyn", share=0, status="flagged")]
    urls = [sqlite_url(shutil.copy(empty_file, tmp_path / name)) for name in ("a.db", "b.db")]
    write(urls[0], results, [override()])
    monkeypatch.setattr(gradebook, "_STUDENTS_AT_A_TIME", 2)
    for _ in range(2):
        write(urls[1], results, [override()])
        assert everything(urls[1]) == everything(urls[0])
    for url in urls:
        write(url, school_class("bob", "cyn"))
    assert everything(urls[1]) == everything(urls[0])


def test_the_version_is_what_nbgrader_asks_alembic_for(empty_file, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    with sqlite3.connect(empty_file) as book:
        assert book.execute("select version_num from alembic_version").fetchall() == [
            (get_alembic_version(),)
        ]


def test_an_override_is_a_manual_mark_and_goes_with_its_row(url):
    results = school_class("ada", share=0, says="Wrong shape.", hint="Look at the axes.")
    write(url, results, [override()])
    with opened(url) as book:
        grade = grade_of(book)
        assert (grade.auto_score, grade.manual_score, grade.score) == (0, 1.5, 1.5)
        assert not grade.needs_manual_grade
        comment = book.find_comment("w1l2-zero-pad", *CELL[1:], "ada").comment
        assert "Set by your teacher to 1.5 of" in comment
        assert "Explained it in class" in comment
    write(url, results, [override("1")])
    with opened(url) as book:
        assert grade_of(book).score == 1
    write(url, results)
    with opened(url) as book:
        assert (grade_of(book).manual_score, grade_of(book).score) == (None, 0)
        assert (
            book.find_comment("w1l2-zero-pad", *CELL[1:], "ada").comment
            == "Wrong shape.\nHint: Look at the axes."
        )


def test_a_mark_given_in_the_book_stays(url):
    results = school_class("ada", share=0)
    write(url, results)
    give_by_hand(url, 2.0, comment="Nice idea")
    (found,) = write(url, results)
    assert (found.student, found.notebook, found.exercise, found.points) == ("ada", "w1l2", "zero_pad", 2.0)
    with opened(url) as book:
        assert (grade_of(book).score, grade_of(book).needs_manual_grade) == (2, False)
        assert book.find_comment("w1l2-zero-pad", *CELL[1:], "ada").comment == "Nice idea"


def test_a_mark_given_in_the_book_is_to_be_looked_at_when_the_check_changes(url):
    write(url, school_class("ada", share=0))
    give_by_hand(url, 2.0)
    write(url, school_class("ada", share=1))
    with opened(url) as book:
        assert (grade_of(book).score, grade_of(book).needs_manual_grade) == (2, True)


def test_a_mark_given_in_the_book_over_an_override_survives_the_override(url):
    write(url, school_class("ada", share=0), [override("1")])
    give_by_hand(url, 2.0)
    write(url, school_class("ada", share=0))
    with opened(url) as book:
        assert grade_of(book).score == 2
    write(url, school_class("ada", share=0), [override("1")])
    with opened(url) as book:
        assert grade_of(book).score == 1


def test_flagged_needs_a_decision(url):
    results = school_class("ada", share=0, status="flagged", flagged_for=("called np.pad",))
    write(url, results)
    with opened(url) as book:
        assert grade_of(book).needs_manual_grade
        assert "np.pad" not in book.find_comment("w1l2-zero-pad", *CELL[1:], "ada").comment
    write(url, results, [override()])
    with opened(url) as book:
        assert not grade_of(book).needs_manual_grade
        assert book.find_submission(WEEK, "ada").needs_manual_grade  # for the other exercises


def test_who_handed_nothing_in_has_no_submission(url):
    missing = school_class("bob", "eve", share=0, status="missing")
    write(url, [*school_class("ada"), *missing], [override(student="eve")])
    with opened(url) as book:
        assert {row.student.id: row.score for row in book.assignment_submissions(WEEK)} == {
            "ada": sum(EXERCISES.values()),
            "eve": 1.5,
        }
        assert [student.id for student in book.students] == ["ada", "bob", "eve"]


def test_a_regrade_changes_the_automatic_score(url):
    write(url, school_class("ada", share=0))
    write(url, school_class("ada", share=1))
    with opened(url) as book:
        assert book.find_submission(WEEK, "ada").score == sum(EXERCISES.values())


def test_late_penalties(url):
    submitted = {("ada", WEEK): DUE + timedelta(hours=25), ("bob", WEEK): DUE}
    late = {"rule": LateRule(Decimal(30)), "deadlines": Deadlines(DUE), "submitted": submitted}
    write(url, school_class("ada", "bob"), **late)
    with opened(url) as book:
        ada, bob = (book.find_submission(WEEK, name) for name in ("ada", "bob"))
        assert ada.late_submission_penalty == pytest.approx(0.6 * sum(EXERCISES.values()))
        assert (bob.late_submission_penalty, ada.total_seconds_late) == (0, 25 * 3600)
        assert ada.assignment.duedate == DUE.replace(tzinfo=None)


def test_any_names_and_texts(url):
    results = [one for name in WEIRD for one in school_class(name, share=0, says=HOSTILE, trace=HOSTILE)]
    write(url, results)
    once = everything(url)
    write(url, results)
    assert everything(url) == once
    with opened(url) as book:
        assert {student.id for student in book.students} == {identifier(name, 128) for name in WEIRD}
        assert len(book.assignment_submissions(WEEK)) == len(WEIRD)


def test_a_release_that_changed(url):
    write(url, school_class("ada", "bob"))
    name = next(file for file in RELEASES[WEEK] if "padding" in file)
    changed = RELEASES[WEEK][name].replace(b"w1l2-zero-pad-check", b"w1l2-pad-check")
    assert changed != RELEASES[WEEK][name]
    write(url, school_class("ada", "bob"), releases={WEEK: {**RELEASES[WEEK], name: changed}})
    with opened(url) as book:
        assert book.find_assignment(WEEK).max_score == sum(EXERCISES.values())
        assert book.find_submission(WEEK, "ada").score == sum(EXERCISES.values())
        assert book.find_grade("w1l2-pad-check", *CELL[1:], "ada").score == EXERCISES["w1l2", "zero_pad"]


def test_half_a_week_is_never_kept(sqlite, monkeypatch):
    write(sqlite, school_class("ada", share=0))
    before = everything(sqlite)
    said = []

    def breaks_off(mark):
        said.append(mark)
        if len(said) == len(EXERCISES) + 3:
            raise KeyboardInterrupt
        return "said"

    monkeypatch.setattr(gradebook, "comment_on", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        write(sqlite, school_class("ada", "bob"))
    assert everything(sqlite) == before


def test_a_book_whose_making_was_cut_short_is_finished(sqlite, tmp_path):
    before = everything(sqlite)
    with sqlite3.connect(tmp_path / "gradebook.db") as book:
        book.execute("drop table alembic_version")
        book.execute("drop table course_override")
    check_database(sqlite)
    assert everything(sqlite) == before


def test_a_release_without_the_check_is_refused_before_anything_is_written(sqlite):
    with pytest.raises(ValueError, match="releases must hold every graded notebook: w1l2"):
        write(sqlite, school_class("ada"), releases={WEEK: {}})
    assert not everything(sqlite)["assignment"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("not a url", "the database must be an address"),
        ("sqlite:////nowhere/at/all.db", "the gradebook sqlite:////nowhere/at/all.db cannot be used"),
        ("nodatabase://x", "cannot be used: .*nodatabase"),
        ("postgresql+psycopg://me:hunter2@/x?host=/nowhere", r"me:\*\*\*@.* cannot be used"),
    ],
)
def test_a_database_that_refuses_is_named_without_its_password(bad, said):
    with pytest.raises(ValueError, match=said) as error:
        check_database(bad)
    assert "hunter2" not in str(error.value)


def test_nbgrader_opens_and_exports_it(url, tmp_path):
    late = {
        "rule": LateRule(Decimal(10)),
        "deadlines": Deadlines(DUE),
        "submitted": {("ada", WEEK): DUE + timedelta(1)},
    }
    write(
        url,
        [*school_class("ada", "=cmd()"), *school_class("bob", share=0)],
        [override(student="bob")],
        **late,
    )
    command = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={url}", "--to=all.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {row["student_id"]: row for row in csv.DictReader((tmp_path / "all.csv").open())}
    worth = sum(EXERCISES.values())
    assert float(rows["ada"]["score"]) == pytest.approx(0.9 * worth)
    assert float(rows["=cmd()"]["score"]) == float(rows["ada"]["max_score"]) == worth
    assert float(rows["bob"]["score"]) == 1.5


def test_nbgraders_own_release_goes_into_the_same_book(sqlite, tmp_path):
    """``nbgrader generate_assignment`` after grading finds every cell as it would have written it."""
    course = tmp_path / "course"
    for file, content in RELEASES[WEEK].items():
        (course / "source" / WEEK).mkdir(parents=True, exist_ok=True)
        (course / "source" / WEEK / file).write_bytes(content)
    url = sqlite_url(course / "gradebook.db")
    write(url, school_class("ada"))
    done = nbgrader(course, "generate_assignment", WEEK, f"--CourseDirectory.course_id={COURSE}", "--force")
    assert done.returncode == 0, done.stderr
    with opened(url) as book:
        assert book.find_submission(WEEK, "ada").score == sum(EXERCISES.values())


def test_one_result_at_most(sqlite, tmp_path):
    write(sqlite, [result("ada")])
    with sqlite3.connect(tmp_path / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
        assert book.execute("pragma foreign_key_check").fetchall() == []
