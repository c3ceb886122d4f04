"""A clock that moves only when a workload says so, and results of a run that nobody has measured."""

from collections.abc import Callable, Iterable
from itertools import cycle

from benchmarks.noise import Meter
from benchmarks.results import CaseResult, FormResult, GoalResult, GroupResult, Run
from benchmarks.spread import Spread


class Clock:
    """Seconds that pass by order."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: Iterable[float] | float) -> Callable[[], None]:
        """A form that takes these seconds, one after the other, over and over."""
        each = cycle([seconds] if isinstance(seconds, float) else seconds)

        def call() -> None:
            self.now += next(each)

        return call


def meter(clock: Clock, probes: Iterable[float] = (1.0,), others: float | None = 0.0) -> Meter:
    each = cycle(probes)
    return Meter(clock, lambda: next(each), lambda: others)


def case_result(**changes) -> CaseResult:
    """One peer, one that is missing, a limit; all three kinds of goals."""
    fields = {
        "name": "forward",
        "work": "a convolution",
        "rounds": 9,
        "forms": (
            FormResult("ours", "ours", Spread(0.9, 1.0, 1.1)),
            FormResult("TensorFlow", "peer", Spread(0.4, 0.5, 0.6), Spread(1.8, 2.0, 2.2)),
            FormResult("PyTorch", "peer", missing="not installed"),
            FormResult("sgemm", "limit", Spread(0.7, 0.8, 0.9), Spread(1.2, 1.25, 1.3)),
        ),
        "goals": (
            GoalResult("time over TensorFlow", 1.5, 2.0),
            GoalResult("time over PyTorch", 1.0, None),
            GoalResult("seconds", 3.0, 1.0),
            GoalResult("peak memory in outputs", 3.0, 1.1),
        ),
        "memory": 1.1,
    }
    return CaseResult(**fields | changes)


def run(*cases: CaseResult, **changes) -> Run:
    fields = {
        "taken": "2026-01-02T03:04:05+00:00",
        "machine": {"processor": "made up", "processors": "2"},
        "versions": {"python": "3.11.0"},
        "groups": (GroupResult("conv", 1, cases or (case_result(),), 4.0),),
    }
    return Run(**fields | changes)


def with_ratio(low: float, median: float, high: float, **changes) -> CaseResult:
    """A case in which the time over TensorFlow's is this."""
    forms = (
        FormResult("ours", "ours", Spread(1.0, 1.0, 1.0)),
        FormResult("TensorFlow", "peer", Spread(1.0, 1.0, 1.0), Spread(low, median, high)),
    )
    return case_result(forms=forms, goals=(), **changes)


def of_size(size: float, seconds: float) -> CaseResult:
    """A case of a series."""
    forms = (FormResult("ours", "ours", Spread(seconds, seconds, seconds)),)
    return case_result(name=f"{size:g} boxes", forms=forms, goals=(), series="boxes", size=size)
