"""A teacher's marks: read, checked, and put over the computed ones."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from tests.grading.classroom.made_up import EXERCISES, WEEK, classes, result, school_class
from utils.grading.classroom.outputs.marks import make_marks, make_totals
from utils.grading.classroom.outputs.overrides import COLUMNS, Override, read_overrides, settle
from utils.grading.classroom.outputs.tables import grades_csv
from utils.grading.classroom.outputs.text import cell

HEADER = ",".join(COLUMNS)
ROW = f"ada,{WEEK},w1l2,zero_pad,1.5,Explained it in class"


@pytest.fixture
def file(tmp_path):
    def write(*lines, encoding="utf-8"):
        path = tmp_path / "overrides.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


def test_no_file_holds_no_overrides(tmp_path):
    assert read_overrides(tmp_path / "overrides.csv") == []


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ((HEADER, ROW), "utf-8"),
        ((HEADER, ROW, "", ",,,,,"), "utf-8-sig"),
        ((HEADER.replace(",", ";") + "\r", ROW.replace(",", ";") + "\r"), "utf-8"),
        ((f"{HEADER},teacher", f"{ROW},Ms Frizzle"), "utf-8"),
        ((f"teacher,{HEADER}", f"Ms Frizzle,{ROW}"), "utf-8"),
    ],
)
def test_reads_what_spreadsheets_save(file, lines, encoding):
    (row,) = read_overrides(file(*lines, encoding=encoding))
    assert (row.student, row.exercise, row.points, row.reason) == (
        "ada",
        "zero_pad",
        Decimal("1.5"),
        "Explained it in class",
    )
    assert row.teacher in ("", "Ms Frizzle")


def test_the_mark_wins_and_the_status_stays(file):
    results = school_class("ada", "bob", status="flagged", share=0)
    settled, unused = settle(read_overrides(file(HEADER, ROW)), results)
    assert not unused
    marks = make_marks(results, settled)
    assert f"ada,{WEEK},w1l2,zero_pad,1.5,{EXERCISES['w1l2', 'zero_pad']:g},flagged" in grades_csv(marks)
    ada, bob = make_totals(marks)
    assert (ada.points, ada.overridden, bob.points, bob.overridden) == (Decimal("1.5"), 1, 0, 0)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("student,points",), "line 1: got the columns student, points; wanted student, week"),
        (("",), "line 1: got the columns"),
        ((HEADER, ROW.replace("1.5", "1,5")), "line 2: got 7 values, wanted 6"),
        ((HEADER, ROW.replace("1.5", "much")), "line 2, column points: got 'much', wanted a number such as"),
        ((HEADER, ROW.replace("1.5", "-1")), "line 2, column points: got '-1'"),
        ((HEADER, ROW.replace("1.5", "nan")), "line 2, column points: got 'nan'"),
        ((HEADER, ROW.replace("1.5", "")), "line 2, column points: got nothing"),
        ((HEADER, ROW.replace("Explained it in class", " ")), "line 2, column reason: got nothing"),
        ((HEADER, ROW, "", ROW), "line 4: the same exercise has a mark in line 2"),
        ((HEADER, '"unfinished'), "line 2"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(file, lines, said):
    path = file(*lines)
    with pytest.raises(ValueError) as error:
        read_overrides(path)
    assert str(error.value).startswith(f"{path}, ")
    assert said in str(error.value)


def test_another_encoding_is_refused(file):
    with pytest.raises(ValueError, match="not UTF-8"):
        read_overrides(file(HEADER, ROW.replace("Explained", "Erklärt"), encoding="latin-1"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ada", "adda", "column student: got 'adda', which grades.csv does not have; did you mean 'ada'?"),
        ("w1l2", "w1l9", "column notebook: got 'w1l9'"),
        ("zero_pad", "zeropad", "column exercise: got 'zeropad', .* did you mean 'zero_pad'?"),
        ("zero_pad", "pool_output_size", "column exercise: got 'pool_output_size'"),
        ("1.5", "99", "column points: got 99, wanted at most"),
        (WEEK, "week1", "column week: got 'week1'"),
    ],
)
def test_what_does_not_fit_the_class_is_said(file, old, new, said):
    rows = read_overrides(file(HEADER, ROW.replace(old, new)))
    with pytest.raises(ValueError, match=said):
        settle(rows, school_class("ada"))


def test_every_fault_is_told_at_once(file):
    with pytest.raises(ValueError) as error:
        read_overrides(file(HEADER, *[ROW.replace("1.5", f"x{place}") for place in range(30)]))
    assert "x19" in str(error.value)
    assert str(error.value).endswith("and 10 more")


def test_weeks_that_were_not_graded_are_handed_back(file):
    rows = read_overrides(file(HEADER, ROW.replace(WEEK, "week2_resnets"), ROW))
    settled, unused = settle(rows, school_class("ada"))
    assert (len(settled), [row.line for row in unused]) == (1, [2])


@given(classes(most=3))
def test_students_are_spelt_as_in_the_tables(results):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in results:
        row = one.exercises[0]
        writer.writerow([cell(one.student), one.week, one.notebook, row.exercise, row.max_points, "Because"])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "overrides.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        settled, _ = settle(read_overrides(path), results)
    assert {place[0] for place in settled} == {one.student for one in results}


def test_a_raw_name_is_understood_too():
    row = Override("=cmd", WEEK, "w1l2", "zero_pad", Decimal(1), "Because")
    settled, _ = settle([row], [result("=cmd")])
    assert ("=cmd", WEEK, "w1l2", "zero_pad") in settled
