"""Week 2's demo in a real browser: depth, shortcuts and BatchNorm redraw the picture, any photograph is classified."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.demos.actions import (
    check_bad_upload,
    check_full_screen,
    check_page,
    image,
    letters,
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
from utils.data.runs import load_run
from utils.plots import draw_depth

DEMO = "week2_resnets/demo_resnet.ipynb"
ROWS = load_run("gradient-norms")["rows"], load_run("residual-depths")["rows"]
READY = "EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet"
TIME_TO_BUILD = 90_000  # milliseconds: TensorFlow's start on busy cores

pytestmark = pytest.mark.browser


def wait_for_bars(page) -> None:
    """Wait until the network has answered, and the picture has been the same for a second."""
    expect(page.get_by_text(READY)).to_be_visible(timeout=TIME_TO_BUILD)
    for _ in range(30):
        old = source(page)
        page.wait_for_timeout(1000)
        if source(page) == old and page.get_by_text(READY).is_visible():
            return
    raise AssertionError("the picture does not come to rest")


def has_bars(page) -> bool:
    return (picture(page)[:, 700:] != 255).any(axis=-1).sum() > 3000


def switch(page, description: str, option: str) -> None:
    old = source(page)
    page.locator(".widget-toggle-buttons", has_text=description).get_by_role("button", name=option).click()
    wait_for_another(page, old)


@pytest.fixture(scope="module")
def first(demo) -> np.ndarray:
    """The picture that the demo begins with."""
    return picture(demo.page)


@pytest.fixture
def page(demo, first):
    """The demo after a press on reset, its first picture drawn again."""
    demo.page.get_by_role("button", name="reset").click()
    wait_for_picture(demo.page, first)
    return demo.page


@pytest.fixture
def classifying(page):
    """The page's other half, once the network has answered."""
    page.get_by_role("button", name="classify a picture").click()
    wait_for_bars(page)
    return page


def test_it_renders_without_an_error_and_without_the_network(demo, page):
    save_screenshot(page, "demo_resnet")
    check_page(demo, "How deep can a network be?")
    check_full_screen(page)


def test_every_preset_has_its_key(page, first):
    for key in presets(page)[1:]:
        press_key(page, key)
    press_key(page, "r")
    wait_for_picture(page, first)


def test_the_first_picture_is_the_deepest_plain_network(first):
    assert (first == draw_depth(*ROWS, 56, residual=False, batch_norm=True)).all()


def test_the_class_can_read_both_halves(page):
    for half in ("depth", "classify a picture"):
        page.get_by_role("button", name=half).click()
        page.wait_for_timeout(300)
        seen = letters(page)
        assert len(seen) > 8
        assert [entry for entry in seen if entry[0] < 18] == []


def test_the_slider_moves_by_keys_and_redraws(page):
    press_on_slider(page, "layers", "ArrowLeft")
    expect(page.get_by_text("44 layers trained for 312 steps")).to_be_visible()
    wait_for_picture(page, draw_depth(*ROWS, 44, residual=False, batch_norm=True))
    press_on_slider(page, "layers", "Home")
    wait_for_picture(page, draw_depth(*ROWS, 8, residual=False, batch_norm=True))


def test_shortcuts_and_batch_norm_are_switched(page):
    switch(page, "shortcuts", "on")
    expect(page.get_by_text("Shortcuts carry the gradient past the convolutions")).to_be_visible()
    switch(page, "BatchNorm", "off")
    expect(page.get_by_text("Shortcuts alone keep the gradients alive")).to_be_visible()
    wait_for_picture(page, draw_depth(*ROWS, 56, residual=True, batch_norm=False))
    switch(page, "shortcuts", "off")
    expect(page.get_by_text("everything shrinks")).to_be_visible()


def test_the_page_answers_while_the_network_is_built(page):
    page.get_by_role("button", name="classify a picture").click()
    expect(image(page)).to_be_visible()
    page.get_by_role("button", name="depth", exact=True).click()
    press_on_slider(page, "layers", "ArrowLeft")


def test_the_coffee_gets_bars_and_another_photograph_other_ones(demo, classifying):
    save_screenshot(classifying, "demo_resnet_picture")
    coffee = picture(classifying)
    assert has_bars(classifying)
    old = source(classifying)
    classifying.locator("select").select_option("chelsea")
    wait_for_another(classifying, old)
    wait_for_bars(classifying)
    assert has_bars(classifying)
    assert (picture(classifying)[:, 700:] != coffee[:, 700:]).any()
    assert demo.errors == []


def test_what_is_no_picture_is_told_and_nothing_is_lost(demo, classifying):
    check_bad_upload(demo)


@pytest.mark.parametrize("shape", [(10, 10, 3), (900, 120, 3), (90, 900, 3), (50, 60), (40, 40, 4)], ids=str)
def test_any_picture_of_ones_own_is_classified(demo, classifying, shape):
    upload_own(classifying, noise(*shape))
    wait_for_bars(classifying)
    assert has_bars(classifying)
    assert demo.errors == []
    assert demo.remote == []


def test_reset_brings_everything_back(classifying, first):
    classifying.get_by_role("button", name="reset").click()
    wait_for_picture(classifying, first)
    expect(classifying.locator("select").filter(visible=True)).to_have_count(0)
