"""Which installed packages need not be in a notebook's box: listed ones that the course's own cells do not import."""

import ast
import re
from functools import lru_cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.classroom.records import Job
from utils.grading.notebooks import course_root

_NAME = re.compile(r"[\w.-]+")


def packages_to_hide(job: Job) -> tuple[str, ...]:
    """Return packages that would answer an exercise of the notebook and that nothing given there imports.

    Parameters
    ----------
    job : Job
        Its cells that are not the student's own tell what the notebook imports.
    """
    listed = {
        name.partition(".")[0]
        for function in NOTEBOOKS[job.notebook].exercises
        for name in exercise(f"{job.notebook}/{function}").answered_by
    } - {"utils", "numpy"}
    if "tensorflow" in listed or "keras" in listed:
        listed |= {"tensorflow", "keras"}
    given = "\n".join(cell.source for cell in job.cells if not cell.own)
    return tuple(sorted(listed - with_requirements(imported_packages(given))))


@lru_cache(maxsize=256)
def imported_packages(source: str) -> frozenset[str]:
    """Return the packages that code imports, directly or through modules of ``utils``, without running any of it.

    Parameters
    ----------
    source : str
        Code; lines that are not Python's are passed over.
    """
    found, seen, to_do = set(), set(), list(_imports(source))
    while to_do:
        name = to_do.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.partition(".")[0] != "utils":
            found.add(name.partition(".")[0])
        elif path := _file(name):
            to_do += _imports(path.read_text(encoding="utf-8"))
            # A module's packages are imported before it.
            to_do.append(name.rpartition(".")[0])
    return frozenset(found - {""})


@lru_cache(maxsize=256)
def with_requirements(packages: frozenset[str]) -> frozenset[str]:
    """Return packages with all that their distributions require."""
    owners = packages_distributions()
    packages_of: dict[str, set[str]] = {}
    for package, distributions in owners.items():
        for distribution in distributions:
            packages_of.setdefault(_canonical(distribution), set()).add(package)
    found, to_do = set(), list(packages)
    while to_do:
        package = to_do.pop()
        if package in found:
            continue
        found.add(package)
        if package == "keras":
            to_do.append("tensorflow")  # its backend, which no metadata tell
        for distribution in owners.get(package, ()):
            for line in requires(distribution) or ():
                if "extra ==" not in line:
                    to_do += packages_of.get(_canonical(_NAME.match(line).group()), ())
    return frozenset(found)


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _imports(source: str) -> list[str]:
    """Return the dotted names that code imports; of ``from a import b`` both ``a`` and ``a.b``."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        lines = [line for line in source.splitlines() if line.lstrip().startswith(("import ", "from "))]
        return [name for line in lines if line != source for name in _imports(line.strip())]
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _file(name: str) -> Path | None:
    """Return the file of a module of ours, or None where the name is no module."""
    path = course_root().joinpath(*name.split("."))
    if (path / "__init__.py").is_file():
        return path / "__init__.py"
    path = path.with_suffix(".py")
    return path if path.is_file() else None
