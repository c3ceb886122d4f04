"""The latent plane in a real browser: drag, arrow keys, ways between digits."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.demos.actions import check_full_screen, check_page, presets, wait_until_it_listens
from tests.demos.serving import save_screenshot

DEMO = "week4_face_nst/demo_latent_plane.ipynb"

pytestmark = pytest.mark.browser


def codes(page) -> list[float]:
    """The numbers of the variational and the plain code, as the page says."""
    words = page.locator(".widget-html", has_text="variational z").inner_text().replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+\.\d", words)]


def plane(page):
    return page.locator(".course-pointed img")


def beside(page) -> str:
    """Address of what is drawn beside the plane."""
    return page.locator("img.widget-image").filter(visible=True).last.get_attribute("src")


def wait_for_another(page, old: str) -> None:
    last = page.locator("img.widget-image").filter(visible=True).last
    expect(last).not_to_have_attribute("src", old, timeout=15_000)


@pytest.fixture
def page(demo):
    """The demo after a press on reset, in the middle of the plane."""
    demo.page.get_by_role("button", name="reset").click()
    expect(demo.page.get_by_text("variational z = (0.0, 0.0)")).to_be_visible()
    return demo.page


def test_it_renders_without_an_error_and_without_the_network(demo, page):
    save_screenshot(page, "demo_latent_plane")
    check_page(demo, "A plane of digits")
    check_full_screen(page)


def test_every_preset_has_its_key(page):
    for key in presets(page)[1:]:
        old = beside(page)
        page.keyboard.press(key)
        wait_for_another(page, old)


def test_dragging_over_the_plane_draws_other_digits(page):
    old = beside(page)
    box = plane(page).bounding_box()
    page.mouse.move(box["x"] + 210, box["y"] + 210)
    page.mouse.down()
    page.mouse.move(box["x"] + 105, box["y"] + 315, steps=5)
    page.mouse.up()
    wait_for_another(page, old)
    expect(page.get_by_text("variational z = (−1.8, −1.8)")).to_be_visible()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.wait_for_timeout(400)
    assert codes(page)[:2] == [-1.8, -1.8]


def test_arrow_keys_walk_from_where_the_point_is(page):
    old = beside(page)
    page.evaluate("document.activeElement.blur()")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(150)
    wait_for_another(page, old)
    expect(page.get_by_text("variational z = (0.7, 0.0)")).to_be_visible()


def test_a_way_between_two_digits_is_walked(page):
    old = beside(page)
    page.locator(".widget-dropdown", has_text="to").last.locator("select").select_option("1")
    wait_for_another(page, old)
    expect(page.get_by_text("On the way from one digit")).to_be_visible()
    old, before = beside(page), codes(page)
    page.locator(".widget-slider", has_text="way").locator(".noUi-handle").press("Home")
    wait_for_another(page, old)
    assert np.abs(np.array(codes(page)) - before).max() > 0.1
    save_screenshot(page, "demo_latent_plane_way")


def test_it_can_be_opened_twice(demo, page):
    demo.page.reload()
    wait_until_it_listens(demo.page)
    expect(demo.page.get_by_text("variational z = (0.0, 0.0)")).to_be_visible()
