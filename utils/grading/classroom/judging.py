"""Judge one notebook of one student: its cells run in a box, fresh cases go in, arrays come out and are compared."""

import builtins
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from time import monotonic

from utils.exercises.entry import Exercise
from utils.exercises.index import exercise
from utils.exercises.run import Outcome
from utils.grading.classroom.records import ExerciseResult, Job, NotebookResult, PlannedCell
from utils.grading.classroom.suspicion import suspicious
from utils.grading.judge import Trial, Verdict, trial
from utils.grading.sandbox.box import Box, BoxLost
from utils.grading.sandbox.imports import packages_to_hide

_CACHED_TRIALS = 64
# A box costs seconds to make, which are not the student's: so many cells may take one with them.
_MOST_LOST_CELLS = 5
# Of all cases of an exercise together; what is right has a fraction of it.
_MOST_RESULT_BYTES = 128 << 20
_TRACE_ROW = re.compile(r"  line (\d{1,6}), in ([\w<>]{1,100})(?:: (.*))?")
# The function that takes the watch over calls away (utils.exercises.boxed.tracing), and functions of ours.
_WATCH, _OURS = "sys.setprofile", re.compile(r"utils(\.[A-Za-z_]\w{0,99}){1,9}", re.ASCII)
_SCOPES = frozenset({"<module>", "<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


def judge_notebook(job: Job, *, unsafe: bool = False) -> NotebookResult:
    """Run a submission's cells in a box and judge its exercises.

    Whatever the submission does, there is a result for each exercise: a cell or an exercise that crashes, hangs or uses
    too much costs itself only, since the others go on in a new box.

    Parameters
    ----------
    job : Job
        What to run and judge.
    unsafe : bool
        Without a sandbox.

    Returns
    -------
    NotebookResult

    Raises
    ------
    NoSandbox
        When no box can be made here.
    """
    began = monotonic()
    entries = [exercise(f"{job.notebook}/{name}") for name in job.exercises]
    if job.unread:
        status = "missing" if job.unread == "missing" else "failed"
        says = "Nothing was handed in." if job.unread == "missing" else job.unread
        results = [ExerciseResult(one.function, 0.0, one.points, status, says=says) for one in entries]
        failed: dict[str, str] = {}
    else:
        with _Sitting(job, unsafe) as sitting:
            results = [sitting.judge(entry) for entry in entries]
        failed = sitting.failed
        results = [
            _held_back(one, entry, sitting.used[entry.key], job.cells)
            for one, entry in zip(results, entries, strict=True)
        ]
    return NotebookResult(
        *job.place,
        job.fingerprint,
        tuple(results),
        job.repairs,
        job.skipped,
        tuple(failed.items()),
        _solutions(job),
        not unsafe,
        round(monotonic() - began, 3),
    )


class _Sitting:
    """Runs a job's cells when first asked, and again in a new box whenever one is lost.

    Attributes
    ----------
    failed : dict of str to str
        Cells that did not run through, and why.
    used : dict of str to set of str
        Functions that answer an exercise, or are withheld, and that the function of each judged exercise called.
    """

    def __init__(self, job: Job, unsafe: bool):
        self.job, self.unsafe = job, unsafe
        self.failed: dict[str, str] = {}
        self.used: dict[str, set[str]] = {}
        self._lost_cells: dict[str, BoxLost] = {}
        self._seconds_left = job.limits.submission_seconds
        self._cells_took = 0.0
        self._box: Box | None = None
        self._judged_in_box = False

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self._leave_box()

    def judge(self, entry: Exercise) -> ExerciseResult:
        """Judge one exercise.

        Once more, in a new box, where it may be what an earlier one left that broke it or called a library.
        """
        self.used[entry.key] = set()
        try:
            box = self._ready_box()
            alone = not self._judged_in_box
            self._judged_in_box = True
            attempt = self._try(entry, box)
            if not alone and (attempt.broken or (attempt.used and self._may_begin_anew())):
                self._leave_box()
                box = self._ready_box()
                self._judged_in_box = True
                attempt = self._try(entry, box)
        except _OutOfTime:
            return _nothing(
                entry,
                "timeout",
                "The notebook's cells took longer than a submission may, or ended Python too often; it was stopped.",
            )
        self.used[entry.key] = attempt.used
        if attempt.lost:
            return _nothing(entry, attempt.lost.status, f"{entry.function} did not finish. {attempt.lost}")
        if attempt.outcomes[0].trouble == "absent":
            return self._absent(entry)
        return self._compare(entry, attempt)

    def _try(self, entry: Exercise, box: Box) -> "_Attempt":
        """Call the student's function on every case."""
        attempt = _Attempt()
        outcomes, left = attempt.outcomes, entry.time_limit
        for case in _trial(entry.key, self.job.seed).cases:
            if outcomes and outcomes[-1].trouble in ("time", "absent"):
                outcomes.append(outcomes[-1])
                continue
            began = monotonic()
            try:
                outcome, names = box.run_case(entry.key, case, max(left, 0.05))
            except BoxLost as lost:
                self._box = None
                attempt.lost = lost
                attempt.used.update(lost.used)
                break
            left -= monotonic() - began
            attempt.used.update(names)
            attempt.bytes += sum(value.nbytes for value in outcome.arrays.values())
            if attempt.bytes > _MOST_RESULT_BYTES:
                outcome = Outcome(
                    trouble="kind", message=f"{entry.function} returned more than is asked for."
                )
            outcomes.append(outcome)
        return attempt

    def _compare(self, entry: Exercise, attempt: "_Attempt") -> ExerciseResult:
        try:
            verdict = _trial(entry.key, self.job.seed).judge_outcomes(attempt.outcomes)
        except Exception:  # what came is not what a probe sends, and an invariant stumbles over it
            says = f"What {entry.function} returned could not be compared with what is asked for."
            return _nothing(entry, "failed", says)
        return _told(verdict, self.job.cells)

    def _may_begin_anew(self) -> bool:
        """Tell whether all cells may run once more and leave time for the exercises to come."""
        return 2 * self._cells_took < self._seconds_left

    def _leave_box(self) -> None:
        if self._box:
            self._box.close()
        self._box = None

    def _absent(self, entry: Exercise) -> ExerciseResult:
        """Say why there is no such function: its cell failed, or it is not in the notebook."""
        for cell in self.job.cells:
            if entry.function in cell.defines and cell.id in self.failed:
                lost = self._lost_cells.get(cell.id)
                status = lost.status if lost else "failed"
                says = f"The cell that defines {entry.function} did not run: {self.failed[cell.id]}"
                return replace(_nothing(entry, status, says), needs=cell.id)
        return _nothing(entry, "failed", f"No cell defines a function {entry.function}.")

    def _ready_box(self) -> Box:
        """Return a box in which every cell that can be run has been run."""
        while self._box is None:
            if self._seconds_left <= 0 or len(self._lost_cells) > _MOST_LOST_CELLS:
                raise _OutOfTime
            box = Box(self.job.notebook, self.job.limits, packages_to_hide(self.job), self.unsafe)
            self._box = box if self._run_cells(box) else None
            self._judged_in_box = False
        return self._box

    def _run_cells(self, box: Box) -> bool:
        """Run the cells; a cell that takes the box with it is left out the next time. Tells whether the box is left."""
        before = self._seconds_left
        for cell in self.job.cells:
            if cell.id in self._lost_cells:
                continue
            began = monotonic()
            try:
                reply = box.run_cell(cell.source, min(self.job.limits.cell_seconds, self._seconds_left))
            except BoxLost as lost:
                self._lost_cells[cell.id] = lost
                self.failed[cell.id] = str(lost)
                return False
            finally:
                self._seconds_left -= monotonic() - began
            if not reply["ok"]:
                self.failed.setdefault(cell.id, f"{reply['error']}: {reply['message']}")
            if self._seconds_left <= 0:
                box.close()
                return False
        self._cells_took = before - self._seconds_left
        return True


@dataclass
class _Attempt:
    """What an exercise's cases brought in one box.

    Attributes
    ----------
    outcomes : list of Outcome
        One a case, unless the box was lost.
    used : set of str
        Listed and withheld functions that were called.
    lost : BoxLost or None
        Why there are no more outcomes.
    bytes : int
        Size of what came back.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    lost: BoxLost | None = None
    bytes: int = 0

    @property
    def broken(self) -> bool:
        """Whether it ended early, as after another exercise's threads have taken all the time or all the memory."""
        return self.lost is not None or self.outcomes[-1].trouble == "time"


class _OutOfTime(Exception):
    """A submission's cells have used up their time, or their boxes."""


@lru_cache(maxsize=_CACHED_TRIALS)
def _trial(key: str, seed: int) -> Trial:
    """Return the cases of the whole class, with what the oracle and the known mistakes give on them."""
    return trial(key, seed)


def _told(verdict: Verdict, cells: Sequence[PlannedCell]) -> ExerciseResult:
    """Return a verdict without anything that was put in or expected."""
    entry = verdict.exercise
    says = _sentence(verdict, cells)
    mistake = verdict.mistake
    return ExerciseResult(
        entry.function,
        verdict.points,
        entry.points,
        "timeout"
        if verdict.outcome and verdict.outcome.trouble == "time" and not verdict.points
        else "graded",
        dict(verdict.groups),
        says,
        mistake.name if mistake else "",
        mistake.says if mistake else "",
        entry.hints[-1] if says and not verdict.not_done else (entry.hints[0] if says else ""),
        _own_trace(verdict.outcome.trace, cells) if verdict.outcome else "",
    )


def _own_trace(trace: str, cells: Sequence[PlannedCell]) -> str:
    """Return the rows of a trace that quote the notebook's cells: its process could write anything there."""
    sources = [cell.source.splitlines() for cell in cells]
    quotable = {line.strip() for lines in sources for line in lines}
    longest = max(map(len, sources), default=0)
    rows = []
    for row in trace.splitlines():
        found = _TRACE_ROW.fullmatch(row)
        if (
            found
            and int(found[1]) <= longest
            and (found[2] in _SCOPES or _stands_in(found[2], cells))
            and (found[3] or "").strip() in quotable
        ):
            rows.append(row)
    return "\n".join(rows)


def _stands_in(name: str, cells: Sequence[PlannedCell]) -> bool:
    return name.isidentifier() and any(re.search(rf"\b{re.escape(name)}\b", cell.source) for cell in cells)


def _error_name(name: str, cells: Sequence[PlannedCell]) -> str:
    """Return the name of an error if it is Python's or stands in the cells; a name is a way out for values too."""
    kind = getattr(builtins, name, None) if name.isidentifier() else None
    known = isinstance(kind, type) and issubclass(kind, BaseException)
    return name if known or _stands_in(name, cells) else "an error of its own"


def _sentence(verdict: Verdict, cells: Sequence[PlannedCell]) -> str:
    """Say what is wrong, by kind only: values, shapes and arguments of a case are the grader's own."""
    if verdict.passed:
        return ""
    name, group, outcome = verdict.exercise.function, verdict.failed_case.group, verdict.outcome
    if outcome.trouble == "not done":
        return f"{name} is not done yet."
    where = f"The first case that is not right belongs to “{group}”."
    if outcome.trouble == "raised":
        return f"{where} There {name} raised {_error_name(outcome.error, cells)}."
    if outcome.trouble == "time":
        return f"{where} There {name} was still running when its time was over."
    if outcome.trouble == "changed":
        return f"{where} There {name} changed one of its arguments in place."
    if outcome.trouble == "kind":
        return f"{where} There {name} did not return the kind of result that is asked for."
    return f"{where} There {name} returned another result than is right."


def _nothing(entry: Exercise, status: str, says: str) -> ExerciseResult:
    return ExerciseResult(entry.function, 0.0, entry.points, status, says=says, hint=entry.hints[0])


def _held_back(
    result: ExerciseResult, entry: Exercise, used: Collection[str], cells: Sequence[PlannedCell]
) -> ExerciseResult:
    """Give no points for a result that a teacher has to look at first.

    That is: one that leaves the exercise to a library, whatever came of it, and one that earned points where the cells
    hold tools with which one can get behind the judging.
    """
    read = suspicious(cells, entry.function, entry.answered_by)
    called = {name for name in used if name in entry.answered_by or _OURS.fullmatch(name)}
    in_text = [name for name in read if name in entry.answered_by and name not in called]
    tools = [name for name in read if name not in entry.answered_by]
    if _WATCH in used:
        tools.append(_WATCH)
    reasons = (
        *(_called(name, name in entry.answered_by) for name in sorted(called)),
        *(f"Its text leads to `{name}`, which would answer the exercise." for name in in_text),
        *tools,
    )
    if not reasons:
        return result
    if not (called or in_text or result.points):
        return replace(result, flagged_for=reasons)
    return replace(
        result,
        points=0.0,
        status="flagged",
        flagged_for=reasons,
        says="Your teacher will look at this answer before it gets any points.",
    )


def _called(name: str, answers: bool) -> str:
    why = "which would answer the exercise" if answers else "which is withheld from this notebook"
    return f"It called `{name}`, {why}."


def _solutions(job: Job) -> dict[str, str]:
    """Return the text in which the student defines each exercise."""
    return dict(_definitions(job.cells, job.exercises))


def _definitions(cells: Sequence[PlannedCell], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for cell in cells:
        for name in cell.defines:
            if cell.own and name in names:
                yield name, cell.source
