"""The learner's copies: what is in them, and that nothing of a learner's is ever lost."""

import ast

import nbformat
import pytest
from nbformat.v4 import new_output

from tests.course.throwaway import edit
from utils.course import release
from utils.course.refusal import Refusal
from utils.course.release import exercise_name
from utils.course.start import MANIFEST, find_weeks, start
from utils.grading.notebooks import stub_lines
from utils.grading.progress import PROGRESS_FILE

LESSON = "week1_small/1_adding.ipynb"


def changes(copies, learn):
    return {str(copy.path.relative_to(learn)): copy.change for copy in copies}


def cells(path):
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def test_everything_but_the_quiz_file_is_copied(course, learn):
    assert changes(start(course, learn), learn) == {
        LESSON: "new",
        "week1_small/demo_adding.ipynb": "new",
        "week1_small/README.md": "new",
    }
    assert (learn / PROGRESS_FILE).read_text() == "{}\n"
    assert not (learn / "week1_small" / "quiz.toml").exists()


def test_solution_becomes_an_error_that_names_the_exercise(course, learn):
    start(course, learn)
    source = cells(learn / LESSON)["t1l1-add"].source
    assert "return a + b" not in source
    assert "SOLUTION" not in source
    namespace = {}
    exec(source, namespace)
    with pytest.raises(NotImplementedError, match=r"^add is not done yet: "):
        namespace["add"](1, 2)


def test_illustrations_stay_and_answers_go(course, learn):
    start(course, learn)
    copy = cells(learn / LESSON)
    assert copy["t1l1-picture"].outputs[0].data["text/plain"] == "42"
    assert copy["t1l1-question"].outputs[0].data["text/plain"] == "What is 1 + 1?"
    for cell in ("t1l1-add", "t1l1-add-check", "t1l1-answer"):
        assert copy[cell].outputs == []
        assert copy[cell].execution_count is None


def test_ids_metadata_and_demo_are_kept(course, learn):
    start(course, learn)
    assert list(cells(learn / LESSON)) == list(cells(course / LESSON))
    assert nbformat.read(learn / LESSON, as_version=4).metadata.course.id == "t1l1"
    demo = "week1_small/demo_adding.ipynb"
    assert (learn / demo).read_bytes() == (course / demo).read_bytes()


def test_second_run_does_no_work(course, learn, monkeypatch):
    start(course, learn)
    stamps = {path: path.stat().st_mtime_ns for path in learn.rglob("*") if path.is_file()}
    monkeypatch.setattr(release, "learners_edition", lambda *_: pytest.fail("nbgrader ran a second time"))
    assert set(changes(start(course, learn), learn).values()) == {"unchanged"}
    assert stamps == {path: path.stat().st_mtime_ns for path in learn.rglob("*") if path.is_file()}


def test_unedited_copy_is_updated(course, learn):
    start(course, learn)
    edit(course / LESSON, "t1l1-title", "# Adding, second edition")
    assert changes(start(course, learn), learn)[LESSON] == "updated"
    assert cells(learn / LESSON)["t1l1-title"].source == "# Adding, second edition"


def test_edited_copy_survives_and_the_newer_edition_comes_beside(course, learn):
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "def add(a, b):\n    return b + a")
    mine = (learn / LESSON).read_bytes()
    assert changes(start(course, learn), learn)[LESSON] == "unchanged"

    edit(course / LESSON, "t1l1-title", "# Adding, second edition")
    assert changes(start(course, learn), learn)["week1_small/1_adding.new.ipynb"] == "beside"
    assert (learn / LESSON).read_bytes() == mine
    beside = learn / "week1_small" / "1_adding.new.ipynb"
    assert cells(beside)["t1l1-title"].source == "# Adding, second edition"

    assert changes(start(course, learn), learn)[LESSON] == "unchanged"


