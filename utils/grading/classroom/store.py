"""What a grading keeps while it runs, in ``OUT/.grading``: whatever stops it, no finished result is lost or half there.

``secret`` is the seed of the hidden cases, ``results/<fingerprint>.json`` one finished notebook, ``run.json`` what was
run. One process writes; the operating system's lock on ``lock`` ends with the process that holds it.
"""

import json
import math
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, overload

from utils.grading.classroom.records import NotebookResult

KEPT = ".grading"
_SEED_BYTES = 6
_ANY_NAME = "surrogatepass"  # a folder's name need not be valid text


class CannotGrade(Exception):
    """Grading cannot begin or go on; the message is a sentence for the teacher."""


@contextmanager
def lock(out: Path) -> Iterator[None]:
    """Hold a grading's folder, which is made if need be, for one process; only its owner may look inside what is kept.

    Raises
    ------
    CannotGrade
        When another process holds it, or the folder cannot be made.
    """
    import fcntl  # not on Windows, where no class can be graded either

    try:
        (out / KEPT / "results").mkdir(parents=True, exist_ok=True)
        (out / KEPT).chmod(0o700)
        descriptor = os.open(out / KEPT / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotGrade(f"The results cannot be kept in {out}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotGrade(
                f"Another grading is writing to {out}: wait until it has ended, or name another folder."
            ) from error
        yield
    finally:
        os.close(descriptor)


def seed(out: Path) -> int:
    """Return the seed of this grading's hidden cases: random, drawn once, readable by its owner only.

    Raises
    ------
    CannotGrade
        When the file that holds it is damaged: other cases than before would be unfair.
    """
    path = out / KEPT / "secret"
    if not path.exists():
        _write(path, secrets.token_hex(_SEED_BYTES) + "\n", new=True)
    try:
        value = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise CannotGrade(_damaged_secret(path)) from error
    if len(value) != _SEED_BYTES:
        raise CannotGrade(_damaged_secret(path))
    return int.from_bytes(value)


def _damaged_secret(path: Path) -> str:
    return f"{path} is damaged: put it back from a backup, or grade into another folder."


def keep(out: Path, result: NotebookResult) -> None:
    """Write a result, whole and down to the disk, over one that is there."""
    _write(_place(out, result.fingerprint), result.to_json() + "\n")


def read(
    out: Path, fingerprint: str, say: Callable[[str], None] = lambda line: None
) -> NotebookResult | None:
    """Return a kept result, or None where there is none; a damaged one is none, and that is said."""
    path = _place(out, fingerprint)
    try:
        text = path.read_text(encoding="utf-8", errors=_ANY_NAME)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        say(f"{path} cannot be read ({error}): it counts as not there.")
        return None
    try:
        return _checked(text, fingerprint)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        say(f"{path} is damaged ({error}): it counts as not there.")
        return None


def has_results(out: Path) -> bool:
    """Tell whether a grading has been begun here."""
    return (out / KEPT / "run.json").exists() or any((out / KEPT / "results").glob("*.json"))


def write_run(out: Path, run: Mapping[str, Any]) -> None:
    """Keep what was run: plain data that JSON can hold."""
    _write(out / KEPT / "run.json", json.dumps(run, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_run(out: Path) -> dict[str, Any]:
    """Return what was run.

    Raises
    ------
    CannotGrade
        When nothing was, or the file is damaged.
    """
    path = out / KEPT / "run.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8", errors=_ANY_NAME))
    except FileNotFoundError as error:
        raise CannotGrade(f"No class was graded into {out}: `course grade` does so.") from error
    except (OSError, ValueError) as error:
        raise CannotGrade(
            f"{path} cannot be read: {error}. `course grade … --resume` writes it anew."
        ) from error
    if not isinstance(run, dict):
        raise CannotGrade(f"{path} is damaged. `course grade … --resume` writes it anew.")
    return run


def write_text(out: Path, name: str, text: str) -> None:
    """Keep a further file, for a later run to save time by."""
    _write(out / KEPT / name, text)


def read_text(out: Path, name: str) -> str:
    """Return what :func:`write_text` kept, empty where there is nothing that can be read."""
    try:
        return (out / KEPT / name).read_text(encoding="utf-8", errors=_ANY_NAME)
    except (OSError, UnicodeDecodeError):
        return ""


class KeptResults(Sequence[NotebookResult]):
    """Results of a grading in a fixed order, each read when it is asked for: a large class fits into little memory.

    Parameters
    ----------
    out : Path
        Folder of the grading.
    fingerprints : sequence of str
        Which, in which order; all of them must be there.
    """

    def __init__(self, out: Path, fingerprints: Sequence[str]):
        self._out, self._fingerprints = out, tuple(fingerprints)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._fingerprints)

    @overload
    def __getitem__(self, index: int) -> NotebookResult: ...

    @overload
    def __getitem__(self, index: slice) -> "KeptResults": ...

    def __getitem__(self, index):
        """Read one result, or return a part of them."""
        if isinstance(index, slice):
            return KeptResults(self._out, self._fingerprints[index])
        trouble: list[str] = []
        found = read(self._out, self._fingerprints[index], trouble.append)
        if found is None:
            raise CannotGrade(
                " ".join(
                    [
                        *trouble,
                        f"A result in {self._out} was lost: `course grade … --resume` works it out again.",
                    ]
                )
            )
        return found


def _place(out: Path, fingerprint: str) -> Path:
    if len(fingerprint) != 64 or set(fingerprint) - set("0123456789abcdef"):
        raise ValueError(f"fingerprint must be 64 hexadecimal digits, got {fingerprint!r}")
    return out / KEPT / "results" / f"{fingerprint}.json"


def _checked(text: str, fingerprint: str) -> NotebookResult:
    """Read a result and see that it is the asked one and makes sense."""
    result = NotebookResult.from_json(text)
    if result.fingerprint != fingerprint:
        raise ValueError("it holds another result")
    for row in result.exercises:
        if not (math.isfinite(row.max_points) and 0 <= row.points <= row.max_points):
            raise ValueError(f"{row.points!r} of {row.max_points!r} points")
    for name in (result.student, result.week, result.notebook):
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is no name")
    return result


def _write(path: Path, text: str, *, new: bool = False) -> None:
    """Write a file whole or not at all, readable by its owner only; ``new``: a file that is there stays as it is."""
    partial = path.with_name(f".{path.name}.partial")
    with suppress(FileNotFoundError):
        partial.unlink()
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors=_ANY_NAME) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if new:
        with suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    else:
        os.replace(partial, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
