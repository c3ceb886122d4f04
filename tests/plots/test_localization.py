"""Figures about labels, found boxes and landmarks: what is drawn where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Polygon, Rectangle

from utils.plots.localization import show_found_boxes, show_label, show_landmarks


@pytest.fixture(autouse=True)
def kept_figures(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def _rectangles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_the_label_becomes_a_box_around_its_centre():
    show_label(np.zeros((40, 80, 3), np.uint8), [1, 0.5, 0.6, 0.4, 0.2, 0, 1])
    (box,) = _rectangles(plt.gca())
    np.testing.assert_allclose(box.get_bbox().extents, (0.4, 0.4, 0.6, 0.8))
    texts = " ".join(text.get_text() for text in plt.gca().texts)
    assert "(0.50, 0.60)" in texts
    assert "b_h = 0.40" in texts
    assert "b_w = 0.20" in texts


def test_found_and_true_boxes_stand_at_their_pixels_and_missing_ones_are_not_drawn():
    images = [np.zeros((40, 80, 3), np.uint8)] * 2
    boxes = np.array([(0.5, 0.5, 0.5, 0.25), [np.nan] * 4])
    show_found_boxes(images, boxes, ["a", "b"], true=boxes[[0, 0]], columns=2)
    first, second = plt.gcf().axes
    assert [len(_rectangles(ax)) for ax in (first, second)] == [2, 1]
    # Pixel centres are whole numbers in a figure of a picture: its left edge is at -0.5.
    np.testing.assert_allclose(_rectangles(first)[1].get_bbox().extents, (29.5, 9.5, 49.5, 29.5))


def test_landmarks_are_numbered_in_their_order_and_joined_on_demand():
    points = np.array([(1, 2), (5, 2), (4, 6)], float)
    show_landmarks([np.zeros((10, 10, 3), np.uint8)], [points], ["x"], closed=True)
    ax = plt.gcf().axes[0]
    assert [(text.get_text(), text.xy) for text in ax.texts] == [
        (str(i), tuple(p)) for i, p in enumerate(points.tolist(), 1)
    ]
    assert any(isinstance(patch, Polygon) for patch in ax.patches)
