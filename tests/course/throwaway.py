"""Makes tiny courses in a temporary folder, so that no test depends on the real notebooks."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def graded(grade_id: str, *, solution: bool = False, points: float | None = None) -> dict:
    """Return nbgrader's metadata of a solution cell or of a check worth points."""
    row = {"schema_version": 3, "grade_id": grade_id, "grade": points is not None, "solution": solution}
    row |= {"locked": not solution, "task": False}
    return {"nbgrader": row | ({"points": points} if points is not None else {})}


def shown(text: str, count: int) -> list:
    """Return the output of a cell whose last line gave a value."""
    return [new_output("execute_result", data={"text/plain": text}, execution_count=count)]


ADD = '''def add(a, b):
    """Add two numbers."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION'''
CHECK = "def points_of(add):\n    return 4 * (add(1, 2) == 3) + 6 * (add(-1, 1) == 0)\n\n\npoints_of(add)"


def lesson() -> nbformat.NotebookNode:
    """Return an executed lesson: an illustration, an exercise `add`, its check worth 10 points, a quiz answer."""
    cells = [
        new_markdown_cell("# Adding", id="t1l1-title"),
        new_code_cell("2 * 21", id="t1l1-picture", execution_count=1, outputs=shown("42", 1)),
        new_code_cell(ADD, id="t1l1-add", execution_count=2, metadata=graded("add", solution=True)),
        new_code_cell(
            CHECK,
            id="t1l1-add-check",
            execution_count=3,
            outputs=shown("10", 3),
            metadata=graded("add-check", points=10),
        ),
        new_code_cell(
            "check_answer('t1l1-q1')",
            id="t1l1-question",
            execution_count=4,
            outputs=shown("What is 1 + 1?", 4),
        ),
        new_code_cell(
            "check_answer('t1l1-q1', 'b')", id="t1l1-answer", execution_count=5, outputs=shown("Right.", 5)
        ),
    ]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "course": {"id": "t1l1"},
    }
    return new_notebook(cells=cells, metadata=metadata)


def make_course(root: Path) -> Path:
    """Write a course of one week: a lesson, a demo, a README and a quiz."""
    week = root / "week1_small"
    week.mkdir(parents=True)
    nbformat.write(lesson(), week / "1_adding.ipynb")
    demo = new_notebook(
        cells=[new_code_cell("'a demo'", id="t1demo-1", execution_count=1, outputs=shown("'a demo'", 1))]
    )
    nbformat.write(demo, week / "demo_adding.ipynb")
    (week / "README.md").write_text("# A small week\n")
    (week / "quiz.toml").write_text('["t1l1-q1"]\nanswer = "b"\n')
    return root


def edit(path: Path, cell_id: str, source: str) -> None:
    """Write something into one cell, as a learner or an author does."""
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == cell_id).source = source
    nbformat.write(notebook, path)
