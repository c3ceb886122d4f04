"""Week 3's demo in a real browser: the network looks once at a picture, and every control filters or redraws."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.demos.actions import (
    check_bad_upload,
    check_full_screen,
    check_page,
    choose,
    noise,
    picture,
    presets,
    press_key,
    press_on_slider,
    source,
    upload_own,
    wait_for_another,
    wait_for_picture,
)
from tests.demos.serving import save_screenshot
from utils.data import load_street_clip, photograph
from utils.demos import to_jpeg
from utils.plots import paint_detections

DEMO = "week3_yolo/demo_detection.ipynb"
NETWORKS = {
    "80 everyday things": "YOLOv3-tiny (Redmon and Farhadi 2018)",
    "six kinds of things": "Our YOLOv2, trained on composed scenes",
    "faces": "The face detector of face-api.js",
}
TIME_TO_BUILD = 90_000  # milliseconds: TensorFlow's start on busy cores

pytestmark = pytest.mark.browser


def without_boxes(image: np.ndarray) -> np.ndarray:
    """What the page shows before the network has answered, as the browser gets it."""
    return np.asarray(Image.open(io.BytesIO(to_jpeg(paint_detections(image, [], [], [])))))


def wait_for_boxes(page, network: str = "80 everyday things") -> None:
    """Wait until the network has answered and its boxes are painted."""
    expect(page.get_by_text(NETWORKS[network])).to_be_visible(timeout=TIME_TO_BUILD)
    page.wait_for_timeout(300)


def counts(page) -> tuple[int, int]:
    """How many boxes are kept and removed, as the page says."""
    words = page.locator("b", has_text="kept").inner_text().split()
    return int(words[0]), int(words[2])


@pytest.fixture(scope="module")
def first(demo) -> np.ndarray:
    """The picture that the demo begins with, boxes included."""
    wait_for_boxes(demo.page)
    return picture(demo.page)


@pytest.fixture
def page(demo, first):
    """The demo after a press on reset, its first picture drawn again."""
    demo.page.get_by_role("button", name="reset").click()
    wait_for_picture(demo.page, first)
    wait_for_boxes(demo.page)
    return demo.page


def test_it_renders_without_an_error_and_without_the_network(demo, page):
    save_screenshot(page, "demo_detection")
    check_page(demo, "What a detector keeps")
    check_full_screen(page)


def test_every_preset_has_its_key(page, first):
    for key in presets(page)[1:]:
        press_key(page, key)
    press_key(page, "r")
    wait_for_picture(page, first)


def test_it_begins_with_people_in_boxes(page, first):
    kept, removed = counts(page)
    assert kept >= 5
    assert removed >= 1
    assert (first != without_boxes(load_street_clip()[0])).any(axis=-1).mean() > 0.02


def test_a_higher_score_leaves_fewer_boxes(page):
    before = counts(page)
    press_on_slider(page, "score ≥", "Home")
    everything = counts(page)
    assert sum(everything) > sum(before)
    press_on_slider(page, "score ≥", "End")
    assert sum(counts(page)) < sum(before)


def test_the_iou_threshold_moves_boxes_between_kept_and_removed(page):
    total = sum(counts(page))
    press_on_slider(page, "IoU >", "End")
    assert counts(page) == (total, 0)


@pytest.mark.parametrize(
    ("kind", "slider", "key", "says"),
    [
        ("soft", "σ", "End", "Nothing is dropped for its overlap"),
        ("wrong: the best k boxes", "k", "Home", "No suppression, only the k best boxes"),
        ("wrong: blind to classes", "IoU >", "Home", "suppresses boxes of other classes"),
    ],
)
def test_every_kind_has_its_slider_and_its_sentence(page, kind, slider, key, says):
    total = sum(counts(page))
    page.locator(".widget-dropdown", has_text="suppression").locator("select").select_option(kind)
    expect(page.get_by_text(says)).to_be_visible()
    assert sum(counts(page)) == total
    shown = page.locator(".widget-slider").filter(visible=True)
    expect(shown).to_have_count(3)  # of the clip, of the score, and this one
    expect(shown.last).to_contain_text(slider)
    press_on_slider(page, slider, key)


def test_without_suppression_nothing_is_removed(page):
    total = sum(counts(page))
    choose(page, "suppression", "none")
    assert counts(page) == (total, 0)
    expect(page.locator(".widget-slider").filter(visible=True)).to_have_count(2)


@pytest.mark.parametrize("toggle", ["removed boxes", "grid", "anchors"])
def test_toggles_are_switched_by_keys_and_redraw(page, toggle):
    old = source(page)
    page.get_by_role("checkbox", name=toggle).press("Space")
    wait_for_another(page, old)


def test_another_frame_is_looked_at(page, first):
    press_on_slider(page, "number", "ArrowRight")
    wait_for_boxes(page)
    assert (picture(page) != first).any()
    assert counts(page)[0] >= 5


@pytest.mark.parametrize(
    ("network", "photograph"),
    [("six kinds of things", "flower"), ("faces", "astronaut"), ("six kinds of things", "brick")],
)
def test_the_other_networks_look_too(demo, page, network, photograph):
    choose(page, "network", network)
    choose(page, "photograph", photograph)
    wait_for_boxes(page, network)
    if photograph == "brick":
        assert counts(page)[0] == 0
        expect(page.get_by_text("Nothing here?")).to_be_visible()
    else:
        assert counts(page)[0] >= 1
    assert demo.errors == []


def test_a_composed_scene_is_looked_at(page):
    choose(page, "network", "six kinds of things")
    choose(page, "photograph", "composed")
    wait_for_boxes(page, "six kinds of things")
    save_screenshot(page, "demo_detection_composed")
    assert counts(page)[0] >= 1


def test_a_photograph_without_things_stays_as_it_is(demo, page):
    choose(page, "photograph", "chelsea")
    wait_for_boxes(page)
    assert (picture(page) == without_boxes(photograph("chelsea", 800))).mean() > 0.9
    assert demo.errors == []


def test_what_is_no_picture_is_told_and_nothing_is_lost(demo, page):
    check_bad_upload(demo)


@pytest.mark.parametrize("shape", [(10, 10, 3), (900, 90, 3), (90, 900, 3), (50, 60), (40, 40, 4)], ids=str)
def test_any_picture_of_ones_own_is_looked_at(demo, page, shape):
    upload_own(page, noise(*shape))
    wait_for_boxes(page)
    assert demo.errors == []
    assert demo.remote == []


def test_reset_brings_everything_back(page, first):
    press_on_slider(page, "score ≥", "Home")
    choose(page, "suppression", "none")
    choose(page, "network", "faces")
    page.get_by_role("button", name="reset").click()
    wait_for_picture(page, first)
    wait_for_boxes(page)
    expect(page.get_by_text("The best box of a thing stays")).to_be_visible()
