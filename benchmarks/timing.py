"""What the benchmarks share: forms that take turns, ratios with quartiles, the command line, the verdict."""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def seconds(form: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    form()
    return time.perf_counter() - start


def quartiles(times: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Return the 25th, 50th and 75th percentile of the ratio within each round."""
    return np.percentile(np.divide(times, reference), [25, 50, 75]).round(4).tolist()


def ratios(forms: Mapping[str, Callable[[], object]], reference: str, rounds: int) -> dict[str, list[float]]:
    """Time forms in turns, after one round to warm up; quartiles of each one's time over the reference's.

    Parameters
    ----------
    forms : mapping of str to callable
        By name.
    reference : str
        One of the names.
    rounds : int
        How often all of them are called.

    Returns
    -------
    dict of str to list
        25th, 50th and 75th percentile, by name.
    """
    for form in forms.values():
        form()
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, form in forms.items():
            times[name].append(seconds(form))
    return {name: quartiles(times[name], times[reference]) for name in forms}


def arguments(says: str, rounds: int) -> argparse.Namespace:
    """Read ``--json FILE`` and ``--rounds N``, with a sentence when one does not fit."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the ratios there as well")
    parser.add_argument("--rounds", type=int, default=rounds, metavar="N", help=f"default: {rounds}")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {given.rounds}")
    if given.json and not given.json.parent.is_dir():
        parser.error(f"--json: there is no folder {given.json.parent}")
    return given


def conclude(results: Any, missed: Sequence[str], file: Path | None) -> int:
    """Write the results where wanted, say which goals were missed, and return the exit status."""
    if file:
        file.write_text(json.dumps({"results": results, "missed": missed}, indent=1) + "\n")
    print("\n" + ("\n".join(f"Goal missed: {line}." for line in missed) or "Every goal is reached."))
    return 1 if missed else 0
