"""Figures about transfer learning: what is drawn, and what is refused."""

import matplotlib.pyplot as plt
import pytest

from utils.plots import show_accuracy_by_pictures, show_frozen_parts


@pytest.fixture(autouse=True)
def kept_figures(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def test_every_block_is_a_box_of_its_colour():
    show_frozen_parts({"frozen": [False, True], "all": [True, True]}, ["a", "b"])
    colours = [patch.get_facecolor() for patch in plt.gca().patches]
    assert len(colours) == 4
    assert colours[0] != colours[1] == colours[2] == colours[3]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="'frozen' must have an entry for each of 2 blocks, got 1"):
        show_frozen_parts({"frozen": [False]}, ["a", "b"])


def test_the_accuracies_are_drawn():
    show_accuracy_by_pictures({"x": {20: (0.6, 0.5, 0.7), 5: (0.4, 0.3, 0.5)}}, chance=1 / 6)
    line = plt.gca().lines[0]
    assert line.get_ydata().tolist() == [0.4, 0.6]
    assert line.get_xdata().tolist() == pytest.approx([5, 20])
