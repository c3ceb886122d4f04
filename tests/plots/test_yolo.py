"""Figures of week 3's assignment show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots.yolo import show_all_boxes, show_cell_numbers, show_cells, show_detections


@pytest.fixture
def figure(monkeypatch):
    """Return a function that hands out the figure drawn last, instead of showing it."""
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield plt.gcf
    plt.close("all")


def test_a_cells_numbers_are_written_into_its_table(figure):
    show_cell_numbers(np.array([[1.25, -3.0], [0.0, 2.0]]), ["t_x", "t_y"])
    assert [text.get_text() for text in figure().axes[0].texts] == ["1.2", "-3.0", "0.0", "2.0"]


def test_cells_have_a_number_and_a_colour_each(figure):
    confidence = np.array([[0.1, 0.9, 0.3], [0.2, 0.4, 0.5]])
    show_cells(np.zeros((20, 30, 3)), confidence, confidence, np.zeros((2, 3), int), ["bird"])
    sure, classes = figure().axes
    assert [float(text.get_text()) for text in sure.texts] == confidence.ravel().tolist()
    assert len(classes.patches) == 6


def test_better_boxes_have_thicker_lines(figure):
    boxes = np.array([[0, 0, 5, 5], [2, 2, 9, 9]], float)
    show_all_boxes(np.zeros((10, 10, 3)), boxes, np.array([0.9, 0.1]), [0, 1])
    thin, thick = figure().axes[0].patches
    assert thin.get_linewidth() < thick.get_linewidth()
    assert thick.get_bbox().extents.tolist() == [0, 0, 5, 5]


def test_pictures_show_found_and_right_boxes(figure):
    image, box = np.zeros((10, 20, 3)), np.array([[1, 1, 4, 6]], float)
    none = np.zeros((0, 4))
    show_detections([(image, box, ["bird"], [1]), (image, none, [], [])], columns=3, truth=[none, box])
    first, second, empty = figure().axes
    assert [text.get_text() for text in first.texts] == ["bird"]
    assert len(first.patches) == len(second.patches) == 1
    assert not empty.images
