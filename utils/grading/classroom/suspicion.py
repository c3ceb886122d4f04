"""Read a student's text for what honest work does not need: a library's answer, or tools to get behind the judging.

This is done outside the box, where no code of the student runs, so it cannot be switched off. It decides nothing: a
teacher looks at what it names.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager

from utils.grading.classroom.delegation import delegated
from utils.grading.classroom.records import PlannedCell


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules with which a program can look into itself, into other processes, or run code that is not in the text.
_MODULES = _words(
    """
    _thread bdb builtins cProfile cffi cloudpickle code codeop ctypes ctypeslib dill dis doctest faulthandler gc imp
    importlib inspect marshal multiprocessing pdb pickle pkgutil profile pty pydoc runpy sitecustomize socket subprocess
    trace usercustomize zipimport
    """
)
_OURS = ("utils.answers", "utils.exercises", "utils.gate", "utils.grading", "IPython", "ipykernel")
_FOR_LEARNERS = _words("check check_answer hint passed solution")
_NAMES = _words(
    "__builtins__ __import__ __loader__ __spec__ breakpoint compile delattr eval exec globals locals vars"
)
_ATTRIBUTES = _words(
    """
    __base__ __bases__ __builtins__ __closure__ __code__ __dict__ __getattribute__ __globals__ __import__ __loader__
    __mro__ __reduce__ __reduce_ex__ __self__ __spec__ __subclasses__ __wrapped__ _current_frames _getframe _ip
    _start_new_thread addaudithook ast_transformers attrgetter boxed builtins cell_contents ctypeslib f_back f_builtins
    f_code f_globals f_locals getprofile gettrace gi_frame importlib input_transformers_cleanup input_transformers_post
    inspect meta_path methodcaller modules path_hooks path_importer_cache raw_ops run_cell runstring setprofile settrace
    start_new_thread subprocess sys tb_frame tb_next user_ns
    """
)
_BY_NAME = ("getattr", "setattr")


def suspicious(cells: Sequence[PlannedCell], function: str, listed: Iterable[str] = ()) -> list[str]:
    """Name what in a student's cells a teacher should look at before an exercise gets its points.

    All cells of a notebook share one process, so a tool in one of them may serve any exercise.

    Parameters
    ----------
    cells : sequence of PlannedCell
        Of one notebook; the course's own are not judged.
    function : str
        Name of the exercise.
    listed : iterable of str
        Dotted names of library functions that would answer the exercise.

    Returns
    -------
    list of str
        Short descriptions, ``"eval(…)"``; empty for honest work.
    """
    own = [tree for cell in cells if cell.own for tree in _trees(cell.source)]
    given = [tree for cell in cells if not cell.own for tree in _trees(cell.source)]
    modules = _module_names([*given, *own])
    # Whoever adds a line to the course's first cell hands in the rest of it as well.
    course = {ast.dump(statement) for tree in given for statement in tree.body}
    found = dict.fromkeys("get_ipython()" for cell in cells if cell.own and "get_ipython" in cell.source)
    for tree in own:
        for statement in tree.body:
            if ast.dump(statement) not in course:
                for node in ast.walk(statement):
                    found.update(dict.fromkeys(_of_node(node, modules)))
    found.update(dict.fromkeys(delegated(own, given, function, listed)))
    return list(found)


def _trees(source: str) -> Iterator[ast.Module]:
    """Yield what a cell holds, and what its magics run: ``%%time`` must hide nothing."""
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield tree
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("run_cell_magic", "run_line_magic")
        ):
            # Options stand before the code: what is left when they are taken off may be code.
            for text in [one.value for one in node.args[1:] if isinstance(one, ast.Constant)]:
                if isinstance(text, str) and text.strip() and text != source:
                    yield from _trees(_without_options(text))


def _without_options(text: str) -> str:
    words = text.lstrip()
    while words.startswith("-"):
        words = words.partition(" ")[2].lstrip().lstrip("0123456789").lstrip()
    return words


def _module_names(trees: Sequence[ast.Module]) -> frozenset[str]:
    """Return the names under which modules are imported."""
    return frozenset(
        (alias.asname or alias.name).partition(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    )


def _of_node(node: ast.AST, modules: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"import {alias.name}" for alias in node.names if _odd(alias.name))
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [alias.name for alias in node.names]
        if node.module == "utils.grading" and _FOR_LEARNERS.issuperset(names):
            return
        if _odd(node.module) or any(_odd(f"{node.module}.{name}") for name in names):
            yield f"import {node.module}"
        else:
            yield from (f"import {node.module}.{name}" for name in names if name in _NAMES | _ATTRIBUTES)
    elif isinstance(node, ast.Name):
        if node.id in _NAMES:
            yield f"{node.id}(…)"
    elif isinstance(node, ast.Attribute):
        if node.attr in _ATTRIBUTES:
            yield f".{node.attr}"
        elif not isinstance(node.ctx, ast.Load) and _root(node) in modules:
            yield f"{_root(node)}.….{node.attr} is changed"
    elif isinstance(node, ast.Call):
        yield from _of_call(node, modules)
    elif isinstance(node, ast.stmt | ast.expr):
        yield from _passed_on(node)


def _of_call(node: ast.Call, modules: frozenset[str]) -> Iterator[str]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called in _BY_NAME:
        name = node.args[1] if len(node.args) > 1 else None
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            yield f"{called}(…) with a name that is computed"
        elif name.value in _ATTRIBUTES:
            yield f".{name.value}"
        elif called == "setattr" and _root(node.args[0]) in modules:
            yield f"{_root(node.args[0])}.….{name.value} is changed"
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        yield from _passed(value)


def _passed_on(node: ast.stmt | ast.expr) -> Iterator[str]:
    """Name what reads attributes by name where it is not called at once, but kept."""
    values = [
        value
        for _, field in ast.iter_fields(node)
        for value in (field if isinstance(field, list) else [field])
    ]
    for value in values:
        yield from _passed(value)


def _passed(value: object) -> Iterator[str]:
    if isinstance(value, ast.Name) and value.id in _BY_NAME:
        yield f"{value.id} is passed on"


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _odd(module: str) -> bool:
    parts = module.split(".")
    return (
        parts[0] in _MODULES
        or any(module == place or module.startswith(f"{place}.") for place in _OURS)
        or any(part.startswith("_") and part not in ("__future__", "__version__") for part in parts)
    )
