"""Read a student's text for what honest work does not need: a library's answer, or tools to get behind the judging.

This is done outside the box, where no code of the student runs, so it cannot be switched off. It decides nothing: a
teacher looks at what it names.
"""

import ast
from collections.abc import Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager

from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.records import PlannedCell

# Modules with which a program can look into itself, into other processes, or run code that is not in the text.
_MODULES = frozenset(
    {"_thread", "code", "codeop", "cffi", "cloudpickle", "ctypes", "dill", "dis", "gc", "imp", "importlib"}
    | {
        "inspect",
        "marshal",
        "multiprocessing",
        "pickle",
        "pkgutil",
        "pty",
        "runpy",
        "sitecustomize",
        "socket",
    }
    | {"subprocess", "zipimport"}
)
_CALLS = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "globals", "locals", "vars"})
_ATTRIBUTES = frozenset(
    {
        "__builtins__",
        "__bases__",
        "__closure__",
        "__code__",
        "__dict__",
        "__globals__",
        "__loader__",
        "__mro__",
    }
    | {
        "__reduce__",
        "__spec__",
        "__subclasses__",
        "__wrapped__",
        "_getframe",
        "ast_transformers",
        "cell_contents",
    }
    | {"f_back", "f_builtins", "f_globals", "f_locals", "gi_frame", "meta_path", "modules", "path_hooks"}
    | {"raw_ops", "setprofile", "settrace", "tb_frame", "tb_next"}
)


def suspicious(cells: Sequence[PlannedCell], function: str) -> list[str]:
    """Name what in a student's cells a teacher should look at before an exercise gets its points.

    Parameters
    ----------
    cells : sequence of PlannedCell
        Of one notebook; the course's own are not read.
    function : str
        Name of the exercise. A cell that defines another exercise and not this one does not count.

    Returns
    -------
    list of str
        Short descriptions, ``"eval(…)"``; empty for honest work.
    """
    found: dict[str, None] = {}
    for cell in cells:
        if cell.own and (function in cell.defines or not set(cell.defines) & _exercises()):
            found.update(dict.fromkeys(_findings(cell.source)))
    return list(found)


def _exercises() -> frozenset[str]:
    return frozenset(name for notebook in NOTEBOOKS.values() for name in notebook.exercises)


def _findings(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if "get_ipython" in source:  # magics become calls of it too
        yield "get_ipython()"
    for node in ast.walk(tree):
        yield from _of_node(node)


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"import {alias.name}" for alias in node.names if _odd(alias.name))
    elif isinstance(node, ast.ImportFrom) and node.module:
        if _odd(node.module):
            yield f"import {node.module}"
    elif isinstance(node, ast.Name) and node.id in _CALLS:
        yield f"{node.id}(…)"
    elif isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
        yield f".{node.attr}"
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "setattr")
    ):
        name = node.args[1] if len(node.args) > 1 else None
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            yield f"{node.func.id}(…) with a name that is computed"
        elif name.value in _ATTRIBUTES:
            yield f".{name.value}"


def _odd(module: str) -> bool:
    parts = module.split(".")
    return (
        parts[0] in _MODULES
        or module.startswith(("utils.exercises.boxed", "utils.grading.", "IPython"))
        or any(part.startswith("_") and part != "__future__" for part in parts)
    )
