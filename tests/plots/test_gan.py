"""Figures of a GAN: sums that are drawn are right, and every figure holds what came in."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.signal import convolve2d

from utils.plots import gan


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_stamps_add_up_to_the_convolution_of_the_spread_input(figure):
    rng = np.random.default_rng(0)
    x, kernel = rng.integers(1, 9, (2, 3)), rng.integers(1, 9, (3, 3))
    spread = np.zeros((3, 5))
    spread[::2, ::2] = x
    np.testing.assert_allclose(gan.show_stamps(x, kernel, 2), convolve2d(spread, kernel))
    assert len(figure().axes) == 2 + x.size + 1


def test_a_sheet_holds_the_pictures_row_by_row():
    pictures = np.arange(6)[:, None, None] * np.ones((6, 2, 3))
    sheet = gan.sheet_of_pictures(pictures, 3)
    np.testing.assert_array_equal(sheet[::2, ::3], [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(ValueError, match="multiple of 4 columns, got 6"):
        gan.sheet_of_pictures(pictures, 4)


def test_samples_over_time_stand_a_column_for_each_step(figure):
    looks = {0: np.zeros((4, 5, 5)), 1200: np.ones((3, 5, 5))}
    gan.show_samples_over_time(looks, rows=3)
    axes = figure().axes
    assert [ax.get_title() for ax in axes[:2]] == ["0", "1,200"]
    assert [ax.images[0].get_array().max() for ax in axes] == [0, 1] * 3


def test_losses_are_averaged_over_the_window(figure):
    losses = np.stack([np.arange(6.0), np.ones(6)], axis=1)
    gan.show_both_losses(losses, window=3)
    first = figure().axes[0].lines[0]
    np.testing.assert_allclose(first.get_xdata(), [3, 4, 5, 6])
    np.testing.assert_allclose(first.get_ydata(), [1, 2, 3, 4])


def test_tricks_have_a_row_of_pictures_and_a_dot_a_seed(figure):
    pictures = {"one": np.zeros((3, 4, 4)), "two": np.ones((2, 4, 4))}
    gan.show_tricks(pictures, {"one": [4.0, 5.0], "two": [1.5]}, best=9.0)
    *rows, scores = figure().axes
    assert [ax.get_ylabel() for ax in rows] == ["one", "two"]
    assert all(ax.images[0].get_array().shape == (4, 8) for ax in rows)
    assert [len(line.get_xdata()) for line in scores.lines[:2]] == [2, 1]


def test_a_collapse_shows_pictures_and_shares_of_each_look(figure):
    looks = [{"step": n, "shares": [0.5, 0.5], "distance": float(n)} for n in (100, 200)]
    gan.show_collapse(looks, {n: np.full((4, 3, 3), n / 200) for n in (100, 200)}, rows=2)
    axes = figure().axes
    assert axes[0].images[0].get_array().shape == (6, 6)
    assert [bar.get_height() for bar in axes[2].patches] == [0.5, 0.5]


def test_the_other_figures_are_drawn(figure):
    gan.show_generator_losses()
    gan.show_shares({"real": [0.1] * 10, "made": [1.0] + [0.0] * 9})
    gan.show_players(np.zeros(64), np.zeros((28, 28)), np.ones((28, 28)), (0.25, 0.5))
    assert any("0.25" in text.get_text() for text in figure().axes[0].texts)
