"""A PostgreSQL server for tests, in a folder of its own, reached by a socket there; never by the network."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from utils.course.environment import find_system_part, in_ci

_USERS = ("postgres", "nobody")  # a server refuses to run as root


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server with one database and yield its address; without PostgreSQL tests are skipped, in CI they fail."""
    initdb = find_system_part("postgresql")
    if initdb is None:
        (pytest.fail if in_ci() else pytest.skip)("the system package postgresql is not installed")
    programs = Path(initdb).resolve().parent
    # A socket's path has room for 107 bytes, and only its owner may enter pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_user = _become(folder)
    options = {
        "cwd": folder,
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        "stdin": subprocess.DEVNULL,
    }
    try:
        made = subprocess.run(
            [
                *as_user,
                programs / "initdb",
                "-D",
                "data",
                "-U",
                "teacher",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "max_connections=10",
        )
        given = [part for setting in settings for part in ("-c", setting)]
        with open(folder / "log", "w+") as log:
            command = [*as_user, programs / "postgres", "-D", "data", *given]
            with subprocess.Popen(command, stdout=log, stderr=log, **options) as server:
                try:
                    _wait_for(server, programs, folder)
                    yield f"postgresql+psycopg://teacher@/postgres?host={folder}"
                finally:
                    server.send_signal(signal.SIGINT)  # a fast shutdown
                    server.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: subprocess.Popen, programs: Path, folder: Path) -> None:
    ready = [programs / "pg_isready", "-q", "-h", folder]
    for _ in range(600):
        if server.poll() is None and subprocess.run(ready).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()}")


def _become(folder: Path) -> list[str]:
    """Return what runs a command as somebody who is not root and ends it with the tests; give them the folder."""
    program = ["setpriv", "--pdeathsig=INT"]
    if os.geteuid() != 0:
        return program
    user = next(entry for name in _USERS if (entry := _user(name)))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*program, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
