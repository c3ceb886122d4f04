"""Write what is handed out for a week: nbgrader's release, an archive for the learning platform, the course's data."""

import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from utils.course.refusal import Refusal
from utils.course.start import find_weeks, learners_files, refuse_bad_place
from utils.course.student_wheel import entry, pack, student_wheel
from utils.data.assets import data_folder, read_table

DATA_ARCHIVE = "data.zip"

_READ_ME = """\
# How to begin

1. Unpack this archive and `data.zip` into one folder: `{week}/` and `data/` lie side by side.
2. With Python 3.11, 3.12 or 3.13, in that folder:

   ```
   python -m venv .venv
   .venv/bin/pip install {wheel}
   .venv/bin/jupyter lab {week}
   ```

   On Windows the programs are in `.venv\\Scripts`.
3. Write your functions where the notebooks say so, save, and hand in the notebooks of `{week}/` under their own names.
"""


@dataclass(frozen=True)
class HandOut:
    """What was written.

    Attributes
    ----------
    folder : Path
        nbgrader's release of the week.
    archive : Path
        For the learning platform: the notebooks, the wheel, how to begin.
    data : Path
        The course's data, the same for all weeks.
    changed : bool
        Whether anything of the week was written; False when the same release stood there already.
    """

    folder: Path
    archive: Path
    data: Path
    changed: bool


def hand_out(root: Path, package: Path, week: str, to: Path, *, replace: bool = False) -> HandOut:
    """Write a week's release.

    Parameters
    ----------
    root : Path
        Holds the week folders.
    package : Path
        Holds ``utils`` and ``pyproject.toml``; the course itself, as a rule.
    week : str
        ``"1"``, ``"week1"`` or the folder's name.
    to : Path
        Where ``WEEK/``, ``WEEK.zip`` and ``data.zip`` go; it is made when it is not there.
    replace : bool
        Whether a different release that stands there may be replaced.

    Raises
    ------
    Refusal
        When the week is unknown, the place is the course's own, or a different release stands there.
    """
    (source,) = find_weeks(root, [week])
    refuse_bad_place(root, to)
    files = learners_files(source)
    wheel_name, wheel = student_wheel(package)
    begin = _READ_ME.format(week=source.name, wheel=wheel_name).encode()
    archive = pack(
        {f"{source.name}/{name}": content for name, content in files.items()}
        | {wheel_name: wheel, "BEGIN.md": begin}
    )
    place = HandOut(to / source.name, to / f"{source.name}.zip", to / DATA_ARCHIVE, True)
    same = _holds(place.folder, files) and _is(place.archive, archive)
    there = [path for path in (place.folder, place.archive) if path.exists()]
    if not same and there and not replace:
        raise Refusal(
            f"{there[0]} holds another release. Give --replace to put the new one in its place, or another --to."
        )
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=to) as staging:
        if not same:
            _write_week(Path(staging), place, files, archive)
        _write_data(Path(staging), place.data)
    return HandOut(place.folder, place.archive, place.data, not same)


def _write_week(staging: Path, place: HandOut, files: Mapping[str, bytes], archive: bytes) -> None:
    """Write beside, then rename: an interruption leaves no half a release under its name."""
    fresh, old = staging / place.folder.name, staging / "old"
    fresh.mkdir()
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    (staging / place.archive.name).write_bytes(archive)
    if place.folder.exists():
        os.replace(place.folder, old)
    os.replace(fresh, place.folder)
    os.replace(staging / place.archive.name, place.archive)
    shutil.rmtree(old, ignore_errors=True)


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    if not folder.is_dir():
        return False
    return {path.name for path in folder.iterdir()} == set(files) and all(
        _is(folder / name, content) for name, content in files.items()
    )


def _is(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _write_data(staging: Path, target: Path) -> None:
    """Write the archive of the bundled data, where it is not there yet or the data have changed."""
    files = list(_data_files())
    if target.is_file() and _checksums(target) == {name: _checksum(path) for name, path in files}:
        return
    with zipfile.ZipFile(staging / target.name, "w") as archive:
        for name, path in files:
            # Pictures and weights are compressed already.
            archive.writestr(entry(name), path.read_bytes(), zipfile.ZIP_STORED)
    os.replace(staging / target.name, target)


def _data_files() -> Iterable[tuple[str, Path]]:
    folder = data_folder()
    bundled = [asset.file for asset in read_table().values() if asset.bundled]
    runs = [path.relative_to(folder).as_posix() for path in sorted((folder / "runs").glob("*.json"))]
    for name in ["assets.toml", *bundled, *runs]:
        if (folder / name).is_file():
            yield f"data/{name}", folder / name


def _checksums(archive: Path) -> dict[str, int]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return {info.filename: info.CRC for info in opened.infolist()}
    except (OSError, zipfile.BadZipFile):
        return {}


def _checksum(path: Path) -> int:
    return zlib.crc32(path.read_bytes())
