"""A small data folder, an empty cache and a local web server for tests that must not touch the real ones."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONTENT = bytes(range(256)) * 2_000
ROW = """
[{name}]
kind = "weights"
group = "big"
file = "{file}"
{checksum}
bytes = {size}
licence = "MIT"
credit = "Nobody"
url = "{url}"
note = "A file for tests."
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty data folder with an empty cache and no mirror."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "assets.toml").write_text("")
    monkeypatch.setenv("COURSE_DATA", str(data))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return data


@pytest.fixture
def add_row(folder) -> Callable[..., None]:
    """A function that adds the row of a file that is fetched."""

    def add(url: str, name: str = "big", file: str = "big/file.bin", checksum: str = "") -> None:
        checksum = checksum or f'sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"'
        with open(folder / "assets.toml", "a") as table:
            table.write(ROW.format(name=name, file=file, checksum=checksum, size=len(CONTENT), url=url))

    return add


class _Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path: good, short, wrong, html, missing, broken."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        self.server.asked.append(self.path)
        if kind == "missing":
            self.send_error(404)
            return
        body = {
            "wrong": CONTENT[::-1],
            "short": CONTENT[:1000],
            "html": b"\n<!DOCTYPE html><title>Sign in</title>",
        }.get(kind, CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "silent":
            self.server.released.wait(20)
            return
        if kind == "slow":
            self.server.released.wait(0.5)
        self.wfile.write(body[: len(body) // 2] if kind == "broken" else body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A web server on this machine; `server.address` is its URL, `server.asked` the paths it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked, server.released = [], threading.Event()
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()
