"""The demos in a real browser: the first picture, the picture after a slider, what a visitor's kernel weighs.

Seconds, not ratios: people wait for these. The first picture counts from the request of the page, in a kernel of its
own, with everything read from the disk before; the slider from the press of a key. A kernel's weight is its
proportional share of memory (PSS): what is shared is divided.
"""

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmarks.cases import Case, Detail, Form, Work
from tests.demos.actions import source, wait_until_it_listens  # the browser is driven by what the tests use
from tests.demos.serving import kernels, open_page, serve
from utils.course.demo import all_demos
from utils.course.environment import find_system_part

# A slider of each demo, and two keys of which each changes the picture: a small step of the score need not.
SLIDERS = {"convolution": ("stride", "ArrowRight", "ArrowLeft"), "detection": ("score ≥", "End", "Home")}
READY = {"detection": "kept"}  # words that are there when the network has answered
VISITORS = 20
MOST_FIRST, MOST_AFTER_SLIDER = 8.0, 0.5


@contextmanager
def server() -> Iterator[tuple[str, Path]]:
    """Run a server of the demos; gives its address and folder."""
    with tempfile.TemporaryDirectory(prefix="bench-demos-") as folder, serve(Path(folder)) as address:
        yield address, Path(folder)


def browser() -> str:
    """Return the browser's program.

    Raises
    ------
    RuntimeError
        When there is none.
    """
    if (program := find_system_part("chromium")) is None:
        raise RuntimeError("the system package chromium is not installed")
    return program


def first_picture(address: str, folder: Path, demo: str) -> float:
    """Return the seconds from the request of a page to its first picture; the kernel does not outlive it."""
    with open_page("about:blank", browser()) as seen:
        began = time.perf_counter()
        seen.page.goto(f"{address}demo/{demo}", timeout=120_000, wait_until="commit")
        seen.page.wait_for_function(
            "[...document.querySelectorAll('img.widget-image')].some(i => i.naturalWidth > 1 && i.checkVisibility())",
            timeout=120_000,
            polling=20,
        )
        took = time.perf_counter() - began
    for number in kernels(folder):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return took


def first(demo: str) -> Work:
    """Prepare a demo's first picture; the first visit reads everything from the disk."""
    stack = ExitStack()
    visit_demo = partial(first_picture, *stack.enter_context(server()), demo)
    visit_demo()
    return Work(Form(visit_demo, own_clock=True), close=stack.close)


def after_slider(demo: str) -> Work:
    """Open a demo, and prepare a slider that goes there and back."""
    stack = ExitStack()
    address, _ = stack.enter_context(server())
    page = stack.enter_context(open_page(f"{address}demo/{demo}", browser())).page
    wait_until_it_listens(page)
    if demo in READY:
        page.get_by_text(READY[demo]).first.wait_for(timeout=300_000)
    slider, *keys = SLIDERS[demo]
    handle = page.locator(".widget-slider", has_text=slider).locator(".noUi-handle")

    def move() -> float:
        old = source(page)
        handle.focus()
        began = time.perf_counter()
        page.keyboard.press(keys[0])
        page.wait_for_function(
            "old => [...document.querySelectorAll('img.widget-image')].find(i => i.checkVisibility()).src !== old",
            arg=old,
            polling=10,
        )
        took = time.perf_counter() - began
        keys.reverse()
        page.wait_for_timeout(100)
        return took

    return Work(Form(move, own_clock=True), close=stack.close)


def visit() -> list[Detail]:
    """Open one demo so many times at once, and return what their kernels weigh."""
    with server() as (address, folder), open_page(f"{address}demo/convolution", browser()) as seen:
        for _ in range(VISITORS - 1):
            page = seen.page.context.browser.new_context().new_page()
            page.goto(f"{address}demo/convolution", timeout=300_000)
            wait_until_it_listens(page)
        weights = [proportional_share(number) for number in kernels(folder)]
    return [
        Detail("kernels", len(weights), ""),
        Detail("a kernel, median", statistics.median(weights), "MiB"),
        Detail("all kernels", sum(weights), "MiB"),
    ]


def proportional_share(process: int) -> float:
    """Return a process's share of memory (PSS) in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


CASES = [
    *(
        Case(f"{d.name}, first picture", d.path, partial(first, d.name), most_seconds=MOST_FIRST, rounds=3)
        for d in all_demos()
    ),
    *(
        Case(
            f"{demo}, after a slider",
            f"the slider “{SLIDERS[demo][0]}”",
            partial(after_slider, demo),
            most_seconds=MOST_AFTER_SLIDER,
            rounds=20,
        )
        for demo in SLIDERS
    ),
    Case(f"{VISITORS} visitors", "the convolution demo, all at once", lambda: Work(Form(visit)), rounds=1),
]
