"""Figures of the lesson on data augmentation: they show what they were given, and refuse ragged walls."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from utils.plots import augmentation

PICTURE = np.random.default_rng(0).random((20, 30, 3))


@pytest.fixture(autouse=True)
def _no_window(monkeypatch):
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: plt.gcf().canvas.draw())
    yield
    plt.close("all")


def test_a_wall_has_its_rows_and_columns():
    augmentation.show_wall([[PICTURE, PICTURE[:, ::-1]]] * 3, ["as it was", "mirrored"])
    axes = plt.gcf().axes
    assert len(axes) == 6
    assert [ax.get_title() for ax in axes[:2]] == ["as it was", "mirrored"]
    with pytest.raises(ValueError, match="every row must hold 2 pictures"):
        augmentation.show_wall([[PICTURE]], ["a", "b"])


def test_cut_outs_are_framed_and_shown():
    augmentation.show_cut_outs(PICTURE, [(0, 0, 5, 5), (10, 20, 10, 10)])
    photograph, *cuts = plt.gcf().axes
    assert len(photograph.patches) == 2
    np.testing.assert_array_equal(cuts[1].images[0].get_array(), PICTURE[10:20, 20:30])


def test_boxes_carry_their_names():
    augmentation.show_moved_boxes(
        {"one": (PICTURE, [[1, 1, 9, 9]]), "two": (PICTURE, np.zeros((0, 4)))}, [["cat"], []]
    )
    one, two = plt.gcf().axes
    assert [text.get_text() for text in one.texts] == ["cat"]
    assert not two.patches


def test_a_cloud_is_drawn_from_two_sides():
    augmentation.show_color_cloud(PICTURE, np.eye(3) / 5)
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in plt.gcf().axes] == [
        ("red", "green"),
        ("red", "blue"),
    ]


def test_strengths_keep_mirrored_digits_apart():
    rows = [
        {"strength": s, "mirror": m, "accuracy": 0.9, "validation_accuracy": 0.8}
        for s, m in ((0, False), (1, False), (1, True))
    ]
    augmentation.show_strengths(rows, 2000)
    lines = {line.get_label(): line for line in plt.gca().lines}
    assert lines["validation digits, untouched"].get_xdata().tolist() == [0, 1]
    assert list(lines["validation, with mirroring"].get_xdata()) == [1]


def test_timelines_begin_at_zero():
    augmentation.show_timelines({"a": ([(5, 6), (7, 8)], [(6, 7)]), "b": ([(1, 2)], [(1, 4)])})
    first = plt.gcf().axes[0]
    assert first.collections[0].get_paths()[0].vertices[:, 0].min() == pytest.approx(0)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["a", "b"]
