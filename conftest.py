"""Puts every test, and every kernel that a test starts, into the course's fixed environment."""

import os

import pytest

from utils.course.environment import find_system_part, in_ci, kernel_environment

os.environ.update(kernel_environment(progress_bars=False))


@pytest.fixture
def system_part():
    """Return a function that finds a system package's program; without it the test is skipped, in CI it fails."""

    def find(package: str) -> str:
        path = find_system_part(package)
        if path is None:
            missing = f"the system package {package} is not installed"
            (pytest.fail if in_ci() else pytest.skip)(missing)
        return path

    return find
