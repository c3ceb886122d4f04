"""The tables, as a spreadsheet and a program read them."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grading.classroom.made_up import EXERCISES, WEEK, WEIRD, classes, names, result, school_class
from utils.grading.classroom.outputs.late import LateRule
from utils.grading.classroom.outputs.marks import make_marks, make_totals
from utils.grading.classroom.outputs.tables import canvas_csv, grades_csv, totals_csv
from utils.grading.classroom.outputs.text import cell, folder_names, identifier, printable
from utils.grading.classroom.records import STATUSES


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def tables_of(results):
    marks = make_marks(results, {})
    totals = make_totals(marks)
    return grades_csv(marks), totals_csv(totals), canvas_csv(totals)


def test_grades_has_a_row_an_exercise():
    grades, _, _ = tables_of(school_class("bob", "ada"))
    assert grades.split("\n", 1)[0] == "student,week,notebook,exercise,points,max_points,status"
    rows = rows_of(grades)
    assert [(row["notebook"], row["exercise"]) for row in rows] == [*EXERCISES] * 2
    assert [row["student"] for row in rows] == ["ada"] * len(EXERCISES) + ["bob"] * len(EXERCISES)
    assert {row["status"] for row in rows} == {"graded"}
    assert [float(row["points"]) for row in rows] == [*EXERCISES.values()] * 2


def test_points_are_printed_as_decimals_without_noise():
    marks = make_marks([result("ada", share=1 / 3)], {})
    printed = [row["points"] for row in rows_of(grades_csv(marks))]
    assert printed == [f"{round(worth / 3, 2):g}" for (book, _), worth in EXERCISES.items() if book == "w1l2"]
    total = make_totals(marks)[0]
    assert total.points == sum(map(Decimal, printed))


def test_totals_add_up():
    results = [result("ada", "w1l2", 0.5), result("ada", "w1l3", status="missing", share=0)]
    row = rows_of(tables_of(results)[1])[0]
    worth = sum(EXERCISES.values())
    assert float(row["max_points"]) == worth
    assert float(row["points"]) == sum(row.points for one in results for row in one.exercises)
    assert Decimal(row["percent"]) == round(100 * Decimal(row["total"]) / Decimal(worth), 2)
    assert (row["graded"], row["missing"], row["flagged"]) == ("5", "2", "0")


def test_canvas_shape():
    _, _, canvas = tables_of(school_class("ada", "bob"))
    header, possible, *rows = csv.reader(io.StringIO(canvas))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Week 1: conv basics"]
    assert possible[0] == "    Points Possible"
    assert possible[1:5] == [""] * 4
    assert float(possible[5]) == sum(EXERCISES.values())
    assert [row[:5] for row in rows] == [[name, "", "", name, ""] for name in ("ada", "bob")]
    assert [row[5] for row in rows] == [possible[5]] * 2


def test_canvas_gets_the_points_after_the_penalty():
    marks = make_marks(school_class("ada"), {})
    total = make_totals(marks)[0]
    late = type(total)(
        **{**vars(total), "penalty": LateRule(Decimal(10)).penalty(1, total.points, total.max_points)}
    )
    points = list(csv.reader(io.StringIO(canvas_csv([late]))))[2][5]
    assert Decimal(points) == total.points - late.penalty < total.points


def test_an_empty_class_gives_headers():
    assert [len(text.splitlines()) for text in tables_of([])] == [1, 1, 2]


def test_a_notebook_twice_is_refused():
    with pytest.raises(ValueError, match=r"w1l2 of 'ada' .* twice"):
        make_marks([result("ada"), result("ada")], {})


@given(classes())
def test_any_class_can_be_read_back(results):
    for text in tables_of(results):
        text.encode()
        assert "\r" not in text
    grades, totals, _ = tables_of(results)
    assert len(rows_of(grades)) == len(results) // 2 * len(EXERCISES)
    assert tables_of(list(reversed(results))) == tables_of(results)
    for row in rows_of(totals):
        assert sum(int(row[status]) for status in STATUSES) == len(EXERCISES)
        assert 0 <= Decimal(row["percent"]) <= 100
    by_student = {row["student"]: 0.0 for row in rows_of(grades)}
    assert set(by_student) == {cell(one.student) for one in results}
    for row in rows_of(grades):
        by_student[row["student"]] += float(row["points"])
    for row in rows_of(totals):
        assert float(row["points"]) == pytest.approx(by_student[row["student"]])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(name=names)
def test_no_cell_becomes_a_formula_wherever_a_spreadsheet_splits(delimiter, name):
    for text in tables_of([result(name)]):
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            for value in row:
                assert value.strip().strip('"').lstrip()[:1] not in (
                    "=",
                    "+",
                    "-",
                    "@",
                    "＝",
                    "＋",
                    "－",
                    "＠",
                ), value


@given(st.lists(names, unique=True))
def test_different_names_stay_different(some):
    assert len({cell(name) for name in some}) == len(some)
    assert len({printable(name) for name in some}) == len(some)
    assert len({identifier(name, 128) for name in some}) == len(some)
    assert all(len(identifier(name, 128)) <= 128 for name in some)


@given(st.lists(names, unique=True))
def test_folders_are_safe_and_different(some):
    folders = folder_names(some)
    assert len({folder.casefold() for folder in folders.values()}) == len(some)
    for folder in folders.values():
        assert folder not in ("", ".", "..")
        assert not set(folder) & set('/\\:*?"<>|\0\n')
        assert folder[0] not in ".- "
        assert folder[-1] not in ". "
        assert len(folder.encode()) < 200


def test_ordinary_names_are_their_folders():
    ordinary = ["ada", "Grace Hopper", "s123456", "jo@school.example", "王小明", "o_neil-2"]
    assert folder_names(ordinary) == {name: name for name in ordinary}
    assert {folder_names(WEIRD)[name] == name for name in ("anna", "Anna", "con", "..")} == {False}


def test_ordinary_names_are_left_alone_in_tables():
    ordinary = ["ada", "Grace Hopper", "O'Neil", "anne-marie", "jo@school.example", "Smith, John", WEEK]
    assert [cell(name) for name in ordinary] == ordinary
