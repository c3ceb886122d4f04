"""A demo in a browser: started once for each module, left out where there is no browser, demanded in CI."""

from pathlib import Path

import pytest

from tests.demos.serving import ROOT, Seen, open_page, serve_demo
from utils.course.environment import find_system_part, in_ci


@pytest.fixture(scope="module")
def chromium() -> str:
    path = find_system_part("chromium")
    if path is None:
        (pytest.fail if in_ci() else pytest.skip)("the system package chromium is not installed")
    return path


@pytest.fixture(scope="module")
def demo(request, chromium, tmp_path_factory) -> Seen:
    """The page of the notebook that the module names in DEMO, rendered."""
    notebook = ROOT / request.module.DEMO
    with (
        serve_demo(notebook, Path(tmp_path_factory.mktemp("voila"))) as address,
        open_page(address, chromium) as seen,
    ):
        seen.page.wait_for_selector(".widget-image", timeout=60_000)
        yield seen
