"""What a grading keeps: whole or not at all, for its owner only, one writer at a time."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading.classroom.judges import result
from utils.grading.classroom import store
from utils.grading.classroom.records import ExerciseResult, Job, NotebookResult
from utils.grading.classroom.store import CannotGrade


def job(student="ada"):
    return Job(student, "week1_conv_basics", "w1l2", (), ("zero_pad",))


@pytest.fixture
def out(tmp_path):
    with store.lock(tmp_path / "out"):
        yield tmp_path / "out"


def place(out, kept):
    return out / ".grading" / "results" / f"{kept.fingerprint}.json"


@pytest.mark.parametrize("student", ["ada", "Zoë – ../x", "-rf", "\udcff\udcfe", "a\nb", ""])
def test_a_kept_result_comes_back(out, student):
    kept = result(job(student), 0.5)
    kept = replace(
        kept,
        exercises=(replace(kept.exercises[0], flagged_for=("x",), groups={"g": True}, says="\ud800"),),
        failed_cells=(("c", "why"),),
        solutions={"zero_pad": "def …"},
    )
    store.keep(out, kept)
    assert store.read(out, kept.fingerprint) == kept


def test_only_the_owner_reads_what_is_kept(out):
    kept = result(job(), 1.0)
    store.keep(out, kept)
    store.seed(out)
    store.write_run(out, {})
    assert stat.S_IMODE((out / ".grading").stat().st_mode) == 0o700
    files = [place(out, kept), *(out / ".grading" / name for name in ("secret", "run.json", "lock"))]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: "\0" * len(text),
        lambda text: text.replace('"graded"', '"wonderful"'),
        lambda text: text.replace('"points": ', '"points": 1'),
        lambda text: text.replace('"points": ', '"points": -'),
        lambda text: text.replace('"points": ', '"points": NaN, "unused": '),
        lambda text: text.replace('"student": "ada"', '"student": 3'),
    ],
)
def test_a_damaged_result_counts_as_absent_and_is_said(out, damage):
    kept, said = result(job(), 1.0), []
    store.keep(out, kept)
    text = place(out, kept).read_text()
    assert damage(text) != text
    place(out, kept).write_text(damage(text))
    assert store.read(out, kept.fingerprint, said.append) is None
    assert len(said) == 1
    assert str(place(out, kept)) in said[0]


def test_bytes_that_are_no_text_count_as_absent(out):
    kept, said = result(job(), 1.0), []
    store.keep(out, kept)
    place(out, kept).write_bytes(b"\xff" * 50)
    assert store.read(out, kept.fingerprint, said.append) is None
    assert said


def test_a_result_under_another_name_counts_as_absent(out):
    mine, other = result(job(), 1.0), result(job("bob"), 1.0)
    store.keep(out, mine)
    place(out, mine).rename(place(out, other))
    assert store.read(out, other.fingerprint) is None
    assert store.read(out, mine.fingerprint) is None


def test_what_an_interrupted_write_left_behind_is_no_result_and_in_nobodys_way(out):
    kept = result(job(), 1.0)
    place(out, kept).with_name(f".{kept.fingerprint}.json.partial").write_text("half")
    assert store.read(out, kept.fingerprint) is None
    assert not store.has_results(out)
    store.keep(out, kept)
    assert store.read(out, kept.fingerprint) == kept


@pytest.mark.parametrize("name", ["", "../../secret", "A" * 64, "a" * 63])
def test_a_fingerprint_is_a_hash_and_no_path(out, name):
    with pytest.raises(ValueError, match="fingerprint must be 64 hexadecimal digits"):
        store.read(out, name)


def test_the_seed_is_drawn_once_and_differs_between_gradings(out, tmp_path):
    first = store.seed(out)
    assert store.seed(out) == first
    assert 0 <= first < 2**48
    with store.lock(tmp_path / "other"):
        assert store.seed(tmp_path / "other") != first


@pytest.mark.parametrize("text", ["", "xyz", "00", "00" * 7, "\xff"])
def test_a_damaged_seed_is_not_replaced(out, text):
    store.seed(out)
    (out / ".grading" / "secret").write_bytes(text.encode("latin-1"))
    with pytest.raises(CannotGrade, match="secret is damaged"):
        store.seed(out)
    assert (out / ".grading" / "secret").read_bytes() == text.encode("latin-1")


def test_one_grading_at_a_time(out):
    code = (
        "import sys\nfrom pathlib import Path\nfrom utils.grading.classroom import store\n"
        "try:\n    with store.lock(Path(sys.argv[1])): print('mine')\n"
        "except store.CannotGrade as error: print(error)"
    )

    def other():
        command = [sys.executable, "-c", code, str(out)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "Another grading is writing to" in other()
    with pytest.raises(CannotGrade, match="Another grading"), store.lock(out):
        pass


def test_the_lock_ends_with_its_holder(tmp_path):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom utils.grading.classroom import store\n"
        "with store.lock(Path(sys.argv[1])): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == 9
    with store.lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotGrade, match="cannot be kept in"), store.lock(tmp_path / "file" / "out"):
        pass


def test_runs(out):
    with pytest.raises(CannotGrade, match="No class was graded into"):
        store.read_run(out)
    store.write_run(out, {"weeks": ["é", "\udcff"]})
    assert store.read_run(out) == {"weeks": ["é", "\udcff"]}
    assert store.has_results(out)
    for text in ("{", "[]"):
        (out / ".grading" / "run.json").write_text(text)
        with pytest.raises(CannotGrade, match="--resume"):
            store.read_run(out)


def test_results_are_read_as_they_are_asked_for(out):
    kept = [result(job(name), 1.0) for name in ("a", "b", "c")]
    for one in kept:
        store.keep(out, one)
    results = store.KeptResults(out, [one.fingerprint for one in kept])
    assert list(results) == kept
    assert results[-1] == kept[-1]
    assert list(results[1:]) == kept[1:]
    os.remove(place(out, kept[1]))
    with pytest.raises(CannotGrade, match="--resume"):
        results[1]


def test_a_results_record_survives_json_unchanged():
    one = NotebookResult(
        "s", "w", "n", "f", (ExerciseResult("e", 1.0, 2.0, "graded", groups={"b": True, "a": False}),)
    )
    again = NotebookResult.from_json(one.to_json())
    assert again == one
    assert list(again.exercises[0].groups) == ["b", "a"]
    assert json.loads(one.to_json())["boxed"] is True


def test_writing_never_shows_half_a_file(out, monkeypatch):
    kept = result(job(), 1.0)
    store.keep(out, kept)
    before = place(out, kept).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.keep(out, replace(kept, seconds=5.0))
    assert place(out, kept).read_bytes() == before
    assert Path(out).exists()
