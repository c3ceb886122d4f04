"""The copy of ``utils`` that lies in a box: no private half, and nothing that would answer the notebook's exercises.

A function that answers an exercise is taken out of the file itself, with the helpers that only it uses, so that no
alias, reflection or reloading brings it back: it is not on that computer. One that another exercise of the notebook
builds on has to stay; it is watched instead (:mod:`utils.exercises.boxed.tracing`).
"""

import ast
import compileall
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.notebooks import course_root, notebook_path, read_cells, surroundings
from utils.grading.public import public_files
from utils.grading.sandbox.shared import boot, shared


@lru_cache(maxsize=1)
def public_copy() -> Path:
    """Return a folder that holds the public files of ``utils``, compiled; nothing in it may be changed.

    All grading processes of this user on this machine share it; where that is impossible it is removed when this
    process ends.
    """
    root = course_root()
    texts = {path: (root / path).read_bytes() for path in public_files(root)}
    digest = hashlib.sha256(f"{boot()}\0{sys.version}".encode())
    for path, text in texts.items():
        digest.update(f"\0{path.as_posix()}\0{len(text)}\0".encode() + text)

    def fill(folder: Path) -> None:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
        compileall.compile_dir(folder, quiet=2, stripdir=folder, prependdir="/course")

    if (found := shared(f"public-{digest.hexdigest()}", fill)) is not None:
        return found
    folder = _temporary("public")
    folder.mkdir()
    fill(folder)
    return folder


def copy_for(notebook: str, unsafe: bool = False) -> Path:
    """Return the copy for the boxes of a notebook.

    Parameters
    ----------
    notebook : str
        Its id.
    unsafe : bool
        Whether there will be no box around it, so that students' code can change it: then no file in it is another
        process's too.

    Returns
    -------
    Path
        A folder that holds ``utils``.
    """
    return _copy_for(notebook, unsafe)


@cache
def _copy_for(notebook: str, unsafe: bool) -> Path:
    whole = public_copy()
    folder = _temporary(f"{notebook}-unsafe" if unsafe else notebook)
    shutil.copytree(whole, folder, copy_function=shutil.copy2 if unsafe else _link)
    by_file: dict[Path, set[str]] = {}
    for place, name in taken_out(notebook):
        by_file.setdefault(place, set()).add(name)
    for place, names in by_file.items():
        path = folder / place
        source = take_out(path.read_text(encoding="utf-8"), place, names)
        path.unlink()  # perhaps a link to the whole copy's file until here
        path.write_text(source, encoding="utf-8")
        compileall.compile_file(path, quiet=2, force=True, stripdir=folder, prependdir="/course")
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # they lie on two file systems
        shutil.copy2(source, target)


@lru_cache(maxsize=1)
def absent_package() -> Path:
    """Return a folder that is laid over a package so that importing it fails."""
    folder = _temporary("absent")
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "raise ModuleNotFoundError(f'{__name__} is not available while this notebook is judged')\n"
    )
    return folder


def all_copies() -> Path:
    """Return the folder that holds every copy made by this process, now and later, by its notebook's id."""
    absent_package()
    return Path(_folder().name)


def _temporary(name: str) -> Path:
    return Path(_folder().name, name)


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="boxes-")


def taken_out(notebook: str) -> set[tuple[Path, str]]:
    """Return the functions and classes of ours that answer an exercise of the notebook and that no other one needs.

    Returns
    -------
    set of (Path, str)
        File relative to the course's root, and name.
    """
    root = course_root()
    listed = {
        definition(root, name)
        for function in NOTEBOOKS[notebook].exercises
        for name in exercise(f"{notebook}/{function}").answered_by
        if name.startswith("utils.")
    }
    return listed - _built_on(notebook, root)


def _built_on(notebook: str, root: Path) -> set[tuple[Path, str]]:
    """Return what of ours the notebook's solutions, given cells and public halves use, and what that uses in turn."""
    cells = [cell for cell in read_cells(notebook_path(notebook, root)) if cell.kind == "code"]
    written = [ast.parse(cell.source) for cell in cells if cell.is_solution or cell.is_given]
    given = ast.parse(surroundings(notebook, root))
    to_do = set().union(*(_used(root, given, one) for one in written))
    half = root.joinpath("utils", "exercises", f"week{notebook[1]}", f"{notebook}.py")
    public = ast.parse(half.read_text(encoding="utf-8"))
    to_do |= _used(root, public, public)
    found: set[tuple[Path, str]] = set()
    while to_do:
        place, name = one = to_do.pop()
        if one in found:
            continue
        found.add(one)
        tree = ast.parse((root / place).read_text(encoding="utf-8"))
        here = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        to_do |= {(place, other) for other in _names(here[name]) & here.keys()}
        to_do |= _used(root, tree, here[name])
    return found


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _used(root: Path, importing: ast.AST, code: ast.AST) -> set[tuple[Path, str]]:
    """Return the functions and classes of ours that code uses by names or modules imported somewhere in a file."""
    names = _names(code)
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(importing)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("utils")
        for alias in node.names
    }
    candidates = {whole for name, whole in imported.items() if name in names}
    candidates |= {
        f"{imported[node.value.id]}.{node.attr}"
        for node in ast.walk(code)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported
    }
    found = set()
    for candidate in candidates:
        with suppress(LookupError):  # a constant, a module, a method
            found.add(definition(root, candidate))
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


def take_out(source: str, place: Path, names: Collection[str]) -> str:
    """Replace the bodies of functions of a module by an error that names what is withheld.

    Parameters
    ----------
    source : str
        The module's text.
    place : Path
        Its file, relative to the folder that holds ``utils``.
    names : collection of str
        Functions and classes that answer an exercise. Private ones that nothing else in the module uses go with them.

    Returns
    -------
    str
    """
    tree = ast.parse(source)
    module = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
    gone = set(names) | _only_for(tree, names)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in gone:
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef):
                    inner.body = ast.parse(
                        "from utils.exercises.withheld import withheld\n"
                        f"withheld({f'{module}.{node.name}'!r})"
                    ).body
    return ast.unparse(ast.fix_missing_locations(tree))


def _only_for(tree: ast.Module, names: Collection[str]) -> set[str]:
    """Return the private functions and classes of a module that are reached from the named ones alone."""
    uses = {
        node.name: {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    loose = {
        inner.id
        for node in tree.body
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name)
    }
    to_do = [name for name in uses if name not in names and (not name.startswith("_") or name in loose)]
    reached: set[str] = set()
    while to_do:
        name = to_do.pop()
        if name not in reached and name not in names:
            reached.add(name)
            to_do += uses[name] & uses.keys()
    return uses.keys() - reached - set(names)
