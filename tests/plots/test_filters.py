"""Figures of filters and sliding windows: they say what they should, and refuse what they cannot draw."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from utils.plots import filters, sliding

VERTICAL = np.array([[1, 0, -1]] * 3)


@pytest.fixture(autouse=True)
def _no_window(monkeypatch):
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_numbers_are_written_and_nan_left_out():
    _, ax = plt.subplots()
    filters.draw_numbers(ax, np.array([[1, np.nan], [-2.5, 0]]), "title", signed=True, box=(0, 0, 1, 1))
    assert written(ax) == ["1", "-2.5", "0"]
    assert len(ax.patches) == 1


def test_all_zeros_can_be_drawn():
    _, ax = plt.subplots()
    filters.draw_numbers(ax, np.zeros((2, 2)))
    filters.draw_response(ax, np.zeros((4, 4)))


@pytest.mark.parametrize("shape", [(3,), (3, 3, 1)])
def test_numbers_need_two_axes(shape):
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="values must have two axes"):
        filters.draw_numbers(ax, np.zeros(shape))


def test_every_kernel_and_response_gets_its_title():
    filters.show_kernels({"a": VERTICAL, "b": VERTICAL.T}, columns=3)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["a", "b"]
    filters.show_responses(np.zeros((9, 9, 3)), {"a": np.ones((7, 7))})
    assert [ax.get_title() for ax in plt.gcf().axes] == ["the picture", "a"]


def test_zoom_products_pictures_and_descent_are_drawn():
    filters.show_zoom(np.linspace(0, 1, 144).reshape(12, 12), (2, 3, 4, 5))
    assert len(written(plt.gcf().axes[1])) == 20
    filters.show_products(np.ones((6, 6)), VERTICAL, np.zeros((4, 4)))
    filters.show_side_by_side({"wide": np.zeros((4, 8)), "colour": np.zeros((4, 4, 3))})
    filters.show_descent([np.zeros((3, 3)), VERTICAL], [0, 5], [1.0, 0.1])
    assert plt.gcf().axes[-1].get_yscale() == "log"


def test_frames_follow_the_window():
    image = np.arange(16).reshape(4, 4)
    sliding.show_sliding_window(image, VERTICAL)
    axes = plt.gcf().axes
    assert len(axes) == 8  # four places, a picture and a result for each
    assert written(axes[2]) == ["1", "2", "3", "5", "6", "7", "9", "10", "11"]
    assert written(axes[7]) == ["-6"] * 4
    assert written(axes[1]) == ["-6"]


def test_frames_with_padding_and_stride():
    sliding.show_sliding_window(np.ones((5, 5)), VERTICAL, pad=1, stride=2, first=2)
    axes = plt.gcf().axes
    assert len(axes) == 4
    assert axes[0].images[0].get_array().shape == (7, 7)
    assert axes[1].images[0].get_array().shape == (3, 3)


def test_frames_refuse_what_has_no_place():
    with pytest.raises(ValueError, match="kernel must fit"):
        sliding.show_sliding_window(np.ones((2, 2)), VERTICAL)
    with pytest.raises(ValueError, match="first must be from 1"):
        sliding.show_sliding_window(np.ones((5, 5)), VERTICAL, first=0)


def test_counts_volumes_and_shrinking_are_drawn():
    sliding.show_counts({"a": np.arange(4).reshape(2, 2), "b": np.ones((2, 2), int)})
    sliding.show_volume_step(np.ones((3, 3, 2)), np.stack([VERTICAL, VERTICAL.T], 2), ("red", "blue"))
    assert plt.gcf().axes[-1].get_xlabel() == "sum 0"
    sliding.show_shrinking(np.zeros((20, 30)), {"smaller": np.zeros((10, 20))})
    assert plt.gcf().axes[1].images[0].get_extent() == [4.5, 24.5, 14.5, 4.5]
