"""Figures about classifiers: what is drawn is what came in, and what cannot be drawn is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.plots import (
    show_confusion,
    show_learning_curves,
    show_losses,
    show_paths,
    show_pictures,
    show_probabilities,
)

HISTORY = {"loss": [2.0, 1.0], "val_loss": [1.5, 1.2], "accuracy": [0.3, 0.6], "val_accuracy": [0.5, 0.55]}


@pytest.fixture(autouse=True)
def figure(monkeypatch):
    """Draw without a screen and keep the figure open after plt.show()."""
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield lambda: plt.gcf()
    plt.close("all")


def texts(figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts if text.get_text()]


@pytest.mark.parametrize("shape", [(7, 8, 6), (7, 8, 6, 1), (7, 8, 6, 3)])
def test_every_picture_is_shown_with_its_caption(figure, shape):
    rng = np.random.default_rng(0)
    show_pictures(rng.random(shape), captions=list("abcdefg"), columns=3)
    shown = [ax for ax in figure().axes if ax.images]
    assert [ax.get_title() for ax in shown] == list("abcdefg")
    assert len(figure().axes) == 9


def test_bytes_are_shown_from_0_to_255(figure):
    show_pictures(np.full((1, 2, 2), 200, np.uint8))
    assert figure().axes[0].images[0].get_clim() == (0, 255)


@pytest.mark.parametrize(
    ("pictures", "captions", "words"),
    [
        (np.zeros((0, 2, 2)), None, "pictures must"),
        (np.zeros((2, 2)), None, "pictures must"),
        (np.zeros((2, 2, 2)), ["a"], "captions must be as many"),
    ],
)
def test_pictures_that_cannot_be_shown(pictures, captions, words):
    with pytest.raises(ValueError, match=words):
        show_pictures(pictures, captions)


def test_all_counts_but_zeros_are_written(figure):
    counts = np.array([[5, 1], [0, 7]])
    show_confusion(counts, ["cat", "dog"])
    assert sorted(texts(figure())) == ["1", "5", "7"]
    assert figure().axes[0].get_ylabel() == "true class"
    assert (np.asarray(figure().axes[0].images[0].get_array()) == [[0, 1], [0, 0]]).all()


def test_a_confusion_matrix_must_be_square():
    with pytest.raises(ValueError, match="2×2"):
        show_confusion(np.zeros((2, 3)), ["cat", "dog"])


def test_learning_curves_hold_the_history(figure):
    show_learning_curves(HISTORY)
    loss, accuracy = figure().axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[2.0, 1.0], [1.5, 1.2]]
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[0.3, 0.6], [0.5, 0.55]]


def test_a_history_without_validation_is_refused():
    with pytest.raises(ValueError, match="val_accuracy, val_loss"):
        show_learning_curves({"loss": [1.0], "accuracy": [0.5]})


def test_losses_and_marks(figure):
    show_losses({"one": [2.0, 1.0, 0.5]}, marks={"guess": 2.3})
    assert texts(figure()) == ["guess"]
    assert figure().axes[0].get_ylim()[1] > 2.3


def test_probabilities_share_one_scale(figure):
    show_probabilities({"left": np.array([0.2, 0.8]), "right": np.array([0.5, 0.5])}, ["no", "yes"])
    left, right = figure().axes
    assert [bar.get_height() for bar in left.patches] == [0.2, 0.8]
    assert left.get_ylim() == right.get_ylim() == (0, 1.05)


def test_each_box_is_joined_to_each_box_of_the_next_column(figure):
    show_paths([["in"], ["a", "b"], ["out"]], coloured=(1,))
    drawn = figure().axes[0].texts
    assert [text.get_text() for text in drawn if text.get_text()] == ["in", "a", "b", "out"]
    assert sum(text.get_text() == "" for text in drawn) == 4  # arrows are annotations without text


@pytest.mark.parametrize("columns", [[], [["in"], []]])
def test_empty_columns_are_refused(columns):
    with pytest.raises(ValueError, match="columns"):
        show_paths(columns)
