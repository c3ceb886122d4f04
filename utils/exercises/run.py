"""Run a learner's function on a case and bring arrays back: the half of judging that happens where that code is."""

import inspect
import json
import linecache
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from utils.exercises.case import Case, pack_arrays, unpack_arrays
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.limits import TimeLimitReached, time_limit

_OUTCOME = "__outcome__"
_NOT_THE_LEARNERS = ("/utils/exercises/", "/IPython/core/")


@dataclass(frozen=True)
class Outcome:
    """What one call brought.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The probed result; empty when there was trouble.
    trouble : str
        ``""``, or one of ``"not done"``, ``"raised"``, ``"time"``, ``"kind"``, ``"changed"``.
    message : str
        A sentence about the trouble (for ``"raised"``: the error's own text).
    error : str
        Name of the exception's class, for ``"raised"``.
    trace : str
        The learner's own lines on the way to the error, innermost last.
    """

    arrays: Arrays = field(default_factory=dict)
    trouble: str = ""
    message: str = ""
    error: str = ""
    trace: str = ""


def run(exercise: Exercise, function: Callable, case: Case, seconds: float | None = None) -> Outcome:
    """Call the function on one case; nothing that it raises gets out.

    Parameters
    ----------
    exercise : Exercise
        Public half.
    function : callable
        The learner's function.
    case : Case
        The inputs.
    seconds : float, optional
        Wall-clock limit; the exercise's own by default.
    """
    args, kwargs = exercise.arguments(case)
    before = dict(_leaves((args, kwargs), exercise.argument_names))
    limit = exercise.time_limit if seconds is None else max(seconds, 0.05)
    try:
        # nbgrader takes any line on stderr for a failure, a NumPy warning included.
        with time_limit(limit), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            call = exercise.call or _call_once
            result = call(function, args, kwargs)
        changed = _changed(
            before, dict(_leaves((args, kwargs), exercise.argument_names)), exercise.may_change
        )
        if changed:
            return Outcome(
                trouble="changed",
                message=f"Your function changed its argument `{changed}` in place. Work on a copy: whoever calls the "
                "function still needs the original.",
            )
        with time_limit(limit):
            return Outcome(arrays=exercise.arrays(result))
    except WrongKind as error:
        return Outcome(trouble="kind", message=str(error))
    except NotImplementedError as error:
        return Outcome(trouble="not done", message=str(error), error="NotImplementedError")
    except TimeLimitReached:
        return Outcome(
            trouble="time",
            message=f"Your function was still running after {limit:.3g} seconds and was stopped. "
            "Look for a loop that never ends, or that starts again from the beginning.",
        )
    except (Exception, SystemExit) as error:
        return Outcome(
            trouble="raised", message=str(error), error=type(error).__name__, trace=own_lines(error)
        )


def _call_once(function: Callable, args: tuple, kwargs: dict) -> Any:
    return function(*args, **kwargs)


def run_all(
    exercise: Exercise, function: Callable, cases: Sequence[Case], seconds: float | None = None
) -> list[Outcome]:
    """Run every case within one time limit (the exercise's own by default); after a stop the rest counts as stopped."""
    outcomes: list[Outcome] = []
    deadline = monotonic() + (exercise.time_limit if seconds is None else seconds)
    for case in cases:
        if outcomes and outcomes[-1].trouble == "time":
            outcomes.append(outcomes[-1])
        else:
            outcomes.append(run(exercise, function, case, deadline - monotonic()))
    return outcomes


def _leaves(arguments: tuple[tuple, dict], names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield (place, copy) of every array, list and dict among the arguments."""
    args, kwargs = arguments
    named = [(names[i] if i < len(names) else f"argument {i + 1}", value) for i, value in enumerate(args)]
    for name, value in [*named, *kwargs.items()]:
        yield from _walk(name, value)


def _walk(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, np.ndarray):
        yield place, value.copy()
    elif isinstance(value, dict):
        yield place, sorted(map(str, value))
        for key, item in value.items():
            yield from _walk(f"{place}[{key!r}]", item)
    elif isinstance(value, list | tuple):
        yield place, len(value)
        for index, item in enumerate(value):
            yield from _walk(f"{place}[{index}]", item)
    elif isinstance(value, int | float | str):
        yield place, value


def _changed(before: dict[str, Any], after: dict[str, Any], allowed: tuple[str, ...]) -> str:
    """Return the place of the first argument that was changed in place, or an empty string."""
    for place, old in before.items():
        if place.split("[")[0] in allowed:
            continue
        new = after.get(place)
        if isinstance(old, np.ndarray):
            same = (
                isinstance(new, np.ndarray)
                and old.shape == new.shape
                and np.array_equal(old, new, equal_nan=old.dtype.kind in "fc")
            )
        else:
            same = old == new or (old != old and new != new)
        if not same:
            return place
    return ""


def own_lines(error: BaseException) -> str:
    """Format the frames of the traceback that lie in the learner's code, not in ours or in IPython's."""
    ours = inspect.getsourcefile(run)
    rows = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == ours or any(part in frame.filename for part in _NOT_THE_LEARNERS):
            continue
        code = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
        rows.append(f"  line {frame.lineno}, in {frame.name}: {code}".rstrip(": "))
    return "\n".join(rows[-6:])


def pack_outcome(outcome: Outcome) -> bytes:
    """Serialise an outcome for the way out of a sandbox."""
    rest = {k: v for k, v in asdict(outcome).items() if k != "arrays"}
    return pack_arrays({**outcome.arrays, _OUTCOME: np.array(json.dumps(rest))})


def unpack_outcome(data: bytes) -> Outcome:
    """Read an outcome written by :func:`pack_outcome`."""
    arrays = unpack_arrays(data)
    return Outcome(arrays=arrays, **json.loads(str(arrays.pop(_OUTCOME))))
