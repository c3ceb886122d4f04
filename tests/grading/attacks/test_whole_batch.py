"""Attackers and honest students in one class, graded together: everybody has a row, and nobody touches another's."""

import json
import os
from contextlib import suppress

import pytest

from tests.grading.attacks.ground import code
from tests.grading.classroom.handed_in import EXERCISES, FILE, WEEK, find, honest, released
from tests.grading.classroom.handed_in import code as cell
from utils.grading.classroom import store
from utils.grading.classroom.batch import grade_class
from utils.grading.classroom.records import Limits

pytestmark = pytest.mark.slow

# Student → what their zero_pad is; everything else is honest.
ATTACKERS = {
    "b-exits": "import os\ndef zero_pad(X, pad):\n    os._exit(0)",
    "c-loops": code("""
        def zero_pad(X, pad):
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass
        """),
    "d-forks": "import os\ndef zero_pad(X, pad):\n    while True:\n        os.fork()",
    "f-kills": "import os\ndef zero_pad(X, pad):\n    os.kill(-1, 9)\n    return X",
    "g-eats": "def zero_pad(X, pad):\n    return np.ones(10 << 30, np.uint8)",
    "h-writes": code("""
        def zero_pad(X, pad):
            for path in <paths>:
                try:
                    open(path, "w").write("mine")
                except OSError:
                    pass
            return X
        """),
    "i-patches": "np.testing.assert_allclose = np.allclose = lambda *a, **k: True\ndef zero_pad(X, pad):\n    return X",
    "j-delegates": "def zero_pad(X, pad):\n    from utils.layers import pad2d\n    return pad2d(X, pad)",
}
HONEST = ("a-honest", "e-honest", "z-honest")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    out = folder / "out"
    targets = [
        out / "gradebook.db",
        out / ".grading" / "secret",
        folder / "handed" / "a-honest" / WEEK / FILE,
    ]
    for student in (*HONEST, *ATTACKERS):
        document = honest()
        if student in ATTACKERS:
            find(document, "zero_pad")["source"] = ATTACKERS[student].replace(
                "<paths>", repr([str(path) for path in targets])
            )
        if student == "h-writes":
            document["cells"].append(cell("!rm -rf / --no-preserve-root"))
        place = folder / "handed" / student / WEEK
        place.mkdir(parents=True)
        (place / FILE).write_text(json.dumps(document))
    broken = folder / "handed" / "k-broken" / WEEK
    broken.mkdir(parents=True)
    (broken / FILE).write_bytes(b'{"cells": [' * 5000)
    linked = folder / "handed" / "l-linked" / WEEK
    linked.mkdir(parents=True)
    os.symlink(folder / "handed" / "a-honest" / WEEK / FILE, linked / FILE)
    (folder / "handed" / "m-empty").mkdir()
    before = targets[2].read_bytes()
    results = []
    with store.lock(out):
        found = grade_class(
            folder / "handed",
            out,
            {WEEK: {FILE: released()}},
            jobs=2,
            limits=Limits(memory_mb=1024, processes=64),
        )
        results = list(found)
    assert targets[2].read_bytes() == before
    with suppress(FileNotFoundError):
        assert targets[0].read_bytes() != b"mine"
    assert targets[1].read_text() != "mine"
    return {result.student: result for result in results}


def test_everybody_has_a_row_for_everything(graded):
    assert sorted(graded) == sorted([*HONEST, *ATTACKERS, "k-broken", "l-linked", "m-empty"])
    for result in graded.values():
        assert tuple(row.exercise for row in result.exercises) == EXERCISES


@pytest.mark.parametrize("student", HONEST)
def test_whoever_is_honest_keeps_everything(student, graded):
    assert [row.points for row in graded[student].exercises] == [
        row.max_points for row in graded[student].exercises
    ]
    assert {row.status for row in graded[student].exercises} == {"graded"}


@pytest.mark.parametrize("student", ATTACKERS)
def test_whoever_attacks_gets_nothing_for_it(student, graded):
    rows = {row.exercise: row for row in graded[student].exercises}
    assert rows["zero_pad"].points == 0
    assert (rows["zero_pad"].status == "flagged") == (student == "j-delegates")
    if student not in ("f-kills", "i-patches"):
        assert all(row.points == row.max_points for name, row in rows.items() if name != "zero_pad")


@pytest.mark.parametrize(
    ("student", "status"), [("k-broken", "failed"), ("l-linked", "missing"), ("m-empty", "missing")]
)
def test_whoever_hands_in_nothing_readable_is_told_so(student, status, graded):
    assert {(row.status, row.points) for row in graded[student].exercises} <= {(status, 0.0), ("failed", 0.0)}
