"""Which cells of a blank notebook can do anything else than the same cells of the solved one.

A cell that neither names a learner's function nor reads anything that was computed with one is, in the blank edition,
the same text with the same values as in the solved edition, which the stage `notebooks` runs and compares. Only the
other cells need a run of their own, and before them those that they build on.
"""

import ast
import dis
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType

_LOADS, _STORES = ("LOAD_NAME", "LOAD_GLOBAL"), ("STORE_NAME", "STORE_GLOBAL")
_TRAINING = ("fit", "train_on_batch", "compile")


@dataclass(frozen=True)
class Names:
    """What a cell does with the kernel's names.

    Attributes
    ----------
    reads : set
        Read before the cell has assigned them itself; in its functions, comprehensions and classes too.
    assigns : set
        Bound anew: assigned, defined, imported.
    changes : set
        Objects changed where they stand: ``x[…] =``, ``x.a =``, a method called as a statement of its own, a training.
        Not seen is a function that changes its argument.
    bodies : dict
        By function or class defined in the cell: the names that its body reads, whenever it is called.
    """

    reads: frozenset[str]
    assigns: frozenset[str]
    changes: frozenset[str]
    bodies: Mapping[str, frozenset[str]]


def names_of(source: str) -> Names:
    """Read a cell's names off its bytecode, whose order is that of evaluation, and its syntax tree."""
    tree = ast.parse(source)
    reads, assigns = set(), set()
    for instruction in dis.get_instructions(compile(tree, "cell", "exec")):
        if instruction.opname in _LOADS:
            reads |= {instruction.argval} - assigns
        elif instruction.opname in _STORES:
            assigns.add(instruction.argval)
        elif isinstance(instruction.argval, CodeType):
            reads |= _globals(instruction.argval) - assigns
    imported = {name for node in ast.walk(tree) for name in _imported(node)}
    changes = {name for node in ast.walk(tree) for name in _changed(node)} - imported
    return Names(frozenset(reads), frozenset(assigns), frozenset(changes), _bodies(tree))


def cells_to_run(sources: Mapping[str, str], functions: Collection[str]) -> list[str]:
    """Return the ids of the cells that must be run, in order.

    Parameters
    ----------
    sources : mapping of str to str
        Code by cell id, from the notebook's top to its bottom.
    functions : collection of str
        The learner's functions.
    """
    ids, names = list(sources), [names_of(source) for source in sources.values()]
    bodies = {name: reads for cell in names for name, reads in cell.bodies.items()}
    reads = [_with_bodies(cell.reads, bodies) for cell in names]
    needed = _touched(names, reads, functions)
    for i in reversed(range(len(ids))):
        if i in needed:
            needed |= {j for name in reads[i] for j in _makers(name, names[:i])}
    return [ids[i] for i in sorted(needed)]


def _touched(names: list[Names], reads: list[set[str]], functions: Collection[str]) -> set[int]:
    """Return the cells that a learner's function reaches, by its name or through what was computed with it."""
    touched, other = set(), set(functions)
    for i, cell in enumerate(names):
        if reads[i] & other or cell.assigns & set(functions):
            touched.add(i)
            other |= cell.assigns | cell.changes
        else:
            other -= cell.assigns
    return touched


def _makers(name: str, earlier: list[Names]) -> Iterator[int]:
    """Give the cells that made an object what it is: the last that bound the name, and those that changed it since."""
    for i in reversed(range(len(earlier))):
        if name in earlier[i].assigns | earlier[i].changes:
            yield i
        if name in earlier[i].assigns and name not in earlier[i].reads:
            return


def _with_bodies(reads: Collection[str], bodies: Mapping[str, frozenset[str]]) -> set[str]:
    """Add what the functions that are read will read when they are called."""
    found, new = set(reads), set(reads)
    while new:
        new = {name for function in new for name in bodies.get(function, ())} - found
        found |= new
    return found


def _bodies(tree: ast.Module) -> dict[str, frozenset[str]]:
    definitions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return {
        node.name: frozenset(_globals(compile(ast.Module([node], []), "cell", "exec")))
        for node in definitions
    }


def _globals(code: CodeType) -> set[str]:
    """Return the global names that code reads, and the code inside it."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname in _LOADS}
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return found.union(*map(_globals, inner))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def _changed(node: ast.AST) -> Iterator[str]:
    """Give the names of objects that one node of the tree changes where they stand."""
    place = None
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        place = node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        place = node.value.func if isinstance(node.value.func, ast.Attribute) else None
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TRAINING:
        place = node.func
    while isinstance(place, ast.Attribute | ast.Subscript):
        place = place.value
    if isinstance(place, ast.Name):
        yield place.id
