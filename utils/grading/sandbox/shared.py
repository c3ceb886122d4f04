"""A folder of this user's on this machine, in which the processes of a grading share what each would have to make."""

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Where the folder is, for processes whose folder of temporary files is their own.
PLACE = "COURSE_SHARED"
_MAKING = ".making"
_UNUSED_SECONDS = 14 * 86_400.0


def shared_place() -> Path:
    """Return where the folder is or would be: what the environment says, else among the temporary files."""
    return Path(os.environ.get(PLACE) or Path(tempfile.gettempdir(), f"course-{os.geteuid()}"))


def shared(name: str, make: Callable[[Path], None]) -> Path | None:
    """Return a folder with some content, made by the first process that asks for it and read by all.

    Whoever asks while another process makes it waits; a process that is killed leaves nothing half made. What nobody
    has asked for in two weeks is removed.

    Parameters
    ----------
    name : str
        A new one for every other content: files are never changed.
    make : callable
        Fills an empty folder.

    Returns
    -------
    Path or None
        The folder, its files read-only; None where this user can have no place of their own.
    """
    place = shared_place()
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        if not _is_ours(place):
            return None
        with _turn(place):
            if not (place / name).exists():
                _make(place, name, make)
            os.utime(place / name)
            _sweep(place)
    except OSError:
        return None
    return place / name


def _is_ours(place: Path) -> bool:
    """Tell whether a folder is no link, this user's, and open to nobody else."""
    state = os.lstat(place)
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o077


@contextmanager
def _turn(place: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process."""
    import fcntl  # not on Windows, where no class can be graded either

    descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(place: Path, name: str, make: Callable[[Path], None]) -> None:
    making = place / _MAKING
    if making.exists():  # of a process that was killed
        shutil.rmtree(making)
    making.mkdir()
    make(making)
    for path in making.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    making.rename(place / name)


def _sweep(place: Path) -> None:
    for folder in place.iterdir():
        with suppress(FileNotFoundError):
            if folder.is_dir() and time.time() - folder.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def boot() -> str:
    """Return a name of this run of the machine: a power cut may have left files empty that were there before."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return sys.platform
