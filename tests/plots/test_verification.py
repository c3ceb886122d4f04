"""Figures of lesson 1 of week 4: what is drawn agrees with the numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import verification

FACES = [np.full((30, 20, 3), 40 * i, np.uint8) for i in range(1, 6)]


@pytest.fixture
def drawn(monkeypatch):
    """Return the figure that a function has drawn."""
    plt.close("all")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_faces_stand_in_rows_with_their_captions(drawn):
    verification.show_faces(FACES, [f"face {i}" for i in range(5)], columns=3)
    axes = drawn().axes
    assert len(axes) == 6
    assert [ax.get_title() for ax in axes[:5]] == [f"face {i}" for i in range(5)]
    assert not axes[5].images


def test_a_caption_for_every_face_is_demanded_within_the_grid(drawn):
    verification.show_faces(FACES[:2], ["one", "two"])
    assert len(drawn().axes) == 2


def test_the_table_frames_pairs_of_one_person(drawn):
    distances = np.array([[0, 0.2, 0.7], [0.2, 0, 0.6], [0.7, 0.6, 0]])
    verification.show_distance_table(FACES[:3], distances, ["a", "a", "b"], 0.4)
    cells = [ax for ax in drawn().axes if ax.texts]
    assert [ax.texts[0].get_text() for ax in cells] == [f"{d:.2f}" for d in distances.ravel()]
    framed = [ax.spines["left"].get_visible() for ax in cells]
    assert framed == [False, True, False, True, False, False, False, False, False]


def test_the_crop_and_the_landmarks_are_counted(drawn):
    points = np.random.default_rng(0).uniform(5, 15, (68, 2))
    verification.show_alignment(FACES[0], (4, 4, 16, 16), points, np.zeros((150, 150, 3)))
    assert [ax.get_title() for ax in drawn().axes] == ["the box", "68 landmarks", "the crop, 150×150"]
    assert len(drawn().axes[1].lines[0].get_xdata()) == 68


def test_one_network_is_drawn_for_both_pictures(drawn):
    encodings = np.random.default_rng(0).normal(size=(2, 128))
    verification.show_siamese(FACES[:2], encodings, 0.583, "network f")
    texts = [text.get_text() for text in drawn().axes[0].texts]
    assert texts.count("network f") == 2
    assert "distance\n0.58" in texts


def test_shares_of_pairs_sum_to_one(drawn):
    rng = np.random.default_rng(0)
    verification.show_pair_distances(rng.random(500), rng.random(500) < 0.3, 0.4, "distance")
    ax = drawn().axes[0]
    assert ax.get_legend_handles_labels()[1] == ["one person", "two people"]
    filled = [patch for patch in ax.patches if patch.get_label() in ("one person", "two people")]
    for patch in filled:
        assert patch.get_data().values.sum() == pytest.approx(1)


def test_curves_and_bars_hold_the_numbers(drawn):
    K = np.arange(1, 6)
    verification.show_growing_database(K, K / 100, K / 90)
    assert [line.get_ydata().tolist() for line in drawn().axes[0].lines] == [
        (K / 90).tolist(),
        (K / 100).tolist(),
    ]
    plt.close("all")
    verification.show_errors_by_person(np.array([0.01, 0.03, 0.0]), np.array([0.01, 0.02, 0.01]), "errors")
    assert [bar.get_height() for bar in drawn().axes[0].patches[:3]] == [0.03, 0.01, 0.0]
    plt.close("all")
    verification.show_rates_by_group({"a": (0.2, 0.1, 0.4), "b": (0.1, 0.0, 0.3)}, "errors")
    assert [text.get_text() for text in drawn().axes[0].get_yticklabels()] == ["a", "b"]
