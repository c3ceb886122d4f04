"""Read the course's notebooks: where they are, what a cell is for, and the solutions that stand in them."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

import utils
from utils.exercises.index import NOTEBOOKS, split_key

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def course_root() -> Path:
    """Return the folder that holds the week folders (the repository that ``utils`` is installed from)."""
    return Path(utils.__file__).resolve().parents[1]


def notebook_path(notebook: str, root: Path | None = None) -> Path:
    """Return the instructor's notebook with this id."""
    return (root or course_root()) / NOTEBOOKS[notebook].path


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook.

    Attributes
    ----------
    id, kind, source : str
        The cell's id, ``"code"`` or ``"markdown"``, and its text.
    nbgrader : dict
        Its nbgrader metadata; empty where there is none.
    tags : tuple of str
        Its tags.
    """

    id: str
    kind: str
    source: str
    nbgrader: dict
    tags: tuple[str, ...]

    @property
    def is_solution(self) -> bool:
        """Whether the learner writes here."""
        return bool(self.nbgrader.get("solution"))

    @property
    def is_check(self) -> bool:
        """Whether points are earned here."""
        return bool(self.nbgrader.get("grade")) and not self.is_solution

    @property
    def is_given(self) -> bool:
        """Whether this is a locked cell without points: a helper that exercises build on."""
        return bool(self.nbgrader.get("locked")) and not self.is_check and not self.is_solution


def read_cells(path: Path) -> list[Cell]:
    """Read a notebook's cells.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    """
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return [
        Cell(
            id=cell.get("id", ""),
            kind=cell["cell_type"],
            source="".join(cell["source"]),
            nbgrader=cell.get("metadata", {}).get("nbgrader", {}),
            tags=tuple(cell.get("metadata", {}).get("tags", ())),
        )
        for cell in document["cells"]
    ]


def defined_functions(source: str) -> list[str]:
    """Return the names of the functions defined at the top of a cell; none if it does not parse."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def solution_cell(key: str, root: Path | None = None) -> Cell:
    """Return the instructor's cell in which an exercise is solved.

    Raises
    ------
    LookupError
        When no solution cell of the notebook defines the function.
    """
    notebook, function = split_key(key)
    for cell in read_cells(notebook_path(notebook, root)):
        if cell.is_solution and function in defined_functions(cell.source):
            return cell
    raise LookupError(f"no solution cell in {NOTEBOOKS[notebook].path} defines {function}")


def solution_region(source: str) -> str:
    """Return the lines between the solution marks, without them."""
    found = re.search(rf"{BEGIN}\n(.*?)\n?[ \t]*{END}", source, flags=re.DOTALL)
    if not found:
        raise ValueError(f"no {BEGIN} … {END} in this cell")
    return found.group(1)


def stub_message(name: str) -> str:
    """Return what the blank of an exercise says when it is called."""
    return f"{name} is not done yet: replace this line by your own code."


def stub_lines(name: str) -> str:
    """Return what a learner finds in place of the solution of an exercise."""
    return f"# Your code here.\nraise NotImplementedError({json.dumps(stub_message(name))})"


def stub(source: str, name: str) -> str:
    """Replace the solution in an exercise's cell by :func:`stub_lines`."""

    def blank(match: re.Match) -> str:
        return "\n".join(match.group(1) + line for line in stub_lines(name).split("\n"))

    return re.sub(rf"([ \t]*){BEGIN}\n.*?{END}", blank, source, flags=re.DOTALL)


def surroundings(notebook: str, root: Path | None = None) -> str:
    """Return what an exercise's function may rely on: the notebook's imports and its locked, given cells."""
    cells = [cell for cell in read_cells(notebook_path(notebook, root)) if cell.kind == "code"]
    imports, given = [], []
    for cell in cells:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue
        imports += [
            ast.unparse(node)
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom) and "utils.grading" not in ast.unparse(node)
        ]
        if cell.is_given:
            given.append(cell.source)
    return "\n".join([*dict.fromkeys(imports), *given]) + "\n"
