"""Read in a student's text whether an exercise's function leaves its work to a library function that would answer it.

Followed are names: which statements bind a name that the function reads, and which ones these read in turn. A library's
result that somebody prints beside their own, to compare, is therefore not held against them.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence


def delegated(
    own: Sequence[ast.Module], given: Sequence[ast.Module], function: str, listed: Iterable[str]
) -> list[str]:
    """Name the listed functions to which a function leads.

    Parameters
    ----------
    own, given : sequence of ast.Module
        Cells by the student and by the course; the course's are only asked what names they import.
    function : str
        Name of the exercise's function.
    listed : iterable of str
        Dotted names of library functions that would answer the exercise.

    Returns
    -------
    list of str
        The listed names, in order; another path to a function of the same name in the same package counts as well.
    """
    listed = tuple(listed)
    known = _known_names([*given, *own], listed)
    by_end = {_ends(name): name for name in listed}
    statements = [statement for tree in own for statement in tree.body]
    leading = _leading_to(function, statements, known)
    read = {
        node.id
        for statement in leading
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    if _is_imported(function, leading):
        read.add(function)
    found = {
        by_end[_ends(dotted)]
        for statement in leading
        for dotted in _mentioned(statement, known, read)
        if _ends(dotted) in by_end
    }
    return [name for name in listed if name in found]


def _ends(dotted: str) -> tuple[str, str]:
    return dotted.partition(".")[0], dotted.rpartition(".")[2]


def _known_names(trees: Sequence[ast.Module], listed: Sequence[str]) -> dict[str, str]:
    """Return what names stand for that are imported, or assigned from what is imported."""
    known: dict[str, str] = {}
    nodes = [node for tree in trees for node in ast.walk(tree)]
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "*":
                    start = node.module + "."
                    rest = [name.removeprefix(start) for name in listed if name.startswith(start)]
                    known |= {name.partition(".")[0]: start + name.partition(".")[0] for name in rest}
                else:
                    known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for _ in range(2):  # an alias of an alias
        for node in nodes:
            if isinstance(node, ast.Assign) and (dotted := _dotted(node.value, known)):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        known.setdefault(target.id, dotted)
    return known


def _dotted(node: ast.AST, known: dict[str, str]) -> str:
    """Return the dotted name that an expression stands for; empty where it is none."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        start, name = node.value, node.attr
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    ):
        start, name = node.args[0], node.args[1].value
    else:
        return ""
    before = _dotted(start, known)
    return f"{before}.{name}" if before else ""


def _is_imported(function: str, leading: Sequence[ast.stmt]) -> bool:
    """Tell whether the last statement that binds a function by its name imports it."""
    imported = False
    for statement in leading:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name == function:
            imported = False
        elif any(
            (alias.asname or alias.name) == function
            for node in ast.walk(statement)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        ):
            imported = True
    return imported


def _mentioned(statement: ast.stmt, known: dict[str, str], read: set[str]) -> Iterator[str]:
    """Yield the dotted names in a statement, of its imports those under a name that is read somewhere."""
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (
                f"{node.module}.{alias.name}" for alias in node.names if (alias.asname or alias.name) in read
            )
        elif isinstance(node, ast.Name | ast.Attribute | ast.Call) and (dotted := _dotted(node, known)):
            yield dotted


def _leading_to(function: str, statements: Sequence[ast.stmt], known: dict[str, str]) -> list[ast.stmt]:
    """Return the statements that bind a function, and those that bind what these read, and so on."""
    binders: dict[str, list[int]] = {}
    for index, statement in enumerate(statements):
        for name in _bound(statement, known):
            binders.setdefault(name, []).append(index)
    seen: set[int] = set()
    to_do = list(binders.get(function, ()))
    while to_do:
        index = to_do.pop()
        if index not in seen:
            seen.add(index)
            to_do += [binder for name in _read(statements[index]) for binder in binders.get(name, ())]
    return [statements[index] for index in sorted(seen)]


def _bound(statement: ast.stmt, known: dict[str, str]) -> set[str]:
    """Return the names that a statement binds, or whose object it changes; not modules."""
    bound = {
        symbol.get_name()
        for symbol in _table(statement).get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    for node in ast.walk(statement):
        inner = None
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            inner = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inner = node.func.value
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id not in known:
            bound.add(inner.id)
    return bound


def _read(statement: ast.stmt) -> set[str]:
    """Return the global names that a statement reads, at once or when what it defines is called."""
    names, tables = set(), [_table(statement)]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        }
    return names


def _table(statement: ast.stmt) -> symtable.SymbolTable:
    try:
        return symtable.symtable(ast.unparse(statement), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return symtable.symtable("", "cell", "exec")
