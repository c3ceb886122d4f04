"""Exact search for the nearest encodings: by one matrix product, row by row, or by faiss, whichever is faster.

All of them read all encodings once. As soon as these are too many for the cache, it depends on the processor, its BLAS
and the number of threads which does it fastest; so they are tried once then, faiss, an extra, where it is installed.
"""

import time
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np

MANY = 20_000  # encodings, from which on ways to read them are tried: 10 MB of length 128
LARGE = 100_000  # encodings, from which on faiss is tried
_CACHE_LINE = 64  # bytes

Search = Callable[[np.ndarray, int], np.ndarray]


def exact_search(known: np.ndarray) -> Search:
    """Return a function that finds the rows nearest to an encoding.

    Parameters
    ----------
    known : ndarray, (n, length)
        float32, at least one row; not copied.

    Returns
    -------
    callable
        Takes an encoding (length,) and k, at most n, and returns the rows of the k nearest, the nearest first; which of
        two equally near ones comes first is not said. Not for several threads at a time.
    """
    halves = np.einsum("nd,nd->n", known, known) / 2
    searches: list[Search] = [partial(_by_product, np.matmul, known, halves)]
    if len(known) > MANY:
        searches.append(partial(_row_by_row, known, halves, _at_cache_line(known.shape[1])))
    faiss = _faiss() if len(known) > LARGE else None
    if faiss is not None:
        searches.append(partial(_by_faiss, faiss, known))
    return _fastest(searches, known[0])


def _by_product(
    product: np.ufunc, known: np.ndarray, halves: np.ndarray, wanted: np.ndarray, k: int
) -> np.ndarray:
    # ‖x − w‖² = 2 (½‖x‖² − x·w) + ‖w‖², and the last part is the same for all. The BLAS' product of matrix and vector
    # reads several rows at a time, on several threads; np.vecdot takes row after row, in the order of the memory.
    scores = product(known, wanted)
    np.subtract(halves, scores, out=scores)
    if k == 1:  # several times as fast as by sorting parts
        return scores.argmin(keepdims=True)
    best = np.argpartition(scores, k - 1)[:k]
    return best[np.argsort(scores[best], kind="stable")]


def _row_by_row(
    known: np.ndarray, halves: np.ndarray, room: np.ndarray, wanted: np.ndarray, k: int
) -> np.ndarray:
    # `wanted` is read again for each row, a fifth faster when none of its reads crosses the end of a cache line.
    room[:] = wanted
    return _by_product(np.vecdot, known, halves, room, k)


def _at_cache_line(length: int) -> np.ndarray:
    """Return an array (length,) float32 that begins where a cache line does, which NumPy does not promise."""
    room = np.empty(length * 4 + _CACHE_LINE, np.uint8)
    first = -room.ctypes.data % _CACHE_LINE
    return room[first : first + length * 4].view(np.float32)


def _by_faiss(faiss: ModuleType, known: np.ndarray, wanted: np.ndarray, k: int) -> np.ndarray:
    # What its IndexFlatL2 computes, without a second copy of all encodings.
    return faiss.knn(wanted[None], known, k, faiss.METRIC_L2)[1][0]


def _fastest(searches: list[Search], wanted: np.ndarray) -> Search:
    return searches[0] if len(searches) == 1 else min(searches, key=lambda search: _seconds(search, wanted))


def _seconds(search: Search, wanted: np.ndarray) -> float:
    """Return the seconds of one search, the better of two: the first one starts threads."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        search(wanted, 1)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _faiss() -> ModuleType | None:
    """Return faiss where it is installed: it is an extra."""
    try:
        import faiss
    except ImportError:
        return None
    return faiss
