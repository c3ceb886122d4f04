"""What being late costs, to the hundredth of a point, and when something was handed in."""

import os
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grading.classroom.made_up import WEEK, school_class
from utils.grading.classroom.outputs.late import (
    Deadlines,
    LateRule,
    days_late,
    parse_due,
    parse_rule,
    submission_time,
)
from utils.grading.classroom.outputs.marks import make_marks, make_totals

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("10%/day", LateRule(Decimal(10))),
        ("10 % / day, max = 50 %", LateRule(Decimal(10), Decimal(50))),
        ("2points/day", LateRule(Decimal(2), None, percent=False)),
        ("1 point/day,max=3 points", LateRule(Decimal(1), Decimal(3), percent=False)),
        ("0.5%/day", LateRule(Decimal("0.5"))),
    ],
)
def test_reads_rules(text, rule):
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "10%",
        "ten%/day",
        "-10%/day",
        "10%/hour",
        "101%/day",
        "10%/day,max=5points",
        "nan%/day",
        "1e3%/day",
    ],
)
def test_refuses_other_rules(text):
    with pytest.raises(ValueError, match="the late penalty must"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("text", "days", "points", "penalty"),
    [
        ("10%/day", 1, 40, "4.00"),  # of the 40 that there are to earn
        ("10%/day", 3, 20, "12.00"),
        ("10%/day", 3, 5, "5.00"),  # never below zero
        ("10%/day,max=20%", 9, 40, "8.00"),
        ("2points/day", 2, 40, "4.00"),
        ("2points/day,max=3points", 2, 40, "3.00"),
        ("0.1%/day", 1, 40, "0.04"),
        ("0.33%/day", 1, 40, "0.13"),
        ("0%/day", 5, 40, "0.00"),
    ],
)
def test_penalties_by_hand(text, days, points, penalty):
    assert str(parse_rule(text).penalty(days, Decimal(points), Decimal(40))) == penalty


@given(st.integers(1, 400), st.integers(0, 1000), st.integers(0, 100), st.none() | st.integers(0, 100))
def test_a_penalty_is_never_more_than_what_was_earned_and_grows_with_the_days(days, cents, a_day, most):
    rule = LateRule(Decimal(a_day), None if most is None else Decimal(most))
    points = Decimal(cents) / 100
    one, next_one = (rule.penalty(many, points, Decimal(10)) for many in (days, days + 1))
    assert 0 <= one <= next_one <= points


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(microseconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
    ],
)
def test_started_days(after, days):
    assert days_late(DUE + after, DUE) == days


def test_without_a_time_nobody_is_late():
    assert days_late(None, DUE) == days_late(DUE, None) == 0


def test_reads_due_times():
    due = parse_due(["2026-11-30T23:59+00:00", "week2_resnets=2026-12-07T23:59:00+01:00"])
    assert due.of(WEEK) == DUE
    assert due.of("week2_resnets") == datetime(2026, 12, 7, 22, 59, tzinfo=UTC)
    assert parse_due([]).of(WEEK) is None
    assert parse_due([f"{WEEK}=2026-11-30"]).of("week2_resnets") is None


def test_a_time_without_an_offset_is_local():
    assert parse_due(["2026-11-30T23:59"]).of(WEEK) == datetime(2026, 11, 30, 23, 59).astimezone(UTC)


@pytest.mark.parametrize("values", [["soon"], ["week1="], ["2026-13-01"], ["2026-11-30", "2026-12-01"]])
def test_refuses_other_times(values):
    with pytest.raises(ValueError, match="due time"):
        parse_due(values)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 08:00:00.5 UTC",
        "2026-12-01 10:00:00.5 +0200",
        "2026-12-01 08:00:00.5",
        "2026-12-01T09:00:00.5+01:00\n",
        "2026-12-01 02:00:00.5 America/Chicago",
    ],
)
def test_reads_nbgraders_timestamp(tmp_path, text):
    (tmp_path / "timestamp.txt").write_text(text)
    (tmp_path / "a.ipynb").write_text("")
    assert submission_time(tmp_path) == datetime(2026, 12, 1, 8, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "12:00", "9999-99-99", "2026-12-01 " * 50, "2026-12-01 x Never/Land\n" * 2]
)
def test_an_unreadable_timestamp_does_not_count(tmp_path, text):
    (tmp_path / "timestamp.txt").write_text(text)
    for name, time in (("a.ipynb", 1_000_000), ("b.ipynb", 2_000_000), ("later.txt", 3_000_000)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (time, time))
    assert submission_time(tmp_path) == datetime.fromtimestamp(2_000_000, UTC)


def test_links_and_pipes_are_not_read(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("2020-01-01 00:00:00 UTC")
    folder = tmp_path / "week"
    folder.mkdir()
    (folder / "timestamp.txt").symlink_to(outside)
    (folder / "a.ipynb").symlink_to(outside)
    assert submission_time(folder) is None
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")
    assert submission_time(folder) is None
    assert submission_time(tmp_path / "nobody") is None


def test_the_penalty_reaches_the_sums():
    marks = make_marks(school_class("ada", "bob"), {})
    submitted = {("ada", WEEK): DUE + timedelta(hours=30), ("bob", WEEK): DUE - timedelta(hours=1)}
    ada, bob = make_totals(marks, LateRule(Decimal(10)), Deadlines(DUE), submitted)
    assert (ada.days, ada.percent, bob.days, bob.percent) == (2, Decimal(80), 0, Decimal(100))
    assert ada.total == ada.points - ada.penalty
    other_zone = {place: time.astimezone(timezone(timedelta(hours=9))) for place, time in submitted.items()}
    assert make_totals(marks, LateRule(Decimal(10)), Deadlines(DUE), other_zone)[0].penalty == ada.penalty
    assert make_totals(marks, None, Deadlines(DUE), submitted)[0].penalty == 0
