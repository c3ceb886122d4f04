"""Run a notebook for its author and save its outputs, in the environment that the tests will run it in."""

import copy
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from utils.course.environment import kernel_environment
from utils.course.figures import compress_figures
from utils.course.kernels import private_connection
from utils.course.refusal import Refusal

SECONDS_A_CELL = 300

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
_VOLATILE_OF_CELLS = ("execution", "ExecuteTime", "collapsed", "scrolled", "jp-MarkdownHeadingCollapsed")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(path: Path, seconds_a_cell: int = SECONDS_A_CELL) -> float:
    """Run a notebook from top to bottom in a fresh kernel and save it with its outputs.

    The kernel runs in the notebook's folder. Cell ids and texts stay as they are. When a cell fails, the file is not
    touched.

    Parameters
    ----------
    path : Path
        The notebook.
    seconds_a_cell : int
        Limit for one cell.

    Returns
    -------
    float
        Seconds from the kernel's start to its end.

    Raises
    ------
    Refusal
        When a cell raises or takes too long, or the file is no notebook.
    """
    notebook = read_notebook(path)
    ids = [cell.get("id") for cell in notebook.cells]
    run = copy.deepcopy(notebook)
    client = NotebookClient(
        run,
        timeout=seconds_a_cell,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        config=Config(KernelManager=private_connection()),
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    began = time.perf_counter()
    try:
        client.execute(env=kernel_environment(progress_bars=False))
    except CellExecutionError as error:
        raise Refusal(f"{path}: not saved, since a cell raised an error.\n{error}") from error
    except CellTimeoutError as error:
        raise Refusal(
            f"{path}: not saved, since a cell took more than {seconds_a_cell} seconds.\n{error}"
        ) from error
    except DeadKernelError as error:
        raise Refusal(f"{path}: not saved, since the kernel died.") from error
    seconds = time.perf_counter() - began
    strip_volatile(run)
    compress_figures(run)
    if [cell.get("id") for cell in run.cells] != ids:
        raise Refusal(f"{path}: not saved, since running it would have changed cell ids.")
    _save_whole(run, path)
    return seconds


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of format 4.

    Raises
    ------
    Refusal
        When it is not there or cannot be read as one.
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError as error:
        raise Refusal(f"There is no notebook {path}.") from error
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise Refusal(f"{path} cannot be read as a notebook: {error}") from error


def strip_volatile(notebook: nbformat.NotebookNode) -> None:
    """Remove, in place, what differs from run to run or machine to machine without meaning anything."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = dict(KERNELSPEC)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for name in _VOLATILE_OF_CELLS:
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", ()):
            if len(output.get("data", {})) > 1:
                output["data"].pop(_WIDGET, None)  # points to a model that lived in this kernel only


def _save_whole(notebook: nbformat.NotebookNode, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    nbformat.write(notebook, partial)
    os.replace(partial, path)
