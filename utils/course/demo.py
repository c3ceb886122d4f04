"""Serve the demos with Voilà: nothing is asked of the network, and only what a demo shows is seen.

The folder ``jupyter`` beside this file holds Voilà's settings: the pages' templates; uploads of 64 MiB (a photograph
straight from a camera), where Tornado stops at 10; and that JupyterLab's other extensions stay out, which fill the
page's console with errors.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from utils.course.environment import kernel_environment
from utils.course.refusal import Refusal
from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root

_SETTINGS = Path(__file__).with_name("jupyter")
PICTURES = "docs/pictures"  # below the course's root
TOKEN = "COURSE_DEMO_TOKEN"
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Demo:
    """A demo.

    Attributes
    ----------
    name : str
        On the command line, ``"face_door"``.
    path : str
        Of the notebook, below the course's root.
    title, says : str
        Heading of the notebook and the sentence below it.
    """

    name: str
    path: str
    title: str
    says: str

    @property
    def week(self) -> int:
        """Number of the week."""
        return int(self.path.removeprefix("week")[0])

    @property
    def file(self) -> str:
        """Name of the notebook without its ending."""
        return Path(self.path).stem


def all_demos() -> list[Demo]:
    """Return the demos in the order of the course."""
    return [_demo(row.path) for key, row in NOTEBOOKS.items() if "demo" in key]


def _demo(path: str) -> Demo:
    cells = json.loads((course_root() / path).read_text(encoding="utf-8"))["cells"]
    title, says = [line for line in "".join(cells[0]["source"]).split("\n") if line.strip()][:2]
    return Demo(Path(path).stem.removeprefix("demo_"), path, title.removeprefix("# "), says)


def find_demo(name: str) -> Demo:
    """Return a demo by its name, with or without ``demo_`` before it.

    Raises
    ------
    Refusal
        When there is none; the sentence lists those that there are.
    """
    demos = {demo.name: demo for demo in all_demos()}
    demo = demos.get(Path(name).stem.removeprefix("demo_"))
    if demo is None:
        raise Refusal(f"There is no demo {name!r}; there are: {', '.join(demos)}.")
    return demo


def serve_demos(
    first: Demo | None, port: int | None, host: str, browser: bool, say: Callable[[str], None]
) -> int:
    """Serve all demos until the server is stopped by hand.

    Parameters
    ----------
    first : Demo, optional
        The page that is opened; by default the gallery.
    port : int, optional
        By default the first free one from 8888 on.
    host : str
        Address to listen on. Other than this machine's own, visitors need a token.
    browser : bool
        Whether a browser is opened.
    say : callable
        Told the address.

    Returns
    -------
    int
        The server's exit status; 0 when it was stopped by hand.

    Raises
    ------
    Refusal
        When the port is taken, or the host is no address.
    """
    from utils.course.lab import choose_port

    token = None if is_own(host) else os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(16)
    chosen = choose_port(port)
    page = f"demo/{first.name}" if first else ""
    say(f"{first.title if first else 'The gallery'} is at http://{host}:{chosen}/{page}" + _query(token))
    if token:
        say("Visitors put this machine's name in place of that address.")
    say("Stop it with Ctrl-C.")
    command = server_command(chosen, host, browser=browser, first=first.name if first else "")
    try:
        return subprocess.call(command, env=server_environment(token=token))
    except KeyboardInterrupt:
        return 0


def is_own(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine alone.

    Raises
    ------
    Refusal
        When it is neither an address nor ``localhost``.
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        raise Refusal(
            f"The host must be an address such as 0.0.0.0 (everybody who reaches this machine), got {host!r}."
        ) from None


def _query(token: str | None) -> str:
    return f"?token={token}" if token else ""


def server_command(port: int, host: str = HERE, browser: bool = False, **options: str | int) -> list[str]:
    """Return the command that serves the demos.

    Parameters
    ----------
    port : int
        Port.
    host : str
        Address to listen on.
    browser : bool
        Whether the server opens a browser.
    **options
        More of :class:`utils.course.demo_server.DemoServer`'s: ``first``, ``idle_seconds``, ``look_seconds``.
    """
    command = [sys.executable, "-m", "utils.course.demo_server", f"--port={port}", f"--DemoServer.ip={host}"]
    command += [f"--DemoServer.{name}={value}" for name, value in options.items()]
    return [*command, "--DemoServer.port_retries=0", *([] if browser else ["--no-browser"])]


def server_environment(
    progress_bars: bool = True, token: str | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment for :func:`server_command`: the kernels' fixed one, and where Voilà's settings are."""
    environment = {**kernel_environment(progress_bars=progress_bars), **(more or {})}
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        others = os.environ.get(name)
        environment[name] = os.pathsep.join([str(_SETTINGS), others]) if others else str(_SETTINGS)
    return {**environment, TOKEN: token or ""}
