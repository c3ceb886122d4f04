import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from utils.experiments.one_class_fashion import area_under_curve, split_kinds
from utils.models.one_class import anomaly_scores, compactness_loss


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 1000))
@settings(deadline=None)
def test_compactness_is_the_variance_of_each_feature_but_for_a_factor(n, d, seed):
    features = np.random.default_rng(seed).normal(3, 2, (n, d)).astype(np.float32)
    expected = (n / (n - 1)) ** 2 * features.astype(np.float64).var(axis=0).mean()
    assert float(compactness_loss(features)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(st.integers(1, 6), st.integers(3, 12), st.integers(1, 3), st.integers(0, 1000))
@settings(deadline=None)
def test_scores_agree_with_a_tree(n, m, k, seed):
    rng = np.random.default_rng(seed)
    features, known = rng.normal(size=(n, 4)), rng.normal(size=(m, 4))
    expected = KDTree(known).query(features, list(range(1, k + 1)))[0].mean(axis=1)
    np.testing.assert_allclose(anomaly_scores(features, known, k), expected)


@pytest.mark.parametrize("k", [0, 4])
def test_there_must_be_k_known_vectors(k):
    with pytest.raises(ValueError, match="k must be from 1 to 3"):
        anomaly_scores(np.zeros((2, 2)), np.zeros((3, 2)), k)


def test_the_area_is_the_share_of_pairs_in_order():
    assert area_under_curve(np.array([1.0, 2.0]), np.array([3.0, 2.0])) == pytest.approx(3.5 / 4)


@pytest.mark.parametrize("one", range(10))
def test_nobody_sees_the_unseen_kinds(one):
    reference, unseen = split_kinds(one)
    assert sorted([one, *reference, *unseen]) == list(range(10))
    assert len(unseen) == 4
