"""Judge a function: run its cases, compare, share out credit by group, and recognise a known mistake."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from utils.answers.answer import Answer, Mistake, answer
from utils.exercises.case import Case
from utils.exercises.entry import Exercise
from utils.exercises.index import exercise
from utils.exercises.run import Outcome, run, run_all
from utils.grading.compare import difference, same_outcome


@dataclass(frozen=True)
class Verdict:
    """What judging found.

    Attributes
    ----------
    exercise : Exercise
        What was judged.
    groups : dict of str to bool
        Every group of cases, in order, and whether all of its cases are right.
    failed_case : Case or None
        The first case that is not right.
    outcome : Outcome or None
        What the function did there.
    problem : str
        What was wrong there, in a sentence; empty when all is right.
    mistake : Mistake or None
        The known mistake that behaves like this function on every case.
    """

    exercise: Exercise
    groups: dict[str, bool]
    failed_case: Case | None = None
    outcome: Outcome | None = None
    problem: str = ""
    mistake: Mistake | None = None

    @property
    def score(self) -> float:
        """Share of the groups that are right, 0 to 1."""
        return sum(self.groups.values()) / len(self.groups)

    @property
    def passed(self) -> bool:
        """Whether every case is right."""
        return all(self.groups.values())

    @property
    def not_done(self) -> bool:
        """Whether the function is still the stub."""
        return self.outcome is not None and self.outcome.trouble == "not done"

    @property
    def points(self) -> float:
        """Points earned, rounded to two places."""
        return round(self.exercise.points * self.score, 2)


def fixed_seed(key: str) -> int:
    """Return the seed of the instant check: the same for everybody, so that a message can be talked about."""
    return zlib.crc32(key.encode())


def make_cases(key: str, seed: int) -> list[Case]:
    """Return the cases of an exercise for a seed."""
    return list(answer(key).cases(np.random.default_rng(seed)))


def judge(key: str, function: Callable, seed: int | None = None, seconds: float | None = None) -> Verdict:
    """Run a function on an exercise's cases and judge it.

    Parameters
    ----------
    key : str
        ``"<notebook id>/<function>"``.
    function : callable
        What the learner wrote.
    seed : int, optional
        Seed of the cases; :func:`fixed_seed` by default.
    seconds : float, optional
        Wall-clock limit for all cases together; the exercise's own by default.
    """
    cases = make_cases(key, fixed_seed(key) if seed is None else seed)
    entry = exercise(key)
    return judge_outcomes(entry, answer(key), cases, run_all(entry, function, cases, seconds))


def judge_outcomes(
    entry: Exercise, half: Answer, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> Verdict:
    """Judge outcomes that were brought from wherever the learner's code ran.

    Parameters
    ----------
    entry, half : Exercise, Answer
        The exercise's public and private halves.
    cases, outcomes : sequences
        What was asked and what came back, in the same order.
    """
    if not cases:
        raise ValueError(f"{entry.key}: the generator made no case")
    problems = [_problem(entry, half, case, outcome) for case, outcome in zip(cases, outcomes, strict=True)]
    groups: dict[str, bool] = {}
    for case, problem in zip(cases, problems, strict=True):
        groups[case.group] = groups.get(case.group, True) and not problem
    first = next((i for i, problem in enumerate(problems) if problem), None)
    if first is None:
        return Verdict(entry, groups)
    mistake = None
    if outcomes[first].trouble not in ("not done", "time"):
        mistake = _recognise(entry, half, cases, outcomes, first, problems[first])
    return Verdict(entry, groups, cases[first], outcomes[first], problems[first], mistake)


def _problem(entry: Exercise, half: Answer, case: Case, outcome: Outcome) -> str:
    """Return what is wrong with an outcome, or an empty string."""
    if outcome.trouble and outcome.trouble != "raised":
        return outcome.message or f"{entry.function} is not done yet."
    if half.oracle is not None:
        expected = run(entry, half.oracle, case, seconds=60)
        if expected.trouble == "raised":
            return _error_problem(expected, outcome)
        if expected.trouble:
            raise RuntimeError(f"{entry.key}: the oracle failed on {case.describe()}: {expected.message}")
        if outcome.trouble:
            return _raised_sentence(outcome)
        sentence = difference(expected.arrays, outcome.arrays, *half.tolerance(case))
        if sentence:
            return sentence
    elif outcome.trouble:
        return _raised_sentence(outcome)
    return half.invariant(case, outcome.arrays) if half.invariant else ""


def _raised_sentence(outcome: Outcome) -> str:
    return f"Your function raised {outcome.error}: {outcome.message}"


def _error_problem(expected: Outcome, outcome: Outcome) -> str:
    if outcome.trouble == "raised":
        if outcome.error == expected.error:
            return ""
        return (
            f"Here the function should raise {expected.error}; it raised {outcome.error}: {outcome.message}"
        )
    return f"Here the function should raise {expected.error} ({expected.message}); it returned a result."


def _recognise(
    entry: Exercise,
    half: Answer,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    first: int,
    problem: str,
) -> Mistake | None:
    """Find the mistake that behaves like the learner's function on every case, trying the failed case first.

    An invariant that recognises a mistake itself (where results are random) returns that mistake's sentence.
    """
    order = [first, *(i for i in range(len(cases)) if i != first)]
    for mistake in half.mistakes:
        if mistake.says == problem:
            return mistake
        if all(
            same_outcome(run(entry, mistake.function, cases[i]), outcomes[i], *half.tolerance(cases[i]))
            for i in order
        ):
            return mistake
    return None
