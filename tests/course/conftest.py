"""A throw-away course for every test that wants one."""

from pathlib import Path

import pytest

from tests.course.throwaway import make_course


@pytest.fixture
def course(tmp_path) -> Path:
    return make_course(tmp_path / "course")


@pytest.fixture
def learn(tmp_path) -> Path:
    return tmp_path / "learn"
