"""Attacks and accidents in the file that is handed in: repaired from the release, or reported, never trusted."""

import json
import os
import socket
import threading

import pytest

from tests.grading.classroom.handed_in import (
    EXERCISES,
    FILE,
    LESSON,
    WEEK,
    blank,
    code,
    find,
    grade_id,
    honest,
    last_text,
    plan_of,
    released,
    text,
)
from utils.grading.classroom.plan import plan
from utils.grading.classroom.records import Limits

SECRET = "t0p-s3cret-4711"


def planned(path):
    return plan(path, released(), LESSON, "mallory", WEEK, 1, Limits(), "engine")


def refused(path) -> str:
    """Plan a file that cannot be graded, and return what is said."""
    job = planned(path)
    assert job.unread
    assert not job.cells
    assert job.exercises == EXERCISES
    assert SECRET not in job.unread + " ".join(job.repairs)
    return job.unread


def points_in_metadata(document):
    for cell in document["cells"]:
        grading = cell["metadata"].get("nbgrader", {})
        grading["points"] = 100
    document["metadata"]["points"] = document["metadata"]["score"] = 100


def outputs_with_points(document):
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            data = {"text/plain": ["3.0"]}
            cell["outputs"] = [
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}
            ]


def unlocked_checks(document):
    for cell in document["cells"]:
        grading = cell["metadata"].get("nbgrader")
        if grading and cell["id"].endswith("-check"):
            grading.update(locked=False, grade=False, solution=True)
            cell["source"] = "3"


def other_grade_ids(document):
    for cell in document["cells"]:
        grading = cell["metadata"].get("nbgrader")
        if grading:
            grading["grade_id"] = "w9z9-" + grading["grade_id"]


def checks_deleted(document):
    document["cells"] = [cell for cell in document["cells"] if not cell["id"].endswith("-check")]


def checks_doubled(document):
    document["cells"] += [cell for cell in document["cells"] if cell["id"].endswith("-check")] * 3


def own_first_cell(document):
    document["cells"].insert(0, code("import sys; sys.exit('first')"))


def wrong_kernel(document):
    document["metadata"]["kernelspec"] = {"name": "evil", "display_name": "x", "language": "bash"}
    document["metadata"]["language_info"] = {"name": "bash"}


def backwards(document):
    document["cells"].reverse()


def tags_of_the_course(document):
    for cell in document["cells"]:
        cell["metadata"]["tags"] = ["not-graded", "given", "parameters"]


FORGERIES = (
    points_in_metadata,
    outputs_with_points,
    unlocked_checks,
    other_grade_ids,
    checks_deleted,
    checks_doubled,
    wrong_kernel,
    tags_of_the_course,
    backwards,
)


@pytest.mark.parametrize("forge", FORGERIES)
def test_what_stands_beside_the_code_changes_nothing(forge, tmp_path):
    """A forged blank is as blank, and a forged solution still the solution."""
    for document, want in ((blank(), None), (honest(), text)):
        forge(document)
        job = plan_of(document, tmp_path)
        assert not job.unread
        assert job.exercises == EXERCISES
        assert not [cell for cell in job.cells if cell.source.strip() in ("3", "100")]
        if want:
            for name in EXERCISES:
                assert last_text(job, name).strip() == want(name).strip()
        else:
            assert "NotImplementedError" in last_text(job, "zero_pad")


def test_a_cell_before_the_first_runs_after_the_courses_imports(tmp_path):
    document = honest()
    own_first_cell(document)
    job = plan_of(document, tmp_path)
    assert not job.cells[0].own


