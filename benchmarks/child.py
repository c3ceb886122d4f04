"""Measure one group, in a process whose threads were fixed before any library was loaded.

``python -m benchmarks.child GROUP RESULT.json smoke|measure [CASE…]``; a CASE is the beginning of a name. Started by
`benchmarks.program`.
"""

import json
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.groups import GROUPS
from benchmarks.results import GroupResult
from benchmarks.runner import measure
from utils.course.quiet import quiet_stderr


def main(name: str, result: str, mode: str, *beginnings: str) -> None:
    """Measure the cases of a group, and write what was found."""
    began = time.monotonic()
    with quiet_stderr():
        cases = import_module(f"benchmarks.groups.{name}").CASES
    done, failures = [], []
    for case in chosen(cases, beginnings):
        case_began = time.monotonic()
        try:
            with quiet_stderr():
                done.append(measure(case, smoke=mode == "smoke"))
        except Exception as error:
            traceback.print_exc()
            failures.append(f"{case.name} failed: {type(error).__name__}: {str(error).strip()[:300]}")
            continue
        said = "too noisy" if done[-1].refused else f"{done[-1].rounds} rounds"
        said += f", {done[-1].disturbed} disturbed" if done[-1].disturbed else ""
        print(f"  {name}, {case.name}: {said}, {time.monotonic() - case_began:.0f} s in all", flush=True)
    seconds = round(time.monotonic() - began, 1)
    group = GroupResult(name, GROUPS[name].threads, tuple(done), seconds, "; ".join(failures))
    Path(result).write_text(json.dumps(asdict(group)), encoding="utf-8")


def chosen(cases: Sequence[Case], beginnings: Sequence[str]) -> list[Case]:
    """Return the cases whose names begin with one of the texts; all when there is no text."""
    return [case for case in cases if not beginnings or case.name.startswith(tuple(beginnings))]


if __name__ == "__main__":
    main(*sys.argv[1:])
