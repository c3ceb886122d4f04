"""Honest neighbours of every attack, judged before and after, and exercises with less time."""

from dataclasses import replace

import pytest

from tests.grading.attacks.ground import assert_full, honest_job, same
from utils.grading.classroom import judging
from utils.grading.sandbox.bubblewrap import NoSandbox, find_bubblewrap


@pytest.fixture(scope="session", autouse=True)
def sandbox():
    """Skip attacks where nothing would hold them."""
    try:
        find_bubblewrap()
    except NoSandbox as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", autouse=True)
def neighbour(sandbox):
    """Judge somebody honest before and after a module's attacks, in the same grading process."""
    before = judging.judge_notebook(honest_job())
    assert_full(before)
    yield before
    assert same(judging.judge_notebook(honest_job()), before)


@pytest.fixture
def short_exercises(monkeypatch):
    """Give the attacked exercise two seconds, so that an endless one does not take ten."""
    whole = judging.exercise

    def shorter(key):
        entry = whole(key)
        return replace(entry, time_limit=2.0) if entry.function == "zero_pad" else entry

    monkeypatch.setattr(judging, "exercise", shorter)
