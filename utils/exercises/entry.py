"""The public half of one exercise, and the common ways to turn a result into arrays."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.exercises.case import Case

Arrays = dict[str, np.ndarray]


class WrongKind(Exception):
    """What came back cannot be read as the asked kind of result; the message is a sentence for the learner."""


@dataclass(frozen=True)
class Exercise:
    """What is asked of the learner. Holds no answer.

    Attributes
    ----------
    notebook, function : str
        Where it stands and the name of the function that the learner writes.
    signature : str
        The arguments as the learner sees them, ``"(X, pad)"``.
    points : float
        What it is worth.
    task : str
        One sentence: what the function does.
    hints : tuple of str
        From a nudge to nearly the answer.
    build : callable
        ``case → (args, kwargs)``. The default passes arrays and params by name, in the order of ``signature``.
    probe : callable
        ``result → arrays``; raises :class:`WrongKind` when the result is of another kind. Default: one number or array.
    answered_by : tuple of str
        Dotted names of library functions that would do the exercise for the learner.
    call : callable, optional
        ``(function, args, kwargs) → result`` for a function that must be called more than once to be judged, such as
        one that draws random numbers. Default: one call.
    may_change : tuple of str
        Names of arguments that the function is allowed to change in place.
    time_limit : float
        Seconds that all cases together may take.
    """

    notebook: str
    function: str
    signature: str
    points: float
    task: str
    hints: tuple[str, ...]
    build: Callable[[Case], tuple[tuple, dict]] | None = None
    probe: Callable[[Any], Arrays] | None = None
    call: Callable[[Callable, tuple, dict], Any] | None = None
    answered_by: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    time_limit: float = 10.0

    @property
    def key(self) -> str:
        """``"<notebook id>/<function>"``."""
        return f"{self.notebook}/{self.function}"

    @property
    def argument_names(self) -> tuple[str, ...]:
        """Names of the arguments in order."""
        namespace: dict[str, Any] = {}
        exec(f"def signature{self.signature}: ...", namespace)
        return tuple(inspect.signature(namespace["signature"]).parameters)

    def arguments(self, case: Case) -> tuple[tuple, dict]:
        """Turn a case into fresh arguments: arrays are copies, so a learner's function can spoil nothing."""
        fresh = Case(case.group, {k: np.array(v) for k, v in case.arrays.items()}, _deep_copy(case.params))
        return self.build(fresh) if self.build else by_name(self.argument_names, fresh)

    def arrays(self, result: Any) -> Arrays:
        """Turn what the function returned into named arrays.

        Raises
        ------
        WrongKind
            When it is not of the asked kind.
        """
        return self.probe(result) if self.probe else one_array(result)


def _deep_copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _deep_copy(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_deep_copy(v) for v in value]
    return value


def by_name(names: tuple[str, ...], case: Case) -> tuple[tuple, dict]:
    """Pass what the case holds under each argument's name; names the case lacks keep their default."""
    known = {**case.arrays, **case.params}
    unknown = set(known) - set(names)
    if unknown:
        raise KeyError(f"the case holds {sorted(unknown)}, which are not arguments; arguments are {names}")
    leading = [name for name in names if name in known]
    if tuple(leading) == names[: len(leading)]:
        return tuple(known[name] for name in leading), {}
    return (), known


def as_array(value: Any, what: str = "The result") -> np.ndarray:
    """Read one returned value as a plain array of numbers, booleans or strings.

    Lists, tuples, Python numbers, NumPy scalars and tensors are all accepted.

    Raises
    ------
    WrongKind
        For ``None``, for functions, and for what NumPy can only keep as Python objects.
    """
    if value is None:
        raise WrongKind(
            f"{what} is None. A function without a `return` gives None: return what was asked for."
        )
    if value is Ellipsis:
        raise WrongKind(f"{what} is `...`: a place is still to be filled in.")
    if callable(value) and not hasattr(value, "__array__"):
        raise WrongKind(f"{what} is a {type(value).__name__}, not numbers. Is a pair of brackets () missing?")
    try:
        array = np.array(value)
    except Exception as error:
        raise WrongKind(f"{what} cannot be read as an array of numbers: {error}") from error
    if array.dtype.hasobject or array.dtype.kind not in "biufcSU":
        raise WrongKind(
            f"{what} ({type(value).__name__}) cannot be read as an array of numbers. "
            "Rows of different lengths, or a mixture of kinds, have no shape."
        )
    return array


def one_array(result: Any) -> Arrays:
    """Probe for a function that returns one number or array."""
    return {"result": as_array(result)}


def named_results(*names: str) -> Callable[[Any], Arrays]:
    """Make a probe for a function that returns several values in a fixed order.

    Parameters
    ----------
    *names : str
        What the values are called in messages, in order.
    """

    def probe(result: Any) -> Arrays:
        wanted = f"{len(names)} values, ({', '.join(names)})"
        if not isinstance(result, tuple | list):
            raise WrongKind(f"The function should return {wanted}; it returned one {type(result).__name__}.")
        if len(result) != len(names):
            raise WrongKind(f"The function should return {wanted}; it returned {len(result)}.")
        return {name: as_array(value, f"`{name}`") for name, value in zip(names, result, strict=True)}

    return probe
