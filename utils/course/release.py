"""How an instructor's notebook becomes the learner's: nbgrader's own steps, two of them with our manners.

``nbgrader_config.py`` uses this for a plain ``nbgrader generate_assignment``, `course start` for the copies.
"""

import logging
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from utils.course.refusal import Refusal
from utils.grading.notebooks import stub_lines

_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")
# A quiz cell without an answer shows its question, which may stay.
_ANSWERS = re.compile(r"^\s*(?:(?:check|hint|solution)\(|check_answer\([^)]*,)", re.MULTILINE)


class NameTheExercise(ClearSolutions):
    """Replace every solution by an error that says which exercise is not done yet."""

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        name = exercise_name(cell.source, self.begin_solution_delimeter) or cell.metadata.get(
            "nbgrader", {}
        ).get("grade_id", "")
        self.code_stub = {**self.code_stub, "python": stub_lines(name)}
        return super()._replace_solution_region(cell, language)


class ClearAnswers(ClearOutput):
    """Clear the outputs that belong to an answer; keep the illustrations: a lesson can be read before it is run."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        """Clear a solution cell, a check, a hint or an answered question; leave every other cell as it is."""
        if is_solution(cell) or is_grade(cell) or _ANSWERS.search(cell.source):
            return super().preprocess_cell(cell, resources, index)
        return cell, resources


PREPROCESSORS = [
    LockCells,
    ClearAnswers,  # before the solutions go, since it looks at the cell's own text
    NameTheExercise,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]


def exercise_name(source: str, mark: str = "BEGIN SOLUTION") -> str:
    """Return the name of the outermost function or class around the first solution mark, or an empty string."""
    name = ""
    for line in source.split("\n"):
        if mark in line:
            return name
        if found := _DEFINITION.match(line):
            name = found.group(1)
    return ""


def learners_edition(week: str, notebooks: Sequence[Path]) -> dict[str, bytes]:
    """Make the learner's edition of some notebooks of a week.

    Parameters
    ----------
    week : str
        Name of the week's folder; it is nbgrader's assignment id.
    notebooks : sequence of Path
        Instructor's notebooks.

    Returns
    -------
    dict of str to bytes
        File name and content.

    Raises
    ------
    Refusal
        When nbgrader refuses a notebook, with its last word.
    """
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        root = Path(folder)
        (root / week).mkdir()
        for notebook in notebooks:
            shutil.copy(notebook, root / week / notebook.name)
        _convert(root, week)
        return {
            notebook.name: (root / "release" / week / notebook.name).read_bytes() for notebook in notebooks
        }


def _convert(root: Path, week: str) -> None:
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = "."
    config.CourseDirectory.assignment_id = week
    config.GenerateAssignment.preprocessors = PREPROCESSORS
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    log = logging.Logger(
        "nbgrader of course start"
    )  # not in the tree of loggers: its warnings are not for learners
    heard: list[logging.LogRecord] = []
    log.addHandler(_Listener(heard))
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
    except Exception as error:
        said = [record.getMessage().splitlines()[0] for record in heard if record.levelno >= logging.ERROR]
        raise Refusal(
            f"nbgrader cannot make the learner's edition of {week}: {(said or [str(error)])[0]}"
        ) from error


class _Listener(logging.Handler):
    def __init__(self, heard: list[logging.LogRecord]):
        super().__init__()
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)
