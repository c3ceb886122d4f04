"""The rows of a job that nobody could judge: every exercise of every notebook has its row, whatever happened."""

from utils.exercises.index import exercise
from utils.grading.classroom.records import ExerciseResult, Job, NotebookResult


def unjudged(job: Job, status: str, says: str, *, boxed: bool, seconds: float = 0.0) -> NotebookResult:
    """Return a result without points.

    Parameters
    ----------
    job : Job
        What should have been judged.
    status : str
        Of every exercise; one of ``records.STATUSES``.
    says : str
        Why, in a sentence for the student.
    boxed : bool
        Whether the run has a sandbox.
    seconds : float
        Time that it took to find out.

    Raises
    ------
    KeyError
        When the job names an exercise that there is not.
    """
    rows = tuple(
        ExerciseResult(name, 0.0, float(exercise(f"{job.notebook}/{name}").points), status, says=says)
        for name in job.exercises
    )
    return NotebookResult(
        *job.place,
        job.fingerprint,
        rows,
        repairs=job.repairs,
        skipped=job.skipped,
        boxed=boxed,
        seconds=seconds,
    )


def unread(job: Job, *, boxed: bool) -> NotebookResult | None:
    """Return the result of a job without anything to run, or None where there is something."""
    if not job.unread:
        return None
    if job.unread == "missing":
        return unjudged(job, "missing", "This notebook was not handed in.", boxed=boxed)
    return unjudged(job, "failed", job.unread, boxed=boxed)
