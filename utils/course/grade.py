"""`course grade` and `course regrade`: options checked first, a bar while it lasts, every output at the end."""

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from utils.course.environment import KERNEL_ENVIRONMENT, kernel_environment
from utils.course.refusal import Refusal
from utils.course.release import learners_edition
from utils.course.reset import find_key
from utils.course.start import find_weeks
from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom import store
from utils.grading.classroom.batch import Step, grade_class, refuse_place, refuse_to_begin_anew
from utils.grading.classroom.engine import engine
from utils.grading.classroom.outputs.gradebook import check_database
from utils.grading.classroom.outputs.late import parse_due, parse_rule, submission_time
from utils.grading.classroom.outputs.overrides import read_overrides
from utils.grading.classroom.outputs.write import OVERRIDES, write_outputs
from utils.grading.classroom.records import Limits, NotebookResult
from utils.grading.classroom.store import CannotGrade
from utils.grading.classroom.submissions import find_submissions, stray_entries
from utils.grading.classroom.worker import JUDGE
from utils.grading.sandbox.bubblewrap import NoSandbox, find_bubblewrap

# Many judges on as many processors: a thread that waits must not spin.
_PATIENT = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_THREAD_TIMEOUT": "4", "TQDM_DISABLE": "1"}
_UNSAFE = (
    "NO SANDBOX: students' code can read and change everything that you can, the answers and other students' work "
    "among them. Every page of the report says that this class was graded so."
)


@dataclass(frozen=True)
class GradeOptions:
    """How a class is graded.

    Attributes
    ----------
    weeks : sequence of str
        ``"1"``, ``"week1"`` or the folder's name; by default those for which somebody has a folder.
    jobs : int or None
        Processes on this machine; as many as it has processors by default.
    scheduler : str or None
        Address of a Dask scheduler to judge with instead.
    unsafe : bool
        Whether to do without a sandbox.
    late_penalty : str
        Rule, ``"10%/day,max=50%"``; empty for none.
    due : sequence of str
        ``"2026-11-30T23:59"`` or ``"week1_conv_basics=…"``.
    limits : Limits
        What a submission may use.
    gradebook : str or None
        SQLAlchemy URL of the gradebook; a file in the folder of the results by default.
    """

    weeks: Sequence[str] = ()
    jobs: int | None = None
    scheduler: str | None = None
    unsafe: bool = False
    late_penalty: str = ""
    due: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    gradebook: str | None = None


def grade(
    root: Path,
    submissions: Path,
    out: Path,
    options: GradeOptions,
    *,
    resume: bool = False,
    judge: str = JUDGE,
) -> bool:
    """Grade a class and write every output; what happens is told on stderr.

    Parameters
    ----------
    root : Path
        The course.
    submissions, out : Path
        Folders of what was handed in, and of the results.
    options : GradeOptions
        How.
    resume : bool
        Whether to go on with a grading that was begun in ``out``.
    judge : str
        ``"module:function"``, as for :class:`utils.grading.classroom.worker.Station`.

    Returns
    -------
    bool
        Whether it came to its end: False when it was interrupted.

    Raises
    ------
    Refusal
        When the class cannot be graded.
    """
    return _told(_grade, root, submissions, out, options, resume=resume, judge=judge, resumed_by="--resume")


def regrade(
    root: Path,
    out: Path,
    names: Sequence[str] = (),
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    unsafe: bool = False,
    gradebook: str | None = None,
    judge: str = JUDGE,
) -> bool:
    """Judge again what a corrected exercise changed, with the options of the first time, and write every output anew.

    Parameters
    ----------
    root : Path
        The course.
    out : Path
        Folder of the results.
    names : sequence of str
        Exercises or notebooks: these are judged again in any case, and no others; by default all whose code changed.
    jobs, scheduler, unsafe, gradebook, judge
        As for :func:`grade`; a gradebook's URL with a password is not kept and must be given again.

    Returns
    -------
    bool
        Whether it came to its end.

    Raises
    ------
    Refusal
        When nothing was graded there, or an exercise is unknown or of another week.
    """
    return _told(_regrade, root, out, names, jobs, scheduler, unsafe, gradebook, judge)


