"""Find what a class handed in: ``SUBMISSIONS/<student>/<week>/<notebook>.ipynb``, as untidy as such folders are."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.plan import plan
from utils.grading.classroom.reading import LARGEST_FILE

__all__ = ["Submission", "find_submissions", "plan", "stray_entries"]

_CHUNK = 1 << 20
_NOT_A_STUDENT = {"__MACOSX", "lost+found"}
# What browsers, JupyterLab, people and learning platforms hang onto a name: "x (1)", "x-Copy1", "x_copy", "x-2".
_COPY = re.compile(r"(?:\s*\(\d+\)|[\s_-]*copy\s*\d*|[\s_.-]new|[\s_-]+v?\d+)+\Z", re.IGNORECASE)
_NOTEBOOK_IS = re.compile(rb"""NOTEBOOK\s*=\s*\\?["'](w\d+[a-z]+\d*)\\?["']""")
_GRADE_ID_IS = re.compile(rb'"grade_id"\s*:\s*"(w\d+[a-z]+\d*)-')


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one week.

    Attributes
    ----------
    student : str
        Name of the student's folder; bytes of it that are not UTF-8 are written out.
    week : str
        Name of the week's folder, as the course has it.
    notebooks : tuple of str
        Ids of the week's notebooks with exercises, in order, handed in or not.
    files : dict of str to Path
        Notebook id and file, of those that were handed in.
    notes : dict of str to tuple of str
        Notebook id and what is to be said about its file; under ``""`` what belongs to none.
    """

    student: str
    week: str
    notebooks: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def notes_of(self, notebook: str) -> tuple[str, ...]:
        """Return what is to be said in a notebook's result.

        What belongs to no notebook may explain why one is missing; where none is, the week's first notebook says it.
        """
        missing = [name for name in self.notebooks if name not in self.files]
        tell_all = notebook in (missing or self.notebooks[:1])
        return (*self.notes.get(notebook, ()), *(self.notes.get("", ()) if tell_all else ()))


def find_submissions(folder: Path, weeks: Iterable[str] | None = None) -> list[Submission]:
    """Find the submissions of a class.

    Links are not followed, hidden files are not looked at. A notebook whose name was changed is recognised by its name
    without "(1)", "copy" and the like, else by ``NOTEBOOK = …`` or the grading metadata in it.

    Parameters
    ----------
    folder : Path
        Holds a folder a student.
    weeks : iterable of str, optional
        Names of week folders, ``"week1_conv_basics"``; by default those for which somebody has a folder.

    Returns
    -------
    list of Submission
        One a student and week, sorted; a student without anything has one for each week all the same.

    Raises
    ------
    NotADirectoryError
        When ``folder`` is no folder.
    ValueError
        When a week is unknown.
    """
    if not Path(folder).is_dir():
        raise NotADirectoryError(f"folder must hold one folder a student, got {folder}")
    known = _weeks()
    unknown = set(weeks or ()) - set(known)
    if unknown:
        raise ValueError(f"weeks must be among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    students = [entry for entry in _entries(folder) if _is_student(entry)]
    places = {student.name: _week_places(student, known) for student in students}
    if weeks is None:
        weeks = [week for week in known if any(week in place for place, _ in places.values())] or list(known)
    return [
        _submission(student, week, known[week], *places[student.name])
        for student in students
        for week in known
        if week in set(weeks)
    ]


def stray_entries(folder: Path) -> list[str]:
    """Say which entries beside the students' folders were not read."""
    return [
        f"{_shown(entry.name)} is no folder and was not read."
        for entry in _entries(folder)
        if not _is_student(entry) and not entry.name.startswith(".") and entry.name not in _NOT_A_STUDENT
    ]


def _weeks() -> dict[str, dict[str, str]]:
    """Return week folder → {file name: notebook id}, of notebooks with exercises."""
    weeks: dict[str, dict[str, str]] = {}
    for name, notebook in NOTEBOOKS.items():
        if notebook.exercises:
            weeks.setdefault(notebook.week, {})[Path(notebook.path).name] = name
    return weeks


def _entries(folder: Path) -> list[os.DirEntry]:
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)


def _is_student(entry: os.DirEntry) -> bool:
    if entry.name in _NOT_A_STUDENT or not entry.is_dir():
        return False
    # A hidden folder is a tool's, unless weeks lie in it.
    return not entry.name.startswith(".") or any(
        (Path(entry.path) / week).is_dir() for week in _weeks() if not entry.is_symlink()
    )


