"""The page of all demos and the server below it: cards, tokens, kernels that die or idle, many visitors."""

import os
import re
import signal
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.demos.actions import letters, wait_until_it_listens
from tests.demos.serving import kernels, open_page, save_screenshot, serve
from utils.course.demo import all_demos

pytestmark = pytest.mark.browser


def status(address: str, **headers: str) -> int:
    """Status of an answer, redirections not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *arguments):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        return opener.open(urllib.request.Request(address, headers=headers), timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_gallery_has_a_card_with_a_picture_for_each_demo(served, chromium):
    with open_page(served, chromium) as seen:
        page = seen.page
        save_screenshot(page, "demo_gallery")
        assert page.locator("main a").count() == len(all_demos())
        for demo in all_demos():
            expect(page.get_by_role("heading", name=demo.title)).to_be_visible()
        loaded = page.evaluate("[...document.images].map(image => image.naturalWidth)")
        assert len(loaded) == len(all_demos())
        assert min(loaded) >= 400
        assert [entry for entry in letters(page) if entry[0] < 18] == []
        page.keyboard.press("1")
        expect(page).to_have_url(re.compile("/demo/convolution$"))
        assert seen.errors == []
        assert seen.remote == []


def test_pictures_and_nothing_else_are_served(served):
    assert status(served + "pictures/demo_convolution.jpg") == 200
    for path in ("voila/tree", "voila/render/demo.ipynb", "voila/files/README.md", "pictures/../README.md"):
        assert status(served + path) == 404


def test_another_name_of_this_machine_is_refused_without_a_token(served):
    assert status(served) == 200
    assert status(served, Host="elsewhere.example") == 403


def test_with_a_token_only_its_bearers_come_in(tmp_path):
    with serve(tmp_path, token="open-sesame") as address:
        for path in ("", "demo/convolution", "alive/00000000-0000-0000-0000-000000000000"):
            assert status(address + path) in (302, 403)
            assert status(f"{address}{path}?token=wrong") in (302, 403)
        assert status(f"{address}?token=open-sesame") == 200
        assert status(f"{address}voila/api/shutdown/00000000-0000-0000-0000-000000000000") in (302, 403, 405)


@pytest.fixture
def quick(tmp_path):
    """Address of a server that soon ends kernels that nobody uses, and the folder of its files."""
    with serve(tmp_path, idle_seconds=6, look_seconds=1) as address:
        yield address, tmp_path


def test_a_kernel_that_dies_is_told_and_started_again(served, chromium, tmp_path):
    with serve(tmp_path) as address, open_page(f"{address}demo/convolution", chromium) as seen:
        page = seen.page
        wait_until_it_listens(page)
        (number,) = kernels(tmp_path)
        os.kill(number, signal.SIGKILL)
        banner = page.get_by_role("alert")
        expect(banner).to_contain_text("has stopped", timeout=20_000)
        save_screenshot(page, "demo_stopped")
        banner.get_by_role("button", name="start it again").click()
        wait_until_it_listens(page)
        expect(banner).to_be_hidden()
        assert list(kernels(tmp_path)) != [number]


def test_an_idle_kernel_is_ended_and_the_page_says_so(quick, chromium):
    address, folder = quick
    with open_page(f"{address}demo/convolution", chromium) as seen:
        wait_until_it_listens(seen.page)
        expect(seen.page.get_by_role("alert")).to_contain_text("has stopped", timeout=30_000)
        assert kernels(folder) == {}


def test_each_visitor_has_a_state_of_their_own(served, chromium):
    with open_page(f"{served}demo/convolution", chromium) as seen:
        other = seen.page.context.browser.new_context().new_page()
        other.goto(f"{served}demo/convolution")
        for page in (seen.page, other):
            wait_until_it_listens(page)
        other.keyboard.press("4")
        expect(other.get_by_text("= 60 pixels wide")).to_be_visible()
        expect(seen.page.get_by_text("= 238 pixels wide")).to_be_visible()


def test_a_page_that_does_not_come_up_says_so(served, chromium):
    with open_page("about:blank", chromium) as seen:
        page = seen.page
        page.clock.install()
        page.route_web_socket("**/api/kernels/**", lambda socket: socket.close())
        page.goto(f"{served}demo/convolution", timeout=180_000)
        expect(page.get_by_role("alert")).to_be_hidden()
        page.clock.fast_forward(70_000)
        expect(page.get_by_role("alert")).to_contain_text("takes long to come up", timeout=20_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_visitors_at_once_are_all_answered(tmp_path, chromium):
    with serve(tmp_path) as address, open_page(f"{address}demo/convolution", chromium) as seen:
        pages = [seen.page, *(seen.page.context.browser.new_context().new_page() for _ in range(19))]
        for number, page in enumerate(pages):
            if number:  # one after another: on two cores, twenty browsers at once would be what is tested
                page.goto(f"{address}demo/convolution", timeout=300_000)
            wait_until_it_listens(page)
        assert len(kernels(tmp_path)) == 20
        for number, page in enumerate(pages):
            page.keyboard.press("rr4"[number % 3])
        for number, page in enumerate(pages):
            width = 60 if number % 3 == 2 else 238
            expect(page.get_by_text(f"= {width} pixels wide")).to_be_visible(timeout=60_000)
