"""Grade a whole class: plan every notebook of every student, judge what is not judged yet, keep each result at once."""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom import store
from utils.grading.classroom.cluster import judge_on_cluster
from utils.grading.classroom.engine import engine
from utils.grading.classroom.pool import judge_here
from utils.grading.classroom.records import Job, Limits, NotebookResult
from utils.grading.classroom.released import read_release
from utils.grading.classroom.store import CannotGrade, KeptResults
from utils.grading.classroom.submissions import find_submissions, plan
from utils.grading.classroom.unjudged import unread
from utils.grading.classroom.worker import JUDGE

_VERSIONS = ("convnet-course", "numpy", "scipy", "keras", "tensorflow-cpu", "tensorflow", "nbgrader")
_READERS = 4  # notebooks read at a time, each in a process of its own
_ORDER = {notebook: number for number, notebook in enumerate(NOTEBOOKS)}


@dataclass(frozen=True)
class Step:
    """One notebook more is done.

    Attributes
    ----------
    done, total : int
        Notebooks so far, and in all.
    result : NotebookResult
        What came out.
    kept : bool
        Whether it was there from an earlier run.
    """

    done: int
    total: int
    result: NotebookResult
    kept: bool


@dataclass(frozen=True)
class Handed:
    """A notebook that a student was to hand in: whose, which, the file if there is one, remarks, and the release."""

    student: str
    week: str
    notebook: str
    file: Path | None
    notes: tuple[str, ...]
    release: bytes


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def grade_class(
    submissions: Path,
    out: Path,
    releases: Mapping[str, Mapping[str, bytes]],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    resume: bool = False,
    unsafe: bool = False,
    limits: Limits | None = None,
    on_progress: Callable[[Step], None] = lambda step: None,
    say: Callable[[str], None] = lambda line: None,
    engines: Mapping[str, str] | None = None,
    again: Collection[str] = (),
    about: Mapping[str, Any] | None = None,
    judge: str = JUDGE,
    environment: Mapping[str, str] | None = None,
) -> Sequence[NotebookResult]:
    """Grade what a class handed in. The caller holds ``store.lock(out)``.

    Whatever interrupts it (KeyboardInterrupt included), what was finished is kept; ``resume`` goes on with the rest.

    Parameters
    ----------
    submissions : Path
        ``<student>/<week>/<notebook>.ipynb``.
    out : Path
        Folder of the grading.
    releases : mapping of str to mapping of str to bytes
        Week folder → file name → released notebook; these weeks and notebooks are graded.
    jobs : int, optional
        Processes on this machine; as many as it has processors by default.
    scheduler : str, optional
        Address of a Dask scheduler, to judge on its cluster instead.
    resume : bool
        Whether to go on where results are kept already: a notebook that is judged is not judged again.
    unsafe : bool
        Whether to judge without a sandbox. A result from outside a sandbox does not count as kept for a run with one.
    limits : Limits, optional
        What a submission may use.
    on_progress : callable
        Called with a :class:`Step` for each notebook, as they come.
    say : callable
        Called with a sentence for what the teacher should know.
    engines : mapping of str to str, optional
        Notebook → hash of its judging code, where it is not what :func:`utils.grading.classroom.engine.engine` says.
    again : collection of str
        Ids of notebooks that are judged again even where that is done.
    about : mapping, optional
        Further plain data for ``run.json``.
    judge, environment
        As for :class:`utils.grading.classroom.worker.Station`.

    Returns
    -------
    sequence of NotebookResult
        One for each student and notebook, sorted by student, week and place in the course; read as they are asked for.

    Raises
    ------
    CannotGrade
        When the class cannot be graded; the message says why.
    """
    refuse_to_begin_anew(out, resume)
    handed = _handed_in(submissions, out, releases)
    codes = {one.notebook: (engines or {}).get(one.notebook) or engine(one.notebook) for one in handed}
    jobs = cores() if jobs is None else jobs
    run = {
        **(about or {}),
        "submissions": str(submissions.resolve()),
        "weeks": sorted(releases),
        "unsafe": unsafe,
        "limits": asdict(limits or Limits()),
        "where": scheduler or f"{jobs} processes",
        "engines": codes,
        "versions": {"python": python_version(), **_versions()},
        "begun": _now(),
    }
    store.write_run(out, run)
    seed = store.seed(out)

    def planned(one: Handed) -> Job:
        return _plan(one, seed, limits or Limits(), codes[one.notebook])

    log = out / store.KEPT / "workers.log"
    log.write_bytes(b"")
    keeper = _Keeper(out, len(handed), unsafe, frozenset(again), on_progress, say)
    todo = keeper.unfinished(_ahead(planned, handed, _READERS))
    options = {"unsafe": unsafe, "judge": judge, "environment": environment}
    results = (
        judge_on_cluster(todo, scheduler, **options)
        if scheduler
        else judge_here(todo, jobs, log=log, **options)
    )
    with closing(results):
        for result in results:
            keeper.keep(result)
    store.write_run(out, {**run, "ended": _now()})
    places = sorted(keeper.fingerprints, key=lambda place: (*place[:2], _ORDER[place[2]]))
    return KeptResults(out, [keeper.fingerprints[place] for place in places])


