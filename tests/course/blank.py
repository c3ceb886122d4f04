"""What is run of a blank notebook, and how, so that it costs a fraction of the solved one."""

import inspect
from collections.abc import Collection

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tests.course.touched import cells_to_run

# Takes the asserts away, of which most are bounds on what a whole training reaches.
ENVIRONMENT = {"PYTHONOPTIMIZE": "1"}


def shorten_trainings():
    """Let `fit` see one batch an epoch: callbacks and histories stay as long as they are."""
    import keras

    fit = keras.Model.fit

    def one_batch_an_epoch(self, *args, **options):
        options["steps_per_epoch"] = 1
        if options.get("validation_data") is not None:
            options["validation_steps"] = 1
        return fit(self, *args, **options)

    keras.Model.fit = one_batch_an_epoch


def shortened(notebook: NotebookNode, functions: Collection[str]) -> NotebookNode:
    """Return a notebook with the cells that the learner's functions reach and those that they build on.

    Where one of them trains, a first cell shortens trainings. How good a trained network is, the stage `notebooks`
    asserts; here it is only asked whether anything raises.
    """
    code = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
    needed = cells_to_run(code, functions)
    cells = [cell for cell in notebook.cells if cell.id in needed]
    if any(".fit(" in cell.source for cell in cells):
        cells.insert(0, new_code_cell(f"{inspect.getsource(shorten_trainings)}\n\nshorten_trainings()"))
    return NotebookNode({**notebook, "cells": cells})
