"""Serve a demo with Voilà: nothing is asked of the network, and only what the demo shows is seen.

The folder ``jupyter`` beside this file holds Voilà's settings: the page's template; uploads of 64 MiB (a photograph
straight from a camera), where Tornado stops at 10; and that JupyterLab's other extensions stay out, which fill the
page's console with errors.
"""

import os
import subprocess
import sys
from pathlib import Path

from utils.course.environment import kernel_environment
from utils.course.refusal import Refusal
from utils.exercises.index import NOTEBOOKS

_SETTINGS = Path(__file__).with_name("jupyter")


def find_demo(name: str, root: Path) -> Path:
    """Return a demo's notebook by its name, with or without ``demo_`` before it.

    Raises
    ------
    Refusal
        When there is none; the sentence lists those that there are.
    """
    demos = {
        Path(row.path).stem.removeprefix("demo_"): row.path for key, row in NOTEBOOKS.items() if "demo" in key
    }
    path = demos.get(Path(name).stem.removeprefix("demo_"))
    if path is None:
        raise Refusal(f"There is no demo {name!r}; there are: {', '.join(demos)}.")
    return root / path


def serve_demo(notebook: Path, port: int | None = None) -> int:
    """Serve a demo until it is stopped by hand; returns Voilà's exit status."""
    try:
        return subprocess.call(voila_command(notebook, port), env=voila_environment())
    except KeyboardInterrupt:
        return 0


def voila_command(notebook: Path, port: int | None = None) -> list[str]:
    """Return the command that serves a notebook on this machine.

    Parameters
    ----------
    notebook : Path
        The demo.
    port : int, optional
        By default the first free one from 8866 on, and a browser is opened. With a port none is opened.
    """
    command = [sys.executable, "-m", "voila", str(notebook)]
    return [*command, f"--port={port}", "--no-browser"] if port else command


def voila_environment(progress_bars: bool = True) -> dict[str, str]:
    """Return the environment for :func:`voila_command`: the kernels' fixed one, and where Voilà's settings are."""
    environment = kernel_environment(progress_bars=progress_bars)
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        others = os.environ.get(name)
        environment[name] = os.pathsep.join([str(_SETTINGS), others]) if others else str(_SETTINGS)
    return environment
