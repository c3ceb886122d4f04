"""Write the learner's copies into ``learn/`` and keep them up to date; what a learner has edited is never touched."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from utils.course.refusal import Refusal
from utils.grading.progress import PROGRESS_FILE

MANIFEST = ".manifest.json"

# Part of every source's hash: raise it when the way from a source to its learner's edition changes.
_EDITION = "1"
_NOT_FOR_LEARNERS = {"quiz.toml"}  # holds the answers; `check_answer` reads the course's own


@dataclass(frozen=True)
class Copy:
    """What happened to one file.

    Attributes
    ----------
    path : Path
        Where the learner's copy lies, or for ``"beside"`` the newer edition next to an edited one.
    change : {"new", "updated", "beside", "unchanged"}
        What was done.
    """

    path: Path
    change: str


def find_weeks(root: Path, asked: Sequence[str] = ()) -> list[Path]:
    """Return the week folders that hold notebooks, all or those asked for.

    Parameters
    ----------
    root : Path
        The course.
    asked : sequence of str
        ``"1"``, ``"week1"`` or ``"week1_conv_basics"``.

    Raises
    ------
    Refusal
        When a week is not there; the message lists those that are.
    """
    weeks = sorted(folder for folder in root.glob("week[0-9]*") if any(folder.glob("*.ipynb")))
    if not asked:
        return weeks
    found = []
    for name in asked:
        matches = [
            w
            for w in weeks
            if name in (w.name, w.name.split("_")[0], w.name.split("_")[0].removeprefix("week"))
        ]
        if not matches:
            raise Refusal(
                f"There is no week {name!r}; there are: {', '.join(w.name for w in weeks) or 'none'}."
            )
        found += [week for week in matches if week not in found]
    return found


def start(root: Path, to: Path, asked: Sequence[str] = ()) -> list[Copy]:
    """Write or update the learner's copies of some weeks.

    Parameters
    ----------
    root : Path
        The course, with its week folders.
    to : Path
        Folder of the copies; it is made when it is not there.
    asked : sequence of str
        Weeks; all by default.

    Returns
    -------
    list of Copy
        Every file of the weeks and what happened to it.

    Raises
    ------
    Refusal
        When a week is unknown, or ``to`` is no place for copies.
    """
    weeks = find_weeks(root, asked)
    refuse_bad_place(root, to)
    to.mkdir(parents=True, exist_ok=True)
    if not (to / PROGRESS_FILE).exists():
        # Checks write their results here; where the file is missing they keep them in memory.
        (to / PROGRESS_FILE).write_text("{}\n", encoding="utf-8")
    manifest = _read_manifest(to)
    copies = []
    for week in weeks:
        copies += _copy_week(week, to, manifest)
    return copies


def refuse_bad_place(root: Path, to: Path) -> None:
    """Refuse a folder for copies where the course's own notebooks stand, and a file.

    Raises
    ------
    Refusal
        When ``to`` is the course, lies in a week's folder, or is no folder.
    """
    place = to.resolve()
    if place == root.resolve() or any(
        part.name.startswith("week") and part.parent == root.resolve() for part in (place, *place.parents)
    ):
        raise Refusal(f"The copies cannot go to {to}: the course's own notebooks stand there.")
    if to.exists() and not to.is_dir():
        raise Refusal(f"The copies cannot go to {to}: it is a file.")


def _copy_week(week: Path, to: Path, manifest: dict[str, dict]) -> list[Copy]:
    sources = [path for path in sorted(week.iterdir()) if _is_for_learners(path)]
    hashes = {path: _hash(_EDITION.encode() + path.read_bytes()) for path in sources}
    waiting = [
        path for path in sources if _needs_attention(to, f"{week.name}/{path.name}", hashes[path], manifest)
    ]
    contents = _learners_contents(week.name, waiting)
    copies = []
    for path in sources:
        name = f"{week.name}/{path.name}"
        if path in waiting:
            copies.append(_deliver(to, name, contents[path], hashes[path], manifest))
            # After every file, so that an interruption leaves no copy that we would take for the learner's own.
            _write_whole(to / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n")
        else:
            copies.append(Copy(to / name, "unchanged"))
    return copies


def learners_files(week: Path) -> dict[str, bytes]:
    """Return every file of a week's folder as learners get it: name and content.

    Raises
    ------
    Refusal
        When nbgrader refuses a notebook.
    """
    sources = [path for path in sorted(week.iterdir()) if _is_for_learners(path)]
    return {path.name: content for path, content in _learners_contents(week.name, sources).items()}


def _is_for_learners(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name not in _NOT_FOR_LEARNERS


def _learners_contents(week: str, paths: Iterable[Path]) -> dict[Path, bytes]:
    """Return the content of each copy: lessons and assignments by nbgrader, demos and other files as they are."""
    graded = [path for path in paths if path.suffix == ".ipynb" and not path.name.startswith("demo_")]
    editions = {}
    if graded:
        # Two seconds of imports that a second run does not need.
        from utils.course.release import learners_edition

        editions = learners_edition(week, graded)
    return {path: editions[path.name] if path in graded else path.read_bytes() for path in paths}


def _needs_attention(to: Path, name: str, source: str, manifest: dict[str, dict]) -> bool:
    row = manifest.get(name, {})
    return not (to / name).exists() or source not in (row.get("source"), row.get("offered"))


def _deliver(to: Path, name: str, content: bytes, source: str, manifest: dict[str, dict]) -> Copy:
    """Write one copy: over our own last one, or beside the learner's."""
    target, row = to / name, manifest.get(name, {})
    if not target.exists():
        manifest[name] = {"source": source, "written": _work(name, content)}
        _write_whole(target, content)
        return Copy(target, "new")
    there, ours = _work(name, target.read_bytes()), _work(name, content)
    if target.read_bytes() == content:
        manifest[name] = {"source": source, "written": there}
        return Copy(target, "unchanged")
    if there in (ours, row.get("written"), row.get("offered_written")):
        manifest[name] = {"source": source, "written": ours}
        _write_whole(target, content)
        return Copy(target, "updated")
    beside = _place_beside(target, row)
    manifest[name] = {**row, "offered": source, "offered_written": ours, "beside": beside.name}
    _write_whole(beside, content)
    return Copy(beside, "beside")