def test_a_students_cell_never_becomes_the_courses(tmp_path):
    """Whatever a cell calls itself, its text counts as the student's unless it is the release's."""
    document = honest()
    for cell in document["cells"]:
        if cell["cell_type"] == "code" and "import" in cell["source"][:40]:
            cell["source"] = cell["source"] + "\nimport ctypes"
            break
    find(document, "zero_pad")["metadata"]["nbgrader"].update(locked=True, solution=False, grade=True)
    document["cells"].append(code("import gc", id=grade_id("zero_pad") + "-check"))
    job = plan_of(document, tmp_path)
    for cell in job.cells:
        if "ctypes" in cell.source or "import gc" in cell.source or "zero_pad" in cell.defines:
            assert cell.own


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\x00" * 1000,
        b"\xff\xfe{}",
        b"PK\x03\x04" + b"x" * 100,
        b"[" * 200_000,
        b'{"cells": ' * 20_000,
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}',
        b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
        b'{"nbformat": "4", "cells": [null, 3, "x", [], {}]}',
        b'{"nbformat": 1e999, "cells": []}',
        b'{"cells": [], "cells": {"a": 1}, "nbformat": 4, "nbformat_minor": -1, "metadata": []}',
        ("{" + '"a": ' + "9" * 100_000 + "}").encode(),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_files_that_are_no_notebook_cost_only_themselves(data, tmp_path):
    path = tmp_path / FILE
    path.write_bytes(data)
    job = planned(path)
    assert job.exercises == EXERCISES
    assert job.unread or not [cell for cell in job.cells if cell.own]


@pytest.mark.parametrize(
    "kind", ["symlink", "symlink to a device", "dangling link", "fifo", "folder", "socket", "device"]
)
def test_only_regular_files_are_opened(kind, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    path = tmp_path / FILE
    if kind == "symlink":
        path.symlink_to(secret)
    elif kind == "symlink to a device":
        path.symlink_to("/dev/zero")
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nothing")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(path))
    else:
        try:
            os.mknod(path, 0o020666, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("this user may make no device")
    assert refused(path)


def test_a_hard_link_to_a_secret_tells_nothing_of_it(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"key": SECRET}) + SECRET)
    os.link(secret, tmp_path / FILE)
    assert refused(tmp_path / FILE)


def test_a_file_with_holes_is_not_read_to_its_end(tmp_path):
    path = tmp_path / FILE
    with path.open("wb") as file:
        file.truncate(20 << 30)
    assert refused(path)


def test_a_file_nobody_may_read(tmp_path):
    path = tmp_path / FILE
    path.write_text(json.dumps(honest()))
    path.chmod(0)
    job = planned(path)
    assert job.exercises == EXERCISES


def test_a_file_that_is_exchanged_while_it_is_read(tmp_path):
    """What is looked at first and what is opened later may be two things."""
    path, good = tmp_path / FILE, json.dumps(honest())
    secret, stop = tmp_path / "secret", threading.Event()
    secret.write_text(SECRET)

    def exchange():
        while not stop.is_set():
            new = tmp_path / "new"
            new.write_text(good)
            os.replace(new, path)
            new.symlink_to(secret)
            os.replace(new, path)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(8):
            job = planned(path)
            assert SECRET not in repr(job)
            assert job.unread or last_text(job, "zero_pad").strip() == text("zero_pad").strip()
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "source", ["x = '\ud800'", "x = 1\x00", "\x00", "#" * 1_000_000, "(" * 10_000, "é\u202e\u2066# x"]
)
def test_strange_text_of_a_cell_costs_that_cell(source, tmp_path):
    document = honest()
    document["cells"].append(code(source))
    job = plan_of(document, tmp_path)
    assert not job.unread
    for name in EXERCISES:
        assert last_text(job, name).strip() == text(name).strip()
    assert len(job.fingerprint) == 64


def test_outputs_of_two_hundred_megabytes(tmp_path):
    document = honest()
    line = {"output_type": "stream", "name": "stdout", "text": "x" * (1 << 20)}
    document["cells"][1]["outputs"] = [line] * 40
    find(document, "zero_pad")["outputs"] = [line] * 160
    job = plan_of(document, tmp_path)
    (tmp_path / FILE).unlink()
    assert job.unread or last_text(job, "zero_pad").strip() == text("zero_pad").strip()


def test_ten_thousand_cells(tmp_path):
    document = honest()
    document["cells"] += [code(f"x{i} = {i}") for i in range(10_000)]
    job = plan_of(document, tmp_path)
    assert job.unread or last_text(job, "zero_pad").strip() == text("zero_pad").strip()
