"""Untidy folders of submissions, and files that are no notebooks."""

import json
import os
import shutil

import pytest

from tests.grading.classroom.handed_in import (
    EXERCISES,
    FILE,
    LESSON,
    WEEK,
    blank,
    code,
    honest,
    last_text,
    plan_of,
    released,
    text,
)
from utils.grading.classroom import reading
from utils.grading.classroom.plan import plan
from utils.grading.classroom.records import Limits
from utils.grading.classroom.submissions import find_submissions, stray_entries

RAW = json.dumps(honest()).encode()


def hand_in(root, student, name=FILE, week=WEEK, raw=RAW):
    place = root / student / week / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(raw)
    return place


def find(root, **more):
    return {(row.student, row.week): row for row in find_submissions(root, **more)}


def test_every_student_has_every_week(tmp_path):
    hand_in(tmp_path, "s01")
    (tmp_path / "s02").mkdir()
    (tmp_path / "s03" / WEEK).mkdir(parents=True)
    hand_in(tmp_path, "s03", "demo_detection.ipynb", "week3_yolo")
    found = find(tmp_path)
    assert list(found) == [(s, w) for s in ("s01", "s02", "s03") for w in (WEEK, "week3_yolo")]
    assert {LESSON: tmp_path / "s01" / WEEK / FILE} == found["s01", WEEK].files
    assert not found["s02", WEEK].files
    assert found["s02", WEEK].notebooks == ("w1l1", "w1l2", "w1l3", "w1l4", "w1a1", "w1a2")
    assert list(find(tmp_path, weeks=["week2_resnets"])) == [
        (s, "week2_resnets") for s in ("s01", "s02", "s03")
    ]
    with pytest.raises(ValueError, match="weeks must be among"):
        find_submissions(tmp_path, ["week9"])
    with pytest.raises(NotADirectoryError):
        find_submissions(tmp_path / "s01" / WEEK / FILE)


def test_names_that_a_file_system_allows(tmp_path):
    names = ["-rf", "a b", "é学", "..x", "=1+1", "a\nb"]
    for name in names:
        hand_in(tmp_path, name)
    os.makedirs(os.fsencode(tmp_path) + b"/\xff/" + WEEK.encode())
    found = find_submissions(tmp_path)
    assert {row.student for row in found} == {*names, r"\xff"}
    assert all(row.files for row in found if row.student != r"\xff")
    json.dumps([row.student for row in found]).encode()


def test_hidden_and_stray_entries(tmp_path):
    hand_in(tmp_path, "s01")
    hand_in(tmp_path, "s01", f".{FILE}")
    hand_in(tmp_path, "s01", FILE, f"{WEEK}/.ipynb_checkpoints")
    hand_in(tmp_path, "s01", "notes.txt")
    hand_in(tmp_path, "s01", FILE, "homework")
    (tmp_path / ".git").mkdir()
    (tmp_path / "grades.csv").write_text("")
    (row,) = find_submissions(tmp_path)
    assert row.notes_of("w1l1") == ("homework lies beside the weeks' folders and was not read.",)
    assert row.notes_of(LESSON) == ()
    assert stray_entries(tmp_path) == ["grades.csv is no folder and was not read."]


def test_links_are_not_followed(tmp_path):
    outside = hand_in(tmp_path / "elsewhere", "x")
    root = tmp_path / "class"
    hand_in(root, "s01").unlink()
    (root / "s01" / WEEK / FILE).symlink_to(outside)
    (root / "s02").symlink_to(outside.parents[1])
    (root / "s03").mkdir()
    (root / "s03" / WEEK).symlink_to(outside.parent)
    found = find(root)
    assert not any(row.files for row in found.values())
    assert "is a link" in found["s01", WEEK].notes_of(LESSON)[0]
    assert "The student's folder is a link" in found["s02", WEEK].notes_of("w1l1")[0]
    assert "is a link" in found["s03", WEEK].notes_of("w1l1")[0]


@pytest.mark.parametrize(
    "name",
    [
        "2_padding_strides_volumes (1).ipynb",
        "2_padding_strides_volumes-Copy2.ipynb",
        "2_Padding_Strides_Volumes copy.ipynb",
        "2_padding_strides_volumes-2.ipynb",
        "final version.IPYNB",
    ],
)
def test_a_renamed_notebook_is_recognised(tmp_path, name):
    place = hand_in(tmp_path, "s01", name)
    (row,) = find_submissions(tmp_path)
    assert row.files == {LESSON: place}
    assert "was taken for this notebook" in row.notes_of(LESSON)[0]


def test_content_is_found_behind_pages_of_output_and_in_metadata_alone(tmp_path):
    document = honest()
    document["cells"].insert(0, code("1", outputs=[{"text": "x" * (3 << 20)}]))
    place = hand_in(tmp_path, "s01", "mine.ipynb", raw=json.dumps(document).encode())
    assert find_submissions(tmp_path)[0].files == {LESSON: place}
    document["cells"] = [cell for cell in document["cells"] if cell.get("id") != "w1l2-imports"]
    place.write_bytes(json.dumps(document).encode())
    assert find_submissions(tmp_path)[0].files == {LESSON: place}


