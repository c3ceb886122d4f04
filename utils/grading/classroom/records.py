"""What travels between the parts of grading: a job on its way in, results on their way out; plain data, as JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

STATUSES = ("graded", "missing", "failed", "timeout", "crashed", "flagged")


@dataclass(frozen=True)
class PlannedCell:
    """A cell of a submission that is run before judging.

    Attributes
    ----------
    id : str
        ``grade_id`` or cell id, for messages.
    source : str
        Its code.
    own : bool
        Whether the student wrote it; else it is the course's.
    defines : tuple of str
        Names of the functions that it defines at its top.
    """

    id: str
    source: str
    own: bool
    defines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How much a submission may use.

    Attributes
    ----------
    cell_seconds, submission_seconds : float
        Wall-clock time of one cell, and of all cells of a notebook together. Judging an exercise has the exercise's own
        limit.
    memory_mb : int
        Memory of the whole process tree.
    processes : int
        Processes and threads at a time.
    file_mb : int
        Size of one written file, and of all written files together.
    """

    cell_seconds: float = 30.0
    submission_seconds: float = 120.0
    memory_mb: int = 4096
    processes: int = 128
    file_mb: int = 100


@dataclass(frozen=True)
class Job:
    """One notebook of one student, ready to be run and judged; everything that its result depends on.

    Attributes
    ----------
    student, week, notebook : str
        Who, the week folder's name, the notebook's id such as ``"w1a1"``.
    cells : tuple of PlannedCell
        What is run, in order.
    exercises : tuple of str
        Names of the functions to judge, in order.
    unread : str
        Why there is nothing to run (``"missing"`` where no file was handed in, else a sentence); empty otherwise.
    repairs : tuple of str
        What had to be put right before the notebook could be graded, in sentences.
    skipped : tuple of str
        Ids of the cells that are not run.
    seed : int
        Of the cases: equal for the whole class, unknown to students.
    limits : Limits
        What it may use.
    engine : str
        Hash of what judging depends on: the exercises' code of this notebook.
    """

    student: str
    week: str
    notebook: str
    cells: tuple[PlannedCell, ...]
    exercises: tuple[str, ...]
    unread: str = ""
    repairs: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    engine: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """Whose and which notebook this is: student, week, notebook."""
        return self.student, self.week, self.notebook

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything in the job: equal jobs have equal results."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ExerciseResult:
    """What one exercise of one submission earned, and what may be said about it.

    Nothing here quotes an input, an expected value or a hidden case.

    Attributes
    ----------
    exercise : str
        Name of the function.
    points, max_points : float
        Earned, and what it is worth.
    status : str
        One of ``STATUSES``.
    groups : dict of str to bool
        Groups of cases, in the learner's words, and whether all their cases are right.
    says : str
        A sentence for the student: what went wrong, without values.
    mistake, mistake_says, hint : str
        Name and sentence of the known mistake that was recognised, and the exercise's next hint; empty where none.
    trace : str
        The student's own lines on the way to an error that they raised.
    flagged_for : tuple of str
        What was used or done that a teacher must look at, in sentences or pieces of code; not for the student's eyes
        before that.
    needs : str
        Exercise or cell that this one failed for, where one does.
    """

    exercise: str
    points: float
    max_points: float
    status: str
    groups: Mapping[str, bool] = field(default_factory=dict)
    says: str = ""
    mistake: str = ""
    mistake_says: str = ""
    hint: str = ""
    trace: str = ""
    flagged_for: tuple[str, ...] = ()
    needs: str = ""

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"status must be one of {', '.join(STATUSES)}, got {self.status!r}")


@dataclass(frozen=True)
class NotebookResult:
    """What became of one job.

    Attributes
    ----------
    student, week, notebook : str
        As in the job.
    fingerprint : str
        The job's.
    exercises : tuple of ExerciseResult
        One an exercise of the notebook, in order, whatever happened.
    repairs, skipped : tuple of str
        As in the job.
    failed_cells : tuple of (str, str)
        Id of each cell that did not run through, and why, in a sentence.
    solutions : dict of str to str
        The student's text of each exercise, for comparing students.
    boxed : bool
        Whether a sandbox was around it.
    seconds : float
        Wall-clock time it took; not part of what equal jobs share.
    """

    student: str
    week: str
    notebook: str
    fingerprint: str
    exercises: tuple[ExerciseResult, ...]
    repairs: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failed_cells: tuple[tuple[str, str], ...] = ()
    solutions: Mapping[str, str] = field(default_factory=dict)
    boxed: bool = True
    seconds: float = 0.0

    def to_json(self) -> str:
        """Return the result as JSON text; :meth:`from_json` reads it back."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        row: dict[str, Any] = json.loads(text)
        row["exercises"] = tuple(
            ExerciseResult(**{**one, "flagged_for": tuple(one["flagged_for"])}) for one in row["exercises"]
        )
        for name in ("repairs", "skipped"):
            row[name] = tuple(row[name])
        row["failed_cells"] = tuple((cell, why) for cell, why in row["failed_cells"])
        return cls(**row)
