"""Figures of lesson 4 of week 4 draw what they are given, patches of all sizes among it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import looking_inside


@pytest.fixture(autouse=True)
def figures():
    plt.close("all")
    yield
    plt.close("all")


def picture(height=20, width=30, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def test_blocks_hold_patches_of_any_size():
    rows = {
        "three pixels": [[picture(3, 3)] * 9, [picture(3, 2)] * 4],
        "at a border": [[picture(60, 7), picture(100, 140)], []],
    }
    looking_inside.show_patch_grids(rows, side=30)
    axes = plt.gcf().axes
    first, second = (ax.images[0].get_array() for ax in axes)
    assert first.shape == second.shape == (94, 94 + 12 + 94, 3)
    assert (second[:30, 4:30] == 1).all(), "a narrow patch keeps its proportions"
    assert (second[:, 106:] == 1).all(), "no patches leave a white block"
    assert axes[0].get_title(loc="left") == "three pixels"


def test_a_place_its_field_and_its_patch():
    answers = np.zeros((10, 15))
    looking_inside.show_strongest_place(picture(), answers, (3, 4), (2, 1, 8, 9), picture(8, 6))
    frame = plt.gcf().axes[0].patches[0]
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (1.5, 0.5, 6, 8)


def test_made_pictures_may_differ_in_size():
    rows = {"one": [picture(4, 4), picture(8, 8)], "two": [picture(4, 4), picture(8, 8)]}
    looking_inside.show_made_pictures(rows, ["a", "b"])
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes[:2]] == ["a", "b"]
    assert [axes[0].get_ylabel(), axes[2].get_ylabel()] == ["one", "two"]


@pytest.mark.parametrize("overlay", [False, True])
def test_maps_are_stretched_over_the_picture(overlay):
    rows = [{"coarse": np.eye(3), "nothing": np.zeros((20, 30))}, {"other": np.eye(2)}]
    looking_inside.show_maps(picture(), rows, overlay)
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes] == ["the picture", "coarse", "nothing", "other", "", ""]
    assert axes[1].images[-1].get_extent() == [-0.5, 29.5, 19.5, -0.5]
    looking_inside.show_maps(picture(), rows[1:], overlay, with_picture=False)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["other"]
