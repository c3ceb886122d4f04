"""The database of encodings: what goes in comes out, who is forgotten is gone, and a crash loses nothing committed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from scipy.spatial.distance import cdist

from utils.faces.database import FaceDatabase

CONSENT = "signed on paper"


def encoding(seed, length=8):
    return np.random.default_rng(seed).normal(size=length).astype(np.float32)


def test_what_goes_in_comes_out_after_a_restart(tmp_path):
    with FaceDatabase(tmp_path / "faces.db", 8) as database:
        for seed, name in enumerate(["Ada", "Émile", "Ada"]):
            database.add(name, encoding(seed), CONSENT)
    with FaceDatabase(tmp_path / "faces.db", 8) as database:
        assert len(database) == 3
        assert database.names() == ["Ada", "Émile"]
        np.testing.assert_array_equal(database.encodings("Ada"), [encoding(0), encoding(2)])
        np.testing.assert_array_equal(database.encodings(), [encoding(seed) for seed in range(3)])
        (first, *_) = database.entries()
        assert (first.name, first.consent) == ("Ada", CONSENT)
        assert first.added.endswith("+00:00")


def test_search_is_a_look_at_all_distances():
    rng = np.random.default_rng(0)
    known, wanted = rng.normal(size=(50, 8)).astype(np.float32), encoding(99)
    with FaceDatabase(":memory:", 8) as database:
        for row, values in enumerate(known):
            database.add(f"person {row}", values, CONSENT)
        found = database.search(wanted, 7)
        nearest = cdist(known, wanted[None])[:, 0]
        assert [match.name for match in found] == [f"person {row}" for row in np.argsort(nearest)[:7]]
        np.testing.assert_allclose([match.distance for match in found], np.sort(nearest)[:7], rtol=1e-12)
        assert len(database.search(wanted, 80)) == 50
        # A change is seen at once, also one that another connection makes.
        database.add("the same", wanted, CONSENT)
        assert database.search(wanted)[0].name == "the same"


def test_a_change_of_another_connection_is_seen(tmp_path):
    with FaceDatabase(tmp_path / "faces.db", 8) as one, FaceDatabase(tmp_path / "faces.db", 8) as other:
        assert one.search(encoding(0)) == []
        other.add("Ada", encoding(0), CONSENT)
        assert one.search(encoding(0))[0].name == "Ada"


def test_who_is_forgotten_is_gone_from_the_disk(tmp_path):
    path = tmp_path / "faces.db"
    with FaceDatabase(path, 8) as database:
        for seed in range(3):
            database.add("Forgetme", encoding(seed), CONSENT)
        database.add("Ada", encoding(7), CONSENT)
        assert b"Forgetme" in path.read_bytes()
        assert database.forget("Forgetme") == 3
        assert database.names() == ["Ada"]
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Forgetme" not in left
    assert encoding(0).tobytes() not in left
    assert encoding(7).tobytes() in left


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda d: d.add("Ada", np.zeros(7), CONSENT),
            ValueError,
            r"encoding must have shape \(8,\), got \(7,\)",
        ),
        (
            lambda d: d.add("Ada", np.full(8, np.nan), CONSENT),
            ValueError,
            "encoding must have a finite length",
        ),
        (lambda d: d.add("Ada", np.full(8, 1e20), CONSENT), ValueError, "encoding must have a finite length"),
        (lambda d: d.add(" ", encoding(0), CONSENT), ValueError, "name must be a text that is not empty"),
        (lambda d: d.add("Ada", encoding(0), ""), ValueError, "consent must be a text"),
        (lambda d: d.forget("Bob"), KeyError, "nobody is called 'Bob'; there are: Ada"),
        (lambda d: d.encodings("Bob"), KeyError, "there are: Ada"),
        (lambda d: d.remove(55), KeyError, "there is no entry 55"),
        (lambda d: d.search(np.zeros(9)), ValueError, "encoding must have shape"),
        (lambda d: d.search(encoding(0), 0), ValueError, "k must be at least 1"),
    ],
)
def test_bad_input_changes_nothing(call, error, message):
    with FaceDatabase(":memory:", 8) as database:
        database.add("Ada", encoding(0), CONSENT)
        with pytest.raises(error, match=message):
            call(database)
        assert len(database) == 1


def test_other_files_are_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear reader, this is no database." * 40)
    with pytest.raises(ValueError, match=r"letter\.txt cannot be used as a database of faces"):
        FaceDatabase(tmp_path / "letter.txt")
    FaceDatabase(tmp_path / "faces.db", 8).close()
    with pytest.raises(ValueError, match="holds encodings of length 8, length is 128"):
        FaceDatabase(tmp_path / "faces.db")


class Together(RuleBasedStateMachine):
    """The database beside a plain list that does the same."""

    def __init__(self):
        super().__init__()
        self.database, self.model = FaceDatabase(":memory:", 8), []

    @rule(name=st.sampled_from("abc"), seed=st.integers(0, 99))
    def add(self, name, seed):
        self.model.append((self.database.add(name, encoding(seed), CONSENT), name, seed))

    @rule(name=st.sampled_from("abc"))
    def forget(self, name):
        if any(row[1] == name for row in self.model):
            self.database.forget(name)
            self.model = [row for row in self.model if row[1] != name]

    @rule(place=st.integers(0, 5))
    def remove(self, place):
        if place < len(self.model):
            self.database.remove(self.model.pop(place)[0])

    @invariant()
    def both_hold_the_same(self):
        assert [(entry.id, entry.name) for entry in self.database.entries()] == [
            row[:2] for row in self.model
        ]
        wanted = np.array([encoding(seed) for *_, seed in self.model]).reshape(-1, 8)
        np.testing.assert_array_equal(self.database.encodings(), wanted)

    def teardown(self):
        self.database.close()


TestTogether = Together.TestCase
TestTogether.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)

WRITER = """
import sys
import numpy as np
from utils.faces.database import FaceDatabase
with FaceDatabase(sys.argv[1], 8) as database:
    for number in range(int(sys.argv[2]), 10**9):
        database.add(f"person {number}", np.full(8, number), "signed on paper")
        print(number, flush=True)
"""


@pytest.mark.slow
def test_fifty_crashes_in_the_middle_of_writing(tmp_path):
    path, rng, committed = tmp_path / "faces.db", np.random.default_rng(0), 0
    for _ in range(50):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(committed)], stdout=subprocess.PIPE, text=True
        )
        said = [int(writer.stdout.readline())]  # it writes by now
        time.sleep(rng.uniform(0, 0.02))
        os.kill(writer.pid, signal.SIGKILL)
        said += [int(line) for line in writer.communicate()[0].splitlines() if line]
        with FaceDatabase(path, 8) as database:
            known, names = database.encodings(), [entry.name for entry in database.entries()]
        # All that was said to be stored is there, at most one more, and each whole.
        assert len(names) in (said[-1] + 1, said[-1] + 2)
        assert names == [f"person {number}" for number in range(len(names))]
        np.testing.assert_array_equal(known, np.arange(len(names))[:, None] * np.ones(8))
        committed = len(names)
