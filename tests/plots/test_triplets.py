"""Figures of triplets: that they draw what they are given, in the right place and number."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.offsetbox import AnnotationBbox

from utils.plots import triplets as draw


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def faces(*shape):
    return np.random.default_rng(0).random((*shape, 8, 6))


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_triplets_show_both_distances_of_each_row():
    draw.show_triplets(faces(2, 3), [0.125, 0.3], [0.5, 0.75])
    assert len(plt.gcf().axes) == 6
    assert texts(plt.gcf()) == ["0.12", "0.50", "0.30", "0.75"]


def test_faces_lie_as_far_from_the_anchor_as_their_distances():
    far = np.array([0.2, 0.5, 1.5])
    draw.show_regions(faces()[()], faces()[()], 0.4, faces(3), far, alpha=0.2)
    boxes = [artist for artist in plt.gca().artists if isinstance(artist, AnnotationBbox)]
    np.testing.assert_allclose([np.hypot(*box.xy) for box in boxes], [0, 0.4, *far], atol=1e-9)
    colours = [box.patch.get_edgecolor() for box in boxes[2:]]
    assert len(set(colours)) == 3


def test_the_loss_is_the_mean_of_the_last_ten_steps():
    values = np.random.default_rng(1).random(25)
    draw.show_triplet_training({"one": values, "short": values[:4]}, alpha=0.2)
    one, short, margin = (line.get_ydata() for line in plt.gca().lines)
    np.testing.assert_allclose(one[[0, 3, 9, 24]], [values[:n][-10:].mean() for n in (1, 4, 10, 25)])
    assert len(short) == 4
    assert set(margin) == {0.2}


def test_error_bars_are_standard_errors_over_the_seeds():
    areas = np.array([[0.8, 0.9], [0.8, 0.92], [0.8, 0.94]])
    draw.show_mining_kinds({"random": ([0, 5], areas)}, {"AUC": {"random": areas[:, 1]}})
    band = plt.gcf().axes[0].collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(0.92 + 0.02 / 3**0.5)


def test_every_other_figure_draws():
    table, rates = np.eye(6), np.linspace(0, 1, 5)
    distances, same = np.linspace(0, 1, 10), np.arange(10) < 4
    draw.show_margin(0.5, 0.2, {"not enough": 0.51})
    draw.show_hinge(0.2, {"(.5, .51)": 0.01})
    draw.show_distance_tables({"a": table, "b": table}, pictures=3)
    draw.show_distance_histograms({"a": (distances, same)}, threshold=0.5)
    draw.show_roc({"a": (rates, rates**0.5)}, {"a": 0.4})
    draw.show_planes({"a": table[:, :2]}, np.repeat([3, 4], 3))
    draw.show_face_pairs({"near": (faces(3, 2), [0.1, 0.2, 0.3]), "far": (faces(2, 2), [1, 2])})
    draw.show_zones([0, 5], {"hard": [0.2, 0], "semi-hard": [0.5, 0.1], "easy": [0.3, 0.9]})
    assert len(plt.get_fignums()) == 8
