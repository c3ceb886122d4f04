"""The rules of CONTRIBUTING's "A notebook" that a machine can check. Each returns complaints; an empty list is fine."""

import ast
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from nbformat.notebooknode import NotebookNode
from nbgrader.nbgraderformat import ValidationError
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MAX_LINES, MAX_DOCSTRING_LINES, MAX_KB, MAX_DEMO_LINES = 25, 25, 400, 120
TAGS = {"nbval-ignore-output", "nbval-skip"}

_HEADER = [
    ("# Title", re.compile(r"# \S.*")),
    ("one sentence that ends with a full stop", re.compile(r"(?!\*\*)[^\n]*\S\.")),
    ("**You will be able to** …", re.compile(r"\*\*You will be able to\*\* \S.*")),
    ("**You need** …", re.compile(r"\*\*You need\*\* \S.*")),
    (
        "**Time** about N minutes on two cores …",
        re.compile(r"\*\*Time\*\* about \d+ minutes on two cores\b.*"),
    ),
    ("**Difficulty** ★ to ★★★", re.compile(r"\*\*Difficulty\*\* ★{1,3}")),
]
_HOT_LINK = re.compile(
    r"""!\[[^\]]*\]\(\s*https?:|<(?:img|script|video|audio|iframe|source)\b[^>]*\bsrc\s*=\s*["']?https?:""",
    re.I,
)

_PATH = re.compile(r"/(?:home|root|tmp|work|Users|private)/[\w.-]+|site-packages")


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def grading(cell: NotebookNode) -> Mapping:
    """Return a cell's nbgrader metadata."""
    return cell.metadata.get("nbgrader", {})


def is_demo(name: str) -> bool:
    """Tell whether a notebook id is a demo's."""
    return "demo" in name


def _without_magics(source: str) -> str:
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))


def _tree(cell: NotebookNode) -> ast.Module:
    return ast.parse(_without_magics(cell.source))


def header(notebook: NotebookNode) -> list[str]:
    """The first cell holds six paragraphs in a fixed form."""
    first = notebook.cells[0]
    if first.cell_type != "markdown":
        return ["the first cell must be the markdown header"]
    lines = [line.rstrip() for line in first.source.split("\n") if line.strip()]
    complaints = []
    for position, (form, pattern) in enumerate(_HEADER):
        if position >= len(lines) or not pattern.fullmatch(lines[position]):
            got = lines[position] if position < len(lines) else "nothing"
            complaints.append(f"header, line {position + 1}: wanted {form!r}, got {got[:60]!r}")
    if not complaints and re.search(r"[.!?]\s", lines[1]):
        complaints.append(f"header: one sentence is wanted below the title, got {lines[1]!r}")
    if len(lines) > len(_HEADER):
        complaints.append(f"header: {len(lines) - len(_HEADER)} lines too many: {lines[len(_HEADER)][:60]!r}")
    return complaints


def summary(notebook: NotebookNode) -> list[str]:
    """The last cell is a summary that says what to read and what comes next."""
    last = notebook.cells[-1]
    if last.cell_type != "markdown" or not re.search(r"^## Summary$", last.source, re.MULTILINE):
        return ["the last cell must be markdown with the heading '## Summary'"]
    wanted = ("**To read", "**Next")
    return [
        f"the summary must hold a paragraph that starts with {word!r}"
        for word in wanted
        if f"\n{word}" not in last.source
    ]


def counted_lines(source: str) -> tuple[int, int]:
    """Count a cell's lines: those of code, and those of the longest docstring.

    Docstrings, blank lines and solution marks do not count as code.
    """
    docstring_lines: set[int] = set()
    longest = 0
    for node in ast.walk(ast.parse(_without_magics(source))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            text = node.body[0]
            docstring_lines |= set(range(text.lineno, text.end_lineno + 1))
            longest = max(longest, text.end_lineno - text.lineno + 1)
    rows = enumerate(source.split("\n"), start=1)
    lines = [row for number, row in rows if row.strip() and number not in docstring_lines]
    return sum(row.strip() not in (BEGIN, END) for row in lines), longest


def cell_length(notebook: NotebookNode) -> list[str]:
    """A code cell holds at most 25 lines of code, and a docstring at most 25."""
    complaints = []
    for cell in code(notebook):
        lines, docstring = counted_lines(cell.source)
        if lines > MAX_LINES:
            complaints.append(f"{cell.id}: {lines} lines of code, {MAX_LINES} are allowed")
        if docstring > MAX_DOCSTRING_LINES:
            complaints.append(
                f"{cell.id}: a docstring of {docstring} lines, {MAX_DOCSTRING_LINES} are allowed"
            )
    return complaints


def demo_length(notebook: NotebookNode) -> list[str]:
    """A demo is at most 120 lines of wiring."""
    lines = sum(counted_lines(cell.source)[0] for cell in code(notebook))
    return [f"{lines} lines of code, a demo may have {MAX_DEMO_LINES}"] if lines > MAX_DEMO_LINES else []


def imports(notebook: NotebookNode) -> list[str]:
    """Imports go by name, and the package is found because it is installed."""
    complaints = []
    for cell in code(notebook):
        for node in ast.walk(_tree(cell)):
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                complaints.append(f"{cell.id}: import * from {node.module}")
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "path"
                and getattr(node.value, "id", "") == "sys"
            ):
                complaints.append(f"{cell.id}: sys.path is touched")
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "sys"
                and any(a.name == "path" for a in node.names)
            ):
                complaints.append(f"{cell.id}: sys.path is touched")
    return complaints


