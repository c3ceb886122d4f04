"""Every exercise goes through the gate (see utils/gate)."""

from dataclasses import asdict

import pytest

from utils.exercises.index import NOTEBOOKS, all_keys, exercise
from utils.gate.inspect import inspect_exercise

pytestmark = pytest.mark.gate


@pytest.mark.parametrize("key", all_keys())
@pytest.mark.timeout(900)
def test_exercise(key, record_property):
    report = inspect_exercise(key)
    record_property("gate", asdict(report))
    assert not report.problems, "\n".join(report.problems)


@pytest.mark.parametrize("notebook", [n for n, row in NOTEBOOKS.items() if row.exercises])
def test_index_and_entries_agree(notebook):
    names = NOTEBOOKS[notebook].exercises
    entries = [exercise(f"{notebook}/{name}") for name in names]
    assert [entry.function for entry in entries] == list(names)
    for entry in entries:
        assert entry.notebook == notebook
        assert entry.points > 0
        assert len(entry.hints) >= 2, f"{entry.key} needs two hints or more"
        assert len(set(entry.hints)) == len(entry.hints)
        assert entry.argument_names
