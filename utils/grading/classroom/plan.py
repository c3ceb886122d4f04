"""What of a submission is run, and in which order: from a student's file to a job.

Run are the imports, the given cells, the exercises' cells and whatever the student added; of the course's other cells
only those that define a name which one of the former reads. Long training and figures are thus left out, and so are
checks, hints and quizzes: judging happens elsewhere.
"""

from collections.abc import Sequence
from pathlib import Path

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.reading import Unreadable, read_submission
from utils.grading.classroom.records import Job, Limits, PlannedCell
from utils.grading.classroom.released import only_asks, read_release
from utils.grading.classroom.repair import FittedCell, fit

_ALWAYS = {"imports", "given", "solution", "own"}


def plan(
    submission_file: Path | None,
    release: bytes,
    notebook_id: str,
    student: str,
    week: str,
    seed: int,
    limits: Limits,
    engine: str,
    notes: Sequence[str] = (),
) -> Job:
    """Plan how one notebook of one student is graded.

    Nothing that stands in the student's file makes this fail.

    Parameters
    ----------
    submission_file : Path or None
        The student's notebook; None where none was handed in.
    release : bytes
        The notebook as it was given out (:func:`utils.course.release.learners_edition`).
    notebook_id : str
        ``"w1a1"``.
    student, week : str
        Whose it is, and the name of the week's folder.
    seed : int
        Of the cases.
    limits : Limits
        What the submission may use.
    engine : str
        Hash of what judging depends on.
    notes : sequence of str
        What was found out about the file's name; they come first among the repairs.

    Raises
    ------
    ValueError
        When the release is no notebook or lacks an exercise.
    """
    released = read_release(release, notebook_id)
    what = {
        "student": student,
        "week": week,
        "notebook": notebook_id,
        "exercises": NOTEBOOKS[notebook_id].exercises,
        "seed": seed,
        "limits": limits,
        "engine": engine,
    }
    if submission_file is None:
        return Job(**what, cells=(), unread="missing", repairs=tuple(notes))
    try:
        reading = read_submission(submission_file)
    except Unreadable as error:
        return Job(**what, cells=(), unread=str(error), repairs=tuple(notes))
    fitted, repairs = fit(reading.cells, released)
    runs = choose(fitted)
    return Job(
        **what,
        cells=tuple(_planned(cell) for cell, run in zip(fitted, runs, strict=True) if run),
        skipped=tuple(cell.name for cell, run in zip(fitted, runs, strict=True) if not run),
        repairs=(*notes, *reading.remarks, *repairs),
    )


def choose(fitted: Sequence[FittedCell]) -> list[bool]:
    """Decide which cells are run.

    A name that a cell reads comes from the last cell before it that defines the name; where there is none, a function
    that reads it when it is called has it from the first one after.

    Parameters
    ----------
    fitted : sequence of FittedCell
        The repaired notebook.

    Returns
    -------
    list of bool
        One a cell.
    """
    runs = [cell.role in _ALWAYS and not cell.not_graded and not only_asks(cell.cell) for cell in fitted]
    may_run = [runs[i] or (cell.role == "course" and not cell.not_graded) for i, cell in enumerate(fitted)]
    definers: dict[str, list[int]] = {}
    for i, cell in enumerate(fitted):
        if may_run[i]:
            for name in cell.cell.defines:
                definers.setdefault(name, []).append(i)
    waiting = [i for i, run in enumerate(runs) if run]
    while waiting:
        reader = waiting.pop()
        cell = fitted[reader].cell
        needed = [_before(definers.get(name, ()), reader) for name in cell.reads]
        needed += [_before_or_after(definers.get(name, ()), reader) for name in cell.reads_later]
        for source in needed:
            if source is not None and not runs[source]:
                runs[source] = True
                waiting.append(source)
    return runs


def _before(places: Sequence[int], reader: int) -> int | None:
    return next((place for place in reversed(places) if place < reader), None)


def _before_or_after(places: Sequence[int], reader: int) -> int | None:
    before = _before(places, reader)
    return next((place for place in places if place > reader), None) if before is None else before


def _planned(fitted: FittedCell) -> PlannedCell:
    return PlannedCell(fitted.name, fitted.cell.source, fitted.own, fitted.cell.functions)
