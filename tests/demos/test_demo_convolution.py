"""Week 1's demo in a real browser: it renders, reacts, refuses what is no picture, and asks nothing of the network."""

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import correlate2d

from tests.demos.actions import (
    check_bad_upload,
    check_full_screen,
    check_page,
    choose,
    image,
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
from utils.data import photograph, to_float, to_grey

DEMO = "week1_conv_basics/demo_convolution.ipynb"

pytestmark = pytest.mark.browser


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


def test_it_renders_without_an_error_and_without_the_network(demo, page):
    save_screenshot(page, "demo_convolution")
    check_page(demo, "What a filter sees")
    check_full_screen(page)


def test_every_preset_has_its_key(page, first):
    for key in presets(page)[1:]:
        press_key(page, key)
    press_key(page, "r")
    wait_for_picture(page, first)
    assert len(presets(page)) >= 5


def test_the_picture_is_what_scipy_computes(page):
    press_on_slider(page, "stride", "ArrowRight")
    grey = to_grey(to_float(photograph("camera", 240)))
    sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    answer = correlate2d(grey, sobel, "valid")[::2, ::2]
    drawn = picture(page)[::2, ::2]
    height, width = answer.shape
    top, left = (272 - height) // 2, 272 + 12 + (272 - width) // 2
    red_minus_blue = drawn[top : top + height, left : left + width].astype(float) @ [1, 0, -1]
    clear = np.abs(answer) > 0.2
    clear[:9, :12] = False  # the window's frame
    assert clear.sum() > 500
    assert (np.sign(red_minus_blue[clear]) == np.sign(answer[clear])).all()


def test_a_longer_stride_makes_a_smaller_answer(page):
    before = picture(page)
    expect(page.get_by_text("= 238 pixels wide")).to_be_visible()
    press_on_slider(page, "stride", "ArrowRight")
    expect(page.get_by_text("= 119 pixels wide")).to_be_visible()
    assert (picture(page) != before).any()


def test_padding_shows_as_a_black_border(page):
    press_on_slider(page, "padding", "ArrowRight")
    expect(page.get_by_text("= 240 pixels wide")).to_be_visible()
    assert (picture(page)[::2, ::2][15, 60:257] == 0).all()


def test_an_edited_number_makes_a_filter_of_ones_own(page):
    old = source(page)
    cell = page.locator(".widget-text input").first
    cell.fill("5")
    cell.press("Tab")
    wait_for_another(page, old)
    expect(page.get_by_text("Your nine numbers sum to 4")).to_be_visible()


def test_dilation_widens_the_window(page):
    press_on_slider(page, "dilation", "ArrowRight")
    expect(page.get_by_text("= 236 pixels wide")).to_be_visible()


def test_the_numbers_under_the_pointer_are_told(page):
    old = source(page)
    image(page).hover(position={"x": 300, "y": 250})
    wait_for_another(page, old)
    grey = to_grey(to_float(photograph("camera", 240)))
    expect(page.get_by_text("Under the window, row")).to_be_visible()
    words = page.locator(".widget-html", has_text="Under the window").inner_text()
    row, column = (int(part.split()[-1]) for part in words.split(":")[0].split(",")[1:])
    cells = page.locator("td").all_inner_texts()
    assert [cell.split(" ")[0] for cell in cells] == [
        f"{value:.2f}" for value in grey[row : row + 3, column : column + 3].ravel()
    ]


def test_the_window_walks_until_it_is_stopped(page):
    walk = page.locator(".jupyter-widget-play, .widget-play").locator("button")
    old = source(page)
    walk.first.click()
    wait_for_another(page, old)
    wait_for_another(page, source(page))
    walk.first.click()
    page.wait_for_timeout(500)
    rested = source(page)
    page.wait_for_timeout(600)
    assert source(page) == rested


def test_what_is_no_picture_is_told_and_nothing_is_lost(demo, page):
    check_bad_upload(demo)


def test_ones_own_photograph_is_drawn(page):
    stripes = np.zeros((300, 600, 3), np.uint8)
    stripes[:, ::60] = stripes[:, 1::60] = 255
    upload_own(page, stripes, "stripes.png")
    expect(page.get_by_text("Left 240 pixels wide")).to_be_visible()


def test_reset_brings_everything_back(page, first):
    press_on_slider(page, "stride", "End")
    press_on_slider(page, "padding", "End")
    choose(page, "filter", "blur")
    page.get_by_role("button", name="reset").click()
    wait_for_picture(page, first)
    expect(page.get_by_text("Horizontal lines vanish.")).to_be_visible()
    expect(page.get_by_text("= 238 pixels wide")).to_be_visible()
