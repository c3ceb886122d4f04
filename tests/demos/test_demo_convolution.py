"""Week 1's demo in a real browser: it renders, reacts, refuses what is no picture, and asks nothing of the network."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from scipy.signal import correlate2d

from tests.demos.actions import (
    letters,
    picture,
    press_on_slider,
    source,
    upload,
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
    expect(page.get_by_role("heading", name="What a filter sees")).to_be_visible()
    expect(page.get_by_text("What to notice")).to_be_visible()
    assert demo.errors == []
    assert demo.remote == []


def test_no_code_is_seen(page):
    assert page.get_by_text("import ipywidgets").count() == 0


def test_the_class_can_read_it(page):
    seen = letters(page)
    assert len(seen) > 15
    assert [entry for entry in seen if entry[0] < 18] == []


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
    assert (picture(page)[::2, ::2][15, 15:257] == 0).all()


def test_an_edited_number_makes_a_filter_of_ones_own(page):
    old = source(page)
    cell = page.locator(".widget-text input").first
    cell.fill("5")
    cell.press("Tab")
    wait_for_another(page, old)
    expect(page.get_by_text("Your nine numbers sum to 4")).to_be_visible()


def test_what_is_no_picture_is_told_and_nothing_is_lost(demo, page):
    before = picture(page)
    upload(page, "notes <b>.png", b"These are my notes.")
    expect(page.get_by_role("status")).to_contain_text("notes <b>.png is no picture that can be read")
    assert (picture(page) == before).all()
    assert demo.errors == []


def test_ones_own_photograph_is_drawn(page):
    buffer = io.BytesIO()
    stripes = np.zeros((300, 600, 3), np.uint8)
    stripes[:, ::60] = stripes[:, 1::60] = 255
    Image.fromarray(stripes).save(buffer, "PNG")
    old = source(page)
    upload(page, "stripes.png", buffer.getvalue())
    wait_for_another(page, old)
    expect(page.get_by_role("status")).to_contain_text("This is stripes.png.")
    expect(page.get_by_text("Left 240 pixels wide")).to_be_visible()


def test_reset_brings_everything_back(page, first):
    press_on_slider(page, "stride", "End")
    press_on_slider(page, "padding", "End")
    old = source(page)
    page.locator("select").last.select_option("blur")
    wait_for_another(page, old)
    page.get_by_role("button", name="reset").click()
    wait_for_picture(page, first)
    expect(page.get_by_text("Horizontal lines vanish.")).to_be_visible()
    expect(page.get_by_text("= 238 pixels wide")).to_be_visible()
