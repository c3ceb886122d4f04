"""Heat lies where the windows' middles are; levels of a network are as long as a convolution makes them."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.windows import draw_heat, show_window_levels


def test_each_value_lies_around_the_middle_of_its_window():
    _, ax = plt.subplots()
    draw_heat(ax, np.zeros((40, 60, 3)), np.zeros((4, 9)), window=28, stride=4)
    left, right, bottom, top = ax.images[1].get_extent()
    # Pixel p is drawn from p − 0.5 to p + 0.5, so the middle of the first window, pixels 0 to 27, is at 13.5.
    assert (left + 2, top + 2) == (13.5, 13.5)
    assert (right - left, bottom - top) == (9 * 4, 4 * 4)
    assert ax.get_xlim() == (-0.5, 59.5)
    plt.close()


def test_levels_have_the_sizes_of_valid_layers():
    show_window_levels([("5", 5, 1), ("pool", 2, 2), ("3", 3, 1)], 20, [0, 1])
    texts = [text.get_text() for text in plt.gca().texts]
    assert texts == ["picture: 20", "5: 16", "pool: 8", "3: 6"]
    widths = [patch.get_width() for patch in plt.gca().patches if patch.get_height() < 0.3]
    # From the picture up: 10 pixels, 6 places, 3 places of 2 pixels, 1 place of 2 pixels; two windows each.
    assert widths == [10, 10, 6, 6, 6, 6, 2, 2]
    plt.close()