def outputs(notebook: NotebookNode) -> list[str]:
    """Every code cell was run, from top to bottom, without an error, a line on stderr or a path; checks show points."""
    counts = [cell.execution_count for cell in code(notebook)]
    complaints = []
    if counts != list(range(1, len(counts) + 1)):
        complaints.append(f"execution counts must be 1 to {len(counts)} in order, they are {counts}")
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                complaints.append(f"{cell.id}: the saved output is an error, {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                complaints.append(f"{cell.id}: writes to stderr: {output.text[:80]!r}")
        if grading(cell).get("grade") and sum(o.output_type == "execute_result" for o in cell.outputs) != 1:
            complaints.append(f"{cell.id}: a check must end with one result, its points")
        if _PATH.search(str(cell.outputs)):
            complaints.append(
                f"{cell.id}: shows a path of the author's machine: {_PATH.search(str(cell.outputs)).group()}"
            )
    if not any(cell.outputs for cell in code(notebook)):
        complaints.append("no cell has an output: run `course execute`")
    return complaints


def hot_links(notebook: NotebookNode) -> list[str]:
    """Nothing is loaded from the network, neither by a cell nor by what it shows."""
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if re.search(r"https?://", cell.source):
                complaints.append(f"{cell.id}: code holds an address")
            shown = [
                text
                for o in cell.outputs
                for kind, text in o.get("data", {}).items()
                if kind.startswith("text/")
            ]
        else:
            shown = [cell.source]
        if any(_HOT_LINK.search(text) for text in shown):
            complaints.append(f"{cell.id}: a picture or script is hot-linked")
    return complaints


def ids(notebook: NotebookNode, name: str) -> list[str]:
    """Cell ids are readable, start with the notebook's id, and are unique."""
    found = [cell.get("id", "") for cell in notebook.cells]
    pattern = re.compile(rf"{re.escape(name)}-[a-z0-9]+(?:-[a-z0-9]+)*")
    complaints = [
        f"cell id {cell!r}: wanted {name}-words-in-lower-case"
        for cell in found
        if not pattern.fullmatch(cell)
    ]
    return complaints + [
        f"cell id {cell!r} is used twice" for cell in sorted({c for c in found if found.count(c) > 1})
    ]


def markers(notebook: NotebookNode) -> list[str]:
    """Solution marks stand in pairs, in solution cells, and every solution cell has them."""
    complaints = []
    for cell in notebook.cells:
        marks = re.findall(r"^\s*(### (?:BEGIN|END) SOLUTION)\s*$", cell.source, re.MULTILINE)
        mentioned = len(re.findall(r"(?:BEGIN|END) SOLUTION", cell.source))
        if marks != [BEGIN, END] * (len(marks) // 2) or mentioned != len(marks):
            complaints.append(f"{cell.id}: solution marks must stand alone on their lines, in pairs: {marks}")
        if marks and not grading(cell).get("solution"):
            complaints.append(f"{cell.id}: solution marks in a cell that is no solution cell")
        if grading(cell).get("solution") and not marks:
            complaints.append(f"{cell.id}: a solution cell without solution marks")
    return complaints


def grading_metadata(notebook: NotebookNode) -> list[str]:
    """nbgrader's metadata is valid, of schema 3, with unique grade ids."""
    versions = {grading(cell).get("schema_version") for cell in notebook.cells if grading(cell)}
    complaints = [] if versions <= {3} else [f"nbgrader metadata of schema {versions}, wanted 3"]
    try:
        MetadataValidatorV3().validate_nb(notebook)
    except ValidationError as error:
        complaints.append(f"nbgrader metadata: {error}")
    return complaints


def exercises(notebook: NotebookNode, points: Mapping[str, float]) -> list[str]:
    """The notebook holds its exercises in order, each with one check worth the entry's points.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook.
    points : mapping of str to float
        Points of the index's exercises, in order.
    """
    written, checked = [], {}
    for cell in code(notebook):
        if grading(cell).get("solution"):
            written += [
                node.name
                for node in _tree(cell).body
                if isinstance(node, ast.FunctionDef) and node.name in points
            ]
        elif grading(cell).get("grade"):
            names = re.findall(r"^check\((\w+)\)$", cell.source, re.MULTILINE)
            if len(names) != 1 or names[0] in checked:
                return [
                    f"{cell.id}: a graded cell must hold one check(function) of an exercise not checked before"
                ]
            checked[names[0]] = grading(cell)["points"]
    complaints = []
    if written != list(points):
        complaints.append(f"solution cells define {written}, the index says {list(points)}")
    if checked != dict(points):
        complaints.append(f"checks are worth {checked}, the entries say {dict(points)}")
    return complaints


def tagged(notebook: NotebookNode) -> list[str]:
    """At most one code cell in ten is excused from comparison, and each says why in a comment."""
    cells = [cell for cell in code(notebook) if TAGS & set(cell.metadata.get("tags", ()))]
    complaints = [
        f"{cell.id}: tagged, but no comment says why"
        for cell in cells
        if not re.search(r"^\s*#", cell.source, re.M)
    ]
    if 10 * len(cells) > len(code(notebook)):
        complaints.append(
            f"{len(cells)} of {len(code(notebook))} code cells are tagged, at most one in ten may be"
        )
    by_comment = [
        cell.id for cell in code(notebook) if re.search(r"^\s*#\s*NBVAL_", cell.source, re.MULTILINE)
    ]
    return complaints + [f"{cell}: use a tag in place of the NBVAL comment" for cell in by_comment]


def named(notebook: NotebookNode, name: str) -> list[str]:
    """The notebook's id stands in its metadata and in its first code cell."""
    complaints = []
    if notebook.metadata.get("course", {}).get("id") != name:
        complaints.append(f"metadata.course.id must be {name!r}, it is {notebook.metadata.get('course')}")
    if not re.search(rf'^NOTEBOOK = "{re.escape(name)}"$', code(notebook)[0].source, re.MULTILINE):
        complaints.append(f'the first code cell must hold NOTEBOOK = "{name}"')
    return complaints


def moved_ids(old: Sequence[NotebookNode], new: Sequence[NotebookNode]) -> list[str]:
    """A cell keeps its id for good: translations and grading find it by that.

    Complains when a cell's text turns up under another id, and when an id's cell has another kind, another role in
    grading, or the text of another cell.

    Parameters
    ----------
    old, new : sequence of NotebookNode
        Cells before and after.
    """
    before, after = {cell.id: cell for cell in old}, {cell.id: cell for cell in new}
    complaints = []
    for name, cell in after.items():
        if name in before and _role(before[name]) != _role(cell):
            complaints.append(
                f"id {name!r} was given to another cell: it was {_role(before[name])}, it is {_role(cell)}"
            )
        elif name not in before or not _alike(before[name].source, cell.source):
            origin = _same_text(cell, (c for c in before.values() if c.id != name))
            if origin is not None and not (
                origin.id in after and _alike(after[origin.id].source, origin.source)
            ):
                complaints.append(f"the cell {origin.id!r} now has the id {name!r}: give it its own back")
    return complaints


def _role(cell: NotebookNode) -> str:
    row = grading(cell)
    role = "a solution" if row.get("solution") else "a check" if row.get("grade") else "plain"
    return f"{cell.cell_type}, {role}"


def _alike(one: str, other: str) -> bool:
    return one == other or difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() > 0.6


def _same_text(cell: NotebookNode, others: Iterable[NotebookNode]) -> NotebookNode | None:
    """Find the cell that this one's text stems from; very short texts repeat by nature and tell nothing."""
    if len(cell.source) < 40:
        return None
    kin = (other for other in others if other.cell_type == cell.cell_type and len(other.source) >= 40)
    close = [
        other
        for other in kin
        if difflib.SequenceMatcher(None, other.source, cell.source, autojunk=False).quick_ratio() > 0.8
    ]
    return next(
        (
            other
            for other in close
            if difflib.SequenceMatcher(None, other.source, cell.source, autojunk=False).ratio() > 0.8
        ),
        None,
    )
