"""Judge many jobs on this machine, several at a time."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from utils.grading.classroom.records import Job, NotebookResult
from utils.grading.classroom.worker import JUDGE, Station

_AHEAD = 2  # jobs planned for each process, so that none waits for the next notebook to be read


def judge_here(
    jobs: Iterable[Job],
    processes: int,
    *,
    unsafe: bool = False,
    judge: str = JUDGE,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[NotebookResult]:
    """Judge jobs in processes of their own; yields results as they come, and holds few jobs at a time.

    Closing the iterator ends what is running at once.

    Parameters
    ----------
    jobs : iterable of Job
        In an order in which jobs of the same notebook are neighbours, since a process keeps what it has worked out.
    processes : int
        How many.
    unsafe, judge, environment, log
        As for :class:`utils.grading.classroom.worker.Station`.

    Raises
    ------
    CannotGrade
        When no process can be started.
    """
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    own, stations = threading.local(), []

    def begin() -> None:
        own.station = Station(judge, unsafe=unsafe, environment=environment, log=log)
        stations.append(own.station)

    def do(job: Job) -> NotebookResult:
        return own.station.judge(job)

    threads = ThreadPoolExecutor(processes, thread_name_prefix="judge", initializer=begin)
    flying: set[Future[NotebookResult]] = set()
    try:
        for job in jobs:
            flying.add(threads.submit(do, job))
            if len(flying) >= _AHEAD * processes:
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while flying:
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for station in stations:
            station.close()
        threads.shutdown(wait=True)
