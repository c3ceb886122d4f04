"""Mutants: the changes asked for are made, inside the solution's marks only, each a program."""

import ast

import pytest

from utils.gate import inspect
from utils.gate.mutants import Mutant, make_mutants

CELL = '''
def f(x, axis=0):
    """Say 1 + 1."""
    guard = 1
    ### BEGIN SOLUTION
    if axis < 0:
        raise ValueError(f"axis must be >= 0, got {axis + 1}")
    total = np.sum(x[1:], axis=1)
    total += 2
    return -total if axis else max(total, 3)
    ### END SOLUTION
'''


def changes():
    return {mutant.change for mutant in make_mutants(CELL)}


def test_each_kind_of_change_is_made():
    found = changes()
    for expected in (
        "if axis < 0: → if axis <= 0:",
        "if axis < 0: → if axis < 1:",
        "total = np.sum(x[1:], axis=1) → total = np.sum(x[1:], axis=0)",
        "total = np.sum(x[1:], axis=1) → total = np.sum(x[1:])",
        "total = np.sum(x[1:], axis=1) → total = np.sum(x[:], axis=1)",
        "total = np.sum(x[1:], axis=1) → total = np.mean(x[1:], axis=1)",
        "total += 2 → total -= 2",
        "total += 2 → pass",
        "return -total if axis else max(total, 3) → return total if axis else max(total, 3)",
        "return -total if axis else max(total, 3) → return -total",
        "return -total if axis else max(total, 3) → return -total if axis else min(total, 3)",
    ):
        assert expected in found


def test_only_the_solution_is_touched_and_not_the_wording_of_errors():
    assert not any(
        "guard" in change or ("must be" in change.split(" → ")[0] and "pass" not in change)
        for change in changes()
    )


def test_every_mutant_is_a_program_and_differs():
    mutants = make_mutants(CELL)
    assert len({m.source for m in mutants}) == len(mutants)
    for mutant in mutants:
        ast.parse(mutant.source)


@pytest.mark.parametrize("excused", [True, False])
def test_a_mutant_is_killed_by_the_clock_only_where_it_is_not_excused(monkeypatch, tmp_path, excused):
    change = "return 1 → return 2"
    monkeypatch.setattr(inspect, "make_mutants", lambda cell: [Mutant(change, "source")])
    monkeypatch.setattr(inspect, "define", lambda source, key: None)
    monkeypatch.setattr(inspect, "_cheapest_first", lambda cases, solution: (cases, 0.1))
    monkeypatch.setattr(inspect, "_survives", lambda key, source, cases, seconds: seconds > 10)
    monkeypatch.setattr(inspect, "read_equivalents", lambda root: {"k": {change: "why"}} if excused else {})
    report = inspect.Report("k")
    inspect._inspect_mutants(report, "", "", tmp_path, None)
    assert (report.killed, report.problems) == (0 if excused else 1, [])
    assert report.excused == ({change: "why"} if excused else {})
