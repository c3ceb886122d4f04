"""`course reset`: the blank comes back, a backup stays, the rest of the notebook is not touched."""

import nbformat
import pytest

from tests.course.throwaway import edit
from utils.course import reset as module
from utils.course.refusal import Refusal
from utils.course.reset import reset
from utils.course.start import start
from utils.exercises.index import Notebook
from utils.grading import notebooks

LESSON = "week1_small/1_adding.ipynb"


@pytest.fixture
def started(course, learn, monkeypatch):
    """A learner at work in a course whose only exercise is t1l1/add."""
    index = {"t1l1": Notebook(LESSON, ("add",))}
    monkeypatch.setattr(module, "NOTEBOOKS", index)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", index)
    monkeypatch.setattr(notebooks, "split_key", lambda key: tuple(key.split("/")))
    start(course, learn)
    edit(learn / LESSON, "t1l1-add", "def add(a, b):\n    return a - b")
    edit(learn / LESSON, "t1l1-title", "# My own notes")
    return learn


def test_the_blank_comes_back_and_a_backup_stays(course, started):
    before = (started / LESSON).read_bytes()
    path, backup = reset("t1l1/add", course, started)
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    assert "add is not done yet" in cells["t1l1-add"].source
    assert cells["t1l1-title"].source == "# My own notes"
    assert backup.read_bytes() == before
    assert backup.parent == path.parent


def test_two_resets_leave_two_backups(course, started):
    backups = {reset("t1l1/add", course, started)[1] for _ in range(2)}
    assert len(backups) == 2


def test_a_removed_cell_is_told_and_nothing_is_written(course, started):
    notebook = nbformat.read(started / LESSON, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "t1l1-add"]
    nbformat.write(notebook, started / LESSON)
    before = (started / LESSON).read_bytes()
    with pytest.raises(Refusal, match="no longer in"):
        reset("t1l1/add", course, started)
    assert (started / LESSON).read_bytes() == before


def test_without_copies_there_is_nothing_to_reset(course, started, tmp_path):
    with pytest.raises(Refusal, match="There is no notebook"):
        reset("t1l1/add", course, tmp_path / "elsewhere")
