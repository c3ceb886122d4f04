"""Judge a function: run its cases, compare, share out credit by group, and recognise a known mistake."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np

from utils.answers.answer import Answer, Mistake, answer
from utils.exercises.case import Case, pack_case
from utils.exercises.entry import Exercise
from utils.exercises.index import exercise
from utils.exercises.run import Outcome, run, run_all
from utils.grading.compare import difference, same_outcome

# An oracle is trusted: a limit only so that a fault of ours does not hang a notebook.
_ORACLE_SECONDS = 60.0


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
    return trial(key, seed).judge(function, seconds)


def trial(key: str, seed: int | None = None, like: "Trial | None" = None) -> "Trial":
    """Return the cases of an exercise for a seed (:func:`fixed_seed` by default), ready to judge by.

    Parameters
    ----------
    key : str
        ``"<notebook id>/<function>"``.
    seed : int, optional
        Seed of the cases.
    like : Trial, optional
        Another trial of the exercise, with which this one shares what is worked out for cases that both have.
    """
    return Trial(exercise(key), answer(key), make_cases(key, fixed_seed(key) if seed is None else seed), like)


class Trial:
    """Cases of one exercise, and what the oracle and the known mistakes give on them: worked out once, when asked.

    Parameters
    ----------
    entry, half : Exercise, Answer
        The exercise's public and private halves.
    cases : sequence of Case
        What functions are tried on; one at least.
    like : Trial, optional
        Another trial of the exercise: what was worked out there for an equal case is not worked out again.

    Attributes
    ----------
    places : list of str
        What each case is remembered by: equal for equal cases only.
    """

    def __init__(self, entry: Exercise, half: Answer, cases: Sequence[Case], like: "Trial | None" = None):
        if not cases:
            raise ValueError(f"{entry.key}: the generator made no case")
        self.entry, self.half, self.cases = entry, half, list(cases)
        self.places = [hashlib.sha256(pack_case(case)).hexdigest() for case in self.cases]
        self._expected: dict[str, Outcome] = like._expected if like else {}
        self._mistaken: dict[tuple[str, str], Outcome] = like._mistaken if like else {}

    def judge(self, function: Callable, seconds: float | None = None) -> Verdict:
        """Run a function on every case and judge what comes back."""
        return self.judge_outcomes(run_all(self.entry, function, self.cases, seconds))

    def judge_mistake(self, mistake: Mistake, anew: bool = False) -> tuple[str, Mistake | None]:
        """Judge one of the exercise's own mistakes, by what recognition remembers of it.

        It runs on a case only where that decides something: up to the first that fails, and further where it cannot be
        told from another mistake before.

        Parameters
        ----------
        mistake : Mistake
            One of the bank.
        anew : bool
            Whether it is called once more on the first failed case and judged by what comes this time.

        Returns
        -------
        problem : str
            What is wrong on the first failed case; empty when none fails.
        recognised : Mistake or None
            The mistake of the bank that a learner's function behaving like this one is told about.
        """
        again: dict[int, Outcome] = {}

        def outcome_of(index: int) -> Outcome:
            return again[index] if index in again else self._of_mistake(mistake, index)

        failed = self._first_problem(outcome_of)
        if failed and anew:
            again[failed[0]] = run(self.entry, mistake.function, self.cases[failed[0]])
            failed = self._first_problem(outcome_of)
        if not failed:
            return "", None
        first, problem = failed

        def behaves_like(other: Mistake) -> bool:
            if other is mistake:  # what is remembered agrees with itself
                return self._agrees(other, outcome_of, again)
            return self._agrees(other, outcome_of, self._cheapest_places(first, mistake, other))

        return problem, self._recognise(outcome_of(first), problem, behaves_like)

    def notices(self, function: Callable, seconds: float) -> bool:
        """Tell whether a function is wrong on some case; stops at the first."""
        deadline = monotonic() + seconds
        return any(
            self._problem(index, run(self.entry, function, case, deadline - monotonic()))
            for index, case in enumerate(self.cases)
        )

    def judge_outcomes(self, outcomes: Sequence[Outcome]) -> Verdict:
        """Judge outcomes, one a case in the same order, brought from wherever the learner's code ran."""
        if len(outcomes) != len(self.cases):
            raise ValueError(
                f"outcomes must be one a case: {len(self.cases)} are wanted, got {len(outcomes)}"
            )
        problems = [self._problem(index, outcome) for index, outcome in enumerate(outcomes)]
        groups: dict[str, bool] = {}
        for case, problem in zip(self.cases, problems, strict=True):
            groups[case.group] = groups.get(case.group, True) and not problem
        first = next((index for index, problem in enumerate(problems) if problem), None)
        if first is None:
            return Verdict(self.entry, groups)

        def behaves_like(mistake: Mistake) -> bool:
            return self._agrees(mistake, outcomes.__getitem__, self._cheapest_places(first, mistake))

        mistake = self._recognise(outcomes[first], problems[first], behaves_like)
        return Verdict(self.entry, groups, self.cases[first], outcomes[first], problems[first], mistake)

    def _first_problem(self, outcome_of: Callable[[int], Outcome]) -> tuple[int, str] | None:
        """Return the first case that is not right, as its index and what is wrong there."""
        problems = ((index, self._problem(index, outcome_of(index))) for index in range(len(self.cases)))
        return next((found for found in problems if found[1]), None)

    def _problem(self, index: int, outcome: Outcome) -> str:
        """Return what is wrong with an outcome, or an empty string."""
        case = self.cases[index]
        if outcome.trouble and outcome.trouble != "raised":
            return outcome.message or f"{self.entry.function} is not done yet."
        if self.half.oracle is not None:
            expected = self._expect(index)
            if expected.trouble == "raised":
                return _error_problem(expected, outcome)
            if outcome.trouble:
                return _raised_sentence(outcome)
            sentence = difference(expected.arrays, outcome.arrays, *self.half.tolerance(case))
            if sentence:
                return sentence
        elif outcome.trouble:
            return _raised_sentence(outcome)
        return self.half.invariant(case, outcome.arrays) if self.half.invariant else ""

    def _expect(self, index: int) -> Outcome:
        """Return the oracle's outcome on a case."""
        place = self.places[index]
        if place not in self._expected:
            expected = run(self.entry, self.half.oracle, self.cases[index], seconds=_ORACLE_SECONDS)
            if expected.trouble not in ("", "raised"):
                where = self.cases[index].describe()
                raise RuntimeError(f"{self.entry.key}: the oracle failed on {where}: {expected.message}")
            self._expected[place] = expected
        return self._expected[place]

    def _recognise(
        self, outcome: Outcome, problem: str, behaves_like: Callable[[Mistake], bool]
    ) -> Mistake | None:
        """Find the mistake that behaves like a function whose first failed case gave this outcome.

        An invariant that recognises a mistake itself (where results are random) returns that mistake's sentence.
        """
        if outcome.trouble in ("not done", "time"):
            return None
        found = (m for m in self.half.mistakes if m.says == problem or behaves_like(m))
        return next(found, None)

    def _agrees(self, mistake: Mistake, outcome_of: Callable[[int], Outcome], indices: Iterable[int]) -> bool:
        """Tell whether a known mistake does on each of these cases what another function did there."""
        return all(
            same_outcome(
                self._of_mistake(mistake, index), outcome_of(index), *self.half.tolerance(self.cases[index])
            )
            for index in indices
        )

    def _cheapest_places(self, first: int, *mistakes: Mistake) -> list[int]:
        """Return every case: those on which the mistakes were run before, then the first that failed, then the rest."""

        def cost(index: int) -> tuple[bool, bool]:
            known = all((m.name, self.places[index]) in self._mistaken for m in mistakes)
            return not known, index != first

        return sorted(range(len(self.cases)), key=cost)

    def _of_mistake(self, mistake: Mistake, index: int) -> Outcome:
        """Return a known mistake's outcome on a case."""
        place = (mistake.name, self.places[index])
        if place not in self._mistaken:
            self._mistaken[place] = run(self.entry, mistake.function, self.cases[index])
        return self._mistaken[place]


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
