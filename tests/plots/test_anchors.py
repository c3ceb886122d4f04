"""Figures of anchors show what they were given: cells, shapes, curves."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from utils.plots.anchors import (
    CELL,
    show_cells,
    show_curves,
    show_finds,
    show_lines,
    show_sizes,
    show_targets,
)

IMAGE = np.zeros((60, 80, 3), np.uint8)


@pytest.fixture(autouse=True)
def kept_open(monkeypatch):
    """Leave figures open, so that they can be looked into, and close them afterwards."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def marked(ax) -> list[tuple[float, float]]:
    """Upper left corners of the cells that are marked."""
    return sorted(
        patch.get_xy() for patch in ax.patches if to_rgba(patch.get_facecolor())[:3] == to_rgba(CELL)[:3]
    )


def test_the_cells_that_hold_centres_are_marked_once():
    boxes = np.array([(2, 2, 10, 10), (4, 4, 12, 14), (50, 20, 78, 58)])
    show_cells(IMAGE, boxes, (3, 4))
    assert marked(plt.gca()) == [(0, 0), (60, 20)]


def test_targets_stand_with_their_anchor():
    target = np.zeros((3, 4, 2, 6))
    target[1, 2, 1] = (2.5, 1.5, 1, 1, 1, 0)
    show_targets(IMAGE, target, np.array([(1, 1), (2, 1)]))
    assert [marked(ax) for ax in plt.gcf().axes] == [[], [(40, 20)]]


def test_each_choice_of_anchors_has_its_points_and_shapes():
    wh = np.random.default_rng(0).uniform(1, 3, (20, 2))
    anchors = np.array([(1, 1), (2, 3)])
    show_sizes(wh, {"one": anchors, "two": anchors[:1]}, {"one": np.arange(20) % 2, "two": np.zeros(20, int)})
    points, shapes = plt.gcf().axes[:2], plt.gcf().axes[2:]
    assert [sum(len(line.get_xdata()) for line in ax.lines) for ax in points] == [22, 21]
    assert [len(ax.patches) for ax in shapes] == [2, 1]


def test_curves_have_their_names():
    show_lines([1, 2], {"overlap": [0.5, 0.6], "Euclidean": [0.5, 0.55]}, ("number", "IoU"), mark=2)
    assert [text.get_text() for text in plt.gca().get_legend().get_texts()] == ["overlap", "Euclidean"]
    show_curves({"bag": (np.array([0.5, 0.5, 1]), np.array([1, 0.5, 0.67]))})
    assert [text.get_text() for text in plt.gca().get_legend().get_texts()] == ["bag"]


def test_empty_places_of_the_wall_stay_empty():
    boxes = [np.zeros((0, 4)), np.array([(5, 0, 20, 20)]), np.array([(50, 30, 90, 70)])]
    show_finds(np.stack([IMAGE] * 3), boxes, [[], ["bag"], ["boot"]], [[], [0], [7]], columns=2)
    assert [len(ax.images) for ax in plt.gcf().axes] == [1, 1, 1, 0]
    assert [len(ax.patches) for ax in plt.gcf().axes] == [0, 1, 1, 0]
    assert [text.get_text() for ax in plt.gcf().axes for text in ax.texts] == ["bag", "boot"]
