"""The nearest encodings, by a matrix product, row by row and by faiss: beside all distances, and the fastest."""

import time

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from utils.faces import nearest

KNOWN = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
KNOWN[200:220] = KNOWN[:20]  # ties: who of two equals comes first is nobody's promise


WAYS = ("by product", "row by row", "by faiss")


@pytest.fixture(params=WAYS)
def search(request, monkeypatch):
    """Each of the searches, which is the fastest for a moment."""
    if request.param == "by faiss":
        pytest.importorskip("faiss")
    monkeypatch.setattr(nearest, "MANY", 100)
    monkeypatch.setattr(nearest, "LARGE", 100)
    monkeypatch.setattr(nearest, "_fastest", lambda searches, _: searches[WAYS.index(request.param)])
    return nearest.exact_search(KNOWN)


@pytest.mark.parametrize("k", [1, 7, 300])
@pytest.mark.parametrize("wanted", [*np.random.default_rng(4).normal(size=(4, 8)), KNOWN[5]])
def test_the_nearest_are_found_in_order(search, wanted, k):
    true = cdist(KNOWN, wanted[None])[:, 0]
    rows = search(wanted.astype(np.float32), k)
    assert len(set(rows)) == k
    np.testing.assert_allclose(true[rows], np.sort(true)[:k], atol=1e-6)


@pytest.mark.parametrize(("count", "tried"), [(300, True), (100, False)])
def test_faiss_is_tried_where_there_are_many(monkeypatch, count, tried):
    asked = []
    monkeypatch.setattr(nearest, "LARGE", 100)
    monkeypatch.setattr(nearest, "_faiss", lambda: asked.append(True))
    assert nearest.exact_search(KNOWN[:count])(KNOWN[7], 1) == [7]
    assert bool(asked) == tried


@pytest.mark.parametrize(("count", "ways"), [(100, 1), (101, 2)])
def test_a_second_way_is_tried_where_there_are_many(monkeypatch, count, ways):
    seen = []
    monkeypatch.setattr(nearest, "MANY", 100)
    monkeypatch.setattr(nearest, "_fastest", lambda searches, _: seen.extend(searches) or searches[0])
    nearest.exact_search(KNOWN[:count])
    assert len(seen) == ways


@pytest.mark.parametrize("length", [1, 8, 128, 130])
def test_the_encoding_read_for_each_row_begins_with_a_cache_line(length):
    rooms = [nearest._at_cache_line(length) for _ in range(20)]
    assert all(room.shape == (length,) and room.dtype == np.float32 for room in rooms)
    assert all(room.ctypes.data % 64 == 0 for room in rooms)


@pytest.mark.parametrize("slow", [0, 1])
def test_the_faster_search_is_taken(slow):
    def search(number):
        def find(wanted, k):
            time.sleep(0.02 if number == slow else 0)
            return np.array([number])

        return find

    assert nearest._fastest([search(0), search(1)], KNOWN[0])(KNOWN[0], 1) == [1 - slow]
