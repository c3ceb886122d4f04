"""Control groups, version 1 and 2: the kernel's own limits for a tree of processes, where this user may make one."""

import itertools
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from utils.grading.classroom.records import Limits

_ROOT = Path("/sys/fs/cgroup")
_NAME = re.compile(r"course-(\d+)-\d+", re.ASCII)
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A control group of its own for one box.

    Attributes
    ----------
    folders : tuple of Path
        One in version 2, one a controller in version 1.
    """

    folders: tuple[Path, ...]

    @classmethod
    def make(cls, limits: Limits) -> Self | None:
        """Make a group with these limits, or return None where that is not possible here."""
        homes = _homes()
        if not homes:
            return None
        name = f"course-{os.getpid()}-{next(_numbers)}"
        group = cls(tuple(home / name for home in homes))
        try:
            for folder in group.folders:
                folder.mkdir()
                group._limit(folder, limits)
        except OSError:
            group.remove()
            return None
        return group

    @staticmethod
    def _limit(folder: Path, limits: Limits) -> None:
        values = {
            "pids.max": limits.processes,
            "memory.max": limits.memory_mb << 20,
            "memory.swap.max": 0,
            "memory.limit_in_bytes": limits.memory_mb << 20,
        }
        for name, value in values.items():
            if (folder / name).exists():
                (folder / name).write_text(str(value))

    def enter(self, command: list[str]) -> list[str]:
        """Return the command, put into the group before it begins."""
        joined = "".join(f"echo $$ > '{folder}/cgroup.procs' && " for folder in self.folders)
        return ["/bin/sh", "-c", joined + 'exec "$@"', "sh", *command]

    def take(self, pid: int) -> bool:
        """Put a running process into the group, with the children it has from now on; tells whether that worked."""
        try:
            for folder in self.folders:
                (folder / "cgroup.procs").write_text(str(pid))
        except OSError:
            self.remove()
            return False
        return True

    def out_of_memory(self) -> bool:
        """Tell whether the kernel ended a process of the group for its memory."""
        return self._happened("oom_kill", "memory.events", "memory.oom_control")

    def refused_processes(self) -> bool:
        """Tell whether the kernel refused the group a process or thread, since there may be no more of them."""
        return self._happened("max", "pids.events")

    def _happened(self, event: str, *files: str) -> bool:
        """Tell whether an event is counted in one of the files."""
        for path in (folder / name for folder in self.folders for name in files):
            for words in map(str.split, _read(path).splitlines()):
                if words[:1] == [event] and words[1:] != ["0"]:
                    return True
        return False

    def remove(self) -> None:
        """Remove the group; its processes must have ended, and take a moment to."""
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)


def remove_stale() -> None:
    """Remove the empty groups of grading processes that were killed before they could do so."""
    for home in _homes():
        for folder in home.glob("course-*"):
            found = _NAME.fullmatch(folder.name)
            if found and not Path("/proc", found[1]).exists():
                with suppress(OSError):  # it is not empty yet, or another process was faster
                    folder.rmdir()


@cache
def _homes() -> tuple[Path, ...]:
    """Return the folders in which this process may make groups with limits of memory and processes."""
    version_2 = _own_group()
    if version_2 and {"memory", "pids"} <= set(_read(version_2 / "cgroup.subtree_control").split()):
        return (version_2,) if os.access(version_2, os.W_OK) else ()
    homes = (_ROOT / "memory", _ROOT / "pids")
    if all((home / "cgroup.procs").exists() and os.access(home, os.W_OK) for home in homes):
        return homes
    return ()


def _own_group() -> Path | None:
    """Return this process's group of version 2."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::"):
            folder = _ROOT / line[3:].lstrip("/")
            return folder if (folder / "cgroup.controllers").exists() else None
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
