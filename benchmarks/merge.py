"""Two passes over the same group, made one: what differs between processes becomes part of the spread.

A process gets its memory at other places than the next one, and minutes later the machine is another: that moves a
ratio more than the rounds of one process scatter.
"""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import TypeVar

from benchmarks.results import CaseResult, FormResult, GroupResult
from benchmarks.spread import Spread

T = TypeVar("T")


def merge_groups(first: GroupResult, second: GroupResult) -> GroupResult:
    """Return the group with the cases of both passes; a case that one of them refused or lacks is the other's."""
    again = {case.name: case for case in second.cases}
    cases = [merge_cases(case, again.pop(case.name)) if case.name in again else case for case in first.cases]
    failed = "; ".join(dict.fromkeys(filter(None, (first.failed, second.failed))))
    seconds = round(first.seconds + second.seconds, 1)
    return GroupResult(first.name, first.threads, (*cases, *again.values()), seconds, failed)


def merge_cases(first: CaseResult, second: CaseResult) -> CaseResult:
    """Return the case with the spreads of both."""
    if first.refused or second.refused:
        return second if first.refused else first
    forms = {form.name: form for form in second.forms}
    goals = {goal.what: goal for goal in second.goals}
    return replace(
        first,
        rounds=first.rounds + second.rounds,
        disturbed=first.disturbed + second.disturbed,
        forms=tuple(_merge_forms(form, forms[form.name]) for form in first.forms),
        goals=tuple(
            replace(goal, found=_both(_mean, goal.found, goals[goal.what].found)) for goal in first.goals
        ),
        memory=_both(_mean, first.memory, second.memory),
    )


def merge_spreads(first: Spread, second: Spread) -> Spread:
    """Return the lower low, the higher high, and between the medians their geometric mean."""
    return Spread(
        min(first.low, second.low), _mean(first.median, second.median), max(first.high, second.high)
    )


def _merge_forms(first: FormResult, second: FormResult) -> FormResult:
    return replace(
        first,
        seconds=_both(merge_spreads, first.seconds, second.seconds),
        ratio=_both(merge_spreads, first.ratio, second.ratio),
    )


def _mean(first: float, second: float) -> float:
    return float(f"{sqrt(first * second):.5g}")


def _both(merge: Callable[[T, T], T], first: T | None, second: T | None) -> T | None:
    return None if first is None or second is None else merge(first, second)
