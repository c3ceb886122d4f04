"""A PostgreSQL server for tests, in a folder of its own, reached by a socket there; never by the network."""

import os
import pwd
import shutil
import subprocess
import tempfile
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
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*as_user, str(programs / program), *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        told = f"{done.stdout or ''}{log.read_text() if log.exists() else ''}"
        assert done.returncode == 0, f"{program}: {told}"

    server = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=10"
    try:
        run("initdb", "-D", str(data), "-U", "teacher", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", str(data), "-l", str(log), "-o", server, "-w", "-t", "60", "start")
        try:
            yield f"postgresql+psycopg://teacher@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _become(folder: Path) -> list[str]:
    """Return what runs a command as somebody who is not root, and give them the folder."""
    if os.geteuid() != 0:
        return []
    user = next(entry for name in _USERS if (entry := _user(name)))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
