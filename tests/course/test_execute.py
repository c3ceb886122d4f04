"""`course execute`: outputs are saved, ids and texts stay, a failing notebook is left as it was."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from utils.course.execute import execute, strip_volatile
from utils.course.refusal import Refusal


def write(path, *sources, **metadata):
    cells = [new_code_cell(source, id=f"t1l1-{i}") for i, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An IPython folder of its own, so that nobody's start-up files run."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_outputs_are_saved_in_the_fixed_environment(tmp_path):
    (tmp_path / "beside.txt").write_text("found")
    path = write(
        tmp_path / "n.ipynb",
        "import os\n[os.environ[name] for name in ('OMP_NUM_THREADS', 'PYTHONHASHSEED', 'TQDM_DISABLE')]",
        "open('beside.txt').read()",
        widgets={"state": {}},
        course={"id": "t1l1"},
    )
    assert execute(path) > 0
    notebook = nbformat.read(path, as_version=4)
    assert [cell.outputs[0].data["text/plain"] for cell in notebook.cells] == ["['2', '0', '1']", "'found'"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert [cell.id for cell in notebook.cells] == ["t1l1-0", "t1l1-1"]
    assert notebook.metadata.course.id == "t1l1"
    assert "widgets" not in notebook.metadata
    first = path.read_bytes()
    execute(path)
    assert path.read_bytes() == first


@pytest.mark.slow
@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("source", "seconds", "sentence"),
    [
        ("1 / 0", 60, "a cell raised an error(.|\n)*ZeroDivisionError"),
        ("while True: pass", 1, "more than 1 seconds"),
    ],
)
def test_a_failing_notebook_is_left_as_it_was(tmp_path, source, seconds, sentence):
    path = write(tmp_path / "n.ipynb", "1", source)
    before = path.read_bytes()
    with pytest.raises(Refusal, match=sentence):
        execute(path, seconds)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ""] == ["n.ipynb"]


@pytest.mark.parametrize("content", [None, "", "{}", "not json"])
def test_what_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Refusal, match=r"n\.ipynb"):
        execute(path)


def test_volatile_metadata_goes():
    cell = new_code_cell(
        "1",
        metadata={"execution": {"iopub.status.busy": "2026-01-01"}, "tags": ["nbval-skip"], "scrolled": True},
    )
    notebook = new_notebook(cells=[cell], metadata={"language_info": {"name": "python", "version": "3.12.1"}})
    strip_volatile(notebook)
    assert cell.metadata == {"tags": ["nbval-skip"]}
    assert notebook.metadata["language_info"] == {"name": "python"}
