"""What a teacher does on a demo's page, and what the class sees of it."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.demos.serving import Seen

# Sizes of the letters of every visible piece of text.
_LETTERS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && parent.checkVisibility() && parent.getClientRects().length)
      found.push([parseFloat(getComputedStyle(parent).fontSize), walker.currentNode.data.trim().slice(0, 40)]);
  }
  for (const field of document.querySelectorAll("input, select"))
    if (field.checkVisibility() && field.getClientRects().length)
      found.push([parseFloat(getComputedStyle(field).fontSize), "field " + field.value]);
  return found;
}"""
_BYTES = """async image => {
  const bytes = await (await fetch(image.src)).arrayBuffer();
  return Array.from(new Uint8Array(bytes));
}"""


def image(page: Page) -> Locator:
    """The one picture that is visible."""
    return page.locator("img.widget-image").filter(visible=True)


def wait_until_it_listens(page: Page, seconds: float = 90) -> None:
    """Wait until the first picture is shown and the page has said hello to its kernel."""
    page.wait_for_selector(".course-demo[data-ready=yes]", timeout=1000 * seconds)
    page.wait_for_selector(".widget-image", timeout=60_000)


def source(page: Page) -> str:
    return image(page).get_attribute("src")


def wait_for_another(page: Page, old: str) -> None:
    expect(image(page)).not_to_have_attribute("src", old, timeout=15_000)


def picture(page: Page) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(bytes(image(page).evaluate(_BYTES)))).convert("RGB"))


def wait_for_picture(page: Page, wanted: np.ndarray) -> None:
    for _ in range(100):
        seen = picture(page)
        if seen.shape == wanted.shape and (seen == wanted).all():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the picture does not become the one that is wanted")


def upload(page: Page, name: str, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="your own").click()
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})


def press_on_slider(page: Page, description: str, key: str) -> None:
    old = source(page)
    page.locator(".widget-slider", has_text=description).locator(".noUi-handle").press(key)
    wait_for_another(page, old)


def letters(page: Page) -> list[tuple[float, str]]:
    """Size in pixels and beginning of every visible piece of text."""
    return page.evaluate(_LETTERS)


def png(image: np.ndarray) -> bytes:
    """Encode an array of pixels as a browser's user would upload it."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def noise(*shape: int) -> np.ndarray:
    """Pixels at random, the same each time."""
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def upload_own(page: Page, image: np.ndarray, name: str = "mine.png") -> None:
    """Upload a picture and wait until the page says so and has another picture."""
    old = source(page)
    upload(page, name, png(image))
    expect(page.get_by_role("status").filter(visible=True)).to_contain_text(f"This is {name}.")
    wait_for_another(page, old)


def choose(page: Page, description: str, option: str) -> None:
    """Choose in a drop-down list and wait for another picture."""
    old = source(page)
    page.locator(".widget-dropdown", has_text=description).locator("select").select_option(option)
    wait_for_another(page, old)


def press_key(page: Page, key: str) -> None:
    """Press a key that belongs to no control, as a teacher does, and wait for another picture."""
    old = source(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)
    wait_for_another(page, old)


def presets(page: Page) -> list[str]:
    """The keys of the presets that the page offers."""
    names = page.locator(".course-buttons button").all_inner_texts()
    return [name[0] for name in names if name[0].isdigit()]


# What every demo must do.


def check_page(seen: Seen, heading: str) -> None:
    """It shows its heading, what to notice, no code, large letters, no errors, and asks nothing of other machines."""
    page = seen.page
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text("What to notice").filter(visible=True)).to_have_count(1)
    assert page.get_by_text("import ipywidgets").count() == 0
    found = letters(page)
    assert len(found) > 8
    assert [entry for entry in found if entry[0] < 18] == []
    assert seen.errors == []
    assert seen.remote == []


def check_full_screen(page: Page) -> None:
    """The key f goes to full screen and back."""
    page.evaluate("document.activeElement.blur()")
    for wanted in (True, False):
        page.keyboard.press("f")
        page.wait_for_function(f"!!document.fullscreenElement === {str(wanted).lower()}")


def check_bad_upload(seen: Seen) -> None:
    """What is no picture is told in a sentence, and nothing is lost."""
    page = seen.page
    before = picture(page)
    upload(page, "notes <b>.png", b"These are my notes.")
    told = page.get_by_role("status").filter(visible=True)
    expect(told).to_contain_text("notes <b>.png is no picture that can be read")
    assert (picture(page) == before).all()
    assert seen.errors == []
