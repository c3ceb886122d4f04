"""The notebook rules themselves: each accepts a good notebook and names what is wrong with a bad one."""

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.course.throwaway import graded, shown
from tests.style import rules

HEADER = """# Adding numbers

You learn to add two numbers and to say why the order does not matter.

**You will be able to** add.

**You need** fingers.

**Time** about 20 minutes on two cores, the cells run in 2 seconds.

**Difficulty** ★★"""
SOLUTION = '''def add(a, b):
    """Add two numbers."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION'''
SUMMARY = "## Summary\n\nSums.\n\n**To read** Euclid.\n\n**Next** lesson 2."


def good():
    return new_notebook(
        cells=[
            new_markdown_cell(HEADER, id="w9l1-title"),
            new_code_cell('import numpy as np\n\nNOTEBOOK = "w9l1"', id="w9l1-imports", execution_count=1),
            new_markdown_cell("See https://example.org and ![a](picture.png).", id="w9l1-text"),
            new_code_cell(SOLUTION, id="w9l1-add", execution_count=2, metadata=graded("add", solution=True)),
            new_code_cell(
                "check(add)",
                id="w9l1-add-check",
                execution_count=3,
                outputs=shown("2", 3),
                metadata=graded("c", points=2),
            ),
            new_markdown_cell(SUMMARY, id="w9l1-summary"),
        ],
        metadata={"course": {"id": "w9l1"}},
    )


def all_complaints(notebook):
    found = []
    for rule in (
        rules.header,
        rules.summary,
        rules.cell_length,
        rules.imports,
        rules.outputs,
        rules.hot_links,
        rules.markers,
        rules.grading_metadata,
        rules.tagged,
        rules.demo_length,
    ):
        found += rule(notebook)
    return (
        found
        + rules.ids(notebook, "w9l1")
        + rules.named(notebook, "w9l1")
        + rules.exercises(notebook, {"add": 2})
    )


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == f"w9l1-{name}")


def test_a_good_notebook_has_no_complaints():
    assert all_complaints(good()) == []


def source(name, text):
    return lambda notebook: setattr(cell(notebook, name), "source", text)


def metadata(name, **rows):
    return lambda notebook: cell(notebook, name).metadata.update(rows)


def output(name, *made):
    return lambda notebook: cell(notebook, name).outputs.extend(made)


BAD = [
    (source("title", HEADER.replace("# Adding", "Adding")), "header, line 1"),
    (source("title", HEADER.replace("matter.", "matter. Then you rest.")), "one sentence is wanted"),
    (source("title", HEADER.replace("**You need** fingers.\n\n", "")), r"wanted '\*\*You need"),
    (source("title", HEADER.replace("20 minutes", "some minutes")), r"wanted '\*\*Time"),
    (source("title", HEADER.replace("★★", "★★★★")), r"wanted '\*\*Difficulty"),
    (source("title", HEADER + "\n\nMore."), "1 lines too many"),
    (source("summary", "## Summary\n\nSums.\n\n**Next** lesson 2."), r"starts with '\*\*To read'"),
    (source("summary", "Good bye."), "must be markdown with the heading"),
    (source("imports", "x = 1\n" * 26 + 'NOTEBOOK = "w9l1"'), "27 lines of code"),
    (
        source("imports", 'def f():\n    """' + "\n" * 30 + '    """\n\n\nNOTEBOOK = "w9l1"'),
        "a docstring of 31 lines",
    ),
    (source("imports", 'from numpy import *\nNOTEBOOK = "w9l1"'), "import \\* from numpy"),
    (source("imports", 'import sys\nsys.path.append(".")\nNOTEBOOK = "w9l1"'), "sys.path is touched"),
    (source("imports", 'from sys import path\nNOTEBOOK = "w9l1"'), "sys.path is touched"),
    (source("imports", "NOTEBOOK = 'w9l2'"), "the first code cell must hold"),
    (source("imports", 'NOTEBOOK = "w9l1"\nread("https://example.org/a.png")'), "code holds an address"),
    (source("text", "![a](https://example.org/a.png)"), "hot-linked"),
    (source("text", '<img width=3 src="http://example.org/a.png">'), "hot-linked"),
    (source("text", "### BEGIN SOLUTION\nx"), "in pairs"),
    (source("add", SOLUTION.replace("    ### END SOLUTION", "")), "in pairs"),
    (source("add", "def add(a, b):\n    return a + b"), "without solution marks"),
    (source("imports", 'NOTEBOOK = "w9l1"\n### BEGIN SOLUTION\n### END SOLUTION'), "no solution cell"),
    (source("add", SOLUTION.replace("def add", "def sum_of")), "the index says \\['add'\\]"),
    (source("add-check", "add(1, 2) == 3"), "must hold one check"),
    (metadata("add-check", nbgrader=graded("c", points=3)["nbgrader"]), "the entries say {'add': 2}"),
    (metadata("add-check", nbgrader=graded("add", points=2)["nbgrader"]), "Duplicate grade id"),
    (metadata("imports", tags=["nbval-skip"]), "no comment says why"),
    (metadata("imports", tags=["nbval-ignore-output"]), "1 of 3 code cells are tagged"),
    (source("imports", '# NBVAL_SKIP\nNOTEBOOK = "w9l1"'), "use a tag"),
    (lambda n: setattr(cell(n, "add"), "execution_count", 7), "execution counts must be 1 to 3"),
    (lambda n: setattr(cell(n, "add"), "execution_count", None), "execution counts must be 1 to 3"),
    (lambda n: setattr(cell(n, "add-check"), "outputs", []), "must end with one result"),
    (
        output("imports", new_output("error", ename="ValueError", evalue="x", traceback=[])),
        "is an error, ValueError",
    ),
    (output("imports", new_output("stream", name="stderr", text="careful")), "writes to stderr"),
    (
        output(
            "imports", new_output("display_data", data={"text/html": "<script src='https://a.org/x.js'>"})
        ),
        "hot-linked",
    ),
    (output("imports", *shown("'/home/somebody/.venv/lib'", 1)), "shows a path of the author's machine"),
    (lambda n: n.metadata.update(course={"id": "w9l2"}), "metadata.course.id must be 'w9l1'"),
    (lambda n: setattr(cell(n, "text"), "id", "a1b2c3d4"), "cell id 'a1b2c3d4'"),
    (lambda n: setattr(cell(n, "text"), "id", "w9l1-Text"), "cell id 'w9l1-Text'"),
    (lambda n: setattr(cell(n, "text"), "id", "w9l1-title"), "used twice"),
]


