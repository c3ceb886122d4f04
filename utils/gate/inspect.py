"""Put one exercise through the gate."""

import importlib.util
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, process_time
from types import ModuleType

from utils.answers.answer import answer
from utils.exercises.index import exercise, split_key
from utils.exercises.run import run, run_all
from utils.gate.mutants import make_mutants
from utils.grading.judge import Trial, Verdict, trial
from utils.grading.notebooks import course_root, solution_cell, stub, surroundings

# The instant check's own seed (None) and others, as class grading draws them.
_SEEDS = (None, 1, 2, 3)
# A mutant may loop for ever: it is killed after this time, or after so many times what the solution itself takes here.
_MUTANT_SECONDS = 3.0
_MUTANT_SLOWER = 5.0
# One that changes nothing ends as the solution does, however long the machine stalls meanwhile.
_EXCUSED_SECONDS = 60.0
_ALTERNATIVES = 2

Trials = dict[int | None, Trial]


@dataclass
class Report:
    """What the gate found for one exercise.

    Attributes
    ----------
    key : str
        The exercise.
    mistakes, alternatives, mutants, killed : int
        Counts.
    excused : dict of str to str
        Surviving mutants that are equivalent to the solution, with the reason.
    problems : list of str
        What must be mended; empty when the exercise passes.
    seconds : float
        Processor time that it took.
    """

    key: str
    mistakes: int = 0
    alternatives: int = 0
    mutants: int = 0
    killed: int = 0
    excused: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def inspect_exercise(key: str, root: Path | None = None) -> Report:
    """Put one exercise through the gate.

    Parameters
    ----------
    key : str
        ``"<notebook id>/<function>"``.
    root : Path, optional
        The course's root; where ``utils`` is installed from by default.
    """
    root = root or course_root()
    report, began = Report(key), process_time()
    trials = _make_trials(key)
    notebook, name = split_key(key)
    around = surroundings(notebook, root)
    cell = solution_cell(key, root).source
    _inspect_solution(report, define(around + cell, key), trials)
    _inspect_stub(report, define(around + stub(cell, name), key), trials[None])
    _inspect_mistakes(report, trials)
    _inspect_alternatives(report, root, trials)
    _inspect_mutants(report, around, cell, root, trials[None])
    report.seconds = process_time() - began
    return report


def define(source: str, key: str) -> Callable:
    """Run a source text and return the function that it defines for an exercise."""
    notebook, name = split_key(key)
    namespace = {"__name__": "learner", "NOTEBOOK": notebook}
    exec(compile(source, f"<{key}>", "exec"), namespace)
    return namespace[name]


def _make_trials(key: str) -> Trials:
    trials: Trials = {}
    for seed in _SEEDS:
        trials[seed] = trial(key, seed, trials.get(_SEEDS[0]))
    return trials


def _verdicts(function: Callable, trials: Trials) -> Iterator[tuple[int | None, Verdict]]:
    """Judge a function with each seed; it runs once on a case that several seeds have in common."""
    done = {}
    for seed, cases in trials.items():
        new = {
            place: case for place, case in zip(cases.places, cases.cases, strict=True) if place not in done
        }
        done |= zip(new, run_all(cases.entry, function, list(new.values())), strict=True)
        yield seed, cases.judge_outcomes([done[place] for place in cases.places])


def _inspect_solution(report: Report, function: Callable, trials: Trials) -> None:
    for seed, verdict in _verdicts(function, trials):
        if not verdict.passed:
            where = f"seed {seed}, “{verdict.failed_case.group}”, {verdict.failed_case.describe()}"
            report.problems.append(f"the notebook's solution fails: {where}: {verdict.problem}")
            return


def _inspect_stub(report: Report, function: Callable, cases: Trial) -> None:
    verdict = cases.judge(function)
    if verdict.score != 0 or not verdict.not_done:
        report.problems.append(f"the stub scores {verdict.score} and says: {verdict.problem}")


