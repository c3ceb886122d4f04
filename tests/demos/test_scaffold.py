"""What demos share, without a browser."""

import io
import threading
from datetime import UTC, datetime

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from tests.demos.serving import ROOT
from utils.course.demo import all_demos, find_demo, is_own, server_command, server_environment
from utils.course.refusal import Refusal
from utils.data import photograph
from utils.demos import (
    Controls,
    NewestJob,
    PictureChooser,
    PointedImage,
    demo_page,
    send_again,
    to_jpeg,
    to_png,
)


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


@pytest.fixture
def sliders():
    return widgets.IntSlider(3, 0, 9), widgets.IntSlider(5, 0, 9)


def button(controls: Controls, words: str) -> widgets.Button:
    return next(child for child in controls.children if words in child.description)


def test_a_preset_sets_everything_and_redraws_once(sliders):
    first, second = sliders
    seen = []
    controls = Controls(
        {first: 1, second: 2}, lambda: seen.append((first.value, second.value)), {"far": {second: 9}}
    )
    controls.apply({})
    assert seen == [(1, 2)]
    first.value = 7
    button(controls, "far").click()
    button(controls, "reset").click()
    assert seen == [(1, 2), (7, 2), (1, 9), (1, 2)]


def test_a_special_control_has_its_own_function_and_presets_call_each_once(sliders):
    first, second = sliders
    seen = []
    special = {second: lambda: seen.append("special")}
    controls = Controls({first: 3, second: 5}, lambda: seen.append("redraw"), {"far": {second: 9}}, special)
    second.value = 6
    assert seen == ["special"]
    button(controls, "far").click()
    assert seen == ["special", "special", "redraw"]


def test_one_function_can_stand_for_all(sliders):
    first, second = sliders
    seen = []
    controls = Controls({first: 3, second: 5}, print, {"far": {first: 9}}, whole=lambda: seen.append("whole"))
    button(controls, "far").click()
    button(controls, "reset").click()
    assert seen == ["whole"] * 2


def test_a_preset_chooses_a_picture(chooser):
    made = {"clip": lambda: [np.full((4, 6, 3), 7, np.uint8), np.full((4, 6, 3), 8, np.uint8)]}
    chooser = PictureChooser("coffee", 60, made)
    controls = Controls({chooser: "coffee"}, lambda: None, {"second": {chooser: ("clip", 2)}})
    button(controls, "second").click()
    assert (chooser.picture == 8).all()
    button(controls, "reset").click()
    assert (chooser.picture == photograph("coffee", 60)).all()


def test_what_presets_cannot_be_is_refused(sliders):
    first, second = sliders
    with pytest.raises(ValueError, match="at most 9"):
        Controls({first: 1}, print, {str(number): {} for number in range(10)})
    with pytest.raises(ValueError, match="start lacks"):
        Controls({first: 1}, print, {"far": {second: 9}})


@pytest.mark.parametrize(
    ("written", "place"),
    [("0.25 0.75", (0.25, 0.75)), ("-3 7", (0.0, 1.0)), ("here", (0.5, 0.5)), ("", (0.5, 0.5))],
)
def test_a_pointed_image_tells_where(written, place):
    image = PointedImage(100, 50)
    image.children[1].value = "0.5 0.5"
    image.children[1].value = written
    assert image.place == place


def test_a_page_that_came_late_is_told_everything(chooser, monkeypatch):
    told = []
    page = demo_page(widgets.HBox([chooser]))
    monkeypatch.setattr(widgets.Widget, "send_state", lambda self, key=None: told.append(self))
    page.children[-1].click()
    assert chooser.children[0] in told
    assert chooser.children[0].layout in told
    send_again(widgets.HTML())


def test_voila_finds_our_template_before_others(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    ours, theirs = server_environment()["JUPYTER_PATH"].split(":")
    assert ours.endswith("jupyter")
    assert theirs == str(tmp_path)


def test_the_server_opens_a_browser_only_when_told(tmp_path):
    assert "--no-browser" in server_command(8877)
    assert "--no-browser" not in server_command(8877, browser=True)


def test_a_token_is_not_on_the_command_line():
    assert "secret" in server_environment(token="secret").values()
    assert "secret" not in server_environment().values()


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)]
)
def test_only_other_machines_need_a_token(host, own):
    assert is_own(host) is own


def test_a_host_that_is_no_address_is_told():
    with pytest.raises(Refusal, match="must be an address"):
        is_own("everybody")


@pytest.mark.parametrize(
    "name", ["convolution", "demo_convolution", "week1_conv_basics/demo_convolution.ipynb"]
)
def test_a_demo_is_found_by_its_name(name):
    demo = find_demo(name)
    assert (ROOT / demo.path).is_file()
    assert demo.week == 1


def test_every_demo_has_a_title_and_a_sentence():
    for demo in all_demos():
        assert not demo.title.startswith("#")
        assert demo.says.endswith(".")


def test_an_unknown_demo_is_told():
    with pytest.raises(Refusal, match="there are: convolution"):
        find_demo("padding")
