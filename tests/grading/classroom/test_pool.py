"""Judging on many processes: one that dies costs its own job at most, and nobody else's."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.grading.classroom import judges
from utils.grading.classroom import worker
from utils.grading.classroom.pool import judge_here
from utils.grading.classroom.records import Job
from utils.grading.classroom.store import CannotGrade
from utils.grading.sandbox.shared import shared_place

ROOT = Path(__file__).parents[3]
BY_NAME = "tests.grading.classroom.judges:by_name"


def job(student, notebook="w1l2"):
    return Job(student, "week1_conv_basics", notebook, (), ("zero_pad", "same_padding"))


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "PYTHONPATH": str(ROOT), judges.FOLDER: str(tmp_path)}


def statuses(results):
    return {result.student: {row.status for row in result.exercises}.pop() for result in results}


def test_a_process_that_dies_costs_its_own_job_only(environment, tmp_path):
    jobs = [
        job(name)
        for name in (
            "good-1",
            "exits",
            "good-2",
            "unlucky",
            "killed",
            "good-3",
            "forks",
            "raises",
            "impostor",
            "good-4",
        )
    ]
    found = list(judge_here(jobs, 2, judge=BY_NAME, environment=environment, log=tmp_path / "log"))
    assert statuses(found) == {
        **dict.fromkeys(("good-1", "good-2", "good-3", "good-4", "unlucky"), "graded"),
        **dict.fromkeys(("exits", "killed", "forks", "raises", "impostor"), "crashed"),
    }
    assert {result.student: result.fingerprint for result in found} == {
        job.student: job.fingerprint for job in jobs
    }
    tries = [line.split("/")[0] for line in judges.judged(tmp_path)]
    assert {name: tries.count(name) for name in ("good-1", "unlucky", "killed", "raises")} == {
        "good-1": 1,
        "unlucky": 2,
        "killed": 2,
        "raises": 1,
    }
    assert "a secret value" in (tmp_path / "log").read_text()
    assert not any("secret" in row.says for result in found for row in result.exercises)


def test_rows_of_a_crashed_job_have_no_points_and_say_what_they_are_worth(environment):
    (found,) = judge_here([job("killed")], 1, judge=BY_NAME, environment=environment)
    assert [(row.exercise, row.points, row.max_points > 0) for row in found.exercises] == [
        ("zero_pad", 0, True),
        ("same_padding", 0, True),
    ]


def test_a_judge_that_hangs_is_stopped(environment, monkeypatch):
    monkeypatch.setattr(worker, "patience", lambda job: 0.5 if job.student == "hangs" else 60)
    found = list(judge_here([job("hangs"), job("good")], 1, judge=BY_NAME, environment=environment))
    assert statuses(found) == {"hangs": "timeout", "good": "graded"}


def test_jobs_are_planned_as_they_are_needed(environment):
    planned = []

    def plan():
        for number in range(20):
            planned.append(number)
            yield job(f"good-{number}")

    results = judge_here(plan(), 1, judge=BY_NAME, environment=environment)
    next(results)
    assert len(planned) <= 4
    results.close()
    assert len(planned) <= 4


def test_processes_share_one_place_beside_their_own(environment, tmp_path):
    judge = "tests.grading.classroom.judges:telling_its_places"
    for _ in range(2):
        list(judge_here([job("good")], 1, judge=judge, environment=environment))
    lines = [line.split() for line in (tmp_path / "places").read_text().splitlines()]
    assert {shared for shared, _ in lines} == {str(shared_place())}
    assert len({own for _, own in lines}) == 2


def test_closing_ends_what_runs(environment):
    began = time.monotonic()
    results = judge_here([job("good"), job("hangs")], 2, judge=BY_NAME, environment=environment)
    assert next(results).student == "good"
    results.close()
    assert time.monotonic() - began < 60


def test_a_judge_that_cannot_be_loaded_is_said(environment, tmp_path):
    log = tmp_path / "log"
    with pytest.raises(CannotGrade, match="cannot be started") as caught:
        list(judge_here([job("good")], 1, judge="no.such:judge", environment=environment, log=log))
    assert str(log) in str(caught.value)
    assert "no" in log.read_text()


def test_a_missing_sandbox_stops_the_grading_and_crashes_nobody(environment):
    with pytest.raises(CannotGrade, match="Install bubblewrap"):
        list(judge_here([job("good"), job("unboxed")], 1, judge=BY_NAME, environment=environment))


def test_at_least_one_process():
    with pytest.raises(ValueError, match="processes must be at least 1, got 0"):
        next(judge_here([], 0))


def test_processes_end_with_the_one_that_started_them(environment, tmp_path):
    code = (
        "import sys\nfrom tests.grading.classroom.test_pool import *\n"
        f"list(judge_here([job('hangs')], 1, judge=BY_NAME, environment={environment!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=ROOT)
    while not judges.judged(tmp_path):
        time.sleep(0.05)
        assert parent.poll() is None
    child = _children(parent.pid)
    assert child
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while any(_is_alive(number) for number in child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _children(parent):
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(place.parent.name))
    return found


def _is_alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
