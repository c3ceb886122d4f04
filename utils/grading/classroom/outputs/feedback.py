"""What a student reads about a week: what is right, what is not and why; one page that needs nothing but a browser.

The records hold no input, no expected value and no hidden case, and the page shows what they hold, without the reasons
for which a teacher should look at an answer.
"""

from collections.abc import Mapping, Sequence

from utils.grading.classroom.outputs.marks import Mark, WeekTotal, plain
from utils.grading.classroom.outputs.pages import render
from utils.grading.classroom.outputs.text import week_title
from utils.grading.classroom.records import NotebookResult

_SAID = {
    "missing": "Not handed in",
    "failed": "Could not be judged",
    "timeout": "Took too long",
    "crashed": "Stopped the program",
    "flagged": "Your teacher will look at it",
}


def feedback_page(
    total: WeekTotal,
    marks: Sequence[Mark],
    results: Sequence[NotebookResult],
    titles: Mapping[str, str],
    graded_at: str = "",
) -> str:
    """Return the page of one student's week.

    Parameters
    ----------
    total : WeekTotal
        The sums.
    marks : sequence of Mark
        Of this student and week.
    results : sequence of NotebookResult
        Of this student and week.
    titles : dict of str
        Name for people of each notebook, by its id.
    graded_at : str
        When it was graded, for the foot of the page.
    """
    return render(
        "feedback.html",
        student=total.student,
        week=week_title(total.week),
        total=total,
        points=plain(total.total),
        earned=plain(total.points),
        max_points=plain(total.max_points),
        penalty=plain(total.penalty),
        percent=plain(total.percent),
        notebooks=[
            {
                "title": titles[result.notebook],
                "points": plain(sum(mark.points for mark in of_it)),
                "max_points": plain(sum(mark.max_points for mark in of_it)),
                "missing": all(mark.result.status == "missing" for mark in of_it),
                "marks": [_row(mark) for mark in of_it],
                "result": result,
            }
            for result in results
            if (of_it := [mark for mark in marks if mark.notebook == result.notebook])
        ],
        graded_at=graded_at,
    )


def _says(mark: Mark) -> str:
    """Return the judge's sentence; that a teacher will decide is no longer true once one has."""
    if mark.result.status != "flagged":
        return mark.result.says
    return "" if mark.override else mark.result.says or "It has no points until your teacher has decided."


def _row(mark: Mark) -> dict[str, object]:
    result = mark.result
    if mark.override is not None:
        kind, said = "open", "Set by your teacher"
    elif result.status != "graded":
        kind, said = ("open" if result.status in ("flagged", "missing") else "wrong"), _SAID[result.status]
    elif mark.points == mark.max_points:
        kind, said = "right", "Right"
    elif mark.points:
        kind, said = "partly", "Partly right"
    else:
        kind, said = "wrong", "Not right yet"
    return {
        "kind": kind,
        "said": said,
        "points": plain(mark.points),
        "max_points": plain(mark.max_points),
        "override": mark.override,
        "result": result,
        "says": _says(mark),
        "mistake_says": "" if result.mistake_says == result.says else result.mistake_says,
        "right": [group for group, good in result.groups.items() if good],
        "wrong": [group for group, good in result.groups.items() if not good],
    }
