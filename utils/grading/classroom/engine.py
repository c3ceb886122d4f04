"""What a notebook's judging depends on, as one hash: a corrected exercise changes its own notebook's and no other."""

import ast
import hashlib
from functools import lru_cache
from pathlib import Path

import utils
from utils.exercises.index import NOTEBOOKS

# The judge, and what it starts by name rather than by import.
_SHARED = ("utils/grading/classroom/judging.py", "utils/grading/sandbox", "utils/exercises/boxed")


def engine(notebook: str) -> str:
    """Return the SHA-256 of all of our code that judging a notebook uses.

    That is both halves of its exercises, the judge, and every module of ours that these import, directly or not.

    Parameters
    ----------
    notebook : str
        Id, ``"w1a1"``.

    Raises
    ------
    KeyError
        When there is no such notebook.
    """
    if notebook not in NOTEBOOKS:
        raise KeyError(f"no notebook {notebook!r}; there are: {', '.join(NOTEBOOKS)}")
    return engine_in(Path(utils.__file__).resolve().parents[1], notebook)


@lru_cache
def engine_in(root: Path, notebook: str) -> str:
    """Return the hash of :func:`engine` for the code below ``root``, the folder that holds ``utils``."""
    digest = hashlib.sha256()
    for path in _files(root, notebook):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path, notebook: str) -> list[Path]:
    """Return the files, sorted."""
    halves = [
        root / "utils" / half / f"week{notebook[1]}" / f"{notebook}.py" for half in ("exercises", "answers")
    ]
    waiting = [path for path in halves if path.exists()]
    for place in _SHARED:
        waiting += [root / place] if place.endswith(".py") else sorted((root / place).rglob("*.py"))
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found and path.exists():
            found.add(path)
            waiting += _imported(root, path)
    return sorted(found)


@lru_cache(maxsize=1024)
def _imported(root: Path, path: Path) -> tuple[Path, ...]:
    """Return the files of ours that a module imports, anywhere in its text."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    places = [root.joinpath(*name.split(".")) for name in sorted(names) if name.split(".")[0] == "utils"]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return tuple(file for file in files if file.exists())
