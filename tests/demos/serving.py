"""Serve a demo as a classroom does, on a free port, and look at it with a real browser that has no network."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from utils.course.demo import voila_command, voila_environment

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts"
_LOCAL = {"127.0.0.1", "localhost"}
_SECONDS_TO_START = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Seen:
    """A page and what went wrong on it.

    Attributes
    ----------
    page
        Playwright's page.
    errors
        Errors on the browser's console, and exceptions that no script caught.
    remote
        Addresses outside this machine that the page asked for; they were refused.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)


@contextmanager
def serve_demo(notebook: Path, folder: Path) -> Iterator[str]:
    """Run Voilà on a notebook; gives the address.

    Parameters
    ----------
    notebook
        The demo.
    folder
        An empty folder for Voilà's log and Jupyter's files.
    """
    port = _free_port()
    environment = {
        **voila_environment(progress_bars=False),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    log = folder / "voila.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            voila_command(notebook, port), env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        _wait_for_port(process, port, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_port(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Voilà does not answer:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def open_page(address: str, chromium: str, width: int = 1280, height: int = 900) -> Iterator[Seen]:
    """Open an address in Chromium; whatever is asked of other machines is refused and noted.

    Parameters
    ----------
    address
        On this machine.
    chromium
        Path of the browser's program.
    width, height
        Size of the window in pixels: a classroom's projector by default.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": width, "height": height})
        seen = Seen(page)
        page.on(
            "console", lambda message: seen.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: seen.errors.append(str(error)))

        def guard(route):
            url = urlsplit(route.request.url)
            if url.scheme in ("data", "blob") or url.hostname in _LOCAL:
                route.continue_()
            else:
                seen.remote.append(route.request.url)
                route.abort()

        page.route("**/*", guard)
        try:
            page.goto(address, timeout=60_000)
            yield seen
        finally:
            browser.close()


def save_screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page among the tests' artefacts."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path
