"""Serve the learner's copies with JupyterLab on this machine."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path

from utils.course.environment import kernel_environment
from utils.course.refusal import Refusal

FIRST_PORT, PORTS_TO_TRY = 8888, 20
_SECONDS_TO_ANSWER = 60
LOG = ".jupyterlab.log"
# On Ctrl-C Jupyter would ask whether it is meant; we stop it ourselves.
_APART = {"stdin": subprocess.DEVNULL, "start_new_session": True}
# No questions about news, and none of nbgrader's and jupytext's menus: those are for authors.
_SETTINGS = Path(__file__).with_name("jupyterlab")


def serve(folder: Path, port: int | None, browser: bool, say: Callable[[str], None]) -> int:
    """Serve a folder until JupyterLab ends.

    Parameters
    ----------
    folder : Path
        Root of what JupyterLab shows; the server's log goes there too.
    port : int, optional
        Port on 127.0.0.1; by default the first free one from 8888 on.
    browser : bool
        Whether to open a browser on it.
    say : callable
        Called with each line for the user.

    Returns
    -------
    int
        JupyterLab's exit status; 0 when it was stopped by hand.

    Raises
    ------
    Refusal
        When the port is taken, or JupyterLab does not answer.
    """
    chosen = choose_port(port)
    # A new token each time, unless the user has set Jupyter's own variable. It travels in the environment: a command
    # line can be read by every user of the machine.
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    settings = os.pathsep.join(filter(None, [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]))
    environment = {
        **kernel_environment(progress_bars=True),
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_PATH": settings,
    }
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _interrupt)  # a closed terminal must not leave a server behind
    # What the server and its kernels log goes to a file: in the terminal only the address matters.
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            _command(folder, chosen), env=environment, stdout=log, stderr=subprocess.STDOUT, **_APART
        )
    try:
        _wait_until_it_answers(process, chosen, token, folder / LOG)
        address = f"http://127.0.0.1:{chosen}/lab?token={token}"
        say(f"JupyterLab is at {address}")
        say("Stop it with Ctrl-C.")
        if browser:
            webbrowser.open(address)
        return process.wait()
    except KeyboardInterrupt:
        say("Stopping JupyterLab.")
        return 0
    finally:
        _stop(process)


def choose_port(port: int | None) -> int:
    """Return the asked port if it is free, or the first free one when none is asked.

    Raises
    ------
    Refusal
        When it is taken or is no port.
    """
    if port is None:
        free = (number for number in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY) if _is_free(number))
        if (number := next(free, None)) is None:
            raise Refusal(
                f"The ports {FIRST_PORT}–{FIRST_PORT + PORTS_TO_TRY - 1} are all taken: "
                "name a free one, as in PORT=9000 make lab."
            )
        return number
    if not 1 <= port <= 65535:
        raise Refusal(f"PORT must be a number from 1 to 65535, got {port}.")
    if not _is_free(port):
        raise Refusal(
            f"Port {port} is taken by another program: stop that, "
            f"or name another one, as in PORT={port % 65535 + 1} make lab."
        )
    return port


def wants_browser() -> bool:
    """Tell whether a browser should and can be opened: not with NO_BROWSER set, nor on a machine without a screen."""
    if os.environ.get("NO_BROWSER", "") not in ("", "0"):
        return False
    has_screen = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    return has_screen or shutil.which("wslview") is not None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _command(folder: Path, port: int) -> list[str]:
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser"),
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--LabApp.news_url=None",  # the course works offline: no news, no question about them, no look for updates
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    # Containers work as root, and there Jupyter asks for a yes.
    return [*command, "--allow-root"] if os.geteuid() == 0 else command


def _wait_until_it_answers(process: subprocess.Popen, port: int, token: str, log: Path) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/status", headers={"Authorization": f"token {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Refusal(
                f"JupyterLab ended at once with status {process.returncode}; the reason stands in {log}."
            )
        try:
            direct.open(request, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise Refusal(f"JupyterLab did not answer on port {port} within {_SECONDS_TO_ANSWER} seconds; see {log}.")


def _interrupt(signum, frame) -> None:
    raise KeyboardInterrupt


def _stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()  # the server stops its kernels on this signal, without asking
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