def refuse_to_begin_anew(out: Path, resume: bool) -> None:
    """Refuse a folder that holds results, unless they are gone on with.

    Raises
    ------
    CannotGrade
        With what to do.
    """
    if store.has_results(out) and not resume:
        raise CannotGrade(
            f"{out} holds a grading already. --resume goes on with it and repeats nothing that is finished; "
            f"`course regrade --out {out}` judges again what a corrected exercise changed; "
            "to begin anew, name another folder."
        )


def refuse_place(submissions: Path, out: Path) -> None:
    """Refuse a folder of results that would count as a student's.

    Raises
    ------
    CannotGrade
        With both places.
    """
    if out.resolve().is_relative_to(submissions.resolve()):
        raise CannotGrade(f"The results cannot go to {out}: it lies within the submissions, {submissions}.")


class _Keeper:
    """Knows which notebooks are done, and keeps results as they come; holds no more of each than its fingerprint."""

    def __init__(self, out: Path, total: int, unsafe: bool, again: frozenset[str], on_progress, say):
        self._out, self._total, self._unsafe, self._again = out, total, unsafe, again
        self._on_progress, self._say = on_progress, say
        self.fingerprints: dict[tuple[str, str, str], str] = {}

    def unfinished(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Yield the jobs that are to be judged; the others are noted as done."""
        for job in jobs:
            if result := unread(job, boxed=not self._unsafe):
                self.keep(result)
            elif (kept := self._kept(job)) is not None:
                self._note(kept, kept=True)
            else:
                yield job

    def keep(self, result: NotebookResult) -> None:
        store.keep(self._out, result)
        self._note(result, kept=False)

    def _kept(self, job: Job) -> NotebookResult | None:
        if job.notebook in self._again:
            return None
        kept = store.read(self._out, job.fingerprint, self._say)
        usable = kept is not None and (kept.boxed or self._unsafe)
        names = tuple(row.exercise for row in kept.exercises) if usable else ()
        return kept if usable and names == job.exercises else None

    def _note(self, result: NotebookResult, kept: bool) -> None:
        place = (result.student, result.week, result.notebook)
        self.fingerprints[place] = result.fingerprint
        self._on_progress(Step(len(self.fingerprints), self._total, result, kept))


def _handed_in(submissions: Path, out: Path, releases: Mapping[str, Mapping[str, bytes]]) -> list[Handed]:
    """List what is to be graded, notebook by notebook, so that a process does the same one for many students."""
    refuse_place(submissions, out)
    try:
        found = find_submissions(submissions, releases)
    except (OSError, ValueError) as error:
        raise CannotGrade(f"The submissions cannot be read: {error}.") from error
    handed = [
        Handed(
            one.student,
            one.week,
            notebook,
            one.files.get(notebook),
            tuple(one.notes_of(notebook)),
            releases[one.week][_file_name(notebook)],
        )
        for one in found
        for notebook in one.notebooks
        if _file_name(notebook) in releases[one.week]
    ]
    if not handed:
        raise CannotGrade(f"There is nobody to grade: {submissions} holds no folder of a student.")
    for notebook, release in {one.notebook: one.release for one in handed}.items():
        try:
            read_release(release, notebook)
        except ValueError as error:
            raise CannotGrade(f"The released {_file_name(notebook)} cannot be graded by: {error}.") from error
    return sorted(handed, key=lambda one: (_ORDER[one.notebook], one.student))


def _file_name(notebook: str) -> str:
    return Path(NOTEBOOKS[notebook].path).name


def _plan(one: Handed, seed: int, limits: Limits, code: str) -> Job:
    """Plan one notebook; a fault of ours in doing so costs this notebook only."""
    place = (one.student, one.week, one.notebook)
    try:
        return plan(one.file, one.release, one.notebook, one.student, one.week, seed, limits, code, one.notes)
    except Exception as error:
        says = f"This notebook could not be read, for a fault of the grader's own ({type(error).__name__})."
        return Job(*place, (), NOTEBOOKS[one.notebook].exercises, says, one.notes, (), seed, limits, code)


def _ahead(work: Callable[[Handed], Job], items: Sequence[Handed], threads: int) -> Iterator[Job]:
    """Yield what ``work`` makes of each item, in order, and have the next few in work meanwhile."""
    with ThreadPoolExecutor(threads, thread_name_prefix="plan") as pool:
        flying: deque[Future[Job]] = deque()
        try:
            for item in items:
                flying.append(pool.submit(work, item))
                if len(flying) > threads:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
