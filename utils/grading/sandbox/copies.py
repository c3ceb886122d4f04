"""The copy of ``utils`` that lies in a box: no private half, and nothing that would answer the notebook's exercises.

A function that answers an exercise is taken out of the file itself, with all other functions of that file, so that no
alias, reflection or reloading brings it back: it is not on that computer.
"""

import ast
import compileall
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.notebooks import course_root
from utils.grading.public import public_files

# Functions that stay though their file is taken out: what notebooks need to read their data.
_STAY = {"utils/data/images.py": frozenset({"photograph", "photographs"})}


@lru_cache(maxsize=1)
def public_copy() -> Path:
    """Return a folder that holds the public files of ``utils``, compiled; it is removed when the process ends."""
    folder = _temporary("public")
    root = course_root()
    for path in public_files(root):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / path, folder / path)
    compileall.compile_dir(folder, quiet=2, stripdir=folder, prependdir="/course")
    return folder


@cache
def copy_for(notebook: str) -> Path:
    """Return the copy for the boxes of a notebook.

    Parameters
    ----------
    notebook : str
        Its id.

    Returns
    -------
    Path
        A folder that holds ``utils``.
    """
    whole = public_copy()
    folder = _temporary(notebook)
    shutil.copytree(whole, folder, dirs_exist_ok=True, copy_function=os.link)
    for place, names in _places(whole, _listed(notebook)).items():
        path = folder / place
        source = take_out(path.read_text(encoding="utf-8"), place, names)
        path.unlink()  # a link to the whole copy's file until here
        path.write_text(source, encoding="utf-8")
        compileall.compile_file(path, quiet=2, force=True, stripdir=folder, prependdir="/course")
    return folder


def _temporary(name: str) -> Path:
    return Path(_folder().name, name)


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="boxes-")


def _listed(notebook: str) -> list[str]:
    """Return the names of ours that answer an exercise of the notebook."""
    names = (
        name
        for function in NOTEBOOKS[notebook].exercises
        for name in exercise(f"{notebook}/{function}").answered_by
    )
    return sorted({name for name in names if name.startswith("utils.")})


def _places(folder: Path, names: Iterable[str]) -> dict[Path, set[str]]:
    """Return the files in which dotted names are defined, relative to the folder, and which those are."""
    found: dict[Path, set[str]] = {}
    for name in names:
        place, function = definition(folder, name)
        found.setdefault(place, set()).add(function)
    return found


def definition(folder: Path, name: str) -> tuple[Path, str]:
    """Find where a function or class is defined, through the re-exports of packages, without importing anything.

    Parameters
    ----------
    folder : Path
        Holds ``utils``.
    name : str
        Dotted name, ``"utils.layers.conv2d"``.

    Returns
    -------
    file : Path
        Relative to ``folder``.
    name : str
        As it is called there.

    Raises
    ------
    LookupError
        When there is no such thing.
    """
    module, _, attribute = name.rpartition(".")
    path = Path(*module.split("."))
    path = path / "__init__.py" if (folder / path).is_dir() else path.with_suffix(".py")
    if not (folder / path).is_file():
        raise LookupError(f"there is no module {module} for {name}")
    for node in ast.parse((folder / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == attribute:
            return path, attribute
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == attribute:
                    return definition(folder, f"{node.module}.{alias.name}")
    raise LookupError(f"there is no {attribute} in {module}")


def take_out(source: str, place: Path, names: Iterable[str]) -> str:
    """Replace the bodies of all functions and methods of a module by an error that names what is withheld.

    Parameters
    ----------
    source : str
        The module's text.
    place : Path
        Its file, relative to the folder that holds ``utils``.
    names : iterable of str
        Functions and classes that answer an exercise.

    Returns
    -------
    str
    """
    tree = ast.parse(source)
    stay = _STAY.get(place.as_posix(), frozenset()) - set(names)
    module = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in stay:
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef):
                    inner.body = ast.parse(
                        "from utils.exercises.withheld import withheld\n"
                        f"withheld({f'{module}.{node.name}'!r})"
                    ).body
    return ast.unparse(ast.fix_missing_locations(tree))
