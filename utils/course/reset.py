"""Start one exercise again: put the blank back into the learner's notebook, after a backup."""

import shutil
from datetime import datetime
from pathlib import Path

import nbformat

from utils.course.execute import read_notebook
from utils.course.refusal import Refusal
from utils.course.release import learners_edition
from utils.exercises.index import NOTEBOOKS, all_keys
from utils.grading.notebooks import solution_cell


def find_key(name: str) -> str:
    """Return the exercise meant by ``"w1a1/conv_forward"`` or, where only one has that name, ``"conv_forward"``.

    Raises
    ------
    Refusal
        When there is none, or more than one.
    """
    keys = [key for key in all_keys() if name in (key, key.split("/")[1])]
    if not keys:
        raise Refusal(f"There is no exercise {name!r}; `course exercises` lists all of them.")
    if len(keys) > 1:
        raise Refusal(f"There are {len(keys)} exercises {name!r}: say which, {' or '.join(keys)}.")
    return keys[0]


def reset(key: str, root: Path, learn: Path) -> tuple[Path, Path]:
    """Put the blank of an exercise back into the learner's notebook.

    Parameters
    ----------
    key : str
        The exercise, ``"w1a1/conv_forward"``.
    root : Path
        The course.
    learn : Path
        The learner's folder.

    Returns
    -------
    notebook, backup : Path
        The learner's notebook, and the copy of what it was.

    Raises
    ------
    Refusal
        When the learner has no such notebook, or its cell is gone.
    """
    place = NOTEBOOKS[key.split("/")[0]]
    path = learn / place.path
    learners = read_notebook(path)
    try:
        cell_id = solution_cell(key, root).id
    except (OSError, LookupError) as error:
        raise Refusal(f"The course's notebook {place.path} holds no blank for {key}.") from error
    blank_notebook = nbformat.reads(
        learners_edition(place.week, [root / place.path])[path.name].decode(), as_version=4
    )
    blank = next(cell for cell in blank_notebook.cells if cell.id == cell_id)
    cell = _find_cell(learners, blank)
    if cell is None:
        raise Refusal(
            f"The cell of {key} is no longer in {path}: take it from a fresh copy (`course start --to another-folder`)."
        )
    backup = _backup(path)
    cell.source, cell.outputs, cell.execution_count = blank.source, [], None
    nbformat.write(learners, path)
    return path, backup


def _find_cell(notebook: nbformat.NotebookNode, blank: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Find the learner's cell by its grade id, which survives editors that give out new cell ids."""

    def grade_id(cell):
        return cell.metadata.get("nbgrader", {}).get("grade_id")

    return next(
        (cell for cell in notebook.cells if cell.cell_type == "code" and grade_id(cell) == grade_id(blank)),
        None,
    )


def _backup(path: Path) -> Path:
    moment = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    backup = path.with_name(f"{path.stem}.before-reset-{moment}{path.suffix}")
    while backup.exists():
        backup = backup.with_name(f"{backup.stem}-again{backup.suffix}")
    shutil.copy2(path, backup)
    return backup
