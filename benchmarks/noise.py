"""Whether the machine was quiet enough: a fixed piece of work that is timed around every round, and what others use."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.spread import Spread

# A round counts when the fixed work took nearly its usual time before and after it. A core that it shares with another
# machine's program takes a third longer, one whose clock has been raised a quarter less.
MOST_OFF = 0.125  # as a share of the median
# Above these a case is not reported. Another program that computes all the time uses one processor.
MOST_DISTURBED = 2 / 3  # of the rounds
MOST_OTHERS = 0.25
MOST_RATIO_WIDTH = 0.5
GAP = 0.25  # seconds of rest in which others are watched
_STAT = Path("/proc/stat")


def probe() -> float:
    """Time a few milliseconds of work that is always the same and shares nothing with what is measured."""
    start = time.perf_counter()
    total = 0
    for number in range(40_000):
        total ^= number
    return time.perf_counter() - start


def others_busy(seconds: float = GAP) -> float | None:
    """Rest, and return how many processors' time other programs used meanwhile.

    Parameters
    ----------
    seconds : float
        How long to rest; times are counted in hundredths of a second, so at least a fifth of a second.

    Returns
    -------
    float or None
        0 to the number of processors; None where the system does not tell (anything but Linux).
    """
    if not _STAT.is_file():
        time.sleep(seconds)
        return None
    began, all_before, own_before = time.monotonic(), _all_seconds(), _own_seconds()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return max(0.0, (_all_seconds() - all_before) - (_own_seconds() - own_before)) / passed


def _all_seconds() -> float:
    """Return the processors' busy seconds since the machine's start; time stolen by a hypervisor is busy too."""
    user, nice, system, _idle, _waiting, *interrupts = map(int, _STAT.read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    return sum(os.times()[:4])


@dataclass(frozen=True)
class Meter:
    """What is read while a case is measured; tests put their own in.

    Attributes
    ----------
    clock : callable
        Seconds from some moment on.
    probe : callable
        Seconds of the fixed work.
    others : callable
        Processors' time that others use, or None.
    """

    clock: Callable[[], float] = time.perf_counter
    probe: Callable[[], float] = probe
    others: Callable[[], float | None] = others_busy


def quiet_rounds(probes: Sequence[float]) -> list[bool]:
    """Tell of each round whether it was quiet.

    Whether a round counts depends on the fixed work alone, never on what was measured in it.

    Parameters
    ----------
    probes : sequence of float
        Seconds of the fixed work: before the first round, and after each.
    """
    usual = median(probes)
    near = [abs(seconds - usual) <= MOST_OFF * usual for seconds in probes]
    return [before and after for before, after in pairwise(near)]


def why_too_noisy(quiet: Sequence[bool], others: Sequence[float | None]) -> str:
    """Return the sentence why a case cannot be reported, or an empty string.

    Parameters
    ----------
    quiet : sequence of bool
        Of each round, whether it was.
    others : sequence of float or None
        Processors' time used by others, in the rests.
    """
    busiest = max((value for value in others if value is not None), default=0.0)
    if busiest > MOST_OTHERS:
        return f"other programs used {busiest:.2f} of a processor, at most {MOST_OTHERS} is borne"
    disturbed = len(quiet) - sum(quiet)
    if disturbed > MOST_DISTURBED * len(quiet):
        return f"a fixed piece of work did not take its usual time around {disturbed} of {len(quiet)} rounds"
    return ""


def why_too_wide(ratios: Mapping[str, Spread]) -> str:
    """Return the sentence why ratios that have a goal scatter too much, or an empty string."""
    for name, ratio in ratios.items():
        if ratio.width > MOST_RATIO_WIDTH:
            return f"the time over {name}'s went from {ratio.low:.3g} to {ratio.high:.3g} between rounds"
    return ""
