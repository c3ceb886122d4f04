"""Figures about pairs of faces: what is drawn is what came in, and what cannot be drawn is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import siamese


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_pairs_stand_side_by_side_under_their_titles(figure):
    first, second = np.zeros((3, 4, 5, 1)), np.ones((3, 4, 5, 1))
    siamese.show_face_pairs(first, second, ["one", "two", "three"], columns=2)
    axes = figure().axes
    assert [ax.get_title() for ax in axes] == ["one", "two", "three", ""]
    drawn = axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn, [[0] * 5 + [1] * 5] * 4)


def test_a_pair_without_a_title_is_refused():
    with pytest.raises(ValueError, match="one length above 0, got 2, 2 and 1"):
        siamese.show_face_pairs(np.zeros((2, 4, 4)), np.zeros((2, 4, 4)), ["one"])


def test_a_comparison_shows_each_product_and_the_bias(figure):
    siamese.show_comparison(np.array([0.5, 0.2]), np.array([0.1, 0.3]), np.array([-2.0, 1.0]), 0.5)
    bars = [bar.get_height() for bar in figure().axes[2].patches]
    np.testing.assert_allclose(bars, [-0.8, 0.1, 0.5])
    assert "sum -0.20, σ 0.45" in figure().axes[2].get_title()


def test_scores_of_both_kinds_are_counted(figure):
    siamese.show_pair_scores(np.array([0.05, 0.05, 0.95]), np.array([False, False, True]), bins=10)
    counts = [bar.get_height() for bar in figure().axes[0].patches]
    assert counts[0] == 2
    assert counts[-1] == 1


def test_reliability_leaves_small_groups_out(figure):
    said = np.concatenate([np.full(40, 0.25), np.full(20, 0.75), np.full(5, 0.95)])
    same = np.concatenate([np.arange(40) < 10, np.arange(20) < 15, np.ones(5, bool)])
    siamese.show_reliability({"said": said}, same)
    np.testing.assert_allclose(figure().axes[0].lines[1].get_xydata(), [(0.25, 0.25), (0.75, 0.75)])


def test_weights_are_sorted_and_areas_follow_the_numbers_kept(figure):
    siamese.show_feature_weights(np.array([1.0, -3.0, 0.5]), [1, 2, 3], [0.7, 0.8, 0.9])
    left, right = figure().axes
    assert [bar.get_height() for bar in left.patches] == [-3.0, 0.5, 1.0]
    np.testing.assert_allclose(right.lines[0].get_xydata(), [(1, 0.7), (2, 0.8), (3, 0.9)])


def test_each_seed_has_its_dot_and_each_method_its_mean(figure):
    siamese.show_seeds({"one": [0.9, 0.94], "other": [0.97]}, least=0.8)
    (ax,) = figure().axes
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(0.9, 0), (0.94, 0)])
    np.testing.assert_allclose(ax.lines[1].get_xdata(), 0.92)
    assert [text.get_text() for text in ax.texts] == ["0.920", "0.970"]


def test_curves_and_terms_can_be_drawn(figure):
    siamese.show_pair_curves({"one": (np.array([0, 1.0]), np.array([0, 1.0]), 0.5)})
    assert "one: 0.500" in [text.get_text() for text in figure().axes[0].get_legend().get_texts()]
    siamese.show_chi_square_terms((0.5,))
    line = figure().axes[2].lines[0].get_xydata()
    np.testing.assert_allclose(line[[0, -1]], [(0, 0.5), (1, 1 / 6)])
    siamese.show_siamese_network()