def _told(work: Callable[..., None], *arguments, resumed_by: str = "", **further) -> bool:
    """Turn what cannot be done into a refusal, and an interruption into False."""
    try:
        work(*arguments, **further)
    except (CannotGrade, NoSandbox, ValueError) as error:
        raise Refusal(_sentence(str(error))) from error
    except KeyboardInterrupt:
        how = f"the same command with {resumed_by}" if resumed_by else "the same command"
        _say(_console(), f"Interrupted. What is finished is kept; {how} goes on with the rest.")
        return False
    return True


def _sentence(text: str) -> str:
    first = text.partition(" ")[0]
    begins = text[:1].upper() if first.isalpha() else text[:1]  # not of a file, an id or an option
    return begins + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _console() -> Console:
    return Console(stderr=True)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _regrade(
    root: Path,
    out: Path,
    names: Sequence[str],
    jobs: int | None,
    scheduler: str | None,
    unsafe: bool,
    gradebook: str | None,
    judge: str,
) -> None:
    run = store.read_run(out)
    try:
        options = GradeOptions(
            run["weeks"],
            jobs,
            scheduler,
            unsafe,
            run["late_penalty"],
            run["due"],
            Limits(**run["limits"]),
            gradebook or run["gradebook"],
        )
        submissions, old = Path(run["submissions"]), dict(run["engines"])
    except (KeyError, TypeError) as error:
        raise CannotGrade(
            f"{out} holds a grading of another kind ({error!r}): `course grade … --resume`."
        ) from error
    if run["gradebook_had_password"] and not gradebook:
        raise CannotGrade(
            "The gradebook's URL holds a password and was not kept: give it again, by --gradebook or COURSE_GRADEBOOK."
        )
    again = [_notebook(name) for name in names]
    if other := [name for name in again if name not in old]:
        raise CannotGrade(f"{', '.join(other)} was not graded into {out}; there are: {', '.join(old)}.")
    engines = {name: engine(name) if name in again else kept for name, kept in old.items()} if again else {}
    _grade(root, submissions, out, options, resume=True, judge=judge, engines=engines, again=again)


def _notebook(name: str) -> str:
    """Return the notebook meant by its id or by an exercise."""
    return name if name in NOTEBOOKS else find_key(name).split("/")[0]


def _grade(
    root: Path,
    submissions: Path,
    out: Path,
    options: GradeOptions,
    *,
    resume: bool,
    judge: str,
    engines: Mapping[str, str] | None = None,
    again: Collection[str] = (),
) -> None:
    rule = parse_rule(options.late_penalty) if options.late_penalty else None
    deadlines = parse_due(options.due)
    if rule and not options.due:
        raise CannotGrade(
            "A late penalty needs to know when work was due: give --due, as in --due 2026-11-30T23:59."
        )
    _check(options, out, judge)
    console = _console()
    if options.unsafe:
        console.print(_UNSAFE, style="bold white on red")
    weeks = [week.name for week in find_weeks(root, options.weeks)]
    refuse_place(submissions, out)
    handed = _find(submissions, weeks if options.weeks else None)
    weeks = [week for week in weeks if any(one.week == week for one in handed)]
    for line in stray_entries(submissions):
        _say(console, line)
    with store.lock(out):
        refuse_to_begin_anew(out, resume)
        releases = {week: _release(root, week, out) for week in weeks}
        with _Bar(console) as bar:
            results = grade_class(
                submissions,
                out,
                releases,
                jobs=options.jobs,
                scheduler=options.scheduler,
                resume=resume,
                unsafe=options.unsafe,
                limits=options.limits,
                on_progress=bar.step,
                say=bar.say,
                engines=engines,
                again=again,
                about=_about(options),
                judge=judge,
                environment=_environment(options.scheduler),
            )
        write_outputs(
            results,
            out,
            releases,
            late_rule=rule,
            deadlines=deadlines,
            submitted=_submitted(handed),
            database_url=options.gradebook,
            unsafe=options.unsafe,
            graded_at=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        )
        bar.conclude(out)


def _check(options: GradeOptions, out: Path, judge: str) -> None:
    """Find out before any work what could be found out after it."""
    limits = asdict(options.limits)
    if wrong := [name for name, value in limits.items() if not value > 0]:
        raise CannotGrade(f"{wrong[0]} must be positive, got {limits[wrong[0]]}.")
    if options.jobs is not None and options.jobs < 1:
        raise CannotGrade(f"--jobs must be at least 1, got {options.jobs}.")
    if options.gradebook:
        try:
            make_url(options.gradebook)
        except ArgumentError as error:
            raise CannotGrade(
                "--gradebook must be an SQLAlchemy URL, as in sqlite:///gradebook.db."
            ) from error
        check_database(options.gradebook)
    if not options.unsafe and not options.scheduler and judge == JUDGE:
        _try_sandbox()
    read_overrides(out / OVERRIDES)


