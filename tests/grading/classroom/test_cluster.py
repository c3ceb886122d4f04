"""Judging on a Dask cluster: the same results as here, whichever worker dies."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.grading.classroom import judges
from utils.grading.classroom import cluster
from utils.grading.classroom.cluster import judge_on_cluster
from utils.grading.classroom.records import Job
from utils.grading.classroom.store import CannotGrade

ROOT = Path(__file__).parents[3]
BY_NAME = "tests.grading.classroom.judges:by_name"
pytestmark = pytest.mark.slow


def job(student, engine=""):
    return Job(student, "week1_conv_basics", "w1l2", (), ("zero_pad",), engine=engine)


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "PYTHONPATH": str(ROOT), judges.FOLDER: str(tmp_path)}


@contextmanager
def started(environment, *arguments):
    """Start a part of a cluster; yields the process and the first line with an address."""
    command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stderr:
                if found := re.search(r"(?:Scheduler|Start worker) at:\s+(tcp://\S+)", line):
                    yield process, found.group(1)
                    break
        finally:
            process.kill()


@pytest.fixture
def scheduler(environment):
    """Start a scheduler and two workers; returns its address and the three processes."""
    with started(environment, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as (
        process,
        address,
    ):
        worker = ("dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        with started(environment, *worker) as (one, _), started(environment, *worker) as (two, _):
            yield address, process, [one, two]


def statuses(results):
    return {result.student: {row.status for row in result.exercises}.pop() for result in results}


def test_results_come_back_from_a_cluster_whatever_dies(scheduler, environment, tmp_path):
    address, _, workers = scheduler
    names = ["good-1", "exits", "unlucky", "raises", *(f"slow-{number}" for number in range(8))]
    results = judge_on_cluster([job(name) for name in names], address, judge=BY_NAME, environment=environment)
    found = [next(results)]
    workers[0].send_signal(signal.SIGKILL)
    found += list(results)
    assert len(found) == len(names)
    crashed = {"exits": "crashed", "raises": "crashed"}
    assert statuses(found) == {name: crashed.get(name, "graded") for name in names}


def test_a_lost_scheduler_is_said_after_what_was_finished(scheduler, environment):
    address, process, _ = scheduler
    jobs = [job(f"slow-{number}") for number in range(20)]
    results = judge_on_cluster(jobs, address, judge=BY_NAME, environment=environment)
    assert next(results).student.startswith("slow-")
    process.send_signal(signal.SIGKILL)
    with pytest.raises(CannotGrade, match="was lost"):
        list(results)


def test_a_worker_with_other_code_is_refused(scheduler, environment):
    address, _, _ = scheduler
    with pytest.raises(CannotGrade, match="has other code for w1l2"):
        list(judge_on_cluster([job("good", "another")], address, judge=BY_NAME, environment=environment))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", ""])
def test_no_scheduler_is_said(address):
    with pytest.raises(CannotGrade, match="cannot be reached"):
        list(judge_on_cluster([job("good")], address, seconds=1))


def test_no_workers_is_said(environment):
    with (
        started(environment, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as (
            _,
            address,
        ),
        pytest.raises(CannotGrade, match="has no workers"),
    ):
        list(judge_on_cluster([job("good")], address, seconds=1))


def test_workers_without_the_judge_are_refused(scheduler, environment):
    address, _, _ = scheduler
    with pytest.raises(CannotGrade, match="cannot be started"):
        list(judge_on_cluster([job("good")], address, judge="no.such:judge", environment=environment))


def test_a_job_that_kills_its_machines_crashes_alone(monkeypatch):
    distributed = pytest.importorskip("distributed")

    class Dead:
        key, status = f"judge-{job('poison').fingerprint}", "error"

        def result(self):
            raise distributed.KilledWorker(self.key, None, 4)

        def release(self): ...

    assert statuses([cluster._result(Dead(), job("poison"), False)]) == {"poison": "crashed"}