def _week_places(
    student: os.DirEntry, weeks: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, list[os.DirEntry]], list[str]]:
    """Return the folders of each week, the one with the exact name first, and what is to be said about the rest."""
    if student.is_symlink():
        return {}, ["The student's folder is a link, which is not followed."]
    try:
        entries = _entries(Path(student.path))
    except OSError as error:
        return {}, [f"The student's folder cannot be read: {error.strerror}."]
    places: dict[str, list[os.DirEntry]] = {}
    notes = []
    for entry in entries:
        week = _week_of(entry.name, weeks)
        if entry.name.startswith(".") or entry.name in _NOT_A_STUDENT:
            continue
        if entry.is_symlink():
            notes.append(f"{_shown(entry.name)} is a link, which is not followed.")
        elif week and entry.is_dir():
            places.setdefault(week, []).append(entry)
        elif entry.is_dir() or entry.name.lower().endswith(".ipynb"):
            notes.append(f"{_shown(entry.name)} lies beside the weeks' folders and was not read.")
    for week, found in places.items():
        found.sort(key=lambda entry: (entry.name != week, entry.name))
    return places, notes


def _week_of(name: str, weeks: Iterable[str]) -> str:
    plain = _COPY.sub("", name.strip()).lower() if name not in weeks else name
    return next((week for week in weeks if plain in (week.lower(), week.split("_")[0])), "")


def _submission(
    student: os.DirEntry,
    week: str,
    names: Mapping[str, str],
    places: Mapping[str, list[os.DirEntry]],
    general: Sequence[str],
) -> Submission:
    found: dict[str, list[Path]] = {}
    notes: dict[str, list[str]] = {"": list(general)}
    for place in places.get(week, ()):
        _look_into(Path(place.path), names, found, notes)
    files = {}
    for notebook in names.values():
        if not found.get(notebook):
            continue
        files[notebook], *others = found[notebook]
        told = notes.setdefault(notebook, [])
        name = files[notebook].name
        if name not in names:
            told.append(f"The file {_shown(name)} was taken for this notebook.")
        if others:
            told.append(f"Of several copies {_shown(name)} counts; not read: {_listed(others)}.")
    return Submission(
        _shown(student.name),
        week,
        tuple(names.values()),
        files,
        {name: tuple(told) for name, told in notes.items() if told},
    )


def _look_into(
    folder: Path, names: Mapping[str, str], found: dict[str, list[Path]], notes: dict[str, list[str]]
) -> None:
    """Sort a week folder's notebooks by id: the file with the exact name, then the copy with the highest number."""
    try:
        entries = _entries(folder)
    except OSError as error:
        notes[""].append(f"The folder {_shown(folder.name)} cannot be read: {error.strerror}.")
        return
    here: dict[str, list[Path]] = {}
    for entry in entries:
        if entry.name.startswith(".") or not entry.name.lower().endswith(".ipynb"):
            continue
        notebook = names.get(entry.name) or _by_name(entry.name, names)
        if not entry.is_file(follow_symlinks=False):
            what = "a link, which is not followed" if entry.is_symlink() else "no regular file"
            notes.setdefault(notebook, []).append(f"{_shown(entry.name)} is {what}.")
            continue
        notebook = notebook or _by_content(Path(entry.path), names.values())
        if notebook:
            here.setdefault(notebook, []).append(Path(entry.path))
        else:
            notes[""].append(
                f"{_shown(entry.name)} was not read: by name and content it is no notebook of this week."
            )
    for notebook, paths in here.items():
        paths.sort(key=lambda path: _natural(path.name), reverse=True)
        paths.sort(key=lambda path: path.name not in names)
        found.setdefault(notebook, []).extend(paths)


def _by_name(name: str, names: Mapping[str, str]) -> str:
    """Recognise a notebook by its name without what marks a copy."""
    stems = {Path(known).stem.lower(): notebook for known, notebook in names.items()}
    stem = name[: -len(".ipynb")].strip().lower()
    return stems.get(stem) or stems.get(_COPY.sub("", stem), "")


def _by_content(path: Path, notebooks: Iterable[str]) -> str:
    """Recognise a notebook by what stands in it, reading a piece at a time."""
    votes: dict[str, int] = {}
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        read, tail = 0, b""
        while read < LARGEST_FILE and (piece := file.read(_CHUNK)):
            read += len(piece)
            text = tail + piece
            for pattern, weight in ((_NOTEBOOK_IS, 1000), (_GRADE_ID_IS, 1)):
                for match in pattern.finditer(text):
                    if match.end() > len(tail):  # else it was counted with the piece before
                        name = match.group(1).decode()
                        votes[name] = votes.get(name, 0) + weight
            tail = text[-200:]
    known = [name for name in notebooks if name in votes]
    best = max(votes, key=votes.__getitem__, default="")
    return best if best in known else ""


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort "x (10)" behind "x (9)"."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name)]


def _listed(paths: Sequence[Path]) -> str:
    shown = [_shown(path.name) for path in paths[:5]]
    return ", ".join(shown) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _shown(name: str) -> str:
    """Return a name from the file system as text that every file can hold."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
