"""What a learner has done so far: kept in memory, and in ``learn/.progress.json`` when working there."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRESS_FILE = ".progress.json"


@dataclass
class Row:
    """One exercise's history: best score so far (0–1), checks made, failed checks since the last pass, hints given."""

    best: float = 0.0
    checks: int = 0
    failed: int = 0
    hints: int = 0


_memory: dict[str, Row] = {}


def find_file(start: Path | None = None) -> Path | None:
    """Return the progress file of the learner's folder that we stand in, or None outside one."""
    here = Path(start or Path.cwd()).resolve()
    return next((f / PROGRESS_FILE for f in (here, *here.parents) if (f / PROGRESS_FILE).is_file()), None)


def read(path: Path) -> dict[str, Row]:
    """Read a progress file; a damaged one counts as empty, since nothing but a tally is lost with it."""
    try:
        return {key: Row(**row) for key, row in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(path: Path, rows: dict[str, Row]) -> None:
    """Write a progress file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=PROGRESS_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({key: asdict(row) for key, row in rows.items()}, file, indent=1, sort_keys=True)
    os.replace(name, path)


def row(key: str) -> Row:
    """Return an exercise's history."""
    path = find_file()
    return (read(path) if path else _memory).get(key, Row())


def record(key: str, *, score: float | None = None, hint: bool = False) -> Row:
    """Note a check or a hint and return the exercise's history.

    Parameters
    ----------
    key : str
        The exercise.
    score : float, optional
        Result of a check, 0 to 1.
    hint : bool
        Whether a hint was given.
    """
    path = find_file()
    rows = read(path) if path else _memory
    entry = rows.setdefault(key, Row())
    if score is not None:
        entry.checks += 1
        entry.best = max(entry.best, score)
        entry.failed = 0 if score == 1 else entry.failed + 1
    if hint:
        entry.hints += 1
    if path:
        try:
            write(path, rows)
        except OSError:
            # A full or read-only disk must not turn a right answer into an error.
            _memory.update(rows)
    return entry
