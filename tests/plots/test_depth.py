"""Figures about depth: what is drawn is what came in, and what cannot be drawn is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import show_depths, show_gradient_norms, show_training

ROWS = [
    {"kind": kind, "depth": depth, "final_loss": depth / 10 + seed + (kind == "plain")}
    for kind in ("plain", "residual")
    for depth in (20, 8)
    for seed in (0, 1)
]


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_lines_go_through_the_means_and_every_start_has_its_dot(figure):
    show_depths(ROWS)
    (ax,) = figure().axes
    plain, residual = ax.lines
    np.testing.assert_allclose(plain.get_xydata(), [(8, 2.3), (20, 3.5)])
    np.testing.assert_allclose(residual.get_xydata(), [(8, 1.3), (20, 2.5)])
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == len(ROWS)


def test_training_is_drawn_as_running_means(figure):
    show_training({"plain 8": [3, 2, 1], "residual 20": [2, 2, 0]}, window=2)
    curves = {line.get_label(): line.get_xydata() for line in figure().axes[0].lines}
    np.testing.assert_allclose(curves["plain 8 layers"], [(2, 2.5), (3, 1.5)])
    np.testing.assert_allclose(curves["residual 20 layers"], [(2, 2), (3, 1)])


def test_gradients_stand_over_their_layers_on_a_logarithmic_scale(figure):
    show_gradient_norms({"one": {"plain": [1e-9, 1], "other": [2, 3]}, "two": {"residual": [1, 2]}})
    first, second = figure().axes
    assert first.get_yscale() == second.get_yscale() == "log"
    np.testing.assert_allclose(first.lines[0].get_xydata(), [(1, 1e-9), (2, 1)])
    assert first.lines[0].get_color() != second.lines[0].get_color()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: show_depths([{**ROWS[0], "kind": "dense"}]),
        lambda: show_training({"dense 8": [1] * 20}),
        lambda: show_training({"plain 8": [1, 2]}),
        lambda: show_gradient_norms({}),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw):
    with pytest.raises(ValueError, match=r"^(kind|losses|panels) "):
        draw()
