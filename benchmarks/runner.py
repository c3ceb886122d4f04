"""Measure a case: its forms take turns within every round, and each round gives one ratio."""

import gc
import math
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from benchmarks.cases import OURS, Case, Detail, Form, Missing, Work
from benchmarks.noise import MOST_OTHERS, Meter, why_too_noisy
from benchmarks.results import CaseResult, FormResult, GoalResult
from benchmarks.spread import paired_ratio, spread

LEAST_ROUNDS, MOST_ROUNDS = 7, 60
SHORTEST = 0.004  # seconds of a sample: a faster form is called several times in a row
MOST_CALLS = 1_000
ATTEMPTS = 2  # to find a quiet moment
PROBES = 5  # a round, of which the median counts: the first meets the clock that the work before has left
REAL = Meter()


def measure(case: Case, meter: Meter = REAL, *, smoke: bool = False) -> CaseResult:
    """Build a case, measure it, and once more if the machine was too noisy.

    Parameters
    ----------
    case : Case
        What to measure.
    meter : Meter
        Clock, probe and others' share.
    smoke : bool
        Call every form twice only, and bear any noise.

    Returns
    -------
    CaseResult
        Without figures, but with the reason, where it was too noisy every time.
    """
    work = case.build()
    try:
        for _ in range(1 if smoke else ATTEMPTS):
            result = _attempt(case, work, meter, smoke)
            if not result.refused:
                break
        return result
    finally:
        work.close()


def _attempt(case: Case, work: Work, meter: Meter, smoke: bool) -> CaseResult:
    named = {OURS: work.ours, **work.peers, **work.limits}
    forms = {name: form for name, form in named.items() if isinstance(form, Form)}
    others = [] if smoke else [_rest(meter)]
    calls, rounds = _plan(case, forms, meter, smoke)
    probes: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in forms}
    details: tuple[Detail, ...] = ()
    with _no_collection():
        for number in range(rounds):
            probes.append(median(meter.probe() for _ in range(PROBES)))
            for name in _rotated(list(forms), number):
                seconds, found = _sample(forms[name], calls[name], meter)
                times[name].append(seconds)
                details = found or details
    if not smoke:
        others.append(_rest(meter))
    measured = tuple(_form_result(name, form, work, times) for name, form in named.items())
    watched = {form.name: form.ratio for form in measured if form.ratio and form.name in case.goals}
    refused = "" if smoke else why_too_noisy(probes, others, watched)
    about = {"name": case.name, "work": case.work, "series": case.series, "size": case.size, "rounds": rounds}
    if refused:
        silent = tuple(FormResult(form.name, form.role, missing=form.missing) for form in measured)
        return CaseResult(**about, forms=silent, refused=refused)
    memory = _peak(work) if work.output_bytes else None
    goals = tuple(_goals(case, measured, memory))
    return CaseResult(**about, forms=measured, goals=goals, memory=memory, details=details)


def _rest(meter: Meter) -> float | None:
    """Return what others use; a program of ours that is just ending is not one of them, so look twice."""
    found = meter.others()
    return found if found is None or found <= MOST_OTHERS else meter.others()


def _plan(case: Case, forms: Mapping[str, Form], meter: Meter, smoke: bool) -> tuple[dict[str, int], int]:
    """Return how often each form is called in a row, and how many rounds fit into the budget."""
    if case.rounds:
        return dict.fromkeys(forms, 1), 1 if smoke else case.rounds
    calls, round_seconds = {}, 0.0
    for name, form in forms.items():
        began = meter.clock()
        form.call()
        took = max(meter.clock() - began, 1e-9)
        calls[name] = 1 if form.own_clock or smoke else min(math.ceil(SHORTEST / took), MOST_CALLS)
        round_seconds += calls[name] * took
    return calls, 2 if smoke else min(max(int(case.budget / round_seconds), LEAST_ROUNDS), MOST_ROUNDS)


def _sample(form: Form, calls: int, meter: Meter) -> tuple[float, tuple[Detail, ...]]:
    """Return the seconds of one call, and what it lists beside."""
    began = meter.clock()
    for _ in range(calls):
        value = form.call()
    seconds = (meter.clock() - began) / calls
    listed = isinstance(value, list) and all(isinstance(part, Detail) for part in value)
    return (float(value) if form.own_clock else seconds) * form.times, tuple(value) if listed else ()


def _rotated(names: list[str], number: int) -> list[str]:
    """Let another form begin in every round: whoever comes after a certain form finds the caches as that left them."""
    first = number % len(names)
    return names[first:] + names[:first]


def _form_result(name: str, form: Form | Missing, work: Work, times: Mapping[str, list[float]]) -> FormResult:
    role = OURS if name == OURS else "limit" if name in work.limits else "peer"
    if isinstance(form, Missing):
        return FormResult(name, role, missing=form.reason)
    ratio = None if name == OURS else paired_ratio(times[OURS], times[name])
    return FormResult(name, role, spread(times[name]), ratio)


def _goals(case: Case, forms: tuple[FormResult, ...], memory: float | None) -> Iterator[GoalResult]:
    by_name = {form.name: form for form in forms}
    for name, at_most in case.goals.items():
        ratio = by_name[name].ratio
        yield GoalResult(f"time over {name}", at_most, ratio.median if ratio else None)
    if case.most_seconds is not None:
        yield GoalResult("seconds", case.most_seconds, by_name[OURS].seconds.median)
    if case.most_memory is not None:
        yield GoalResult("peak memory in outputs", case.most_memory, memory)


def _peak(work: Work) -> float:
    tracemalloc.start()
    try:
        kept = work.ours.call()
        peak = tracemalloc.get_traced_memory()[1]
        del kept
    finally:
        tracemalloc.stop()
    return round(peak / work.output_bytes, 3)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect garbage before, and not in the middle of a sample."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
