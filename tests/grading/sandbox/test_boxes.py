"""Boxes, cold and warm, are the same walls around a student's code: what is inside, and what of others is not."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from utils.exercises.boxed.frames import new_channel
from utils.exercises.case import Case
from utils.grading.classroom.records import Limits
from utils.grading.sandbox import cgroups, warm
from utils.grading.sandbox.box import Box, BoxLost
from utils.grading.sandbox.bubblewrap import find_bubblewrap
from utils.grading.sandbox.usage import tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.path.exists("/usr/bin/bwrap") and not os.environ.get("CI"),
        reason="bubblewrap is not installed",
    ),
]
NUMPY_ONLY = ("keras", "scipy", "tensorflow")


@pytest.fixture(params=["cold", "warm"])
def box(request):
    find_bubblewrap()
    with Box("w1l2", Limits(), NUMPY_ONLY, warm=request.param == "warm") as one:
        assert one.is_warm == (request.param == "warm")
        yield one


def tell(box, expression, *imports):
    """Return what an expression gives in the box, by way of an error message."""
    lines = [f"import {name}" for name in ("json", "os", *imports)]
    reply = box.run_cell("\n".join([*lines, f"raise ValueError(json.dumps({expression}))"]), 20)
    assert reply["error"] == "ValueError", reply
    return json.loads(reply["message"])


def test_nobody_is_there_and_nothing_but_the_public_course(box):
    assert tell(box, "os.getuid()") == 65534
    assert "answers" not in tell(box, "os.listdir('/course/utils')")
    assert sorted(tell(box, "os.listdir('/course')"))[-2:] in (["data", "utils"], ["utils", "warm.py"])
    assert tell(box, "os.listdir('/tmp') + os.listdir('/box') + os.listdir('/dev/shm')") in ([], ["ipython"])
    assert set(tell(box, "dict(os.environ)")) == set(_environment_names())


def _environment_names():
    from utils.grading.sandbox.bubblewrap import environment

    # IPython and Jupyter's shell add nothing; Python sets LC_CTYPE, the working folder is bubblewrap's.
    return {*environment(), "PWD"}


@pytest.mark.parametrize(
    "place",
    [
        "/x",
        "/usr/x",
        "/course/x",
        "/course/utils/x",
        "/course/data/x",
        "/dev/x",
        "/proc/x",
        f"{sys.prefix}/x",
    ],
)
def test_nothing_can_be_written_where_it_would_stay(box, place):
    assert not box.run_cell(f"open({place!r}, 'w')", 20)["ok"]


def test_no_network_not_even_to_this_computer(box):
    assert tell(box, "[name for _, name in socket.if_nameindex()]", "socket") == ["lo"]
    reply = box.run_cell("import socket; socket.create_connection(('127.0.0.1', 22), 1)", 20)
    assert reply["error"] in ("OSError", "ConnectionRefusedError")


def test_no_capability_is_left_and_no_namespace_gives_one(box):
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
done = [libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.umount2(b"/proc", 2), libc.sethostname(b"x", 1)]
raise ValueError(done)
"""
    assert box.run_cell(code, 20)["message"] == "[-1, -1, -1]"


def test_killing_everybody_reaches_nobody_else(box):
    with Box("w1l2", Limits(), NUMPY_ONLY) as neighbour:
        neighbour.run_cell("x = 41", 20)
        with pytest.raises(BoxLost):
            box.run_cell("import os\ntry:\n    os.kill(-1, 9)\nexcept OSError:\n    pass\nos._exit(1)", 20)
        assert tell(neighbour, "x + 1") == 42


def test_files_memory_and_ends_of_others_are_not_seen(box):
    with Box("w1l2", Limits(), NUMPY_ONLY) as neighbour:
        for folder in ("/tmp", "/box", "/dev/shm"):
            assert neighbour.run_cell(f"open('{folder}/secret', 'w').write('x')", 20)["ok"]
        for folder in ("/tmp", "/box", "/dev/shm"):
            assert "secret" not in tell(box, f"os.listdir('{folder}')")
        assert tell(box, "[f for f in os.listdir('/dev/pts') if f != 'ptmx']") == []


def test_too_much_memory_costs_the_cell_or_the_box(box):
    try:
        reply = box.run_cell("import numpy as np\nx = np.ones(10 * 2**30 // 8)", 20)
    except BoxLost as lost:
        reply = {"error": lost.status}
    assert reply["error"] in ("MemoryError", "_ArrayMemoryError", "crashed")


BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
# Where no control group holds it, a bomb could take the machine that runs the tests along.
CROWD = """
import os, time
for _ in range(30):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("warm", [True, False])
def test_too_many_processes_are_called_so(warm, group, monkeypatch):
    if not group:
        monkeypatch.setattr(cgroups, "_homes", lambda: ())
    elif not cgroups._homes():
        pytest.skip("this user may make no control group here")
    limits = Limits(processes=24)
    with Box("w1l2", limits, NUMPY_ONLY, warm=warm) as one:
        held = one._process.group is not None
        with pytest.raises(BoxLost) as lost:
            one.run_cell(BOMB if group and held else CROWD, 20)
    assert held == group
    assert (lost.value.status, "too many processes" in str(lost.value)) == ("crashed", True), lost.value


@pytest.mark.parametrize(
    ("refused", "out_of_memory", "said"),
    [
        (False, False, "process ended"),
        (False, True, "MB of memory"),
        (True, True, "too many processes"),
        (True, False, "process ended"),
    ],
)
def test_memory_is_not_to_blame_where_the_kernel_refused_processes(refused, out_of_memory, said):
    group = SimpleNamespace(refused_processes=lambda: refused, out_of_memory=lambda: out_of_memory)
    with new_channel() as (channel, _, _):
        pass  # and the process is gone
    box = object.__new__(Box)
    box.limits = Limits()
    box._process = SimpleNamespace(channel=channel, pid=os.getpid(), group=group, end=channel.close)
    with pytest.raises(BoxLost, match=said):
        box.run_cell("", 1)


def test_a_function_answers_with_arrays(box):
    assert box.run_cell(
        "import numpy as np\ndef zero_pad(X, pad):\n    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))",
        20,
    )["ok"]
    X = np.arange(12.0).reshape(1, 2, 2, 3)
    outcome, used = box.run_case("w1l2/zero_pad", Case("any", {"X": X}, {"pad": 1}), 10)
    assert used == []
    np.testing.assert_array_equal(outcome.arrays["result"], np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0))))


def test_a_warm_parent_that_dies_is_replaced_by_cold_starts(monkeypatch):
    with Box("w1l2", Limits(), NUMPY_ONLY) as one:
        assert one.is_warm
    parent = warm._try_parent(warm._kind(NUMPY_ONLY))
    parent.end()
    try:
        with Box("w1l2", Limits(), NUMPY_ONLY) as one:
            assert not one.is_warm
            assert tell(one, "6 * 7") == 42
    finally:
        warm._try_parent.cache_clear()


def test_a_warm_parent_that_is_late_is_ended(monkeypatch):
    with Box("w1l2", Limits(), NUMPY_ONLY) as one:
        parent = one._process._parent
    monkeypatch.setattr(warm, "_ANSWER_SECONDS", 0.0)
    try:
        with pytest.raises(warm.NoWarmParent, match="does not answer"):
            warm.WarmProcess("w1l2", Limits(), NUMPY_ONLY)
        assert parent._process.poll() is not None
        with pytest.raises(warm.NoWarmParent, match="is gone"):
            warm.WarmProcess("w1l2", Limits(), NUMPY_ONLY)
    finally:
        warm._try_parent.cache_clear()


@pytest.mark.parametrize("what", ["ask", "find"])
def test_a_box_ends_where_the_warm_parent_does_not_answer(what, monkeypatch):
    def silent(*arguments):
        raise warm.NoWarmParent("it does not answer")

    with Box("w1l2", Limits(processes=60), NUMPY_ONLY) as one:
        assert one.is_warm
        parent = one._process._parent.pid
        before = set(tree(parent))
        if what == "ask":
            one._send({"do": "cell", "source": CROWD})
            deadline = time.monotonic() + 20
            while len(tree(one._process.pid)) < 20 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(tree(one._process.pid)) >= 20
            monkeypatch.setattr(warm._Parent, "ask", silent)
            one.close()
            wanted = before - {one._process.pid}
        else:
            monkeypatch.setattr(warm, "_seen_here", silent)
            with pytest.raises(warm.NoWarmParent):
                warm.WarmProcess("w1l2", Limits(), NUMPY_ONLY)
            wanted = before
        deadline = time.monotonic() + 20
        while set(tree(parent)) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        assert set(tree(parent)) == wanted


def test_tensorflow_is_fresh_after_import_and_not_after_an_operation():
    code = (
        "import tensorflow, keras\n"
        "from utils.exercises.boxed.warm import is_fresh\n"
        "before = is_fresh()\n"
        "tensorflow.constant(1.0)\n"
        "print(before, is_fresh())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200)
    assert done.stdout.split() == ["True", "False"], done.stderr
