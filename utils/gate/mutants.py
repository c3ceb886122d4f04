"""Small changes to a solution, each of which a good check must notice.

A module of our own on :mod:`ast`, because mutation libraries work on whole test suites and files, have no statement
deletion inside one function, and bring a database along; here a mutant is a string that goes straight into the judge.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from utils.grading.notebooks import BEGIN, END

_OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
_COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
# Names that people confuse; only the name changes, not the arguments.
_NAMES = {
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "sum": "mean",
    "mean": "sum",
    "floor": "ceil",
    "ceil": "floor",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "flip": "fliplr",
    "maximum": "minimum",
    "minimum": "maximum",
    "abs": "square",
    "exp": "log",
    "log": "exp",
    "sqrt": "square",
}
_DELETABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Raise, ast.AnnAssign)


@dataclass(frozen=True)
class Mutant:
    """One changed solution.

    Attributes
    ----------
    change : str
        ``"old line → new line"``; the name under which an equivalent mutant is excused.
    source : str
        The whole cell with the change in it.
    """

    change: str
    source: str


def make_mutants(cell: str) -> list[Mutant]:
    """Return every mutant of the lines between a solution cell's marks, without doubles."""
    lines = cell.split("\n")
    first = next(i for i, line in enumerate(lines, 1) if BEGIN in line)
    last = next(i for i, line in enumerate(lines, 1) if END in line)
    tree = ast.parse(cell)
    count = sum(1 for _ in ast.walk(tree))
    wording = _wording(tree)
    before = ast.unparse(tree).split("\n")
    found: dict[str, Mutant] = {}
    for index in range(count):
        node = _node(tree, index)
        if not (hasattr(node, "lineno") and first < node.lineno < last) or id(node) in wording:
            continue
        for variant in range(_variants(node)):
            mutated = copy.deepcopy(tree)
            _mutate(mutated, _node(mutated, index), variant)
            source = ast.unparse(ast.fix_missing_locations(mutated))
            change = _describe(before, source.split("\n"))
            if change:
                found.setdefault(source, Mutant(change, source))
    return list(found.values())


def _wording(tree: ast.AST) -> set[int]:
    """Return the identities of nodes that only word an error message; changing those changes nothing that is asked."""
    messages = [
        node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    ]
    return {id(below) for call in messages for argument in call.args for below in ast.walk(argument)}


def _node(tree: ast.AST, index: int) -> ast.AST:
    return next(node for i, node in enumerate(ast.walk(tree)) if i == index)


def _describe(before: list[str], after: list[str]) -> str:
    """Return the lines that differ, old → new; empty when nothing changed."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old = "; ".join(line.strip() for line in before[start : len(before) - end])
    new = "; ".join(line.strip() for line in after[start : len(after) - end])
    return f"{old} → {new or 'deleted'}" if (old or new) else ""


def _changes(node: ast.AST) -> Iterator:
    """Yield functions ``(tree, node) → None``, one for each way to mutate this node."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in _OPERATORS.get(type(node.op), ()):
            yield lambda tree, n, other=other: setattr(n, "op", other())
    if isinstance(node, ast.Compare):
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield lambda tree, n, other=other: n.ops.__setitem__(0, other())
    if isinstance(node, ast.BoolOp):
        yield lambda tree, n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield lambda tree, n: _replace(tree, n, n.operand)
    if isinstance(node, ast.Constant):
        yield from _constant_changes(node)
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield lambda tree, n: setattr(n, "attr", _NAMES[n.attr])
    if isinstance(node, ast.Name) and node.id in _NAMES and isinstance(node.ctx, ast.Load):
        yield lambda tree, n: setattr(n, "id", _NAMES[n.id])
    if isinstance(node, ast.Call):
        for position in range(len(node.keywords)):
            yield lambda tree, n, position=position: n.keywords.pop(position)
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield lambda tree, n, bound=bound: setattr(n, bound, None)
    if isinstance(node, ast.IfExp):
        yield lambda tree, n: _replace(tree, n, n.body)
        yield lambda tree, n: _replace(tree, n, n.orelse)
    if isinstance(node, _DELETABLE) and not _is_docstring(node):
        yield lambda tree, n: _replace(tree, n, ast.Pass())


def _constant_changes(node: ast.Constant) -> Iterator:
    value = node.value
    if isinstance(value, bool):
        yield lambda tree, n: setattr(n, "value", not n.value)
    elif isinstance(value, int):
        yield lambda tree, n: setattr(n, "value", n.value + 1)
        if value > 0:
            yield lambda tree, n: setattr(n, "value", n.value - 1)
    elif isinstance(value, float):
        yield lambda tree, n: setattr(n, "value", n.value * 2 if n.value else 1.0)
    elif isinstance(value, str):
        yield lambda tree, n: setattr(n, "value", n.value + "_")


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _variants(node: ast.AST) -> int:
    return sum(1 for _ in _changes(node))


def _mutate(tree: ast.AST, node: ast.AST, variant: int) -> None:
    list(_changes(node))[variant](tree, node)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put another node in a node's place, wherever its parent holds it."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return
            if isinstance(value, list):
                for position, item in enumerate(value):
                    if item is old:
                        value[position] = new
                        return
