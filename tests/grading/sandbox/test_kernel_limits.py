"""What the kernel is asked to hold: control groups, the use of a tree of processes, the filter of system calls."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.exercises.boxed import syscalls
from utils.grading.classroom.records import Limits
from utils.grading.sandbox import cgroups
from utils.grading.sandbox.bubblewrap import environment, limit_command
from utils.grading.sandbox.cgroups import Group
from utils.grading.sandbox.usage import tree, usage


def test_a_tree_is_counted_with_its_memory():
    code = "import subprocess, sys, time; hoard = b'x' * (60 << 20)\n" + (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; hoard = bytearray(b\"x\") * (40 << 20);"
        " print(flush=True); time.sleep(60)'], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            assert len(tree(process.pid)) == 2
            assert tree(process.pid, most=1) == [process.pid]
            assert usage(process.pid, most=1)[0] == 1
            count, memory = usage(process.pid)
            assert count == 2
            assert 100 << 20 < memory < 400 << 20
        finally:
            for pid in reversed(tree(process.pid)):
                os.kill(pid, 9)


def test_a_process_that_is_gone_uses_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert usage(process.pid) == (0, 0)


def test_a_group_holds_its_limits():
    group = Group.make(Limits(memory_mb=200, processes=8))
    if group is None:
        pytest.skip("this user may make no control group here")
    try:
        start = "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()"
        code = f"import threading, time\nfor _ in range(20): {start}"
        command = group.enter([sys.executable, "-c", code])
        assert not group.refused_processes()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "can't start new thread" in done.stderr
        assert group.refused_processes()
        assert not group.out_of_memory()
        command = group.enter([sys.executable, "-c", "b'x' * (600 << 20)"])
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0
        assert group.out_of_memory()
    finally:
        group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_groups_that_killed_graders_left_are_removed(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    homes = (tmp_path / "memory", tmp_path / "pids")
    names = (
        f"course-{gone.pid}-0",
        f"course-{gone.pid}-12",
        f"course-{os.getpid()}-0",
        "course-x",
        "other-1-1",
    )
    full = f"course-{gone.pid}-3"
    for home in homes:
        for name in (*names, full):
            (home / name).mkdir(parents=True)
        (home / full / "child").mkdir()
    monkeypatch.setattr(cgroups, "_homes", lambda: homes)
    for _ in range(2):
        cgroups.remove_stale()
        for home in homes:
            assert {path.name for path in home.iterdir()} == {*names[2:], full}


LEAVES_A_GROUP = """
import os, signal
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.cgroups import Group
print(*Group.make(Limits()).folders, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_the_kernel_keeps_of_a_killed_grader_is_removed():
    if not cgroups._homes():
        pytest.skip("this user may make no control group here")
    said = subprocess.run([sys.executable, "-c", LEAVES_A_GROUP], capture_output=True, text=True, check=False)
    folders = [Path(path) for path in said.stdout.split()]
    assert folders
    assert all(folder.is_dir() for folder in folders)
    cgroups.remove_stale()
    assert not any(folder.exists() for folder in folders)


def test_limits_of_one_process_are_set():
    limits = Limits(memory_mb=300, file_mb=2)
    prefix = limit_command(limits)
    if not prefix:
        pytest.skip("there is no prlimit here")
    code = "import resource as r; print(*(r.getrlimit(k)[1] for k in (r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_CORE)))"
    said = subprocess.run(
        [*prefix, sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == [str(300 << 20), str(2 << 20), "0"]


def test_the_environment_of_a_box_is_the_same_for_everybody(monkeypatch):
    before = environment()
    monkeypatch.setenv("COURSE_TEST_SECRET", "x")
    assert environment() == before
    assert not {"COURSE_TEST_SECRET", "PYTHONPATH", "USER"} & set(environment())


SHUT = """
import ctypes, os, socket, subprocess, threading
from utils.exercises.boxed.syscalls import shut
if not shut():
    raise SystemExit(9)
libc = ctypes.CDLL(None, use_errno=True)
for call in (lambda: libc.unshare(0x10000000), lambda: libc.ptrace(16, os.getppid(), 0, 0),
             lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), lambda: libc.chroot(b"/tmp")):
    assert call() == -1
    assert ctypes.get_errno() == 1, ctypes.get_errno()
for family in (40, 38, 17):
    try:
        socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        continue
    raise AssertionError(family)
socket.socketpair()[0].close()
socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
done = []
thread = threading.Thread(target=done.append, args=(1,))
thread.start()
thread.join()
assert done == [1]
assert subprocess.run(["true"]).returncode == 0
child = os.fork()
if child == 0:
    os._exit(0 if libc.unshare(0x10000000) == -1 else 1)
assert os.waitpid(child, 0)[1] == 0
"""


def test_doors_are_shut_for_a_process_and_its_children():
    done = subprocess.run([sys.executable, "-c", SHUT], capture_output=True, text=True, check=False)
    if done.returncode == 9:
        pytest.skip("this kernel or machine has no filter of system calls")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_line_of_the_filter_leads_somewhere(machine):
    program = syscalls._program(*syscalls._MACHINES[machine])
    assert len(program) < 4096
    for place, (operation, yes, no, _) in enumerate(program):
        if operation not in (syscalls._LOAD, syscalls._RETURN):
            assert place + 1 + max(yes, no) < len(program)
    assert program[-1] == (syscalls._RETURN, 0, 0, syscalls._ALLOW)


def test_a_machine_that_is_not_known_has_no_filter(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: type("Uname", (), {"machine": "abacus"}))
    assert syscalls.shut() is False


def test_trees_end_while_they_are_looked_at():
    process = subprocess.Popen(
        [sys.executable, "-c", "import os\nfor _ in range(50): os.fork() or os._exit(0)"]
    )
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        usage(process.pid)
    process.wait()
