"""What is handed out: no answer in it, nothing overwritten unasked, nothing half written, and a wheel that installs."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.course.throwaway import edit
from utils.course import handout
from utils.course.handout import hand_out
from utils.course.refusal import Refusal
from utils.course.start import start
from utils.course.student_wheel import student_wheel
from utils.data.assets import data_folder
from utils.grading.notebooks import course_root
from utils.grading.public import PRIVATE

WEEK = "week1_small"


@pytest.fixture(autouse=True)
def small_data(tmp_path, monkeypatch):
    folder = tmp_path / "small"
    (folder / "runs").mkdir(parents=True)
    (folder / "assets.toml").write_text("")
    (folder / "runs" / "a_run.json").write_text("{}")
    (folder / "stray.h5").write_text("")
    monkeypatch.setenv("COURSE_DATA", str(folder))
    return folder


def give(course, to, **more):
    return hand_out(course, course_root(), "1", to, **more)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def members(archive):
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def wheel():
    name, raw = student_wheel(course_root())
    return name, members(io.BytesIO(raw))


def test_the_release_is_the_learners_edition(course, learn, tmp_path):
    done = give(course, tmp_path / "out")
    start(course, learn)
    assert done.changed
    assert content(done.folder) == content(learn / WEEK)
    assert set(content(done.folder)) == {"1_adding.ipynb", "demo_adding.ipynb", "README.md"}
    assert b"return a + b" not in done.folder.joinpath("1_adding.ipynb").read_bytes()


def test_the_archive_holds_the_release_and_the_wheel(course, tmp_path):
    done = give(course, tmp_path / "out")
    held = members(done.archive)
    assert {name.split("/")[1]: raw for name, raw in held.items() if name.startswith(WEEK + "/")} == content(
        done.folder
    )
    (wheel,) = (name for name in held if name.endswith(".whl"))
    assert wheel in held["BEGIN.md"].decode()
    assert set(members(done.data)) == {"data/assets.toml", "data/runs/a_run.json"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {WEEK, f"{WEEK}.zip", "data.zip"}


def test_a_second_release_of_the_same_changes_nothing(course, tmp_path):
    out = tmp_path / "out"
    first = give(course, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert not give(course, out).changed
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert first.folder.is_dir()


def test_a_different_release_is_replaced_when_asked_only(course, tmp_path, small_data):
    out = tmp_path / "out"
    old = content(give(course, out).folder)
    edit(course / WEEK / "1_adding.ipynb", "t1l1-picture", "3 * 21")
    (small_data / "runs" / "b_run.json").write_text("{}")
    with pytest.raises(Refusal, match="--replace"):
        give(course, out)
    assert content(out / WEEK) == old
    assert give(course, out, replace=True).changed
    assert content(out / WEEK) != old
    assert "data/runs/b_run.json" in members(out / "data.zip")
    assert {path.name for path in out.iterdir()} == {WEEK, f"{WEEK}.zip", "data.zip"}


def test_an_interruption_leaves_no_half_release(course, tmp_path, monkeypatch):
    out = tmp_path / "out"
    old = content(give(course, out).folder)
    edit(course / WEEK / "1_adding.ipynb", "t1l1-picture", "3 * 21")

    def stopped(staging, place, files, archive):
        (staging / "half").write_text("")
        raise KeyboardInterrupt

    monkeypatch.setattr(handout, "_write_week", stopped)
    with pytest.raises(KeyboardInterrupt):
        give(course, out, replace=True)
    assert content(out / WEEK) == old
    assert {path.name for path in out.iterdir()} == {WEEK, f"{WEEK}.zip", "data.zip"}


def test_places_that_are_refused(course, tmp_path):
    with pytest.raises(Refusal, match="no week"):
        hand_out(course, course_root(), "7", tmp_path / "out")
    with pytest.raises(Refusal, match="own notebooks"):
        give(course, course)


def test_the_wheel_holds_no_answer_and_no_notebook(wheel):
    name, files = wheel
    assert name.startswith("convnet_course_student-")
    assert "utils/layers/__init__.py" in files
    assert "utils/quizzes/week1_conv_basics.toml" in files
    for path in files:
        assert not any(Path(path).is_relative_to(place) for place in PRIVATE), path
        assert not path.endswith(".ipynb")


def test_the_wheels_record_is_true(wheel):
    _, files = wheel
    (record,) = (name for name in files if name.endswith("/RECORD"))
    rows = list(csv.reader(files[record].decode().splitlines()))
    assert {row[0] for row in rows} == set(files)
    for name, digest, size in rows:
        if name != record:
            raw = files[name]
            expected = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(raw))


def test_equal_content_gives_an_equal_wheel():
    assert student_wheel(course_root()) == student_wheel(course_root())


SESSION = """
from pathlib import Path
import utils, utils.layers, utils.exercises.index
from utils.data.assets import data_folder
from utils.grading import check, check_answer
NOTEBOOK = "w1l2"
def same_padding(f):
    return (f - 1) // 2
print(Path(utils.__file__).parts[-3], check(same_padding).text(), check_answer("w1l2-q1").text(), data_folder())
"""


@pytest.mark.slow
def test_the_wheel_installs_with_pip(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA")
    name, raw = student_wheel(course_root())
    (tmp_path / name).write_bytes(raw)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", tmp_path / name]
    subprocess.run(pip, check=True)
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # Libraries only: a folder that is added so is not looked through for editable installations.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    work = tmp_path / "work"
    (work / "data").mkdir(parents=True)
    (work / "data" / "assets.toml").write_text("")
    (work / WEEK).mkdir()
    done = subprocess.run([python, "-c", SESSION], cwd=work / WEEK, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("site-packages")
    assert "same_padding is there" in done.stdout
    assert "Answer with check_answer" in done.stdout
    assert done.stdout.endswith(f"{work / 'data'}\n")


def test_data_lie_beside_the_package_first(monkeypatch, tmp_path, small_data):
    assert data_folder() == small_data
    monkeypatch.delenv("COURSE_DATA")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assets.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert data_folder() == course_root() / "data"
