"""`course lab`: the address it prints answers, ports that are taken are said, a stop leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from utils.course.lab import choose_port, wants_browser
from utils.course.refusal import Refusal


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_said(taken_port):
    with pytest.raises(Refusal, match=rf"Port {taken_port} is taken by another program"):
        choose_port(taken_port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_out_of_range_is_said(port):
    with pytest.raises(Refusal, match="from 1 to 65535"):
        choose_port(port)


def test_without_a_wish_a_free_port_is_found():
    assert 8888 <= choose_port(None) < 8908


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"DISPLAY": ":0", "NO_BROWSER": "1"}, False),
        ({"DISPLAY": ":0", "NO_BROWSER": "0"}, True),
    ],
)
def test_no_browser_is_respected(monkeypatch, environment, wanted):
    monkeypatch.delenv("NO_BROWSER", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_browser() is wanted


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_printed_address_answers_and_lists_the_copies(course, learn, tmp_path, stop):
    # The course itself is replaced in the child, since the real one may hold no notebooks yet.
    code = f"import pathlib\nfrom utils import cli\ncli.course_root = lambda: pathlib.Path({str(course)!r})\ncli.app()"
    environment = {
        **os.environ,
        "NO_BROWSER": "1",
        "IPYTHONDIR": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path),
    }
    environment.pop("PORT", None)
    environment.pop("JUPYTER_TOKEN", None)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, "lab", "--to", str(learn)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = next(line for line in process.stdout if "JupyterLab is at" in line)
        address, port, token = re.search(r"(http://127\.0\.0\.1:(\d+)/lab\?token=(\S+))", line).groups()
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert answer.status == 200
        listing = f"http://127.0.0.1:{port}/api/contents/week1_small?token={token}"
        with urllib.request.urlopen(listing, timeout=30) as answer:
            names = {row["name"] for row in json.load(answer)["content"]}
        assert names == {"1_adding.ipynb", "demo_adding.ipynb", "README.md"}
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents", timeout=30)
    finally:
        process.send_signal(stop)
        rest = process.communicate(timeout=30)[0]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert choose_port(int(port)) == int(port), "the server is still there"
