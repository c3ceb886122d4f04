"""What a run has found, as plain data, and the JSON file that it is kept in."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.cases import Detail
from benchmarks.spread import Exponent, Spread, agree, exponent
from utils.course.refusal import Refusal

FORMAT = 1
ROLES = ("ours", "peer", "limit")


@dataclass(frozen=True)
class FormResult:
    """One form: its seconds, and our time over its time; neither where it is missing or the case was refused."""

    name: str
    role: str
    seconds: Spread | None = None
    ratio: Spread | None = None
    missing: str = ""


@dataclass(frozen=True)
class GoalResult:
    """A goal and what was found; `found` is None where it could not be judged."""

    what: str
    at_most: float
    found: float | None

    @property
    def reached(self) -> bool | None:
        """Whether it is reached; None where it could not be judged."""
        return None if self.found is None else self.found <= self.at_most


@dataclass(frozen=True)
class CaseResult:
    """One case.

    Attributes
    ----------
    name, work, series, size
        As declared.
    rounds : int
        How many rounds count.
    disturbed : int
        How many do not, because the machine was not quiet.
    forms : tuple of FormResult
        Ours is the first.
    goals : tuple of GoalResult
        All that are set.
    memory : float or None
        Peak of our form's memory in sizes of its output.
    details : tuple of Detail
        What is listed beside our time.
    refused : str
        Why nothing is reported; empty when it is.
    """

    name: str
    work: str
    rounds: int
    forms: tuple[FormResult, ...]
    goals: tuple[GoalResult, ...] = ()
    memory: float | None = None
    details: tuple[Detail, ...] = ()
    series: str = ""
    size: float = 0
    disturbed: int = 0
    refused: str = ""


@dataclass(frozen=True)
class GroupResult:
    """One group: the number of threads, the cases, its seconds in all, and why it ended early if it did."""

    name: str
    threads: int
    cases: tuple[CaseResult, ...]
    seconds: float = 0
    failed: str = ""


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes
    ----------
    taken : str
        When it began, ISO 8601 in UTC.
    machine, versions : dict of str to str
        Where, and with which versions.
    groups : tuple of GroupResult
        In the order in which they ran.
    smoke : bool
        Whether everything was called only to see that it works: such figures mean nothing.
    """

    taken: str
    machine: dict[str, str]
    versions: dict[str, str]
    groups: tuple[GroupResult, ...]
    smoke: bool = False
    format: int = FORMAT


def complaints(run: Run) -> list[str]:
    """Return a sentence for every goal that was missed, case that was refused and group that failed."""
    lines = []
    for group in run.groups:
        if group.failed:
            lines.append(f"{group.name}: {group.failed}")
        for case in group.cases:
            where = f"{group.name}, {case.name}"
            if case.refused:
                lines.append(f"{where}: not reported, the machine was too noisy: {case.refused}.")
            lines += [
                f"{where}: goal missed: {goal.what} is {goal.found:.3g}, at most {goal.at_most:.3g} is wanted."
                for goal in case.goals
                if goal.reached is False
            ]
    return lines


def write_run(run: Run, path: Path) -> None:
    """Write a run as JSON, over an earlier one only when it is whole."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(asdict(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, path)


def read_run(path: Path) -> Run:
    """Read a run.

    Raises
    ------
    Refusal
        When there is no such file, or it is none that `course bench --json` has written.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise Refusal(
                f"{path} is of format {content['format']}, this program reads {FORMAT}: measure again."
            )
        return Run(**{**content, "groups": tuple(map(read_group, content["groups"]))})
    except FileNotFoundError:
        raise Refusal(f"There is no file {path}.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(f"{path} is no run that `course bench --json` has written: {error!r}.") from None


def read_group(content: Mapping) -> GroupResult:
    """Turn a group's JSON back into data."""
    return GroupResult(**{**content, "cases": tuple(map(_case, content["cases"]))})


def _case(content: Mapping) -> CaseResult:
    forms = tuple(map(_form, content["forms"]))
    goals = tuple(GoalResult(**goal) for goal in content["goals"])
    details = tuple(Detail(**detail) for detail in content["details"])
    return CaseResult(**{**content, "forms": forms, "goals": goals, "details": details})


def _form(content: Mapping) -> FormResult:
    if content["role"] not in ROLES:
        raise ValueError(f"role must be one of {ROLES}, got {content['role']!r}")
    triples = {name: content[name] and Spread(*content[name]) for name in ("seconds", "ratio")}
    return FormResult(**{**content, **triples})


@dataclass(frozen=True)
class Pair:
    """The same ratio in two runs."""

    group: str
    case: str
    form: str
    first: Spread
    second: Spread

    @property
    def agree(self) -> bool:
        """Whether they agree within their spread."""
        return agree(self.first, self.second)


def ratios_of(run: Run) -> dict[tuple[str, str, str], Spread]:
    """Return the ratios that have a spread, by group, case and form: one round says nothing about it."""
    return {
        (group.name, case.name, form.name): form.ratio
        for group in run.groups
        for case in group.cases
        for form in case.forms
        if form.ratio is not None and case.rounds > 1
    }


def common_ratios(first: Run, second: Run) -> list[Pair]:
    """Return the ratios that two runs have in common, in the order of the first."""
    other = ratios_of(second)
    return [Pair(*key, ratio, other[key]) for key, ratio in ratios_of(first).items() if key in other]


@dataclass(frozen=True)
class Growth:
    """How one form's time grows with the size, in one series of cases."""

    group: str
    series: str
    form: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    exponent: Exponent


def growths(run: Run) -> list[Growth]:
    """Fit an exponent to every form that has been measured at three sizes of a series or more."""
    points: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for group in run.groups:
        for case in group.cases:
            for form in case.forms:
                if case.series and form.seconds:
                    key = (group.name, case.series, form.name)
                    points.setdefault(key, []).append((case.size, form.seconds.median))
    fitted = []
    for key, found in points.items():
        if len(found) >= 3:
            sizes, seconds = zip(*sorted(found), strict=True)
            fitted.append(Growth(*key, sizes, seconds, exponent(sizes, seconds)))
    return fitted
