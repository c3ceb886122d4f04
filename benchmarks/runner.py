"""Measure a case: its forms take turns within every round, and each round gives one ratio."""

import gc
import math
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import compress
from statistics import median

from benchmarks.cases import OURS, Case, Detail, Form, Missing, Work
from benchmarks.noise import MOST_OTHERS, Meter, quiet_rounds, why_too_noisy, why_too_wide
from benchmarks.results import CaseResult, FormResult, GoalResult
from benchmarks.spread import Spread, paired_ratio, spread

LEAST_ROUNDS, MOST_ROUNDS = 7, 60
MOST_TURNS = 2  # times as many rounds as are wanted, until so many were quiet
SHORTEST = 0.004  # seconds of a sample: a faster form is called several times in a row
MOST_CALLS = 1_000
ATTEMPTS = 3  # to find a quiet moment
LONG = 0.5  # seconds of a round: of a longer one the moments around it say nothing
PROBES = 5  # between rounds; the median counts, since the first meets the clock that the work before has left
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
    calls, rounds, round_seconds = _plan(case, forms, meter, smoke)
    with _no_collection():
        if smoke or round_seconds > LONG:
            times, details = _take_turns(forms, calls, range(rounds), meter)
            quiet = [True] * rounds
        else:
            times, details, quiet = _take_quiet_turns(forms, calls, rounds, meter)
    if not smoke:
        others.append(_rest(meter))
    times = {name: list(compress(seconds, quiet)) for name, seconds in times.items()}
    about = {"name": case.name, "work": case.work, "series": case.series, "size": case.size}
    about |= {"rounds": sum(quiet), "disturbed": len(quiet) - sum(quiet)}
    refused = "" if smoke else why_too_noisy(quiet, others)
    measured = () if refused else tuple(_form_results(named, work, times))
    refused = refused or ("" if smoke else why_too_wide(_watched(case, measured)))
    if refused:
        return CaseResult(**about, forms=tuple(_form_results(named, work, {})), refused=refused)
    memory = _peak(work) if work.output_bytes else None
    goals = tuple(_goals(case, measured, memory))
    return CaseResult(**about, forms=measured, goals=goals, memory=memory, details=details)


def _take_quiet_turns(
    forms: Mapping[str, Form], calls: Mapping[str, int], rounds: int, meter: Meter
) -> tuple[dict[str, list[float]], tuple[Detail, ...], list[bool]]:
    """Return the times of rounds until so many were quiet, as far as `MOST_TURNS` times as many go."""
    times: dict[str, list[float]] = {name: [] for name in forms}
    probes, quiet = [_probe(meter)], []
    while sum(quiet) < rounds and len(quiet) < MOST_TURNS * rounds:
        found, details = _take_turns(forms, calls, [len(quiet)], meter)
        for name, seconds in found.items():
            times[name] += seconds
        probes.append(_probe(meter))
        quiet = quiet_rounds(probes)
    return times, details, quiet


def _take_turns(
    forms: Mapping[str, Form], calls: Mapping[str, int], numbers: Iterable[int], meter: Meter
) -> tuple[dict[str, list[float]], tuple[Detail, ...]]:
    """Return the times of every form in rounds of these numbers, and what our form lists beside."""
    times: dict[str, list[float]] = {name: [] for name in forms}
    details: tuple[Detail, ...] = ()
    for number in numbers:
        for name in _rotated(list(forms), number):
            seconds, found = _sample(forms[name], calls[name], meter)
            times[name].append(seconds)
            details = found or details
    return times, details


def _probe(meter: Meter) -> float:
    return median(meter.probe() for _ in range(PROBES))


def _rest(meter: Meter) -> float | None:
    """Return what others use; a program of ours that is just ending is not one of them, so look twice."""
    found = meter.others()
    return found if found is None or found <= MOST_OTHERS else meter.others()


def _plan(
    case: Case, forms: Mapping[str, Form], meter: Meter, smoke: bool
) -> tuple[dict[str, int], int, float]:
    """Return how often each form is called in a row, how many rounds fit into the budget, and a round's seconds."""
    if case.rounds:
        return dict.fromkeys(forms, 1), 1 if smoke else case.rounds, math.inf
    calls, round_seconds = {}, 0.0
    for name, form in forms.items():
        began = meter.clock()
        form.call()
        took = max(meter.clock() - began, 1e-9)
        calls[name] = 1 if form.own_clock or smoke else min(math.ceil(SHORTEST / took), MOST_CALLS)
        round_seconds += calls[name] * took
    rounds = 2 if smoke else min(max(int(case.budget / round_seconds), LEAST_ROUNDS), MOST_ROUNDS)
    return calls, rounds, round_seconds


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


def _form_results(
    named: Mapping[str, Form | Missing], work: Work, times: Mapping[str, list[float]]
) -> Iterator[FormResult]:
    """Yield what was found of every form; without times, what they are."""
    for name, form in named.items():
        role = OURS if name == OURS else "limit" if name in work.limits else "peer"
        if isinstance(form, Missing) or not times:
            yield FormResult(name, role, missing=form.reason if isinstance(form, Missing) else "")
        else:
            ratio = None if name == OURS else paired_ratio(times[OURS], times[name])
            yield FormResult(name, role, spread(times[name]), ratio)


def _watched(case: Case, measured: Iterable[FormResult]) -> dict[str, Spread]:
    return {form.name: form.ratio for form in measured if form.ratio and form.name in case.goals}


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
