"""Anchors by k-means against overlaps of real boxes and against clusters that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.detection.anchors import kmeans_anchors, mean_best_iou, size_iou
from utils.detection.overlap import iou_matrix

SIZES = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.floats(0.1, 10))


@given(SIZES, SIZES)
def test_overlap_of_sizes_is_that_of_boxes_with_a_common_corner(sizes, anchors):
    def as_boxes(values):
        return np.concatenate([np.zeros_like(values), values], axis=1)

    np.testing.assert_allclose(size_iou(sizes, anchors), iou_matrix(as_boxes(sizes), as_boxes(anchors)))


def test_finds_clusters_that_are_far_apart():
    rng = np.random.default_rng(0)
    centres = np.array([[1, 1], [2, 6], [7, 2], [10, 11]], float)
    sizes = np.concatenate([centre * rng.uniform(0.95, 1.05, (50, 2)) for centre in centres])
    best = max((kmeans_anchors(sizes, 4, rng) for _ in range(10)), key=lambda a: mean_best_iou(sizes, a))
    np.testing.assert_allclose(best, centres[np.argsort(centres.prod(axis=1))], rtol=0.03)


def test_does_not_depend_on_the_unit():
    sizes = np.random.default_rng(1).uniform(0.1, 3, (80, 2))
    small = kmeans_anchors(sizes, 5, np.random.default_rng(2))
    large = kmeans_anchors(sizes * 416, 5, np.random.default_rng(2))
    np.testing.assert_allclose(large, small * 416)


def test_more_anchors_cover_better():
    sizes = np.random.default_rng(3).uniform(0.1, 3, (200, 2))
    cover = [mean_best_iou(sizes, kmeans_anchors(sizes, k, np.random.default_rng(0))) for k in (1, 3, 9)]
    assert cover[0] < cover[1] < cover[2]


@pytest.mark.parametrize(
    ("sizes", "k", "message"),
    [
        ([[1, 1], [1, 1]], 2, "different sizes"),
        ([[1, 1]], 0, "different sizes"),
        ([[1, 0]], 1, "greater than 0"),
        ([[1, np.nan]], 1, "finite"),
        ([], 1, "shape"),
    ],
)
def test_bad_input_is_named(sizes, k, message):
    with pytest.raises(ValueError, match=message):
        kmeans_anchors(sizes, k, np.random.default_rng(0))
