"""Mutants: the changes asked for are made, inside the solution's marks only, each a program."""

import ast

from utils.gate.mutants import make_mutants

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
