"""How soon a demo's first picture is there, how soon it follows a slider, and what a visitor's kernel weighs.

.venv/bin/python benchmarks/demos.py [--visitors 20] [--demos NAME...]

Seconds, not ratios: people wait for these. The first picture is measured from the request of the page, in a kernel of
its own, with everything read from the disk before; the slider from the press of a key to the browser having the new
picture. The weight of a kernel is its proportional share of memory (PSS): what is shared is divided.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the browser is driven by what the tests use

from tests.demos.actions import source, wait_until_it_listens
from tests.demos.serving import kernels, open_page, serve
from utils.course.demo import all_demos
from utils.course.environment import find_system_part

SLIDERS = {"convolution": "stride", "detection": "score ≥"}
_READY = {"detection": "kept"}  # words that are there when the network has answered
REPEATS = 20


def first_picture(address: str, chromium: str) -> float:
    """Return the seconds from the request of a page to its first picture."""
    with open_page("about:blank", chromium) as seen:
        began = time.perf_counter()
        seen.page.goto(address, timeout=120_000, wait_until="commit")
        seen.page.wait_for_function(
            "[...document.querySelectorAll('img.widget-image')].some(i => i.naturalWidth > 1 && i.checkVisibility())",
            timeout=120_000,
            polling=20,
        )
        return time.perf_counter() - began


def follow(page: Page, description: str) -> list[float]:
    """Return the seconds from key to picture, of one slider that goes there and back."""
    handle = page.locator(".widget-slider", has_text=description).locator(".noUi-handle")
    seconds = []
    for number in range(REPEATS):
        old = source(page)
        handle.focus()
        began = time.perf_counter()
        page.keyboard.press(("ArrowRight", "ArrowLeft")[number % 2])
        page.wait_for_function(
            "old => [...document.querySelectorAll('img.widget-image')].find(i => i.checkVisibility()).src !== old",
            arg=old,
            polling=10,
        )
        seconds.append(time.perf_counter() - began)
        page.wait_for_timeout(100)
    return seconds


def weigh(folder: Path) -> list[float]:
    """Return the PSS of each kernel of a server in MiB."""
    found = []
    for number in kernels(folder):
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        found.append(next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=20, help="of the convolution demo at once")
    parser.add_argument("--demos", nargs="*", help="only these; all by default")
    given = parser.parse_args()
    visitors, names = given.visitors, given.demos
    chromium = find_system_part("chromium")
    with tempfile.TemporaryDirectory() as name, serve(Path(name)) as address:
        folder = Path(name)
        for demo in all_demos():
            if names and demo.name not in names:
                continue
            warm = [first_picture(f"{address}demo/{demo.name}", chromium) for _ in range(4)][1:]
            print(
                f"{demo.name}: first picture after {statistics.median(warm):.1f} s (median of 3)", flush=True
            )
        for demo, slider in SLIDERS.items():
            if names and demo not in names:
                continue
            with open_page(f"{address}demo/{demo}", chromium) as seen:
                wait_until_it_listens(seen.page)
                if demo in _READY:
                    seen.page.get_by_text(_READY[demo]).first.wait_for(timeout=300_000)
                seconds = follow(seen.page, slider)
                print(
                    f"{demo}: picture {statistics.median(seconds):.2f} s after the slider (median of {REPEATS})"
                )
        if not visitors:
            return
        with open_page(f"{address}demo/convolution", chromium) as seen:
            for _ in range(visitors - 1):
                page = seen.page.context.browser.new_context().new_page()
                page.goto(f"{address}demo/convolution", timeout=300_000)
                wait_until_it_listens(page)
            pss = weigh(folder)
            print(
                f"{len(pss)} visitors: {statistics.median(pss):.0f} MiB a kernel (PSS), {sum(pss):.0f} together"
            )


if __name__ == "__main__":
    main()