def test_an_unknown_notebook_is_reported(tmp_path):
    hand_in(tmp_path, "s01", "shopping.ipynb", raw=b'{"cells": []}')
    (row,) = find_submissions(tmp_path)
    assert not row.files
    assert "shopping.ipynb was not read" in row.notes_of("w1l1")[0]


def test_of_several_copies_the_exact_name_counts_then_the_highest_number(tmp_path):
    exact = hand_in(tmp_path, "s01")
    stem = FILE.removesuffix(".ipynb")
    for number in (2, 9, 10):
        newest = hand_in(tmp_path, "s01", f"{stem} ({number}).ipynb")
    (row,) = find_submissions(tmp_path)
    assert row.files == {LESSON: exact}
    assert "Of several copies" in row.notes_of(LESSON)[0]
    exact.unlink()
    (row,) = find_submissions(tmp_path)
    assert row.files == {LESSON: newest}


@pytest.mark.parametrize("week", ["week1", "Week1_conv_basics", "week1_conv_basics (1)"])
def test_a_renamed_week_is_recognised(tmp_path, week):
    hand_in(tmp_path, "s01", week=week)
    assert find(tmp_path)["s01", WEEK].files


def test_special_files_are_reported_and_do_not_block(tmp_path):
    hand_in(tmp_path, "s01").unlink()
    os.mkfifo(tmp_path / "s01" / WEEK / FILE)
    (tmp_path / "s01" / WEEK / "1_filters_and_edges.ipynb").mkdir()
    (row,) = find_submissions(tmp_path)
    assert not row.files
    assert "no regular file" in row.notes_of(LESSON)[0]
    assert "no regular file" in row.notes_of("w1l1")[0]


def job_of(path):
    return plan(path, released(), LESSON, "s01", WEEK, 1, Limits(), "engine", ("A note.",))


def test_missing_and_unreadable_files(tmp_path):
    job = job_of(None)
    assert (job.unread, job.repairs, job.exercises) == ("missing", ("A note.",), EXERCISES)
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(hand_in(tmp_path, "s01"))
    os.mkfifo(pipe)
    assert "cannot be opened" in job_of(link).unread
    assert "cannot be opened" in job_of(tmp_path / "gone").unread
    assert "not a regular file" in job_of(pipe).unread
    assert "not a regular file" in job_of(tmp_path).unread


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (RAW[:-100], "not valid JSON"),
        (b"\x89PNG\r\n", "not valid JSON"),
        (b"<<<<<<< HEAD\n" + RAW, "not valid JSON"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b"[1]", "not an object"),
        (b'{"cells": 3}', "no list of cells"),
        (b'{"worksheets": {}}', "no list of cells"),
        (b'{"a": ' + b"1" * 5000 + b"}", "no notebook"),
    ],
)
def test_what_is_no_notebook(tmp_path, raw, says):
    job = plan_of(raw, tmp_path)
    assert says in job.unread
    assert not job.cells


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings(tmp_path, encoding):
    raw = json.dumps(honest(), ensure_ascii=False).encode(encoding)
    assert last_text(plan_of(raw, tmp_path), "zero_pad") == text("zero_pad")


def test_bytes_that_are_no_text_are_replaced(tmp_path):
    raw = json.dumps(honest()).encode().replace(b"Padding", b"P\xff\xfedding")
    assert last_text(plan_of(raw, tmp_path), "zero_pad") == text("zero_pad")


def test_half_surrogates_become_text_that_can_be_stored(tmp_path):
    document = honest()
    document["cells"].append(code("'\ud800'"))
    job = plan_of(document, tmp_path)
    assert job.cells[-1].source.encode()


def test_too_large_a_file_and_too_long_a_cell(tmp_path, monkeypatch):
    document = honest()
    document["cells"].append(code("#" * 2_000_000))
    job = plan_of(document, tmp_path)
    assert any("too long" in line for line in job.repairs)
    assert last_text(job, "zero_pad") == text("zero_pad")
    monkeypatch.setattr(reading, "LARGEST_FILE", 1 << 20)
    assert "too large" in plan_of(document, tmp_path).unread


def test_a_text_that_crashes_the_parser_costs_no_other_cell(tmp_path, monkeypatch):
    crashing = tmp_path / "reader.py"
    shutil.copy(reading.reader.__file__, crashing)
    body = crashing.read_text().replace(
        "def find_names(source: str) -> dict:",
        "def find_names(source):\n    import os\n    os.abort()\n\n\ndef _unused(source):",
    )
    crashing.write_text(body)
    monkeypatch.setattr(reading.reader, "__file__", str(crashing))
    job = plan_of(honest(), tmp_path)
    assert [last_text(job, name) for name in EXERCISES] == [text(name) for name in EXERCISES]


@pytest.mark.slow
def test_200_megabytes_of_output(tmp_path):
    document = blank()
    document["cells"][5]["outputs"] = ["x" * 1000] * 200_000
    job = plan_of(document, tmp_path)
    assert not job.unread
    assert len(job.cells) == 1 + len(EXERCISES)


@pytest.mark.slow
def test_a_file_that_needs_too_much_memory_is_refused(tmp_path):
    assert "memory" in plan_of(b'{"cells": [' + b"[]," * 70_000_000 + b"[]]}", tmp_path).unread
