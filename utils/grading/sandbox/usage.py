"""What a process and all its descendants use, as Linux tells it."""

import math
import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def tree(pid: int, most: float = math.inf) -> list[int]:
    """Return the process and its descendants, those that are left while it is looked; ``most`` of them."""
    found, to_do = [], [pid]
    while to_do and len(found) < most:
        one = to_do.pop()
        found.append(one)
        for thread in _read_names(Path("/proc", str(one), "task")):
            try:
                children = Path("/proc", str(one), "task", thread, "children").read_text()
            except OSError:
                continue
            to_do += [int(child) for child in children.split()]
    return found


def usage(pid: int, most: float = math.inf) -> tuple[int, int]:
    """Return how many processes the tree of a process has, and how many bytes of memory they hold.

    Memory that several of them share is counted once, with the one that holds most of it. After ``most`` processes it
    is looked no further: to count thousands takes so long that there are more each time.
    """
    private, shared, count = 0, 0, 0
    for one in tree(pid, most):
        try:
            _, resident, common, *_ = Path("/proc", str(one), "statm").read_text().split()
        except (OSError, ValueError):
            continue
        count += 1
        private += (int(resident) - int(common)) * _PAGE
        shared = max(shared, int(common) * _PAGE)
    return count, private + shared


def _read_names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
