"""What the teacher reads about a class: how it went, what was hard and why, and what needs a decision."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from utils.grading.classroom.outputs.gradebook import ManualMark
from utils.grading.classroom.outputs.marks import Mark, WeekTotal, plain
from utils.grading.classroom.outputs.overrides import Override
from utils.grading.classroom.outputs.pages import render
from utils.grading.classroom.outputs.similarity import Cluster
from utils.grading.classroom.outputs.text import week_title
from utils.grading.classroom.records import STATUSES, NotebookResult

_MOST_ROWS = 200
_MOST_MISTAKES = 25
_HARDEST = 10
_BINS = 10


@dataclass(frozen=True)
class Findings:
    """What the report tells beside marks and sums.

    Attributes
    ----------
    clusters : sequence of Cluster
        Nearly identical solutions.
    manual : sequence of ManualMark
        Marks that were given in the gradebook.
    unused : sequence of Override
        Overrides of weeks that were not graded.
    """

    clusters: Sequence[Cluster] = ()
    manual: Sequence[ManualMark] = ()
    unused: Sequence[Override] = ()


def report_page(
    results: Sequence[NotebookResult],
    marks: Sequence[Mark],
    totals: Sequence[WeekTotal],
    findings: Findings,
    titles: Mapping[str, str],
    *,
    unsafe: bool = False,
    graded_at: str = "",
) -> str:
    """Return the teacher's page.

    Parameters
    ----------
    results, marks, totals : sequences
        Of the class, in order.
    findings : Findings
        What else there is to tell.
    titles : dict of str
        Name for people of each notebook, by its id.
    unsafe : bool
        Whether sandboxes were switched off; results that say so themselves are believed anyway.
    graded_at : str
        When it was graded, for the foot of the page.
    """
    counts = Counter(mark.result.status for mark in marks)
    open_air = sum(not result.boxed for result in results)
    return render(
        "report.html",
        students=len({total.student for total in totals}),
        notebooks=sum(any(one.status != "missing" for one in result.exercises) for result in results),
        exercises=len(marks),
        counts=[(status, counts[status]) for status in STATUSES],
        unsafe=unsafe or open_air > 0,
        open_air=open_air,
        weeks=[_week(week, totals) for week in sorted({total.week for total in totals})],
        hardest=_hardest(marks)[:_HARDEST],
        mistakes=_mistakes(marks),
        flagged=_first([mark for mark in marks if mark.result.status == "flagged"]),
        noticed=_first(
            [mark for mark in marks if mark.result.flagged_for and mark.result.status != "flagged"]
        ),
        troubled=_first(_troubled(marks, results)),
        missing=_first(_missing(marks)),
        repairs=_first([(result, repair) for result in results for repair in result.repairs]),
        clusters=_first(_together(findings.clusters)),
        overridden=_first([mark for mark in marks if mark.override is not None]),
        late=_first([total for total in totals if total.days]),
        manual=_first(list(findings.manual)),
        unused=_first(list(findings.unused)),
        graded_at=graded_at,
        titles=titles,
        week_title=week_title,
        plain=plain,
    )


def _first(rows: Sequence) -> dict[str, object]:
    """Keep a table readable: its first rows, and how many more there are."""
    return {"rows": rows[:_MOST_ROWS], "count": len(rows), "more": max(0, len(rows) - _MOST_ROWS)}


def _week(week: str, totals: Sequence[WeekTotal]) -> dict[str, object]:
    """Return a week's histogram, and its mean and median, of those who handed something in."""
    came = [
        total
        for total in totals
        if total.week == week and (total.overridden or total.counts["missing"] < sum(total.counts.values()))
    ]
    percents = [total.percent for total in came]
    bars = [0] * _BINS
    for percent in percents:
        bars[min(_BINS - 1, int(percent // (100 // _BINS)))] += 1
    return {
        "title": week_title(week),
        "count": len(came),
        "absent": sum(total.week == week for total in totals) - len(came),
        "mean": f"{statistics.fmean(percents):.1f}" if percents else "–",
        "median": f"{statistics.median(percents):.1f}" if percents else "–",
        "full": sum(percent == 100 for percent in percents),
        "bars": _bars(bars),
    }


def _bars(counts: Sequence[int]) -> list[dict[str, object]]:
    """Return where the bars of a histogram stand, in a picture of 680 × 190."""
    highest = max(*counts, 1)
    step = 100 // len(counts)
    return [
        {
            "x": 20 + 64 * place,
            "y": round(150 - 120 * count / highest, 1),
            "height": round(120 * count / highest, 1),
            "count": count,
            "label": f"{step * place}–{step * (place + 1)}",
        }
        for place, count in enumerate(counts)
    ]


def _hardest(marks: Sequence[Mark]) -> list[dict[str, object]]:
    """Return the exercises by the share of points that those got who handed the notebook in, smallest first."""
    tried: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for mark in marks:
        if mark.result.status != "missing" and mark.max_points:
            share = mark.points / mark.max_points
            tried[mark.week, mark.notebook, mark.result.exercise].append(share)
    rows = [
        {
            "week": week,
            "notebook": notebook,
            "exercise": exercise,
            "share": f"{100 * statistics.fmean(shares):.0f}",
            "order": statistics.fmean(shares),
            "full": sum(share == 1 for share in shares),
            "count": len(shares),
        }
        for (week, notebook, exercise), shares in tried.items()
    ]
    return sorted((row for row in rows if row["order"] < 1), key=lambda row: row["order"])


def _mistakes(marks: Sequence[Mark]) -> list[tuple[Mark, int]]:
    """Return the most common known mistakes: a mark that shows each, and how many people make it."""
    example: dict[tuple[str, str, str], Mark] = {}
    counts: Counter[tuple[str, str, str]] = Counter()
    for mark in marks:
        if mark.result.mistake:
            place = (mark.notebook, mark.result.exercise, mark.result.mistake)
            example.setdefault(place, mark)
            counts[place] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(example[place], count) for place, count in ordered[:_MOST_MISTAKES]]


def _troubled(marks: Sequence[Mark], results: Sequence[NotebookResult]) -> list[dict[str, object]]:
    """Return whose notebooks could not be judged in full: one row for all exercises with the same reason."""
    rows: dict[tuple[str, str, str, str, str], list[str]] = defaultdict(list)
    for mark in marks:
        if mark.result.status in ("failed", "timeout", "crashed"):
            why = mark.result.says or (f"It needs {mark.result.needs}." if mark.result.needs else "")
            rows[mark.student, mark.week, mark.notebook, mark.result.status, why].append(mark.result.exercise)
    cells = {(result.student, result.week, result.notebook): result.failed_cells for result in results}
    return [
        {
            "student": student,
            "week": week,
            "notebook": notebook,
            "status": status,
            "why": why,
            "exercises": exercises,
            "cells": cells.get((student, week, notebook), ()),
        }
        for (student, week, notebook, status, why), exercises in rows.items()
    ]


def _missing(marks: Sequence[Mark]) -> list[tuple[tuple[str, str], list[str]]]:
    """Return whose notebooks are not there: student and week, and the notebooks."""
    rows: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for mark in marks:
        if mark.result.status == "missing":
            rows[mark.student, mark.week][mark.notebook] = None
    return [(place, list(notebooks)) for place, notebooks in rows.items()]


def _together(clusters: Sequence[Cluster]) -> list[tuple[tuple[str, ...], list[Cluster]]]:
    """Return clusters of the same people together, those who are alike in most exercises first."""
    groups: dict[tuple[str, ...], list[Cluster]] = defaultdict(list)
    for cluster in clusters:
        groups[cluster.students].append(cluster)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
