"""Distances against SciPy, triplets against loops over the definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist

from utils.faces.distances import distances, l2_normalize, squared_distances
from utils.faces.mining import all_triplets, hardest_triplets, random_triplets, semi_hard_triplets

ROWS = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=st.floats(-100, 100, width=32)
)


def batch(seed, people=4, n=14, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.integers(0, people, n)


@given(ROWS, st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_distances_are_scipys(a, m, seed):
    b = np.random.default_rng(seed).normal(size=(m, a.shape[1]))
    np.testing.assert_allclose(squared_distances(a, b), cdist(a, b, "sqeuclidean"), atol=1e-9)
    np.testing.assert_allclose(distances(a), cdist(a, a), atol=1e-4)
    assert (np.diag(distances(a)) == 0).all()


def test_near_rows_never_give_negative_squares():
    a = np.full((2, 128), 0.1, np.float32) + np.float32(1e-7) * np.arange(2, dtype=np.float32)[:, None]
    assert squared_distances(a, a).min() >= 0
    assert squared_distances(a).dtype == np.float32


@given(ROWS)
def test_length_one_or_zero(x):
    lengths = np.linalg.norm(l2_normalize(x), axis=-1)
    assert (np.isclose(lengths, 1) | (np.abs(x).max(axis=-1) < 1e-10)).all()


def test_normalising_keeps_precision_and_direction():
    assert l2_normalize(np.ones((2, 3), np.float32)).dtype == np.float32
    np.testing.assert_allclose(l2_normalize([3, 4]), [0.6, 0.8])


@pytest.mark.parametrize("shapes", [((3,), (2, 3)), ((2, 3), (2, 4)), ((2, 3), (3,))])
def test_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match="must have"):
        squared_distances(*(np.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("seed", range(10))
def test_triplets_are_those_of_the_definition(seed):
    x, labels = batch(seed)
    squares = cdist(x, x, "sqeuclidean")
    n = len(labels)
    every = [
        (a, p, q)
        for a, p, q in itertools.product(range(n), repeat=3)
        if a != p and labels[a] == labels[p] and labels[a] != labels[q]
    ]
    assert [tuple(row) for row in all_triplets(labels)] == every
    hard = {}
    for a, p, q in every:
        old = hard.get(a, (a, p, q))
        hard[a] = (
            a,
            max(old[1], p, key=lambda other: squares[a, other]),
            min(old[2], q, key=lambda other: squares[a, other]),
        )
    assert [tuple(row) for row in hardest_triplets(x, labels)] == [hard[a] for a in sorted(hard)]
    alpha = 1.5
    semi = {}
    for a, p, q in every:
        if squares[a, p] < squares[a, q] < squares[a, p] + alpha:
            best = semi.get((a, p), q)
            semi[a, p] = min(best, q, key=lambda other: squares[a, other])
    found = semi_hard_triplets(x, labels, alpha)
    assert [tuple(row) for row in found] == [(a, p, semi[a, p]) for a, p in sorted(semi)]
    assert {tuple(row) for row in random_triplets(labels, 400, np.random.default_rng(seed))} <= set(every)


def test_random_triplets_reach_all():
    labels = np.array([0, 0, 1, 1, 2])
    found = {tuple(row) for row in random_triplets(labels, 600, np.random.default_rng(0))}
    assert found == {tuple(row) for row in all_triplets(labels)}


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], []])
def test_batches_without_triplets(labels):
    x = np.zeros((len(labels), 2))
    assert hardest_triplets(x, labels).shape == (0, 3)
    assert semi_hard_triplets(x, labels).shape == (0, 3)
    assert all_triplets(labels).shape == (0, 3)
    with pytest.raises(ValueError, match="labels must name someone twice"):
        random_triplets(labels, 1, np.random.default_rng(0))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"labels must have shape \(3,\), got \(2,\)"):
        hardest_triplets(np.zeros((3, 2)), [0, 1])
    with pytest.raises(ValueError, match="alpha must be greater than 0, got 0"):
        semi_hard_triplets(np.zeros((2, 2)), [0, 1], 0)


@given(st.integers(0, 2**32 - 1))
def test_the_first_of_equals_is_taken(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, 12)
    x = rng.integers(-1, 2, (12, 2))  # many equal distances, without rounding
    squares = cdist(x, x, "sqeuclidean")
    for anchor, positive, negative in hardest_triplets(x, labels):
        same = np.flatnonzero((labels == labels[anchor]) & (np.arange(12) != anchor))
        others = np.flatnonzero(labels != labels[anchor])
        assert positive == same[squares[anchor, same].argmax()]
        assert negative == others[squares[anchor, others].argmin()]
