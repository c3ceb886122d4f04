"""Figures about proposals: regions in their mean colours, and boxes where they belong."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from utils.plots.proposals import (
    paint_regions,
    show_proposal_film,
    show_proposal_recall,
    show_shared_map,
    show_work,
)


@pytest.fixture(autouse=True)
def kept_figures(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def _boxes(ax):
    return [patch.get_bbox().extents for patch in ax.patches if isinstance(patch, Rectangle)]


def test_each_region_gets_its_mean_colour_though_numbers_are_missing():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    regions = np.zeros((6, 8), int)
    regions[:, 5:], regions[0, 0] = 3, 4
    painted = paint_regions(image, regions)
    for number in (0, 3, 4):
        inside = regions == number
        np.testing.assert_array_equal(
            painted[inside], np.tile(image[inside].mean(axis=0).round(), (inside.sum(), 1))
        )


def test_regions_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        paint_regions(np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), int))


def test_the_film_draws_a_box_around_each_region_that_is_large_enough():
    regions = np.zeros((40, 50), int)
    regions[10:20, 5:30], regions[0, 49] = 2, 3
    show_proposal_film(np.zeros((40, 50, 3), np.uint8), {"fine": regions, "coarse": 0 * regions})
    above, below = np.reshape(plt.gcf().axes, (2, 3))
    assert [ax.get_title() for ax in above] == ["photograph", "fine", "coarse"]
    np.testing.assert_allclose(_boxes(below[1]), [(-0.5, -0.5, 49.5, 39.5), (4.5, 9.5, 29.5, 19.5)])
    assert [len(_boxes(ax)) for ax in below] == [0, 2, 1]


def test_boxes_are_scaled_to_the_feature_map():
    show_shared_map(np.zeros((32, 64, 3)), np.zeros((4, 8, 5)), np.array([(8, 16, 24, 32)]))
    first, second = plt.gcf().axes
    np.testing.assert_allclose(_boxes(first), [(7.5, 15.5, 23.5, 31.5)])
    np.testing.assert_allclose(_boxes(second), [(0.5, 1.5, 2.5, 3.5)])


def test_curves_and_points_have_their_values():
    show_proposal_recall({"regions .5": ((10, 100), (0.5, 0.9)), "regions .7": ((10, 100), (0.2, 0.6))})
    lines = plt.gca().lines
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    assert lines[0].get_color() == lines[1].get_color()
    show_work({"one": 15.0, "many": 31_000.0})
    assert [float(line.get_xdata()[0]) for line in plt.gca().lines] == [15.0, 31_000.0]
    assert "31,000" in [text.get_text() for text in plt.gca().texts]
