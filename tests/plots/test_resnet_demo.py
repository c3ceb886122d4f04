"""Week 2's demo: the pictures have one size whatever is chosen, and the sentences hold the numbers of the logs."""

import numpy as np
import pytest

from utils.plots import draw_depth, draw_guesses, say_depth

GRADIENTS = [
    {"depth": depth, "residual": residual, "batch_norm": batch_norm, "norms": norms}
    for depth, norms in ((2, [[1e-12, 1.0], [3.4e-12, 3.0], [9e-12, 250.4]]), (3, [[1.0, 2.0, 3.0]] * 3))
    for residual in (False, True)
    for batch_norm in (False, True)
]
TRAININGS = [
    {
        "depth": depth,
        "kind": kind,
        "steps": 20,
        "loss": [2.3, 1.0],
        "final_loss": 1.234,
        "test_accuracy": accuracy,
    }
    for depth in (2, 3)
    for kind, accuracies in (("plain", (0.361, 0.42)), ("residual", (0.801, 0.799)))
    for accuracy in accuracies
]


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_one_size_for_every_choice(residual, batch_norm):
    drawn = draw_depth(GRADIENTS, TRAININGS, 2, residual, batch_norm)
    assert (drawn.shape, drawn.dtype) == ((470, 1200, 3), np.uint8)
    other = draw_depth(GRADIENTS, TRAININGS, 2, not residual, batch_norm)
    assert (drawn != other).any()


def test_medians_and_ranges_are_said():
    gradients, accuracy = say_depth(GRADIENTS, TRAININGS, 2, residual=False, batch_norm=True)
    assert "norm 3.4 · 10⁻¹², the last layer's 3." in gradients
    assert "2 layers trained for 20 steps" in accuracy
    assert "plain loss 1.23, test accuracy 36–42 %; with shortcuts loss 1.23, test accuracy 80 %." in accuracy


@pytest.mark.parametrize("function", [draw_depth, say_depth])
def test_an_unknown_depth_is_refused(function):
    with pytest.raises(ValueError, match=r"depth must be one of \[2, 3\], got 5"):
        function(GRADIENTS, TRAININGS, 5, True, True)


@pytest.mark.parametrize("shape", [(40, 60, 3), (3, 90, 3), (90, 3, 3), (1, 1, 3)])
def test_a_photograph_of_any_shape_is_drawn_with_or_without_bars(shape):
    picture = np.zeros(shape, np.uint8)
    side = min(shape[:2])
    square = (shape[0] - side) // 2, (shape[1] - side) // 2, side
    alone = draw_guesses(picture, square, [])
    with_bars = draw_guesses(picture, square, [("a name " * 9, 0.9), ("b", 0.004)])
    assert alone.shape == with_bars.shape == (470, 1200, 3)
    assert (alone[:, 540:] == 255).all()
    assert (with_bars[:, 540:] != 255).any()
    assert (alone[:, :500] == with_bars[:, :500]).all()


def test_only_the_square_keeps_its_brightness():
    black = np.zeros((100, 200, 3), np.uint8)
    drawn = draw_guesses(black, (0, 50, 100), [])[235, :540, 0]
    assert (drawn == 0).sum() > 200
    assert (drawn == 170).sum() > 200
