"""Small classes on disk, for tests of the batch: their notebooks are the course's own."""

import json
from pathlib import Path

from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import notebook_path

WEEK = "week1_conv_basics"


def released(*notebooks: str) -> dict[str, dict[str, bytes]]:
    """Return a release of these notebooks, the solutions left in."""
    return {WEEK: {Path(NOTEBOOKS[name].path).name: notebook_path(name).read_bytes() for name in notebooks}}


def hand_in(folder: Path, students, notebooks=("w1l2",)) -> Path:
    """Write a folder of submissions in which everybody has handed in the solutions; returns it."""
    for student in students:
        (folder / student / WEEK).mkdir(parents=True)
        for notebook in notebooks:
            path = notebook_path(notebook)
            (folder / student / WEEK / path.name).write_bytes(path.read_bytes())
    return folder


def change(path: Path, old: str = "\n    ", new: str = "\n    # changed\n    ") -> None:
    """Put one text in place of another, once, in the first cell with a solution of a notebook on disk."""
    document = json.loads(path.read_text())
    solutions = (cell for cell in document["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))
    cell = next(cell for cell in solutions if old in "".join(cell["source"]))
    cell["source"] = "".join(cell["source"]).replace(old, new, 1)
    path.write_text(json.dumps(document))
