"""What a learner calls in a notebook: check, passed, hint, solution."""

import inspect
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import CodeType
from typing import TYPE_CHECKING
from weakref import WeakSet

from utils.exercises.entry import Exercise
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading import progress
from utils.grading.card import Card
from utils.grading.notebooks import solution_cell, solution_region, stub_message

if TYPE_CHECKING:
    from utils.grading.judge import Verdict

FAILED_CHECKS_BEFORE_SOLUTION = 3

_passed: WeakSet = WeakSet()


class CheckResult(Card):
    """The result of a check.

    Attributes
    ----------
    passed : bool
        Whether every case is right.
    score : float
        Share of the groups of cases that are right, 0 to 1.
    points : float
        Points earned.
    mistake : str or None
        Name of the known mistake that the function makes.
    """

    def __init__(self, verdict: "Verdict"):
        self.passed, self.score, self.points = verdict.passed, verdict.score, verdict.points
        self.mistake = verdict.mistake.name if verdict.mistake else None
        super().__init__(*_content(verdict))

    def __repr__(self) -> str:
        # nbgrader reads the points of a graded cell from its plain text.
        return f"{self.points:g}"


class Unchecked(Card):
    """What a check says in a copy of the course without answers: whether there is something to hand in.

    Attributes
    ----------
    passed, score, points, mistake
        As in :class:`CheckResult`, for a function of which nothing is known: False, 0, 0 and None.
    """

    passed, score, points, mistake = False, 0.0, 0.0, None

    def __init__(self, entry: Exercise, function: Callable):
        if _is_blank(function):
            super().__init__(*_not_done(entry))
        else:
            super().__init__(
                "open",
                f"{entry.function} is there",
                [
                    "It was not run: this copy of the course was given out without answers, and your teacher checks "
                    "what you hand in.",
                    "What stands in the notebook when you save it and hand it in is what counts.",
                ],
            )

    def __repr__(self) -> str:
        # nbgrader gives full marks for what it cannot read.
        return "0"


def check(function: Callable, notebook: str | None = None) -> CheckResult | Unchecked:
    """Check an exercise and say what is right, what is not, and why.

    Parameters
    ----------
    function : callable
        The function you wrote; its name says which exercise it is.
    notebook : str, optional
        Notebook id such as ``"w1a1"``. Taken from the variable ``NOTEBOOK`` of the notebook by default.

    Returns
    -------
    CheckResult or Unchecked
        A card. ``.passed``, ``.score`` (0–1), ``.points`` and ``.mistake`` can be asked too. In a copy of the course
        without answers the function is not run.
    """
    key = _key(function, notebook)
    if not has_answers():
        return Unchecked(exercise(key), function)
    from utils.grading.judge import judge

    verdict = judge(key, function)
    progress.record(key, score=verdict.score)
    if verdict.passed:
        _remember(function)
    return CheckResult(verdict)


def passed(function: Callable) -> bool:
    """Tell whether this very function has passed its check in this session.

    Lessons use it to draw a picture with your function once it is right, and with the library's until then.
    """
    return function in _passed


def hint(function: Callable, notebook: str | None = None) -> Card:
    """Give the next hint for an exercise; from the last one it starts again."""
    key = _key(function, notebook)
    hints = exercise(key).hints
    given = progress.row(key).hints
    progress.record(key, hint=True)
    number = given % len(hints)
    return Card("open", f"Hint {number + 1} of {len(hints)}", [hints[number]])


def solution(function: Callable, notebook: str | None = None) -> Card:
    """Show our solution, after three failed checks or once yours is right; in self-study only."""
    key = _key(function, notebook)
    if not has_answers():
        return _no_solution()
    row = progress.row(key)
    if row.best < 1 and row.failed < FAILED_CHECKS_BEFORE_SOLUTION:
        left = FAILED_CHECKS_BEFORE_SOLUTION - row.failed
        checks = "check" if left == 1 else "checks"
        return Card(
            "open",
            "Not yet",
            [
                f"The solution opens after {left} more failed {checks}. `hint({function.__name__})` helps on the way."
            ],
        )
    try:
        code = solution_region(solution_cell(key).source)
    except (OSError, LookupError):
        return _no_solution()
    return Card("open", f"One way to write {function.__name__}", ["\t" + inspect.cleandoc("\n" + code)])


@cache
def has_answers() -> bool:
    """Tell whether this copy of the course holds the private half of the exercises."""
    return find_spec("utils.answers") is not None


def _no_solution() -> Card:
    return Card(
        "open",
        "No solution here",
        ["This copy of the course was given out without solutions: ask your teacher."],
    )


def _is_blank(function: Callable) -> bool:
    """Tell from its constants, without a call, whether a function is the blank that was given out."""
    waiting = [getattr(inspect.unwrap(function), "__code__", None)]
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType):
            if stub_message(function.__name__) in code.co_consts:
                return True
            waiting += code.co_consts
    return False


def _remember(function: Callable) -> None:
    try:
        _passed.add(function)
    except TypeError:  # built-in and some wrapped functions cannot be referred to weakly
        return


def _key(function: Callable, notebook: str | None) -> str:
    """Find which exercise a function is."""
    if not callable(function) or not hasattr(function, "__name__"):
        raise TypeError(
            f"function must be the function itself, as in check(zero_pad), without quotes or brackets; got {function!r}"
        )
    name = function.__name__
    if notebook is None:
        notebook = getattr(function, "__globals__", {}).get("NOTEBOOK") or _callers_notebook()
    if notebook not in NOTEBOOKS:
        raise ValueError(
            f"notebook must be a notebook's id ({', '.join(NOTEBOOKS)}), got {notebook!r}. "
            "Run the notebook's first code cell, which sets NOTEBOOK, or pass notebook=…"
        )
    names = NOTEBOOKS[notebook].exercises
    if name not in names:
        raise ValueError(
            f"function must be an exercise of notebook {notebook!r} ({', '.join(names)}); yours is named {name!r}"
        )
    return f"{notebook}/{name}"


def _callers_notebook() -> str | None:
    frame = sys._getframe()
    while frame is not None:
        if "NOTEBOOK" in frame.f_globals:
            return frame.f_globals["NOTEBOOK"]
        frame = frame.f_back
    return None


def _content(verdict: "Verdict") -> tuple[str, str, list[str]]:
    """Return kind, heading and lines of a verdict's card."""
    entry = verdict.exercise
    earned = f"{verdict.points:g} of {entry.points:g} points"
    if verdict.passed:
        return "right", f"{entry.function} is right: {earned}", ["Tried: " + "; ".join(verdict.groups) + "."]
    if verdict.not_done:
        return _not_done(entry)
    return "wrong", f"{entry.function} is not right yet: {earned}", _what_went_wrong(entry, verdict)


def _not_done(entry: Exercise) -> tuple[str, str, list[str]]:
    return (
        "open",
        f"{entry.function} is not done yet",
        [f"{entry.task} `hint({entry.function})` gives a first nudge."],
    )


def _what_went_wrong(entry: Exercise, verdict: "Verdict") -> list[str]:
    lines = [f"Failed on “{verdict.failed_case.group}”, called with {verdict.failed_case.describe()}."]
    lines.append(verdict.problem)
    if verdict.outcome.trace:
        lines.append("\t" + verdict.outcome.trace)
    if verdict.mistake and verdict.mistake.says != verdict.problem:
        lines.append(verdict.mistake.says)
    right = [group for group, good in verdict.groups.items() if good]
    if right:
        lines.append("Already right: " + "; ".join(right) + ".")
    return lines
