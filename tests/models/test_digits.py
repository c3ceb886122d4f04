"""The classifier of week 1's second assignment."""

import numpy as np
import pytest

from utils.models.digits import two_path_classifier


def test_it_gives_probabilities():
    model = two_path_classifier((9, 12, 3), 4)
    probabilities = model.predict(np.zeros((2, 9, 12, 3), np.float32), verbose=0)
    assert probabilities.shape == (2, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_its_parameters_are_counted_by_hand():
    conv = (9 * 1 + 1) * 16 + (9 * 16 + 1) * 16 + (25 * 16 + 1) * 16
    assert two_path_classifier((28, 28, 1), 10).count_params() == conv + (7 * 7 * 32 + 1) * 64 + 65 * 10


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [((3, 28, 1), 10, "input_shape"), ((28, 28), 10, "input_shape"), ((28, 28, 1), 1, "classes")],
)
def test_bad_arguments_are_named(shape, classes, words):
    with pytest.raises(ValueError, match=words):
        two_path_classifier(shape, classes)
