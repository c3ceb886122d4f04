"""Figures about files and training: what is drawn is what came in, and what cannot be drawn is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots.own_pictures import show_best_epoch, show_opinions, show_preparations


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def test_a_refused_file_has_words_in_place_of_pictures(figure):
    picture = np.zeros((5, 4), np.uint8)
    show_preparations(
        [("grey", picture, picture, "Bag 90%"), ("text", "Milk…", None, "ValueError")], columns=2
    )
    titles = [ax.get_title() for ax in figure().axes]
    words = [text.get_text() for ax in figure().axes for text in ax.texts]
    assert titles == ["grey", "Bag 90%", "text", "ValueError"]
    assert words == ["Milk…", "refused"]


def test_the_best_epoch_is_marked(figure):
    show_best_epoch({"loss": [3, 2, 1], "val_loss": [3, 1.5, 2], "learning_rate": [0.2, 0.2, 0.1]})
    losses, rates = figure().axes
    mark = losses.lines[-1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (2, 1.5)
    assert rates.get_title() == "learning rate"


def test_opinions_are_those_of_the_likeliest_classes(figure):
    opinions = np.array([[0.1, 0.2, 0.3, 0.35, 0.05], [0.0, 0.9, 0.05, 0.05, 0.0]])
    show_opinions(opinions, "abcde", np.zeros((4, 4), np.uint8))
    assert [line.get_label() for line in figure().axes[1].lines] == ["b", "d", "c", "a"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: show_preparations([]), "at least one file"),
        (lambda: show_best_epoch({"loss": [1]}), "lacks val_loss"),
        (lambda: show_opinions(np.zeros((2, 3)), "ab", np.zeros((4, 4))), "one column a name"),
    ],
)
def test_what_cannot_be_drawn(call, words):
    with pytest.raises(ValueError, match=words):
        call()