def test_opening_a_copy_in_jupyterlab_is_no_edit(course, learn):
    start(course, learn)
    opened = nbformat.read(learn / LESSON, as_version=4)
    opened.metadata["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    opened.metadata["language_info"]["version"] = "3.12.1"
    opened.cells[1].metadata["scrolled"] = True
    nbformat.write(opened, learn / LESSON)
    edit(course / LESSON, "t1l1-title", "# Second")
    assert changes(start(course, learn), learn)[LESSON] == "updated"


def test_running_a_cell_is_an_edit(course, learn):
    start(course, learn)
    run = nbformat.read(learn / LESSON, as_version=4)
    run.cells[2].outputs = [new_output("stream", name="stdout", text="my result")]
    nbformat.write(run, learn / LESSON)
    edit(course / LESSON, "t1l1-title", "# Second")
    assert changes(start(course, learn), learn)["week1_small/1_adding.new.ipynb"] == "beside"


def test_a_dismissed_newer_edition_does_not_come_again(course, learn):
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "mine = 1")
    edit(course / LESSON, "t1l1-title", "# Second")
    start(course, learn)
    (learn / "week1_small" / "1_adding.new.ipynb").unlink()
    assert changes(start(course, learn), learn)[LESSON] == "unchanged"


def test_an_adopted_newer_edition_counts_as_unedited(course, learn):
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "mine = 1")
    edit(course / LESSON, "t1l1-title", "# Second")
    start(course, learn)
    (learn / "week1_small" / "1_adding.new.ipynb").replace(learn / LESSON)
    edit(course / LESSON, "t1l1-title", "# Third")
    assert changes(start(course, learn), learn)[LESSON] == "updated"


def test_an_edited_newer_edition_is_not_overwritten_either(course, learn):
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "mine = 1")
    edit(course / LESSON, "t1l1-title", "# Second")
    start(course, learn)
    beside = learn / "week1_small" / "1_adding.new.ipynb"
    edit(beside, "t1l1-add", "mine = 2")
    kept = beside.read_bytes()
    edit(course / LESSON, "t1l1-title", "# Third")
    assert "week1_small/1_adding.new-2.ipynb" in changes(start(course, learn), learn)
    assert beside.read_bytes() == kept


@pytest.mark.parametrize("damage", ["", "[]", "{not json"])
def test_a_lost_manifest_costs_nothing(course, learn, damage):
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "mine = 1")
    mine = (learn / LESSON).read_bytes()
    (learn / MANIFEST).write_text(damage)
    done = changes(start(course, learn), learn)
    assert (learn / LESSON).read_bytes() == mine
    assert done["week1_small/1_adding.new.ipynb"] == "beside"
    assert done["week1_small/README.md"] == "unchanged"


def test_a_deleted_copy_comes_back(course, learn):
    start(course, learn)
    (learn / LESSON).unlink()
    assert changes(start(course, learn), learn)[LESSON] == "new"


def test_progress_is_kept(course, learn):
    start(course, learn)
    (learn / PROGRESS_FILE).write_text('{"t1l1/add": {"best": 1.0}}')
    start(course, learn)
    assert "t1l1/add" in (learn / PROGRESS_FILE).read_text()


@pytest.mark.parametrize("name", ["1", "week1", "week1_small"])
def test_weeks_go_by_three_names(course, name):
    assert find_weeks(course, [name, name]) == [course / "week1_small"]


def test_unknown_week_lists_those_that_are_there(course, learn):
    with pytest.raises(Refusal, match="'7'; there are: week1_small"):
        start(course, learn, ["7"])
    assert not learn.exists()


@pytest.mark.parametrize("place", [".", "week1_small", "week1_small/deeper"])
def test_the_sources_are_no_place_for_copies(course, place):
    before = (course / LESSON).read_bytes()
    with pytest.raises(Refusal, match="own notebooks"):
        start(course, course / place)
    assert (course / LESSON).read_bytes() == before


def test_a_file_is_no_place_for_copies(course, learn):
    learn.write_text("mine")
    with pytest.raises(Refusal, match="it is a file"):
        start(course, learn)
    assert learn.read_text() == "mine"


def test_a_broken_notebook_is_named_and_nothing_is_written(course, learn):
    edit(course / LESSON, "t1l1-add", "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b")
    with pytest.raises(Refusal, match=r"week1_small: [Nn]o end solution"):
        start(course, learn)
    assert not (learn / LESSON).exists()


def test_the_stub_names_the_function_around_the_solution():
    source = "def helper():\n    pass\n\n\n@wraps\ndef main(x):\n    def inner():\n        ### BEGIN SOLUTION"
    assert exercise_name(source) == "main"
    assert exercise_name("x = 1\n### BEGIN SOLUTION") == ""
    assert exercise_name("x = 1") == ""


@pytest.mark.parametrize("name", ["conv_forward", 'odd"name', "back\\slash"])
def test_stub_lines_parse(name):
    assert isinstance(ast.parse(stub_lines(name)).body[0], ast.Raise)
