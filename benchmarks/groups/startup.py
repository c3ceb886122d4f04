"""How long a learner waits for a start: the package, the first lesson, JupyterLab. Everything is a new process."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from jupyter_client.manager import KernelManager

from benchmarks.cases import Case, Form, Work
from utils.course.environment import kernel_environment
from utils.course.kernels import private_connection
from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root, notebook_path, read_cells

TENSORFLOW, NUMPY, NOTHING = "import tensorflow", "import numpy", "Python alone"
EMPTY_KERNEL, TENSORFLOW_KERNEL = "a kernel alone", "a kernel and import tensorflow"
PLAIN_LAB = "JupyterLab alone, in an empty folder"
FIRST = "w1l1"
_SECONDS_TO_START = 180


def python(code: str) -> Form:
    """Return a new Python that runs some code."""
    return Form(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True))


def imports() -> Work:
    """Prepare the imports; each is done once before, so that the files are in memory."""
    ours = python("import utils.layers")
    peers = {name: python(name) for name in (TENSORFLOW, NUMPY)}
    limits = {NOTHING: python("pass")}
    for form in (ours, *peers.values(), *limits.values()):
        form.call()
    return Work(ours, peers, limits)


def kernel_seconds(code: str) -> float:
    """Start a kernel as `course lab` does, and return the seconds until it has run some code."""
    folder = notebook_path(FIRST).parent
    began = time.perf_counter()
    manager = KernelManager(kernel_name="python3", **private_connection())
    manager.start_kernel(env=kernel_environment(progress_bars=True), cwd=str(folder))
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=_SECONDS_TO_START)
        reply = client.execute_interactive(code, timeout=_SECONDS_TO_START, output_hook=lambda message: None)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the kernel could not run it: {reply['content']}")
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def first_lesson() -> Work:
    """Prepare the first lesson's first cell in a new kernel."""
    cell = next(cell for cell in read_cells(notebook_path(FIRST)) if cell.kind == "code")

    def form(code: str) -> Form:
        return Form(partial(kernel_seconds, code), own_clock=True)

    ours = form(cell.source)
    ours.call()
    return Work(ours, {TENSORFLOW_KERNEL: form(TENSORFLOW)}, {EMPTY_KERNEL: form("pass")})


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lab_seconds(command: Callable[[int], list[str]], log: Path) -> float:
    """Start a server of JupyterLab, return the seconds until it answers, and stop it.

    Parameters
    ----------
    command : callable
        Gives the command line for a port.
    log : Path
        File for what the server says.
    """
    port, token = free_port(), secrets.token_urlsafe(8)
    environment = {**kernel_environment(progress_bars=True), "NO_BROWSER": "1", "JUPYTER_TOKEN": token}
    began = time.perf_counter()
    with log.open("wb") as file:
        server = subprocess.Popen(
            command(port), env=environment, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        while not answers(port, token):
            if server.poll() is not None or time.perf_counter() - began > _SECONDS_TO_START:
                raise RuntimeError(f"JupyterLab does not answer: {log.read_text()[-500:]}")
            time.sleep(0.05)
        return time.perf_counter() - began
    finally:
        server.terminate()
        server.wait(60)


def answers(port: int, token: str) -> bool:
    """Tell whether a Jupyter server answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/status", headers={"Authorization": f"token {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(request, timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def lab() -> Work:
    """Prepare `course lab` on copies that are there already, as on every day but the first."""
    place = tempfile.TemporaryDirectory(prefix="bench-lab-")
    learn, empty, log = (Path(place.name, name) for name in ("learn", "empty", "log"))
    empty.mkdir()
    subprocess.run(
        [sys.executable, "-m", "utils.cli", "start", "--to", str(learn)], check=True, capture_output=True
    )

    def ours(port: int) -> list[str]:
        return [sys.executable, "-m", "utils.cli", "lab", "--to", str(learn), "--port", str(port)]

    def plain(port: int) -> list[str]:
        options = [f"--ServerApp.root_dir={empty}", f"--ServerApp.port={port}"]
        root = ["--allow-root"] if os.geteuid() == 0 else []
        return [sys.executable, "-m", "jupyterlab", "--no-browser", *options, *root]

    forms = [Form(partial(lab_seconds, command, log), own_clock=True) for command in (ours, plain)]
    for form in forms:
        form.call()
    return Work(forms[0], limits={PLAIN_LAB: forms[1]}, close=place.cleanup)


CASES = [
    Case(
        "import utils.layers",
        f"a new Python imports week 1's layers ({len(list(course_root().glob('utils/layers/*.py')))} files)",
        imports,
        {TENSORFLOW: 0.1},
        rounds=5,
    ),
    Case("first lesson", f"a kernel and the first cell of {NOTEBOOKS[FIRST].path}", first_lesson, rounds=4),
    Case("JupyterLab ready", "course lab until the server answers, copies written before", lab, rounds=3),
]
