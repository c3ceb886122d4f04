"""What grading processes share on one machine: made once, whole or not at all, and nobody else's."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from utils.grading.sandbox import copies
from utils.grading.sandbox.copies import copy_for, public_copy
from utils.grading.sandbox.shared import PLACE, shared, shared_place

MAKER = """
import os, sys, time
from utils.grading.sandbox.shared import shared

def make(folder):
    (folder / "first").write_text(str(os.getpid()))
    print("making", flush=True)
    time.sleep(float(sys.argv[1]))
    (folder / "last").write_text(str(os.getpid()))

folder = shared("thing", make)
print((folder / "first").read_text() == (folder / "last").read_text(), flush=True)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "shared"
    monkeypatch.setenv(PLACE, str(folder))
    return folder


@pytest.fixture
def new_copies(tmp_path, monkeypatch):
    """Let copies be made anew, beside those that other tests' boxes hold."""
    monkeypatch.setattr(copies, "_folder", lambda: SimpleNamespace(name=str(tmp_path / "own")))
    (tmp_path / "own").mkdir()
    for function in (public_copy, copies._copy_for):
        function.cache_clear()
    yield
    for function in (public_copy, copies._copy_for):
        function.cache_clear()


def fill(folder):
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("x")


def refuse(folder):
    raise AssertionError("it is there already")


def start(seconds: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", MAKER, str(seconds)], stdout=subprocess.PIPE, text=True)


def test_it_is_made_once(place):
    folder = shared("thing", fill)
    assert folder == place / "thing"
    assert (folder / "inner" / "file").read_text() == "x"
    assert (folder / "inner" / "file").stat().st_mode & 0o777 == 0o444
    assert shared("thing", refuse) == folder
    assert place.stat().st_mode & 0o777 == 0o700


def test_many_at_once_have_the_same(place):
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(lambda seconds: start(seconds).communicate()[0].split(), [0.3] * 4))
    assert sorted(said, key=len) == [["True"]] * 3 + [["making", "True"]]


def test_one_that_is_killed_leaves_nothing_half_made(place):
    maker = start(60)
    try:
        assert maker.stdout.readline() == "making\n"
        assert not (place / "thing").exists()
    finally:
        maker.kill()
        maker.communicate()
    assert start(0).communicate()[0].split() == ["making", "True"]
    assert sorted(path.name for path in place.iterdir()) == ["lock", "thing"]


def test_what_nobody_asks_for_goes_in_the_end(place):
    for name in ("old", "fresh"):
        shared(name, fill)
    long_ago = time.time() - 30 * 86_400
    os.utime(place / "old", (long_ago, long_ago))
    shared("fresh", refuse)
    assert sorted(path.name for path in place.iterdir()) == ["fresh", "lock"]


def test_a_place_that_others_can_reach_is_not_used(place, tmp_path):
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert shared("thing", refuse) is None
    place.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    assert shared("thing", refuse) is None
    place.unlink()
    place.write_text("a file")
    assert shared("thing", refuse) is None


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away"
)
def test_somebody_elses_place_is_not_used(place):
    place.mkdir(mode=0o700)
    os.chown(place, 12345, 12345)
    assert shared("thing", refuse) is None


def test_a_fault_in_making_is_not_hidden_and_not_kept(place):
    def half(folder):
        fill(folder)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        shared("thing", half)
    assert not (place / "thing").exists()
    assert shared("thing", fill) == place / "thing"


def test_boxes_share_the_public_files_and_code_without_a_box_does_not(place, new_copies):
    whole = public_copy()
    assert whole.parent == place == shared_place()
    name = "utils/exercises/index.py"
    inodes = [(folder / name).stat().st_ino for folder in (whole, copy_for("w1l2"), copy_for("w1l2", True))]
    assert inodes[0] == inodes[1] != inodes[2]
    compiled = next((whole / "utils/exercises/__pycache__").glob("index.*.pyc"))
    assert compiled.stat().st_mode & 0o222 == 0


def test_where_no_place_can_be_had_each_process_has_its_own(place, new_copies, tmp_path):
    place.write_text("a file")
    folder = public_copy()
    assert folder.parent == tmp_path / "own"
    assert (folder / "utils" / "exercises" / "index.py").is_file()
