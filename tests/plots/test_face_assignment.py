"""Figures of week 4's first assignment: what is drawn is what came in."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import face_assignment


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


class Module3a:
    name, n1, n3_reduce, n3, n5_reduce, n5, pool, n_pool = "3a", 64, 96, 128, 16, 32, "max", 32


def test_a_module_tells_its_maps(figure):
    face_assignment.show_module(Module3a, 192)
    texts = [text.get_text() for text in figure().axes[0].texts]
    for wanted in ("192 maps", "1×1: 96", "3×3: 128", "1×1: 16", "5×5: 32", "3×3 maximum: 192", "1×1: 64"):
        assert wanted in texts
    assert "stacked:\n256 maps" in texts


def test_moves_begin_and_end_where_the_path_does(figure):
    path = np.linspace([0, 1, 2], [np.pi / 2, 1, 3], 5)
    face_assignment.show_moves(path, np.array([0, 0, 1]), [3.0, 1.0, 0.5, 0.0])
    before, after, loss = figure().axes
    np.testing.assert_allclose(before.lines[1].get_xydata(), [(1, 0), (np.cos(1), np.sin(1))], atol=1e-12)
    np.testing.assert_allclose(after.lines[1].get_xydata()[0], (0, 1), atol=1e-12)
    assert after.get_title() == "after 4 steps"
    assert list(loss.lines[0].get_ydata()) == [3.0, 1.0, 0.5, 0.0]


def test_visits_say_whether_the_door_opened(figure):
    pictures = [np.zeros((4, 5, 3)), np.zeros((4, 5), np.uint8), None]
    answers = [(True, "Grace (0.20)"), (False, "nobody is to be seen"), (False, "this is no picture")]
    face_assignment.show_visits(pictures, ["a", "b", "c"], answers, columns=2)
    axes = figure().axes
    assert [ax.get_title() for ax in axes] == ["a", "b", "c", ""]
    assert [ax.get_xlabel() for ax in axes] == [
        "open: Grace (0.20)",
        "shut: nobody is to be seen",
        "shut: this is no picture",
        "",
    ]
    assert [len(ax.images) for ax in axes] == [1, 1, 0, 0]
    assert axes[0].spines["left"].get_linestyle() != axes[1].spines["left"].get_linestyle()
