"""Week 4's style demo in a real browser: it paints while the page answers, rests, goes on, and takes any picture."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.demos.actions import (
    check_bad_upload,
    check_full_screen,
    check_page,
    noise,
    picture,
    png,
    presets,
    press_key,
    source,
    upload,
    upload_own,
    wait_for_another,
)
from tests.demos.serving import save_screenshot

DEMO = "week4_face_nst/demo_style_transfer.ipynb"
TIME_TO_BUILD = 120_000  # milliseconds: TensorFlow's start and the first compilation, on busy cores
RESTS = "It rests"

pytestmark = pytest.mark.browser


def steps(page) -> int:
    """The number of the step, as the page says."""
    return int(re.search(r"Step (\d+)", page.get_by_text(re.compile(r"Step \d+")).inner_text())[1])


def wait_for_rest(page) -> None:
    expect(page.get_by_text(RESTS)).to_be_visible(timeout=TIME_TO_BUILD)


def wait_for_step(page, number: int) -> None:
    for _ in range(TIME_TO_BUILD // 200):
        if steps(page) >= number:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"step {number} is not reached; the page is at step {steps(page)}")


def wait_for_painting(page) -> None:
    expect(page.get_by_text("It is being painted")).to_be_visible(timeout=TIME_TO_BUILD)


def press(page, name: str) -> None:
    page.get_by_role("button", name=name).click()


@pytest.fixture(scope="module")
def first(demo) -> np.ndarray:
    """The picture after the steps that are taken without a click."""
    wait_for_step(demo.page, 1)
    wait_for_rest(demo.page)
    return picture(demo.page)


@pytest.fixture
def page(demo, first):
    """The demo at rest, after a press on reset."""
    press(demo.page, "stop")
    wait_for_rest(demo.page)
    press(demo.page, "reset")
    wait_for_painting(demo.page)
    wait_for_rest(demo.page)
    return demo.page


def test_it_begins_to_paint_without_a_click(demo, first):
    save_screenshot(demo.page, "demo_style_transfer")
    check_page(demo, "A picture that is being painted")
    check_full_screen(demo.page)
    assert np.ptp(first[100:300, 100:500].astype(int)) > 100


def test_every_preset_has_its_key(page):
    for key in presets(page)[1:]:
        press_key(page, key)
    press_key(page, "r")


def test_a_picture_is_kept_and_can_be_saved(page):
    press(page, "keep")
    link = page.locator("a[download='painting-1.jpg']")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_bytes()[:2] == b"\xff\xd8"


def test_it_paints_rests_and_goes_on_while_the_page_answers(demo, page):
    before = steps(page)
    old = source(page)
    press(page, "continue")
    wait_for_another(page, old)
    wait_for_step(page, before + 3)
    press(page, "stop")
    wait_for_rest(page)
    rested, seen = steps(page), picture(page)
    page.wait_for_timeout(2500)
    assert steps(page) == rested
    assert (picture(page) == seen).all()
    press(page, "continue")
    wait_for_step(page, rested + 2)
    assert demo.errors == []


def test_another_painting_is_taken_up_on_the_way(page):
    press(page, "continue")
    wait_for_step(page, steps(page) + 2)
    old = picture(page)
    page.locator(".widget-dropdown", has_text="painting").locator("select").select_option("composition-8")
    wait_for_step(page, steps(page) + 2)
    save_screenshot(page, "demo_style_transfer_other")
    assert (picture(page)[200:340, 650:] != old[200:340, 650:]).any()


def test_a_resting_picture_waits_after_a_slider_moved(page):
    before = steps(page)
    page.locator(".widget-slider", has_text="β").locator(".noUi-handle").press("End")
    expect(page.get_by_text("With so much style")).to_be_visible()
    page.wait_for_timeout(2500)
    assert steps(page) == before
    press(page, "continue")
    wait_for_step(page, before + 2)


def test_what_is_no_picture_is_told_and_nothing_is_lost(demo, page):
    check_bad_upload(demo)


@pytest.mark.parametrize("shape", [(10, 10, 3), (300, 40, 4), (50, 60)], ids=str)
def test_any_picture_of_ones_own_is_painted(demo, page, shape):
    upload_own(page, noise(*shape))
    wait_for_painting(page)
    wait_for_step(page, 2)
    assert demo.errors == []
    assert demo.remote == []


def test_a_picture_too_narrow_to_paint_is_told(page):
    upload(page, "ribbon.png", png(np.full((400, 10, 3), 90, np.uint8)))
    expect(page.get_by_text("This did not work: content must have at least 16")).to_be_visible(
        timeout=TIME_TO_BUILD
    )
