"""The private half of one exercise: what is tried, what is right, and what people get wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.index import split_key


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer.

    Attributes
    ----------
    name : str
        Short and stable, ``"stride ignored"``; reports count by it.
    says : str
        What a good teacher says to somebody who wrote it: one or two sentences, without the finished answer.
    function : callable
        The wrong answer, with the learner's signature.
    """

    name: str
    says: str
    function: Callable


@dataclass(frozen=True)
class Answer:
    """How an exercise is judged.

    Attributes
    ----------
    cases : callable
        ``rng → cases``: fresh inputs, edge cases among them. Equal generators give equal cases.
    oracle : callable, optional
        A function with the learner's signature that is right for a reason other than our own text: SciPy, a closed
        form, finite differences, another library. It goes through the same ``build`` and ``probe``. If it raises, the
        learner's function must raise the same kind of error.
    invariant : callable, optional
        ``(case, arrays) → ""`` or a sentence about what is wrong, for results that no oracle can give (random numbers,
        trained networks). Runs after the oracle's comparison if both are given.
    mistakes : tuple of Mistake
        The bank.
    rtol, atol : float, optional
        Tolerances; by default 1e-4 and 1e-5 where a case holds float32, else 1e-7 and 1e-9.
    """

    cases: Callable[[np.random.Generator], Iterable[Case]]
    oracle: Callable | None = None
    invariant: Callable[[Case, Arrays], str] | None = None
    mistakes: tuple[Mistake, ...] = ()
    rtol: float | None = None
    atol: float | None = None

    def __post_init__(self):
        if self.oracle is None and self.invariant is None:
            raise ValueError("an answer needs an oracle, an invariant or both")

    def tolerance(self, case: Case) -> tuple[float, float]:
        """Return (rtol, atol) for this case."""
        single = any(np.asarray(a).dtype == np.float32 for a in case.arrays.values())
        rtol, atol = (1e-4, 1e-5) if single else (1e-7, 1e-9)
        return (rtol if self.rtol is None else self.rtol, atol if self.atol is None else self.atol)


def answer(key: str) -> Answer:
    """Load the private half of one exercise, ``"w1a1/conv_forward"``."""
    notebook, function = split_key(key)
    module = import_module(f"utils.answers.week{notebook[1]}.{notebook}")
    return module.ANSWERS[function]
