"""Everything together: complete, the same every time, and nothing written where something is wrong."""

import csv
import shutil
import sqlite3
from dataclasses import replace
from importlib.resources import files

import pytest

from tests.grading.classroom.made_up import EXERCISES, RELEASES, WEEK, WEIRD, result, school_class
from tests.grading.classroom.test_outputs_similarity import COPIED, DISGUISED
from utils.grading.classroom.outputs.files import write_file
from utils.grading.classroom.outputs.gradebook import check_database, sqlite_url
from utils.grading.classroom.outputs.text import folder_names
from utils.grading.classroom.outputs.write import write_outputs

pytestmark = pytest.mark.slow  # nbgrader takes seconds to make a book

HEADER = "student,week,notebook,exercise,points,reason"


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A folder with an empty gradebook: nbgrader takes seconds to make one."""
    folder = tmp_path_factory.mktemp("empty")
    check_database(sqlite_url(folder / "gradebook.db"))
    return folder


@pytest.fixture
def out(tmp_path, empty):
    shutil.copytree(empty, tmp_path / "out")
    return tmp_path / "out"


def contents(folder, *, book=False):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (book or path.name != "gradebook.db")
    }


def book_of(folder):
    with sqlite3.connect(folder / "gradebook.db") as book:
        return list(book.iterdump())


def test_everything_is_there_from_nothing(tmp_path):
    out = tmp_path / "not" / "there"
    write_outputs(school_class("ada", "bob"), out, RELEASES, graded_at="noon")
    assert sorted(contents(out, book=True)) == [
        "canvas.csv",
        f"feedback/ada/{WEEK}.html",
        f"feedback/bob/{WEEK}.html",
        "gradebook.db",
        "grades.csv",
        "report.html",
        "totals.csv",
    ]


def test_any_order_and_any_number_of_times_is_the_same(tmp_path, out, empty):
    results = [one for name in WEIRD for one in school_class(name, share=0.5, says="Not right.")]
    (out / "overrides.csv").write_text(f"{HEADER}\na b,{WEEK},w1l2,zero_pad,1,Talked about it\n")
    write_outputs(results, out, RELEASES)
    once, book = contents(out), book_of(out)
    write_outputs(results[::-1], out, RELEASES)
    assert (contents(out), book_of(out)) == (once, book)
    other = shutil.copytree(empty, tmp_path / "other")
    shutil.copy(out / "overrides.csv", other)
    write_outputs(results[::-1], other, RELEASES)
    assert (contents(other), book_of(other)) == (once, book)


def test_weird_students_stay_in_their_folders(tmp_path, out):
    before = {path for path in tmp_path.rglob("*")}
    write_outputs([one for name in WEIRD for one in school_class(name)], out, RELEASES)
    pages = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    expected = {out / "feedback" / folder / f"{WEEK}.html" for folder in folder_names(WEIRD).values()}
    assert pages == expected | {
        out / name for name in ("grades.csv", "totals.csv", "canvas.csv", "report.html")
    }
    rows = list(csv.DictReader((out / "grades.csv").open(newline="", encoding="utf-8")))
    assert len(rows) == len(WEIRD) * len(EXERCISES)


def test_an_override_reaches_every_output_and_outlives_a_regrade(out):
    (out / "overrides.csv").write_text(
        f"{HEADER},teacher\nada,{WEEK},w1l2,zero_pad,1.5,Told me in class,Ms Frizzle\n"
    )
    for share in (0, 1):
        write_outputs(school_class("ada", share=share), out, RELEASES)
        assert f"ada,{WEEK},w1l2,zero_pad,1.5," in (out / "grades.csv").read_text()
        assert (
            "Set by your teacher: Told me in class" in (out / "feedback" / "ada" / f"{WEEK}.html").read_text()
        )
        assert "Told me in class" in (out / "report.html").read_text()
        assert any("1.5" in line and line.startswith('INSERT INTO "grade"') for line in book_of(out))


@pytest.mark.parametrize(
    "row",
    ["ada,week1_conv_basics,w1l2,zero_pad,lots,Because", "adda,week1_conv_basics,w1l2,zero_pad,1,Because"],
)
def test_a_wrong_override_stops_before_anything_is_written(out, row):
    write_outputs(school_class("ada", share=0), out, RELEASES)
    (out / "overrides.csv").write_text(f"{HEADER}\n{row}\n")
    before = contents(out, book=True)
    with pytest.raises(ValueError, match=r"overrides.csv, line 2, column"):
        write_outputs(school_class("ada"), out, RELEASES)
    assert contents(out, book=True) == before


def test_a_release_without_the_exercise_stops_before_anything_is_written(out):
    before = contents(out, book=True)
    with pytest.raises(ValueError, match="releases must hold"):
        write_outputs(school_class("ada"), out, {WEEK: {}})
    assert contents(out, book=True) == before


def test_tables_are_there_where_the_database_refuses(out):
    with pytest.raises(ValueError, match="cannot be used"):
        write_outputs(school_class("ada"), out, RELEASES, database_url="sqlite:////nowhere/at/all.db")
    assert (out / "grades.csv").exists()


def test_marks_of_the_gradebook_are_shown_to_the_teacher(out):
    write_outputs(school_class("ada", share=0), out, RELEASES)
    assert "gradebook itself" not in (out / "report.html").read_text()
    with sqlite3.connect(out / "gradebook.db") as book:
        book.execute("update grade set manual_score = 0.5 where id = (select min(id) from grade)")
    write_outputs(school_class("ada", share=0), out, RELEASES)
    assert "given in the gradebook itself" in (out / "report.html").read_text()


def test_unsafe_is_shouted(out):
    write_outputs([replace(one, boxed=False) for one in school_class("ada")], out, RELEASES)
    assert "UNSAFE" in (out / "report.html").read_text()


def test_copies_are_told(out):
    results = [
        result(name, solutions={"zero_pad": text}) for name, text in (("ada", COPIED), ("bob", DISGUISED))
    ]
    write_outputs(results, out, RELEASES)
    assert "Nearly identical" in (out / "report.html").read_text()


def test_a_file_that_says_the_same_is_left_alone(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    assert write_file(path, "one\n")
    kept = path.stat()
    assert not write_file(path, "one\n")
    assert path.stat() == kept
    assert write_file(path, "two\n")
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]
    assert path.read_text() == "two\n"


def test_a_link_is_replaced_and_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / "link").symlink_to(outside)
    write_file(tmp_path / "link", "new")
    assert (outside.read_text(), (tmp_path / "link").read_text()) == ("mine", "new")


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    write_file(tmp_path / "file", "old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(tmp_path / "file", "new")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("file", "old")]


def test_templates_travel_with_the_package():
    folder = files("utils.grading.classroom.outputs") / "templates"
    assert {"page.html", "style.css", "feedback.html", "report.html"} <= {
        entry.name for entry in folder.iterdir()
    }
