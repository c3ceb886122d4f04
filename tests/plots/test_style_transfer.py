"""Figures of style transfer, and the demo's canvas."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots.style_demo import SIZE, paint_progress
from utils.plots.style_transfer import show_descent_of_costs, show_gallery, show_style_matrices

GREY = np.full((40, 60, 3), 128, np.uint8)


@pytest.fixture(autouse=True)
def _kept(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def axes_with_a_picture():
    return [ax for ax in plt.gcf().axes if ax.images]


def test_a_gallery_breaks_into_rows_and_leaves_the_rest_empty():
    show_gallery({"a": GREY, "b": GREY / 255, "map": GREY[..., 0]}, columns=2)
    assert [ax.get_title() for ax in axes_with_a_picture()] == ["a", "b", "map"]
    assert len(plt.gcf().axes) == 4


def test_an_empty_gallery_is_refused():
    with pytest.raises(ValueError, match="pictures must hold at least one"):
        show_gallery({})


def test_matrices_share_one_scale():
    show_style_matrices({"a": np.ones((3, 3)), "b": np.full((3, 3), 5.0)})
    limits = {ax.images[0].get_clim() for ax in axes_with_a_picture()[:2]}
    assert len(limits) == 1


def test_the_curve_is_logarithmic_and_the_pictures_stand_below():
    show_descent_of_costs([100.0, 10.0, 1.0], {0: GREY, 2: GREY})
    curve = next(ax for ax in plt.gcf().axes if ax.lines)
    assert curve.get_yscale() == "log"
    assert [ax.get_title() for ax in axes_with_a_picture()] == ["start", "after 2 steps"]


@pytest.mark.parametrize("costs", [[], [5.0], [5.0, 5.0], [9.0, 3.0, 2.0]])
@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (3, 200)])
def test_the_canvas_has_one_size(costs, shape):
    picture = np.zeros((*shape, 3), np.uint8)
    canvas = paint_progress(picture, GREY, GREY, costs)
    assert canvas.shape == (SIZE[1], SIZE[0], 3)
    assert canvas.dtype == np.uint8
    assert (canvas[0, 0] == 0).all()


def test_a_falling_cost_falls_on_the_canvas():
    flat, falling = (paint_progress(GREY, GREY, GREY, costs) for costs in ([5, 5, 5], [9, 3, 1]))
    blue = [np.argwhere((canvas == (0, 0x72, 0xB2)).all(axis=-1)) for canvas in (flat, falling)]
    assert np.ptp(blue[0][:, 0]) < 6
    first, last = (
        blue[1][blue[1][:, 1] == edge, 0].mean() for edge in (blue[1][:, 1].min(), blue[1][:, 1].max())
    )
    assert last - first > 80
