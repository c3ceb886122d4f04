"""From a file on disk to the cells in it, whatever the file is; the caller's memory and life are not at stake."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from utils.grading.classroom import reader

LARGEST_FILE = 256 << 20  # bytes
_SECONDS = 60.0  # 256 MB take five


class Unreadable(Exception):
    """There is nothing to grade in the file; the message is a sentence for the student."""


@dataclass(frozen=True)
class ReadCell:
    """One cell as it stands in a file.

    Attributes
    ----------
    kind : {"code", "text"}
        Whether Jupyter would run it.
    id, grade_id, source : str
        The cell's id, nbgrader's id, its text; empty where the file has none.
    parses : bool
        Whether the text is Python (IPython's magics are).
    functions, defines : tuple of str
        Functions and classes defined at its top, and all names that it binds.
    reads, reads_later : tuple of str
        Names that it needs from elsewhere when it runs, and when its functions are called.
    calls_only : tuple of str
        Names of the functions called, where the cell is nothing but calls.
    """

    kind: str
    id: str
    grade_id: str
    source: str
    parses: bool = False
    functions: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    reads_later: tuple[str, ...] = ()
    calls_only: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The source without what makes no difference: blank lines around it and spaces at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.source.strip("\n").split("\n"))


@dataclass(frozen=True)
class Reading:
    """What a file held: its cells in order, and sentences about what was left out."""

    cells: tuple[ReadCell, ...]
    remarks: tuple[str, ...] = ()


def read_bytes(raw: bytes) -> Reading:
    """Read a notebook of ours, here and now.

    Raises
    ------
    ValueError
        When it is no notebook.
    """
    answer = reader.read(raw)
    if "error" in answer:
        raise ValueError(answer["error"])
    return _reading(answer)


def read_submission(path: Path) -> Reading:
    """Read a notebook of somebody else's, in a process of its own.

    Parameters
    ----------
    path : Path
        A regular file of at most ``LARGEST_FILE`` bytes; a symbolic link is not followed.

    Raises
    ------
    Unreadable
        When there is nothing to grade in it.
    """
    descriptor = _open(path)
    try:
        answer = _ask(descriptor)
        if answer is None:  # a text in it crashed Python's parser: the cells can still be had
            answer = _ask(descriptor, "--without-names")
    finally:
        os.close(descriptor)
    if answer is None:
        raise Unreadable("The file cannot be read: reading it took too long or too much memory.")
    if "error" in answer:
        raise Unreadable(answer["error"])
    return _reading(answer)


def _open(path: Path) -> int:
    try:
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from error
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        problem = "It is not a regular file."
    elif state.st_size > LARGEST_FILE:
        problem = f"The file is too large: {state.st_size >> 20} MB, at most {LARGEST_FILE >> 20} are read."
    else:
        return descriptor
    os.close(descriptor)
    raise Unreadable(problem)


def _ask(descriptor: int, *options: str) -> dict | None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        done = subprocess.run(
            [sys.executable, "-I", reader.__file__, *options],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None


def _reading(answer: dict) -> Reading:
    cells = (
        ReadCell(**{name: tuple(v) if isinstance(v, list) else v for name, v in cell.items()})
        for cell in answer["cells"]
    )
    return Reading(tuple(cells), tuple(answer["remarks"]))
