"""Notebooks as students hand them in, made from the course's own lesson `w1l2`."""

import copy
import json
from functools import cache
from pathlib import Path

from utils.course.release import learners_edition
from utils.exercises.index import NOTEBOOKS
from utils.grading.classroom.plan import choose, plan
from utils.grading.classroom.reader import read
from utils.grading.classroom.reading import ReadCell
from utils.grading.classroom.records import Job, Limits
from utils.grading.classroom.released import read_release
from utils.grading.classroom.repair import fit
from utils.grading.notebooks import defined_functions, notebook_path

LESSON = "w1l2"
WEEK = NOTEBOOKS[LESSON].week
EXERCISES = NOTEBOOKS[LESSON].exercises
FILE = Path(NOTEBOOKS[LESSON].path).name


@cache
def released() -> bytes:
    """Return the learner's edition of the lesson."""
    return learners_edition(WEEK, [notebook_path(LESSON)])[FILE]


def blank() -> dict:
    """Return the lesson as it was given out."""
    return json.loads(released())


@cache
def _texts() -> dict[str, str]:
    document = json.loads(notebook_path(LESSON).read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]
    return {name: text for text in sources for name in defined_functions(text) if name in EXERCISES}


def text(exercise: str) -> str:
    """Return the right text of an exercise's cell."""
    return _texts()[exercise]


def honest() -> dict:
    """Return the lesson as somebody hands it in who solved everything."""
    document = blank()
    for exercise in EXERCISES:
        find(document, exercise)["source"] = text(exercise)
    return document


def grade_id(exercise: str) -> str:
    """Return the name of an exercise's cell."""
    return f"{LESSON}-{exercise.replace('_', '-')}"


def find(document: dict, exercise: str) -> dict:
    """Return the cell of an exercise."""
    return next(cell for cell in document["cells"] if cell["id"] == grade_id(exercise))


def code(source: str, **more) -> dict:
    """Return a code cell that a student added."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


def plan_of(document: object, folder: Path) -> Job:
    """Write something into a file and plan it."""
    path = folder / FILE
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return plan(path, released(), LESSON, "s01", WEEK, 1, Limits(), "engine")


def fitted_and_runs(document: object) -> tuple[list, list[bool], list[str]]:
    """Do what a plan does, in this process."""
    answer = read(json.dumps(document).encode())
    cells = [
        ReadCell(**{name: tuple(v) if isinstance(v, list) else v for name, v in cell.items()})
        for cell in answer["cells"]
    ]
    fitted, repairs = fit(cells, read_release(released(), LESSON))
    return fitted, choose(fitted), repairs


def last_text(job: Job, exercise: str) -> str:
    """Return the text that defines a function in the end; empty where none does."""
    return next((cell.source for cell in reversed(job.cells) if exercise in cell.defines), "")


def cut(document: dict, exercise: str) -> dict:
    """Return the document without an exercise's cell."""
    document = copy.deepcopy(document)
    document["cells"].remove(find(document, exercise))
    return document
