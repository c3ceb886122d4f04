"""Figures about benchmarks: what is drawn is what came in, and what cannot be drawn is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import show_agreement, show_crop_frames, show_intervals, show_knowledge


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_fields_stand_at_their_places(figure):
    show_knowledge({"stars": 0.1, "cats": 0.9})
    places = {text.get_text(): text.get_position()[0] for text in figure().axes[0].texts}
    assert (places["stars"], places["cats"]) == (0.1, 0.9)


def test_frames_are_the_five_crops_and_lie_on_the_picture(figure):
    show_crop_frames(np.zeros((9, 14, 3)), 6)
    frames = {p.get_label(): p.get_bbox() for p in figure().axes[0].patches}
    corners = {name: (box.y0 + 0.5, box.x0 + 0.5) for name, box in frames.items()}
    assert corners == {
        "top left": (0, 0),
        "top right": (0, 8),
        "bottom left": (3, 0),
        "bottom right": (3, 8),
        "centre": (1, 4),
    }
    assert all(box.width == box.height == 6 for box in frames.values())


def test_intervals_that_hold_zero_are_grey(figure):
    show_intervals({"clear": (2, 1, 3), "not clear": (1, -1, 3)}, "points", zero="nothing")
    clear, _, unclear, _ = figure().axes[0].lines[:4]
    assert list(clear.get_xdata()) == [1, 3]
    assert unclear.get_color() == "0.6" != clear.get_color()
    assert [label.get_text() for label in figure().axes[0].get_yticklabels()] == ["clear", "not clear"]


def test_without_a_zero_nothing_is_marked(figure):
    show_intervals({"a": (0, -1, 1)}, "points")
    assert len(figure().axes[0].lines) == 2
    assert figure().axes[0].get_legend() is None


def test_agreement_counts_pictures(figure):
    before = np.repeat([True, True, False, False], [5, 1, 2, 3])
    after = np.repeat([True, False, True, False], [5, 1, 2, 3])
    show_agreement(before, after, ("one", "other"))
    assert [text.get_text() for text in figure().axes[0].texts] == ["5", "1", "2", "3"]


@pytest.mark.parametrize(
    ("draw", "match"),
    [
        (lambda: show_knowledge({"too much": 1.1}), "fields"),
        (lambda: show_crop_frames(np.zeros((9, 14, 3)), 10), "from 1 to 9"),
        (lambda: show_intervals({}, "points"), "rows"),
        (lambda: show_intervals({"a": (0, 1, 2)}, "points"), "in order"),
        (lambda: show_agreement(np.ones(3, bool), np.ones(4, bool), ("a", "b")), "same pictures"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, match):
    with pytest.raises(ValueError, match=match):
        draw()
