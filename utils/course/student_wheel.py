"""Pack the public part of the package as a wheel: what students install where exercises are kept private.

A wheel is a zip archive with a list of its files (PEP 427), so that none of setuptools is needed to write one. Equal
content gives equal bytes, and another content another version: pip then replaces an older copy.
"""

import hashlib
import io
import re
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from utils.grading.public import public_files
from utils.grading.quiz import PACKAGED

NAME = "convnet_course_student"
# Needed by the program `course` only, which stays with the teacher.
_TEACHERS_PACKAGES = {"typer", "rich", "nbgrader", "voila"}
_MIDDAY_1980 = (1980, 1, 1, 12, 0, 0)


def student_wheel(root: Path) -> tuple[str, bytes]:
    """Make the wheel.

    Parameters
    ----------
    root : Path
        The course: holds ``utils``, ``pyproject.toml``, ``LICENSE`` and the weeks' ``quiz.toml``.

    Returns
    -------
    name : str
        File name.
    content : bytes
        The wheel: the public files of ``utils`` and the practice questions; neither answers nor notebooks.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = {path.as_posix(): (root / path).read_bytes() for path in public_files(root)}
    for quiz in sorted(root.glob("week[0-9]*/quiz.toml")):
        files[f"utils/{PACKAGED}/{quiz.parent.name}.toml"] = quiz.read_bytes()
    version = f"{project['version']}+c{_fingerprint(files)[:12]}"
    about = f"{NAME}-{version}.dist-info"
    files[f"{about}/METADATA"] = _metadata(project, version).encode()
    files[f"{about}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: convnet-course\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{about}/licenses/LICENSE"] = (root / "LICENSE").read_bytes()
    files[f"{about}/RECORD"] = _record(files, f"{about}/RECORD").encode()
    return f"{NAME}-{version}-py3-none-any.whl", pack(files)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of some files, the same bytes each time.

    Parameters
    ----------
    files : mapping of str to bytes
        Name in the archive and content.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.writestr(entry(name), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def entry(name: str) -> zipfile.ZipInfo:
    """Return what an archive says about a file: nothing of this machine and this moment."""
    info = zipfile.ZipInfo(name, _MIDDAY_1980)
    info.external_attr = 0o644 << 16
    return info


def _metadata(project: Mapping, version: str) -> str:
    needs = [line for line in project["dependencies"] if _package(line) not in _TEACHERS_PACKAGES]
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {NAME.replace('_', '-')}",
        f"Version: {version}",
        f"Summary: {project['description']} (what students need)",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {line}" for line in needs),
    ]
    return "\n".join(lines) + "\n"


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def _record(files: Mapping[str, bytes], itself: str) -> str:
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    return "\n".join([*rows, f"{itself},,"]) + "\n"


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
