"""Read a notebook that somebody handed in, trusting nothing in it: a process of its own, the file as standard input.

It imports the standard library only, so that it starts quickly, and its memory goes away with it. What comes out is
small whatever went in: the text of the cells and the names that they define and read. Outputs are dropped unread.

``python -I reader.py [--without-names] < NOTEBOOK`` prints ``{"cells": [...], "remarks": [...]}`` or
``{"error": "..."}``.
"""

import ast
import json
import re
import symtable
import sys

MOST_CELLS = 5000
LONGEST_SOURCE = 1_000_000  # characters of one cell
LONGEST_NOTEBOOK = 8_000_000  # characters of all cells together
_LONGEST_ID = 100
_MEMORY = 3 << 30  # bytes of this process: 256 MB of JSON need up to ten times as much
# Magics that run the rest of the cell, and those that run the rest of the line.
_RUN_BODY = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b[^\n]*\n")
_RUN_LINE = re.compile(r"^([ \t]*)%(?:time|timeit|prun)[ \t]+(?:-\w+[ \t]*\d*[ \t]+)*", re.MULTILINE)
_TOP_DEFINITION = re.compile(r"^(?:async\s+)?def\s+(\w+)", re.MULTILINE)


def read(raw: bytes, names: bool = True) -> dict:
    """Reduce a notebook file to its cells.

    Parameters
    ----------
    raw : bytes
        Content of the file: a notebook of any format, or anything else.
    names : bool
        Whether to look for the names that code defines and reads. A text made to crash Python's parser does so here.

    Returns
    -------
    dict
        ``cells``: a list of dicts with ``kind``, ``id``, ``grade_id``, ``source`` and the result of :func:`find_names`;
        ``remarks``: sentences about what could not be read. Or ``error``: why nothing could be read.
    """
    if not raw.strip():
        return {"error": "The file is empty."}
    try:
        document = json.loads(_text(raw))
    except RecursionError:
        return {"error": "The file is no notebook: its JSON is nested too deeply."}
    except MemoryError:
        return {"error": "The file cannot be read: it needs too much memory."}
    except ValueError as error:
        return {"error": f"The file is no notebook: it is not valid JSON ({str(error)[:200]})."}
    if not isinstance(document, dict):
        return {"error": "The file is no notebook: its JSON is not an object."}
    found = _raw_cells(document)
    if found is None:
        return {"error": "The file is no notebook: it has no list of cells."}
    cells, remarks = _slim(found)
    for cell in cells:
        cell |= (
            find_names(cell["source"]) if names and cell["kind"] == "code" else _guess_names(cell["source"])
        )
    return {"cells": cells, "remarks": remarks}


def _text(raw: bytes) -> str:
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        return raw.decode("utf-8", errors="replace")


def _raw_cells(document: dict) -> list | None:
    """Return the list of cells: since format 4 at the top, before that in worksheets."""
    cells = document.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = document.get("worksheets")
    if not isinstance(sheets, list):
        return None
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for one in lists if isinstance(one, list) for cell in one]


def _slim(found: list) -> tuple[list[dict], list[str]]:
    cells, remarks, length = [], [], 0
    for number, raw in enumerate(found[:MOST_CELLS], 1):
        if not isinstance(raw, dict):
            remarks.append(f"Cell {number} is no cell and was left out.")
            continue
        source = _source(raw)
        length += len(source)
        if len(source) > LONGEST_SOURCE or length > LONGEST_NOTEBOOK:
            remarks.append(f"Cell {number} is too long and was left out: {len(source):,} characters.")
            length -= len(source)
            continue
        cells.append(
            {
                "kind": "code" if raw.get("cell_type") == "code" else "text",
                "id": _identifier(raw.get("id")),
                "grade_id": _grade_id(raw.get("metadata")),
                "source": source,
            }
        )
    if len(found) > MOST_CELLS:
        remarks.append(f"The notebook has {len(found):,} cells; those after {MOST_CELLS:,} were left out.")
    return cells, remarks[:50]


def _source(cell: dict) -> str:
    text = cell.get("source", cell.get("input", cell.get("code", "")))  # its name in formats 4 and 3, 2, 1
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    if not isinstance(text, str):
        return ""
    # JSON can hold halves of surrogate pairs, which no file can.
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", errors="replace").decode("utf-8")


def _grade_id(metadata: object) -> str:
    row = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return _identifier(row.get("grade_id")) if isinstance(row, dict) else ""


