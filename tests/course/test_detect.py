"""`course detect` on pictures, folders and a video, with the real networks, and its refusals."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from utils.cli import app
from utils.course.detect import _pictures, detect
from utils.course.refusal import Refusal
from utils.data import load_street_clip, load_tree_crowns, photograph

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(load_street_clip()[0]).save(pictures / "street.png")
    (pictures / "letter.jpg").write_text("Dear reader")
    (pictures / "notes.txt").write_text("left alone")
    return pictures


@pytest.mark.slow
def test_a_folder_gives_a_picture_and_a_list_each(folder, tmp_path):
    out = tmp_path / "new" / "out"
    result = RUN.invoke(app, ["detect", str(folder), "--out", str(out)])
    assert result.exit_code == 1, result.output  # one file could not be read
    assert "letter.jpg: not read" in result.output
    assert sorted(path.name for path in out.iterdir()) == ["street.png.boxes.jpg", "street.png.json"]
    listed = json.loads((out / "street.png.json").read_text())
    names = [one["class"] for one in listed["detections"]]
    assert names.count("person") >= 4
    assert "YOLOv3-tiny" in listed["network"]
    scores = [one["score"] for one in listed["detections"]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.5
    boxes = np.array([one["box"] for one in listed["detections"]])
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    with Image.open(out / "street.png.boxes.jpg") as drawn:
        assert drawn.size == (listed["width"], listed["height"])


@pytest.mark.slow
def test_the_terminal_shows_what_was_found_and_nothing_else(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    command = ["-m", "utils.cli", "detect", str(folder / "street.png"), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("street.png: ")


@pytest.mark.slow
def test_a_face_in_a_large_picture(tmp_path):
    astronaut = Image.fromarray(photograph("astronaut"))
    # Small in a large grey field: the whole, shrunk to the network's input, would lose it.
    field = Image.new("RGB", (3000, 2400), (120, 120, 120))
    field.paste(astronaut.resize((300, 300)), (2500, 1900))
    field.save(tmp_path / "large.png")
    said = []
    assert detect([tmp_path / "large.png"], "faces", 0.5, 0.4, tmp_path / "out", 1, said.append) == 0
    (found,) = json.loads((tmp_path / "out" / "large.png.json").read_text())["detections"]
    x1, y1, x2, y2 = found["box"]
    assert 2500 < x1 < x2 < 2800
    assert 1900 < y1 < y2 < 2200
    assert said == ["large.png: 1 × face"]


@pytest.mark.slow
def test_our_own_networks(tmp_path):
    Image.fromarray(photograph("flower")).save(tmp_path / "flower.png")
    forest = load_tree_crowns()["yellowstone_2"][0][:400, :400]
    Image.fromarray(forest).save(tmp_path / "forest.png")
    for network, score, name in (("kinds", 0.5, "flower"), ("tree-crowns", 0.15, "forest")):
        out = tmp_path / network
        assert detect([tmp_path / f"{name}.png"], network, score, 0.4, out, 1, lambda line: None) == 0
        listed = json.loads((out / f"{name}.png.json").read_text())
        # Best first: below it, near the threshold, a box may be false.
        assert listed["detections"][0]["class"] == {"forest": "tree crown"}.get(name, name)
        assert listed["network"].startswith("our YOLOv2 for")


def write_video(path, frames: np.ndarray) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        for frame in frames:
            video.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        video.mux(stream.encode())


def test_every_third_frame_of_a_video(tmp_path):
    levels = np.arange(8, dtype=np.uint8) * 30
    write_video(tmp_path / "grey.mp4", np.broadcast_to(levels[:, None, None, None], (8, 64, 96, 3)).copy())
    frames = list(_pictures(tmp_path / "grey.mp4", 3))
    assert [name for name, _ in frames] == ["frame-00000", "frame-00003", "frame-00006"]
    assert all(image.shape == (64, 96, 3) for _, image in frames)
    assert [round(image.mean() / 30) for _, image in frames] == [0, 3, 6]


def test_a_damaged_video_is_told(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "bad.mp4").write_bytes(b"no video at all" * 100)
    with pytest.raises(ValueError, match="no video, or a damaged one"):
        list(_pictures(tmp_path / "bad.mp4", 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere.png"], "There is no nowhere.png"),
        ([".", "--network", "cats"], "objects, faces"),
        ([".", "--score", "1.5"], "--score must be in"),
        ([".", "--every", "0"], "--every must be at least 1"),
        (["empty"], "No picture and no video"),
    ],
)
def test_refusals_name_what_was_wrong(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    result = RUN.invoke(app, ["detect", *options])
    assert result.exit_code == 1
    assert message in result.output
    shutil.rmtree(tmp_path / "empty")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(Refusal, match="cannot be made"):
        detect([tmp_path / "a.png"], "objects", 0.5, 0.5, tmp_path / "a.png" / "out", 1, print)
