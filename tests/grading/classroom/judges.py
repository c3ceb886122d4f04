"""Judges for tests of the batch: named by import path, so that processes of its own can call them."""

import os
import signal
import tempfile
import time

from utils.exercises.index import exercise
from utils.grading.classroom.records import ExerciseResult, Job, NotebookResult
from utils.grading.sandbox.bubblewrap import NoSandbox
from utils.grading.sandbox.shared import shared_place

FOLDER = "TEST_JUDGE_FOLDER"  # where a judge may leave marks


def full_marks(job: Job, *, unsafe: bool = False) -> NotebookResult:
    """Give every point; leaves a line a judged job."""
    _mark(job, "judged")
    return result(job, 1.0, boxed=not unsafe)


def by_name(job: Job, *, unsafe: bool = False) -> NotebookResult:
    """Do what the student's name says, then give every point."""
    _mark(job, "judged")
    what = job.student.split("-")[0]
    if what == "exits":
        os._exit(3)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "unlucky" and _first_time(job):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "raises":
        raise RuntimeError("a secret value")
    if what == "unboxed":
        raise NoSandbox("Install bubblewrap.")
    if what == "impostor":
        return result(Job("victim", job.week, job.notebook, (), job.exercises), 1.0)
    if what == "forks":
        if os.fork() == 0:  # keeps the socket open
            time.sleep(20)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hangs":
        time.sleep(3600)
    if what == "slow":
        time.sleep(0.3)
    return result(job, 1.0)


def telling_its_places(job: Job, *, unsafe: bool = False) -> NotebookResult:
    """Leave a line with the place that processes share and that of this one's temporary files."""
    with open(os.path.join(os.environ[FOLDER], "places"), "a") as file:
        file.write(f"{shared_place()} {tempfile.gettempdir()}\n")
    return result(job, 1.0)


def result(job: Job, share: float, *, boxed: bool = True) -> NotebookResult:
    """Return a result with this share of the points."""
    worth = [(name, exercise(f"{job.notebook}/{name}").points) for name in job.exercises]
    rows = tuple(ExerciseResult(name, share * points, points, "graded") for name, points in worth)
    return NotebookResult(*job.place, job.fingerprint, rows, boxed=boxed, seconds=0.1)


def judged(folder) -> list[str]:
    """Return whose jobs were judged, in order."""
    file = folder / "judged"
    return file.read_text().splitlines() if file.exists() else []


def _mark(job: Job, name: str) -> None:
    if FOLDER in os.environ:
        with open(os.path.join(os.environ[FOLDER], name), "a") as file:
            file.write(f"{job.student}/{job.notebook}\n")


def _first_time(job: Job) -> bool:
    try:
        os.mkdir(os.path.join(os.environ[FOLDER], f"seen-{job.student}"))
    except FileExistsError:
        return False
    return True