def _identifier(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_ID else ""


def find_names(source: str) -> dict:
    """Find the names that a cell's code defines and reads at its top level.

    Parameters
    ----------
    source : str
        Python, with IPython's magics or without.

    Returns
    -------
    dict
        ``parses``: whether it is code at all. ``functions``: functions and classes that it defines, in order;
        ``defines``: all names that it binds; ``reads``: names that it reads before it has bound them itself;
        ``reads_later``: names that its functions read when they are called, and that it does not bind.
        ``calls_only``: the functions called, where the code is nothing but calls of named functions.
    """
    try:
        tree = ast.parse(_plain_python(_RUN_LINE.sub(r"\1", _RUN_BODY.sub("", source))))
        flow = _Flow()
        flow.follow(tree.body)
        return {
            "parses": True,
            "functions": _functions(tree),
            "defines": sorted(flow.bound),
            "reads": sorted(flow.reads),
            "reads_later": sorted(flow.later - flow.bound),
            "calls_only": _top_calls(tree),
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _guess_names(source)


def _guess_names(source: str) -> dict:
    functions = list(dict.fromkeys(_TOP_DEFINITION.findall(source)))
    return {
        "parses": False,
        "functions": functions,
        "defines": functions,
        "reads": [],
        "reads_later": [],
        "calls_only": [],
    }


def _plain_python(source: str) -> str:
    try:
        ast.parse(source)
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager  # 0.3 s, for the few cells that need it

        return TransformerManager().transform_cell(source)


class _Flow:
    """Follows statements in order; branches and loops count as if each of their statements ran once."""

    def __init__(self):
        self.bound: set[str] = set()
        self.reads: set[str] = set()
        self.later: set[str] = set()

    def follow(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.For | ast.AsyncFor):
                self._run(node.iter)
                self._run(ast.Assign([node.target], ast.Constant(None)))
                self.follow([*node.body, *node.orelse])
            elif isinstance(node, ast.If | ast.While):
                self._run(node.test)
                self.follow([*node.body, *node.orelse])
            elif isinstance(node, ast.With | ast.AsyncWith):
                for item in node.items:
                    self._run(item.context_expr)
                    if item.optional_vars is not None:
                        self._run(ast.Assign([item.optional_vars], ast.Constant(None)))
                self.follow(node.body)
            elif isinstance(node, ast.Try | ast.TryStar):
                handled = [statement for handler in node.handlers for statement in handler.body]
                self.bound |= {handler.name for handler in node.handlers if handler.name}
                self.follow([*node.body, *handled, *node.orelse, *node.finalbody])
            else:
                self._run(node)

    def _run(self, node: ast.AST) -> None:
        """Read the names of one statement or expression, then bind its own."""
        table = symtable.symtable(ast.unparse(ast.fix_missing_locations(node)), "cell", "exec")
        top = {symbol.get_name(): symbol for symbol in table.get_symbols()}
        self.reads |= {name for name, symbol in top.items() if symbol.is_referenced()} - self.bound
        waiting = table.get_children()
        assigned = {n for n, symbol in top.items() if symbol.is_assigned() or symbol.is_imported()}
        while waiting:
            scope = waiting.pop()
            waiting += scope.get_children()
            for symbol in scope.get_symbols():
                if symbol.is_global() and symbol.is_referenced():
                    self._read_inside(scope, symbol.get_name())
                if symbol.is_global() and symbol.is_assigned():
                    assigned.add(symbol.get_name())
        self.bound |= assigned

    def _read_inside(self, scope: symtable.SymbolTable, name: str) -> None:
        # Comprehensions and class bodies run at once, functions when they are called.
        at_once = scope.get_type() == "class" or scope.get_name() in (
            "listcomp",
            "setcomp",
            "dictcomp",
            "genexpr",
        )
        if not at_once:
            self.later.add(name)
        elif name not in self.bound:
            self.reads.add(name)


def _functions(tree: ast.Module) -> list[str]:
    """Return names of functions and classes defined at the top, also below an `if` or `try` there."""
    names, waiting = [], list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return list(dict.fromkeys(names))


def _top_calls(tree: ast.Module) -> list[str]:
    """Return the functions called, where the code is nothing but calls of named functions; else nothing."""
    calls = [node.value for node in tree.body if isinstance(node, ast.Expr)]
    plain = [call for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
    return [call.func.id for call in plain] if len(plain) == len(tree.body) else []


def main() -> None:
    """Read standard input, write the answer to standard output."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        answer = read(sys.stdin.buffer.read(), names="--without-names" not in sys.argv)
    except MemoryError:
        answer = {"error": "The file cannot be read: it needs too much memory."}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
