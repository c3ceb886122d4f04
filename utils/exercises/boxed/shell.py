"""Runs a student's cells as a notebook would: IPython's shell, without a kernel around it."""

import os
import sys
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from utils.exercises.run import own_lines


class _Shell(InteractiveShell):
    def enable_gui(self, gui: str | None = None) -> None:
        """Accept ``%matplotlib inline``, which IPython asks of those who show figures; here nobody does."""


def new_shell() -> InteractiveShell:
    """Return a shell with an empty namespace that keeps no history and shows nothing."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.cache_size = 0
    return _Shell.instance(config=config)


def run_cell(shell: InteractiveShell, source: str) -> dict[str, Any]:
    """Run a cell; nothing that it raises gets out.

    Returns
    -------
    dict
        ``ok``; where it is False, ``error`` (name of the exception's class), ``message`` and ``trace``, the cell's own
        lines on the way to it.
    """
    done = shell.run_cell(source, store_history=False)
    # What a cell leaves in the buffers must not cost memory or come out later.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    error = done.error_before_exec or done.error_in_exec
    if error is None:
        return {"ok": True}
    return {
        "ok": False,
        "error": type(error).__name__[:200],
        "message": str(error)[:2000],
        "trace": own_lines(error)[:4000],
    }


def silence() -> tuple[int, int]:
    """Take the standard streams away from everything else and return two descriptors that lead where they led.

    Standard input then ends at once, and output and errors go nowhere, however much of them there is.
    """
    reading, writing = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return reading, writing