def _inspect_mistakes(report: Report, trials: Trials) -> None:
    bank = answer(report.key).mistakes
    report.mistakes = len(bank)
    if not bank:
        report.problems.append("no mistake is banked")
    for mistake in bank:
        for seed, cases in trials.items():
            problem, recognised = cases.judge_mistake(mistake, anew=seed is None)
            if not problem:
                report.problems.append(f"mistake “{mistake.name}” passes (seed {seed})")
                break
            if recognised is not mistake:
                seen = recognised.name if recognised else f"nothing; {problem}"
                report.problems.append(f"mistake “{mistake.name}” is recognised as: {seen} (seed {seed})")
                break


def alternatives(key: str, root: Path | None = None) -> dict[str, Callable]:
    """Return the differently written right answers of an exercise, kept in ``tests/correct_answers``."""
    notebook, name = split_key(key)
    module = _load((root or course_root()) / "tests" / "correct_answers" / f"{notebook}.py")
    return {k.removeprefix(f"{name}__"): v for k, v in vars(module).items() if k.startswith(f"{name}__")}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"correct_answers_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _inspect_alternatives(report: Report, root: Path, trials: Trials) -> None:
    found = alternatives(report.key, root)
    report.alternatives = len(found)
    if len(found) < _ALTERNATIVES:
        report.problems.append(
            f"{len(found)} other right answers in tests/correct_answers; {_ALTERNATIVES} are wanted"
        )
    for name, function in found.items():
        for _, verdict in _verdicts(function, trials):
            if not verdict.passed:
                report.problems.append(f"right answer “{name}” is rejected: {verdict.problem}")
                break


def _inspect_mutants(report: Report, around: str, cell: str, root: Path, cases: Trial) -> None:
    excused = read_equivalents(root).get(report.key, {})
    survivors = set()
    cases, seconds = _cheapest_first(cases, define(around + cell, report.key))
    limit = max(_MUTANT_SECONDS, _MUTANT_SLOWER * seconds)
    for mutant in make_mutants(cell):
        report.mutants += 1
        allowed = max(limit, _EXCUSED_SECONDS) if mutant.change in excused else limit
        if _survives(report.key, around + mutant.source, cases, allowed):
            survivors.add(mutant.change)
            if mutant.change not in excused:
                report.problems.append(f"mutant survives: {mutant.change}")
        else:
            report.killed += 1
    report.excused = {change: reason for change, reason in excused.items() if change in survivors}
    for change in set(excused) - survivors:
        report.problems.append(f"excused as equivalent, but no such mutant survives: {change}")


def _cheapest_first(cases: Trial, solution: Callable) -> tuple[Trial, float]:
    """Return the cases in the order of what the solution takes for them, and its seconds for all together."""
    seconds = []
    for case in cases.cases:
        began = monotonic()
        run(cases.entry, solution, case)
        seconds.append(monotonic() - began)
    order = sorted(range(len(seconds)), key=seconds.__getitem__)
    return Trial(cases.entry, cases.half, [cases.cases[index] for index in order], cases), sum(seconds)


def _survives(key: str, source: str, cases: Trial, seconds: float) -> bool:
    try:
        function = define(source, key)
    except Exception:
        return False
    return not cases.notices(function, seconds)


def read_equivalents(root: Path) -> dict[str, dict[str, str]]:
    """Read the mutants that change nothing: exercise → change → reason."""
    path = root / "tests" / "gate" / "equivalent_mutants.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def totals(reports: list[Report]) -> dict[str, int]:
    """Add up reports: exercises, mistakes named, alternatives, mutants made, killed and excused, problems."""
    return {
        "exercises": len(reports),
        "points": round(sum(exercise(r.key).points for r in reports)),
        "mistakes": sum(r.mistakes for r in reports),
        "alternatives": sum(r.alternatives for r in reports),
        "mutants": sum(r.mutants for r in reports),
        "killed": sum(r.killed for r in reports),
        "excused": sum(len(r.excused) for r in reports),
        "problems": sum(len(r.problems) for r in reports),
    }
