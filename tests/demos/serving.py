"""Serve the demos as a classroom does, on a free port, and look at them with a real browser that has no network."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from utils.course.demo import server_command, server_environment

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts"
_LOCAL = {"127.0.0.1", "localhost"}
_SECONDS_TO_START = 180
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
def serve(folder: Path, token: str | None = None, **options: str | int) -> Iterator[str]:
    """Run the server of the demos; gives its address, where the gallery is.

    Parameters
    ----------
    folder
        An empty folder for the server's log and Jupyter's files.
    token
        Demanded of visitors.
    **options
        As of :func:`utils.course.demo.server_command`.
    """
    port = _free_port()
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("RUNTIME", "CONFIG", "DATA")}
    environment = server_environment(progress_bars=False, token=token, more=own)
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            server_command(port, **options),
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
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
    raise RuntimeError(f"the server does not answer:\n{log.read_text(errors='replace')[-3000:]}")


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
            page.goto(address, timeout=180_000)
            yield seen
        finally:
            browser.close()


def save_screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page among the tests' artefacts."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def kernels(folder: Path) -> dict[int, Path]:
    """Process numbers of the running kernels of a server, by what they were started with."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            home = (entry / "environ").read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        if "ipykernel_launcher" in words and str(folder) in home:
            found[int(entry.name)] = entry
    return found