def _try_sandbox() -> None:
    """See that bubblewrap is there and may do its work: else every box would crash, and every student with it."""
    command = [find_bubblewrap(), "--unshare-all", "--cap-drop", "ALL", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise NoSandbox(
            f"bubblewrap is installed, but cannot make a sandbox here ({done.stderr.strip() or done.returncode}). "
            "The system has to allow user namespaces; on Ubuntu 24.04: "
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0. --unsafe grades without a sandbox: "
            "then students' code can read and change everything that you can."
        )


def _find(submissions: Path, weeks: Sequence[str] | None):
    try:
        return find_submissions(submissions, weeks)
    except OSError as error:
        raise CannotGrade(f"The submissions cannot be read: {error}.") from error


def _submitted(handed) -> dict[tuple[str, str], datetime]:
    """Return when each student handed a week in, as far as it is known."""
    times = {
        (one.student, one.week): [
            submission_time(path) for path in {file.parent for file in one.files.values()}
        ]
        for one in handed
    }
    known = {place: [time for time in found if time] for place, found in times.items()}
    return {place: max(found) for place, found in known.items() if found}


def _environment(scheduler: str | None) -> dict[str, str]:
    fixed = {**KERNEL_ENVIRONMENT, **_PATIENT}
    return fixed if scheduler else {**kernel_environment(progress_bars=False), **fixed}


def _about(options: GradeOptions) -> dict[str, Any]:
    url = make_url(options.gradebook) if options.gradebook else None
    secret = bool(url and url.password)
    return {
        "late_penalty": options.late_penalty,
        "due": list(options.due),
        "gradebook": None if secret else options.gradebook,
        "gradebook_had_password": secret,
    }


def _release(root: Path, week: str, out: Path) -> dict[str, bytes]:
    """Return the released notebooks of a week; nbgrader takes seconds for each, so they are kept beside the results."""
    paths = [root / row.path for row in NOTEBOOKS.values() if row.week == week and row.exercises]
    paths = [path for path in paths if path.exists()]
    made_by = [Path(__file__).with_name("release.py"), *paths]
    key = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in made_by)).hexdigest()
    if text := store.read_text(out, f"release-{key}.json"):
        try:
            return {name: content.encode() for name, content in json.loads(text).items()}
        except (ValueError, AttributeError):
            pass  # damaged: made anew
    release = learners_edition(week, paths)
    kept = json.dumps({name: content.decode() for name, content in release.items()})
    store.write_text(out, f"release-{key}.json", kept)
    return release


class _Bar:
    """A progress bar on stderr that counts what came out; lines said meanwhile stand above it."""

    def __init__(self, console: Console):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console = console
        self._progress = Progress(*columns, TimeRemainingColumn(), console=console)
        self._task = self._progress.add_task("notebooks", total=None)
        self._statuses: Counter[str] = Counter()
        self._students: set[str] = set()
        self._judged = self._kept = 0

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, *error) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        """Count one notebook."""
        self._judged += not step.kept
        self._kept += step.kept
        self._students.add(step.result.student)
        self._statuses.update(_statuses(step.result))
        found = [
            f"{number} {name}" for name, number in self._statuses.items() if name in ("flagged", "crashed")
        ]
        self._progress.update(
            self._task,
            total=step.total,
            completed=step.done,
            description=", ".join(["notebooks", *found]),
        )

    def say(self, line: str) -> None:
        """Print a line."""
        _say(self._console, line)

    def conclude(self, out: Path) -> None:
        """Print what it came to."""
        counted = ", ".join(f"{number} {name}" for name, number in self._statuses.most_common())
        self.say(
            f"{len(self._students)} students; {self._judged} notebooks judged now, {self._kept} kept from before; "
            f"exercises: {counted}."
        )
        if self._statuses["flagged"]:
            self.say(
                f"Flagged answers have no points until you decide, in {out / OVERRIDES}; the report lists them."
            )
        self.say(
            f"Begin with {out / 'report.html'}; marks are in {out / 'totals.csv'} and {out / 'grades.csv'}."
        )


def _statuses(result: NotebookResult) -> list[str]:
    return [row.status for row in result.exercises]
