"""What demos share, without a browser."""

import io
import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from tests.demos.serving import ROOT
from utils.course.demo import find_demo, voila_command, voila_environment
from utils.course.refusal import Refusal
from utils.data import photograph
from utils.demos import NewestJob, PictureChooser, demo_page, to_jpeg, to_png


def upload(chooser: PictureChooser, name: str, content: bytes) -> None:
    """Set the value as the browser does."""
    file = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    chooser.children[1].value = ({**file, "last_modified": datetime.now(UTC)},)


@pytest.fixture
def chooser():
    return PictureChooser("coffee", size=60)


def test_it_begins_with_a_photograph(chooser):
    assert (chooser.picture == photograph("coffee", 60)).all()
    assert max(chooser.picture.shape) == 60


def test_another_photograph_can_be_chosen(chooser):
    seen = []
    chooser.observe(lambda change: seen.append(change["new"].shape), "picture")
    chooser.children[0].value = "rocket"
    assert (chooser.picture == photograph("rocket", 60)).all()
    assert len(seen) == 1


def test_an_upload_is_brought_to_size(chooser):
    upload(chooser, "mine.png", to_png(np.full((30, 120, 3), 7, np.uint8)))
    assert chooser.picture.shape == (15, 60, 3)
    assert "This is mine.png." in chooser.children[2].value


@pytest.mark.parametrize("content", [b"", b"no picture", to_png(np.zeros((9, 9, 3), np.uint8))[:40]])
def test_a_bad_upload_is_told_and_the_picture_stays(chooser, content):
    before = chooser.picture
    upload(chooser, "<i>x</i>.png", content)
    assert chooser.picture is before
    message = chooser.children[2].value
    assert "&lt;i&gt;x&lt;/i&gt;.png " in message
    assert "The picture stays as it was." in message
    assert chooser.children[1].value == ()


def test_reset_forgets_upload_and_message(chooser):
    upload(chooser, "notes.png", b"no picture")
    chooser.children[0].value = "rocket"
    chooser.reset()
    assert (chooser.picture == photograph("coffee", 60)).all()
    assert chooser.children[2].value == ""


def test_a_series_is_made_once_and_gone_through_by_a_slider():
    made = []

    def frames():
        made.append("now")
        return np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((4, 6, 3), np.uint8)

    chooser = PictureChooser("coffee", 60, {"clip": frames})
    names, slider = chooser.children[0], chooser.children[3]
    assert (made, slider.layout.display) == ([], "none")
    names.value = "clip"
    assert (slider.max, slider.layout.display) == (3, None)
    slider.value = 3
    assert (chooser.picture == 2).all()
    assert chooser.picture.shape == (4, 6, 3)
    chooser.reset()
    assert (slider.value, slider.layout.display, names.value) == (1, "none", "coffee")
    names.value = "clip"
    assert (chooser.picture == 0).all()
    assert made == ["now"]


def test_a_demo_can_begin_with_a_series():
    chooser = PictureChooser("clip", 60, {"clip": lambda: [np.full((4, 6, 3), 7, np.uint8)]})
    assert (chooser.picture == 7).all()


def test_jpeg_resembles_the_picture():
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8)[:, None, None], (1, 48, 3))
    back = np.asarray(Image.open(io.BytesIO(to_jpeg(ramp))))
    assert back.shape == ramp.shape
    assert np.abs(back.astype(int) - ramp).max() <= 6


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_png_is_lossless(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(to_png(picture)))) == picture).all()


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (np.zeros((2, 2)), TypeError),
        (np.zeros((2, 2, 4), np.uint8), ValueError),
        (np.zeros((0, 2, 3), np.uint8), ValueError),
        (np.zeros(4, np.uint8), ValueError),
    ],
)
@pytest.mark.parametrize("encode", [to_png, to_jpeg])
def test_what_is_no_picture_is_refused(picture, error, encode):
    with pytest.raises(error, match="picture must"):
        encode(picture)


@pytest.mark.parametrize("px", [12, 17, 41])
def test_letters_too_small_or_too_large_are_refused(px):
    with pytest.raises(ValueError, match="px"):
        demo_page(px=px)


def test_the_page_holds_the_rows_below_its_style(chooser):
    page = demo_page(chooser, px=22)
    assert page.children[1] is chooser
    assert "22px" in page.children[0].value


def test_only_the_newest_job_counts():
    results, free, begun = [], threading.Event(), threading.Event()
    job = NewestJob(results.append)

    def slow():
        begun.set()
        free.wait(10)
        return "old"

    first = job.start(slow, results.append)
    assert begun.wait(10)
    left_out = job.start(lambda: results.append("never"), results.append)
    last = job.start(threading.get_ident, results.append)
    free.set()
    assert [future.result(10) for future in (first, left_out, last)] == [None] * 3
    assert len(results) == 1
    assert results[0] != threading.get_ident()


def test_what_a_job_raises_is_told():
    errors = []
    job = NewestJob(errors.append)
    job.start(lambda: 1 / 0, print).result(10)
    job.start(lambda: 1, lambda result: [][result]).result(10)
    assert [type(error) for error in errors] == [ZeroDivisionError, IndexError]


def test_voila_finds_our_template_before_others(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    ours, theirs = voila_environment()["JUPYTER_PATH"].split(":")
    assert ours.endswith("jupyter")
    assert theirs == str(tmp_path)


def test_a_port_keeps_the_browser_closed(tmp_path):
    assert "--no-browser" in voila_command(tmp_path, 8877)
    assert "--no-browser" not in voila_command(tmp_path)


@pytest.mark.parametrize(
    "name", ["convolution", "demo_convolution", "week1_conv_basics/demo_convolution.ipynb"]
)
def test_a_demo_is_found_by_its_name(name):
    assert find_demo(name, ROOT).is_file()


def test_an_unknown_demo_is_told():
    with pytest.raises(Refusal, match="there are: convolution"):
        find_demo("padding", ROOT)
