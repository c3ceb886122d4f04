"""What a teacher does on a demo's page, and what the class sees of it."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

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