@pytest.mark.parametrize(("spoil", "complaint"), BAD, ids=[sentence for _, sentence in BAD])
def test_what_is_wrong_is_named(spoil, complaint):
    notebook = good()
    spoil(notebook)
    found = "\n".join(all_complaints(notebook))
    with pytest.raises(AssertionError, match=complaint):
        raise AssertionError(found)


def test_docstrings_blank_lines_and_marks_are_no_code():
    assert rules.counted_lines(SOLUTION) == (2, 1)
    assert rules.counted_lines("x = 1\n\n\n# why\ny = 2\n%matplotlib inline") == (4, 0)


TEXTS = [
    "Padding puts a border of zeros around the picture, so that the corners count as often as the middle does.",
    "With a stride of two, every second window is left out: what remains has half the height and width.",
    "Colour photographs are volumes: three grey pictures lie behind each other, for red, green and blue.",
    "Forty filters give forty maps. Nobody chooses what they look for; training does, step by tiny step.",
]


def notebook_of(*pairs):
    return [new_markdown_cell(text, id=name) for name, text in pairs]


OLD = notebook_of(("a", TEXTS[0]), ("b", TEXTS[1]), ("c", TEXTS[2]))


@pytest.mark.parametrize(
    "new",
    [
        [("a", TEXTS[0]), ("b", TEXTS[1]), ("c", TEXTS[2])],
        [("c", TEXTS[2]), ("a", TEXTS[0]), ("b", TEXTS[1])],
        [("a", TEXTS[0]), ("x", TEXTS[3]), ("b", TEXTS[1]), ("c", TEXTS[2])],
        [("a", TEXTS[0]), ("c", TEXTS[2])],
        [("a", TEXTS[0]), ("b", TEXTS[1].upper()), ("c", TEXTS[2])],
        [("a", TEXTS[0]), ("b", TEXTS[3]), ("c", TEXTS[2])],
        [("a", TEXTS[0]), ("b", TEXTS[1]), ("c", TEXTS[2]), ("x", TEXTS[0])],
    ],
    ids=["same", "moved cells", "inserted", "deleted", "other case", "written anew", "copied"],
)
def test_honest_edits_keep_ids(new):
    assert rules.moved_ids(OLD, notebook_of(*new)) == []


@pytest.mark.parametrize(
    "new",
    [
        [("a", TEXTS[3]), ("b", TEXTS[0]), ("c", TEXTS[1]), ("x", TEXTS[2])],
        [("a", TEXTS[0]), ("fresh", TEXTS[1]), ("c", TEXTS[2])],
        [("a", TEXTS[1]), ("b", TEXTS[0]), ("c", TEXTS[2])],
        [("a", TEXTS[0]), ("b", TEXTS[2] + " And more."), ("x", TEXTS[3])],
    ],
    ids=["all shifted by one", "new id", "swapped", "taken over with an edit"],
)
def test_moved_ids_are_found(new):
    assert rules.moved_ids(OLD, notebook_of(*new)) != []


def test_an_id_may_not_change_its_role():
    new = copy.deepcopy(OLD)
    new[1] = new_code_cell("1 + 1", id="b")
    assert "markdown, plain" in rules.moved_ids(OLD, new)[0]
