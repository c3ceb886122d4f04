"""The grader's end of the warm parents: boxes in which large packages need not be imported each time.

There are three kinds, with TensorFlow, with SciPy, and with neither; one of each serves one grading process. Where none
can be had (the kernel refuses nested namespaces, or TensorFlow has begun to work while it was imported), boxes are
started cold.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from utils.data.assets import data_folder
from utils.exercises.boxed.frames import new_channel
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.bubblewrap import package_folders, parent_command
from utils.grading.sandbox.cgroups import Group
from utils.grading.sandbox.copies import all_copies, copy_for
from utils.grading.sandbox.usage import tree

_START_SECONDS = 120.0
_LIGHT = ("IPython.core.interactiveshell", "matplotlib.pyplot", "numpy", "PIL.Image")
_MIDDLING = (*_LIGHT, "scipy.ndimage", "scipy.signal", "skimage.measure", "skimage.transform")
_HEAVY = (*_LIGHT, "keras", "tensorflow")
# Installed on a teacher's computer perhaps, but no requirement of the course.
_NEVER_NEEDED = ("cv2", "jax", "jaxlib", "sklearn", "torch")
_ANSWER_SECONDS = 20.0


class NoWarmParent(RuntimeError):
    """There is no warm parent here; the message says why."""


class WarmProcess:
    """A serving process that was born of the warm parent; it has the attributes of a cold one.

    Raises
    ------
    NoWarmParent
    """

    def __init__(self, notebook: str, limits: Limits, hidden: Iterable[str]):
        self._parent = parent = _parent(_kind(hidden))
        copy = copy_for(notebook)
        request = {
            "copy": copy.name,
            "hidden": [str(folder) for package in hidden for folder in package_folders(package)],
            "limits": asdict(limits),
        }
        with new_channel() as (self.channel, reading, writing):
            self._number = parent.ask(request, [reading, writing])["born"]
        self.group, self._handle, self._ended = None, -1, False
        try:
            self.pid = _seen_here(parent.pid, self._number)
            self._handle = os.pidfd_open(self.pid)
            self.group = Group.make(limits)
            if self.group and not self.group.take(self.pid):
                self.group = None
        except BaseException as error:
            self.end()
            if isinstance(error, OSError):  # it has ended, or this kernel has no handles of processes
                raise NoWarmParent(f"there is no handle of the box's process: {error}") from error
            raise

    def end(self) -> None:
        """End every process of the box; its files vanish with it. May be called again."""
        if not self._ended:
            self._ended = True
            # All others go with the first process of their namespace. Here and now: where there are so many that they
            # take all the time there is, the parent answers too late.
            with suppress(OSError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            if self._handle >= 0:
                os.close(self._handle)
            with suppress(NoWarmParent):
                self._parent.ask({"end": self._number})
            self.channel.close()
            if self.group:
                self.group.remove()


class _Parent:
    """A running warm parent that has imported some modules."""

    def __init__(self, modules: tuple[str, ...]):
        hidden = _NEVER_NEEDED if "tensorflow" in modules else (*_NEVER_NEEDED, "keras", "tensorflow")
        self._turn = threading.Lock()
        self._socket, inside = socket.socketpair()
        self._process = subprocess.Popen(
            parent_command(modules, hidden, all_copies(), data_folder()),
            stdin=inside,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        inside.close()
        self.pid = self._process.pid
        atexit.register(self.end)
        if not self._receive(_START_SECONDS).get("ready"):
            self.end()
            raise NoWarmParent(
                "TensorFlow begins to work when it is imported, so a process with it cannot be forked"
            )

    def ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        """Send a request and wait for its answer; threads take turns. A parent that does not answer is ended."""
        with self._turn:
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors or [])
            except OSError as error:
                raise NoWarmParent(f"the warm parent is gone: {error}") from None
            try:
                return self._receive(_ANSWER_SECONDS)
            except NoWarmParent:  # a late answer would be taken for the next one's
                self.end()
                raise

    def end(self) -> None:
        """End the parent and all that it gave birth to."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def _receive(self, seconds: float) -> dict[str, Any]:
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise NoWarmParent(f"the warm parent does not answer: {error}") from None
        if not data:
            raise NoWarmParent("the warm parent ended")
        return json.loads(data)


@cache
def _try_parent(modules: tuple[str, ...]) -> _Parent | str:
    """Return this process's warm parent of a kind, or why there is none; tried once."""
    try:
        return _Parent(modules)
    except NoWarmParent as error:
        return str(error)


def _kind(hidden: Iterable[str]) -> tuple[str, ...]:
    """Return what the warm parent of a notebook with these hidden packages has imported."""
    if "tensorflow" not in hidden:
        return _HEAVY
    return _LIGHT if "scipy" in hidden else _MIDDLING


def _parent(modules: tuple[str, ...]) -> _Parent:
    for folder in (sys.prefix, sys.base_prefix):
        if folder.startswith("/tmp/"):
            raise NoWarmParent(f"its children have an empty /tmp, and Python is installed in {folder}")
    found = _try_parent(modules)
    if isinstance(found, str):
        raise NoWarmParent(found)
    return found


def _seen_here(parent: int, number: int) -> int:
    """Return the process id, as it is seen here, of the process that the warm parent knows by a number."""
    for pid in tree(parent):
        with suppress(OSError):
            for line in Path("/proc", str(pid), "status").read_text().splitlines():
                if line.startswith("NSpid:") and line.split()[-2:] == [str(number), "1"]:
                    return pid
    raise NoWarmParent("the process that the warm parent gave birth to is not there")
