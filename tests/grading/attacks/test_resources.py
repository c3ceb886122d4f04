"""Attacks on the machine: processes, memory, disk, time, signals; a neighbour is judged at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.grading.attacks.ground import Attack, assert_full, assert_gains_nothing, code, honest_job
from utils.grading.classroom.records import Limits
from utils.grading.classroom.worker import Station

MARK = "86399.25"  # seconds that only a process of these attacks sleeps
LIMITS = Limits(cell_seconds=8, memory_mb=1024, processes=64, file_mb=20)
LOST = ("crashed", "timeout")
ANY = ("crashed", "timeout", "graded", "failed")
IN_FUNCTION = (
    Attack(
        "os._exit",
        "the kernel is gone, and with it the whole submission in nbgrader",
        "import os\ndef zero_pad(X, pad):\n    os._exit(0)",
        status=("crashed",),
    ),
    Attack(
        "a crash in compiled code",
        "no exception, no traceback",
        "import ctypes\ndef zero_pad(X, pad):\n    ctypes.string_at(0)",
        status=("crashed",),
        rest=False,
    ),
    Attack(
        "an endless loop",
        "it is waited for",
        "def zero_pad(X, pad):\n    while True:\n        pass",
        status=("timeout",),
    ),
    Attack(
        "an endless loop that catches everything",
        "the stop is an exception",
        code("""
        def zero_pad(X, pad):
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass
        """),
        status=LOST,
    ),
    Attack(
        "an endless loop without an alarm",
        "the stop is a signal",
        code("""
        import signal
        def zero_pad(X, pad):
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while True:
                pass
        """),
        status=LOST,
    ),
    Attack(
        "an endless calculation in C",
        "a signal waits until it is over",
        code("""
        import re
        def zero_pad(X, pad):
            re.match("(a*)*b", "a" * 60)
        """),
        status=LOST,
    ),
    Attack(
        "a number without an end",
        "memory and time in one",
        "def zero_pad(X, pad):\n    return 9 ** 9 ** 9",
        status=LOST,
    ),
    Attack(
        "endless output",
        "a buffer in the grader fills up",
        code("""
        def zero_pad(X, pad):
            while True:
                print("x" * 100_000)
        """),
        status=LOST,
    ),
    Attack(
        "recursion without an end",
        "the stack of C is not Python's",
        code("""
        import sys
        sys.setrecursionlimit(10**9)
        def zero_pad(X, pad):
            return zero_pad(X, pad)
        """),
        status=ANY,
    ),
    Attack(
        "ten gigabytes",
        "the machine swaps, neighbours are killed",
        code("""
        def zero_pad(X, pad):
            return np.ones(10 << 30, np.uint8)
        """),
        status=ANY,
    ),
    Attack(
        "ten gigabytes in many processes",
        "a limit a process is none",
        code("""
        import os, time
        def zero_pad(X, pad):
            for _ in range(40):
                if os.fork() == 0:
                    hoard = b"x" * (256 << 20)
                    time.sleep(60)
            time.sleep(60)
        """),
        status=LOST,
    ),
    Attack(
        "a fork bomb",
        "no process can be started any more",
        code("""
        import os
        def zero_pad(X, pad):
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        """),
        status=LOST,
    ),
    Attack(
        "a bomb of threads",
        "threads are not counted as processes",
        code("""
        import threading, time
        def zero_pad(X, pad):
            while True:
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        """),
        status=ANY,
    ),
    Attack(
        "a signal to everybody",
        "the grader runs as the same user",
        code("""
        import os, signal
        def zero_pad(X, pad):
            for pid in (os.getppid(), 1, -1, 0, *range(2, 500)):
                if pid != os.getpid():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except OSError:
                        pass
            return X
        """),
        status=ANY,
        rest=False,
    ),
    Attack(
        "a process that outlives its box",
        "a daemon in a session of its own judges the next student",
        code("""
        import os
        def zero_pad(X, pad):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execvp("sleep", ["sleep", "<mark>"])
                os._exit(0)
            return X
        """).replace("<mark>", MARK),
    ),
    Attack(
        "something to do at the end",
        "handlers run when the judge has long been pleased",
        code("""
        import atexit, time
        atexit.register(time.sleep, 600)
        def zero_pad(X, pad):
            return X
        """),
    ),
)
IN_CELL = (
    Attack("os._exit in a cell", "", cells=("import os\nos._exit(3)",)),
    Attack("an endless cell", "", cells=("while True:\n    pass",)),
    Attack(
        "a full disk",
        "",
        cells=(
            code("""
        import os
        for folder in ("/tmp", "/box", "/dev/shm", "/var/tmp"):
            for n in range(40):
                try:
                    with open(f"{folder}/{n}", "wb") as file:
                        for _ in range(40):
                            file.write(bytes(1 << 20))
                except OSError as error:
                    pass
        """),
        ),
        rest=True,
    ),
    Attack(
        "a thread that wakes while others are judged",
        "after the cells nobody expects it",
        cells=(
            code("""
        import os, threading, time
        def wake():
            while "parameter_count" not in globals_of_cell:
                time.sleep(0.01)
            time.sleep(0.05)
            os._exit(0)
        globals_of_cell = globals()
        threading.Thread(target=wake, daemon=True).start()
        """),
        ),
        status=ANY,
        rest=False,
    ),
    Attack(
        "many cells that end the process",
        "each costs the grader the start of a box",
        cells=("import os\nos._exit(1)",) * 12,
        status=("timeout",),
        rest=False,
    ),
)


@pytest.fixture(scope="module")
def other_process():
    """Return a second process that judges, as a batch has."""
    station = Station()
    yield station
    station.close()


@pytest.fixture
def beside(other_process):
    """Judge somebody honest at the same time."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(other_process.judge, honest_job("bob"))


def left_over() -> list[str]:
    """Return the command lines of processes that carry this module's mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if MARK in line and line.startswith("sleep"):
            found.append(line)
    return found


@pytest.mark.parametrize("attack", IN_FUNCTION, ids=lambda attack: attack.name)
def test_a_function_that_uses_too_much_costs_itself_only(attack, short_exercises, beside):
    assert_gains_nothing(attack, limits=LIMITS)
    assert_full(beside.result())
    assert not left_over()


@pytest.mark.parametrize("attack", IN_CELL, ids=lambda attack: attack.name)
def test_a_cell_that_uses_too_much_costs_itself_only(attack, beside):
    result = assert_gains_nothing(attack, limits=LIMITS)
    assert_full(beside.result())
    if attack.cells[0].startswith(("import os\nos._exit(3)", "while")):
        assert [cell for cell, _ in result.failed_cells] == ["own-0"]
