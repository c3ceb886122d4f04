"""A made-up class: its release, its results, and strategies that make any results."""

import nbformat
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.course.throwaway import graded
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.classroom.records import STATUSES, ExerciseResult, NotebookResult

WEEK = "week1_conv_basics"
NOTEBOOK_IDS = ("w1l2", "w1l3")
EXERCISES = {
    (notebook, name): exercise(f"{notebook}/{name}").points
    for notebook in NOTEBOOK_IDS
    for name in NOTEBOOKS[notebook].exercises
}
WEIRD = (
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "'=1",
    "＝1+1",
    "x;=1+1",
    " =1+1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a b",
    "Ünïcödé 王 ",
    "anna",
    "Anna",
    "e\u0301",
    "\u00e9",
    "con",
    "a\nb",
    "a\\nb",
    "\udcff\udcfe",
    "abc\u202egnp.exe",
    "\x00",
    "x" * 250,
    "x" * 251,
    "王" * 84,
    '"quoted"',
    "{{ 7 * 7 }}",
    "%s{0}$HOME`id`",
)
HOSTILE = "</pre></article><script src=//evil.example>alert(1)</script>\x1b[31mred\x1b[0m\x00\u202e `<b>`"


def release_notebook(notebook: str) -> bytes:
    """Return a notebook of the release: for each exercise a solution cell and a check."""
    cells = [new_markdown_cell("# Made up", id=f"{notebook}-title")]
    for name in NOTEBOOKS[notebook].exercises:
        points = exercise(f"{notebook}/{name}").points
        stub = f'def {name}(x):\n    """Do it."""\n    raise NotImplementedError("{name} is not done yet.")'
        grade_id = f"{notebook}-{name.replace('_', '-')}"
        cells += [
            new_code_cell(stub, id=grade_id, metadata=graded(grade_id, solution=True)),
            new_code_cell(
                f"check({name})", id=f"{grade_id}-check", metadata=graded(f"{grade_id}-check", points=points)
            ),
        ]
    metadata = {"course": {"id": notebook}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=metadata)).encode()


def file_name(notebook: str) -> str:
    return NOTEBOOKS[notebook].path.split("/")[1]


RELEASES = {
    WEEK: {file_name(notebook): release_notebook(notebook) for notebook in NOTEBOOK_IDS} | {"README.md": b"x"}
}


def judged(notebook: str, name: str, share: float = 1.0, status: str = "graded", **said) -> ExerciseResult:
    """Return an exercise's result with this share of its points."""
    worth = EXERCISES[notebook, name]
    return ExerciseResult(name, round(share * worth, 2), worth, status, **said)


def result(student: str, notebook: str = "w1l2", share: float = 1.0, **said) -> NotebookResult:
    """Return a notebook's result; ``said`` may hold ``status`` and what else every exercise says."""
    of_notebook = {
        name: said.pop(name) for name in ("repairs", "skipped", "boxed", "solutions") if name in said
    }
    rows = tuple(judged(notebook, name, share, **said) for name in NOTEBOOKS[notebook].exercises)
    return NotebookResult(student, WEEK, notebook, f"{student}-{notebook}", rows, **of_notebook)


def school_class(*students: str, **said) -> list[NotebookResult]:
    """Return the results of a class, all notebooks each."""
    return [result(student, notebook, **said) for student in students for notebook in NOTEBOOK_IDS]


names = st.one_of(st.sampled_from(WEIRD), st.text(st.characters(), min_size=1, max_size=300))
sentences = st.one_of(st.just(""), st.just(HOSTILE), st.text(st.characters(), max_size=80))


@st.composite
def exercise_results(draw, notebook: str, name: str) -> ExerciseResult:
    """Draw any result of an exercise."""
    worth = EXERCISES[notebook, name]
    status = draw(st.sampled_from(STATUSES))
    points = round(draw(st.integers(0, 12)) / 12 * worth, 2) if status == "graded" else 0.0
    return ExerciseResult(
        name,
        points,
        worth,
        status,
        groups=draw(st.dictionaries(sentences, st.booleans(), max_size=3)),
        says=draw(sentences),
        mistake=draw(st.sampled_from(["", "padded_the_batch", HOSTILE])),
        mistake_says=draw(sentences),
        hint=draw(sentences),
        trace=draw(sentences),
        flagged_for=tuple(draw(st.lists(sentences, max_size=2))) if status == "flagged" else (),
        needs=draw(sentences),
    )


@st.composite
def classes(draw, most: int = 5) -> list[NotebookResult]:
    """Draw a class of any students, each with all notebooks."""
    return [
        NotebookResult(
            student,
            WEEK,
            notebook,
            f"{number}-{notebook}",
            tuple(draw(exercise_results(notebook, name)) for name in NOTEBOOKS[notebook].exercises),
            repairs=tuple(draw(st.lists(sentences, max_size=2))),
            skipped=tuple(draw(st.lists(sentences, max_size=2))),
            failed_cells=tuple(draw(st.lists(st.tuples(sentences, sentences), max_size=2))),
            boxed=draw(st.booleans()),
        )
        for number, student in enumerate(draw(st.lists(names, unique=True, max_size=most)))
        for notebook in NOTEBOOK_IDS
    ]
