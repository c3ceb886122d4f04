"""How long a learner waits for a check: of each notebook the slowest one, warm, and the first one in a new process.

The warm one stands beside the function alone on the same cases: the difference is what judging adds.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from benchmarks.cases import Case, Form, Work
from utils.exercises.index import NOTEBOOKS, exercise
from utils.exercises.run import run_all
from utils.grading import check
from utils.grading.judge import fixed_seed, make_cases
from utils.grading.notebooks import solution_cell, surroundings

IN_NUMPY, IN_TENSORFLOW = ("w1l1", "w1l2", "w1l3", "w1l4", "w1a1"), ("w1a2", "w3a1")
FUNCTION = "the function alone"
MOST_SECONDS = 0.3


def solved(notebook: str) -> dict[str, Callable]:
    """Return a notebook's exercises, solved."""
    namespace: dict = {"NOTEBOOK": notebook, "__name__": "__main__"}
    exec(surroundings(notebook), namespace)
    for name in NOTEBOOKS[notebook].exercises:
        exec(solution_cell(f"{notebook}/{name}").source, namespace)
    return {name: namespace[name] for name in NOTEBOOKS[notebook].exercises}


def seconds_of(function: Callable, notebook: str) -> float:
    """Time one check, which must pass."""
    began = time.perf_counter()
    result = check(function, notebook)
    took = time.perf_counter() - began
    assert result.passed, f"{notebook}/{function.__name__}"
    return took


def warm(notebook: str) -> Work:
    """Prepare the slowest check of a notebook."""
    functions = solved(notebook)
    for function in functions.values():
        check(function, notebook)
    name = max(functions, key=lambda name: seconds_of(functions[name], notebook))
    key = f"{notebook}/{name}"
    entry, cases = exercise(key), make_cases(key, fixed_seed(key))
    print(f"  the slowest check of {notebook} is that of {name}", flush=True)
    return Work(
        Form(lambda: check(functions[name], notebook)),
        limits={FUNCTION: Form(lambda: run_all(entry, functions[name], cases))},
    )


def cold(notebook: str) -> Work:
    """Prepare the first check in a new process."""

    def call() -> float:
        command = [sys.executable, "-m", "benchmarks.first_check", notebook]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])

    return Work(Form(call, own_clock=True))


def warm_case(notebook: str, most: float | None = None) -> Case:
    """Return the case of a notebook's slowest check."""
    says = f"the slowest of {len(NOTEBOOKS[notebook].exercises)} checks of {NOTEBOOKS[notebook].path}"
    return Case(f"{notebook}, warm", says, partial(warm, notebook), most_seconds=most, budget=2.5)


CASES = [
    *(warm_case(notebook, MOST_SECONDS) for notebook in IN_NUMPY),
    *(
        Case(
            f"{n}, cold",
            f"the first check of {NOTEBOOKS[n].path} in a new process",
            partial(cold, n),
            rounds=3,
        )
        for n in ("w1l1", "w1a1")
    ),
    *(warm_case(notebook) for notebook in IN_TENSORFLOW),
]
