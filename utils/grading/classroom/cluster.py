"""Judge many jobs on a Dask cluster; this process hands out, takes back and alone writes.

A task is one job and is named by the job's fingerprint: whatever is done twice, because a machine was lost, gives the
same. On its worker it is judged as anywhere else, by a :class:`utils.grading.classroom.worker.Station`. Whoever reaches
the scheduler can run code on the cluster, as always with Dask: keep it on a network of your own, or use its TLS.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from utils.grading.classroom.engine import engine
from utils.grading.classroom.records import Job, NotebookResult
from utils.grading.classroom.store import CannotGrade
from utils.grading.classroom.unjudged import unjudged
from utils.grading.classroom.worker import JUDGE, Station

_AHEAD = 3  # jobs handed out for each thread of the cluster
_WAIT_SECONDS = 60  # for the scheduler, and for its first worker
_own = threading.local()  # a station for each thread of a worker, kept from task to task


def judge_on_cluster(
    jobs: Iterable[Job],
    scheduler: str,
    *,
    unsafe: bool = False,
    judge: str = JUDGE,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Iterator[NotebookResult]:
    """Judge jobs on a cluster; yields results as they come, and has few jobs out at a time.

    Parameters
    ----------
    jobs : iterable of Job
        In an order in which jobs of the same notebook are neighbours.
    scheduler : str
        Address, ``"tcp://host:8786"``.
    unsafe, judge, environment
        As for :class:`utils.grading.classroom.worker.Station`; ``environment`` is put over a worker's own.
    seconds : float
        How long to wait for the scheduler, and for a worker of it; a minute by default.

    Raises
    ------
    CannotGrade
        When Dask is not installed, the scheduler or its workers cannot be reached, are lost on the way, or have other
        code than this machine.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise CannotGrade(
            "Grading on a cluster needs Dask: pip install 'convnet-course[cluster]', here and on its machines."
        ) from error
    seconds = _WAIT_SECONDS if seconds is None else seconds
    client = _connect(Client, scheduler, seconds)
    out: dict[str, Job] = {}
    try:
        _first_worker(client, scheduler, seconds)
        completed = as_completed(loop=client.loop)

        def hand_out(job: Job) -> int:
            """Submit a job; returns how many more may be out."""
            task = (judge_task, job, judge, unsafe, dict(environment or {}))
            out[_name(job)] = job
            completed.add(client.submit(*task, key=_name(job), pure=True))
            return _AHEAD * max(1, sum(client.nthreads().values())) - len(out)

        def take() -> NotebookResult:
            future = next(completed)
            return _result(future, out.pop(future.key), unsafe)

        for job in jobs:
            more = _while_connected(hand_out, scheduler, job)
            while more <= 0 and out:
                yield _while_connected(take, scheduler)
                more += 1
        while out:
            yield _while_connected(take, scheduler)
    finally:
        client.close(timeout=5)


def judge_task(job: Job, judge: str, unsafe: bool, environment: Mapping[str, str]) -> bytes:
    """Judge a job on a cluster's worker; returns the result as JSON text.

    Raises
    ------
    CannotGrade
        When this worker's code is not that of the machine that hands out the jobs, or no process can be started.
    """
    if job.engine and job.engine != engine(job.notebook):
        raise CannotGrade(
            f"A worker of the cluster has other code for {job.notebook} than this machine: install the same course "
            "on both."
        )
    how = (judge, unsafe, tuple(sorted(environment.items())))
    if getattr(_own, "how", None) != how:
        if station := getattr(_own, "station", None):
            station.close()
        _own.station = Station(judge, unsafe=unsafe, environment={**os.environ, **environment})
        _own.how = how
    return _own.station.judge(job).to_json().encode("utf-8", "surrogatepass")


def _connect(kind: type, scheduler: str, seconds: float):
    try:
        return kind(scheduler, timeout=seconds, set_as_default=False, direct_to_workers=False)
    except (OSError, ValueError) as error:
        raise CannotGrade(
            f"The scheduler {scheduler} cannot be reached ({type(error).__name__}): is `dask scheduler` running there?"
        ) from error


def _first_worker(client, scheduler: str, seconds: float) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        raise CannotGrade(
            f"The scheduler {scheduler} has no workers: start some with `dask worker {scheduler} --nthreads 1`."
        ) from error


def _name(job: Job) -> str:
    return f"judge-{job.fingerprint}"


def _result(future, job: Job, unsafe: bool) -> NotebookResult:
    """Return the result of a task that has ended, and forget the task."""
    from distributed import KilledWorker

    try:
        return NotebookResult.from_json(future.result().decode("utf-8", "surrogatepass"))
    except KilledWorker:
        says = "Judging this notebook ended several of the grader's machines."
        return unjudged(job, "crashed", says, boxed=not unsafe)
    finally:
        future.release()


def _while_connected(act: Callable, scheduler: str, *arguments):
    """Call a function that talks to the scheduler; whatever goes wrong becomes a sentence."""
    from distributed import CancelledError
    from distributed.client import ClosedClientError

    try:
        return act(*arguments)
    except CannotGrade:
        raise
    except (OSError, StopIteration, CancelledError, ClosedClientError) as error:
        raise CannotGrade(
            f"The scheduler {scheduler} was lost. What was finished is kept; --resume goes on with the rest."
        ) from error
    except Exception as error:
        raise CannotGrade(
            f"A worker of the cluster cannot judge ({type(error).__name__}: {error}): is the same course installed "
            "there?"
        ) from error
