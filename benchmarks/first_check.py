"""Time the first check of a notebook in this process: ``python -m benchmarks.first_check w1l1`` prints the seconds.

Only what a notebook itself imports is loaded before; what the check needs beside is part of the time.
"""

import sys
import time

from utils.exercises.index import NOTEBOOKS
from utils.grading import check
from utils.grading.notebooks import solution_cell, surroundings


def main(notebook: str) -> None:
    """Solve the notebook's first exercise and check it."""
    name = NOTEBOOKS[notebook].exercises[0]
    namespace: dict = {"NOTEBOOK": notebook, "__name__": "__main__"}
    exec(surroundings(notebook) + solution_cell(f"{notebook}/{name}").source, namespace)
    began = time.perf_counter()
    passed = check(namespace[name], notebook).passed
    print(time.perf_counter() - began)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
