"""Call a function that draws random numbers as often as it takes to judge it: one seed twice, other seeds once.

For exercises whose last argument is a generator or a seed. A case holds ``seeds``, a list of whole numbers.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from utils.exercises.entry import Arrays, WrongKind, as_array


def call_with_generators(function: Callable, args: tuple, kwargs: dict) -> list:
    """Call ``function(*given, rng)`` with a new generator for each seed; the last of `args` is the list of seeds.

    Returns
    -------
    list
        The first seed's result twice, then one for every other seed.
    """
    return _call(function, args, kwargs, np.random.default_rng)


def call_with_seeds(function: Callable, args: tuple, kwargs: dict) -> list:
    """Call ``function(*given, seed)`` for each seed, as :func:`call_with_generators` does."""
    return _call(function, args, kwargs, int)


def probe_draws(results: Sequence[Any]) -> Arrays:
    """Read the results of all the calls as one array.

    Returns
    -------
    dict of str to ndarray
        ``draws``, (calls, ...).

    Raises
    ------
    WrongKind
        When a result is no array of numbers, or two calls gave different shapes.
    """
    draws = [as_array(result) for result in results]
    if len({draw.shape for draw in draws}) > 1:
        shapes = " and ".join(sorted({str(draw.shape) for draw in draws}))
        raise WrongKind(f"The same call with other random numbers gave other shapes: {shapes}.")
    return {"draws": np.stack(draws)}


def _call(function: Callable, args: tuple, kwargs: dict, source: Callable[[int], Any]) -> list:
    *given, seeds = args
    copies = [deepcopy(given) for _ in seeds]  # made first: a function that changes its arguments is told so
    first = function(*given, source(seeds[0]), **kwargs)
    return [first] + [function(*own, source(seed), **kwargs) for own, seed in zip(copies, seeds, strict=True)]
