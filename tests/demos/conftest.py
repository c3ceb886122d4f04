"""A demo in a browser: started once for each module, left out where there is no browser, demanded in CI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demos.actions import wait_until_it_listens
from tests.demos.serving import Seen, open_page, serve
from utils.course.demo import find_demo
from utils.course.environment import find_system_part, in_ci


@pytest.fixture(scope="module")
def chromium() -> str:
    path = find_system_part("chromium")
    if path is None:
        (pytest.fail if in_ci() else pytest.skip)("the system package chromium is not installed")
    return path


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[str]:
    """Address of the server of the demos."""
    with serve(Path(tmp_path_factory.mktemp("server"))) as address:
        yield address


@pytest.fixture(scope="module")
def demo(request, served, chromium) -> Iterator[Seen]:
    """The page of the notebook that the module names in DEMO, rendered and listening."""
    name = find_demo(request.module.DEMO).name
    with open_page(f"{served}demo/{name}", chromium) as seen:
        wait_until_it_listens(seen.page)
        yield seen