def _place_beside(target: Path, row: dict) -> Path:
    """Return a free name for the newer edition; one that we wrote and nobody edited is free too."""
    number = 1
    while True:
        mark = ".new" if number == 1 else f".new-{number}"
        place = target.with_name(target.stem + mark + target.suffix)
        ours = (
            place.name == row.get("beside")
            and place.exists()
            and _work(place.name, place.read_bytes()) == row.get("offered_written")
        )
        if ours or not place.exists():
            return place
        number += 1


def _read_manifest(to: Path) -> dict[str, dict]:
    try:
        manifest = json.loads((to / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # every copy then counts as edited: newer editions come beside, nothing is lost
    return manifest if isinstance(manifest, dict) else {}


def _work(name: str, content: bytes) -> str:
    """Hash what a learner can have changed in a file.

    JupyterLab rewrites a notebook's metadata when it is merely opened; that is no edit. Running a cell is.
    """
    if name.endswith(".ipynb"):
        with suppress(ValueError, KeyError, TypeError):
            cells = json.loads(content)["cells"]
            content = json.dumps(
                [[cell["cell_type"], _joined(cell["source"]), _shown(cell)] for cell in cells]
            ).encode()
    return _hash(content)


def _shown(cell: dict) -> list:
    rows = [
        {k: v for k, v in row.items() if k not in ("metadata", "execution_count")}
        for row in cell.get("outputs", [])
    ]
    for row in rows:
        row["text"] = _joined(row.get("text", ""))
        row["data"] = {kind: _joined(value) for kind, value in row.get("data", {}).items()}
    return rows


def _joined(text):
    """Return a multi-line text as one: the format allows both a string and a list of lines."""
    return "".join(text) if isinstance(text, list) else text


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
