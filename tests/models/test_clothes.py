"""The classifier of clothes of week 2's first assignment, its training and its preparation of pictures."""

import keras
import numpy as np
import pytest
from PIL import Image

from utils.data import FASHION_CLASSES
from utils.models.clothes import clothes_classifier, predict_picture, train_classifier


def test_it_takes_bytes_and_gives_probabilities():
    model = clothes_classifier((9, 12, 3), 4)
    probabilities = np.asarray(model(np.full((2, 9, 12, 3), 255.0)))
    assert probabilities.shape == (2, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    whole = keras.Sequential([keras.Input((9, 12, 3)), *model.layers[2:]])
    np.testing.assert_allclose(probabilities, np.asarray(whole(np.ones((2, 9, 12, 3)))), rtol=1e-5)


def test_its_parameters_are_counted_by_hand():
    by_hand = (9 * 1 + 1) * 16 + (9 * 16 + 1) * 32 + (7 * 7 * 32 + 1) * 10
    assert clothes_classifier((28, 28, 1), 10).count_params() == by_hand


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [((3, 28, 1), 10, "input_shape"), ((28, 28), 10, "input_shape"), ((28, 28, 1), 1, "classes")],
)
def test_bad_networks_are_named(shape, classes, words):
    with pytest.raises(ValueError, match=words):
        clothes_classifier(shape, classes)


def test_training_needs_labels_and_pictures():
    model, x = clothes_classifier((4, 4, 1), 2), np.zeros((4, 4, 4, 1))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="test must hold as many labels"):
        train_classifier(model, (x, np.zeros(4)), (x, np.zeros(3)), 1, 1, rng)
    with pytest.raises(ValueError, match="at least 5"):
        train_classifier(model, (x, np.zeros(4)), (x, np.zeros(4)), 1, 1, rng)


def test_a_picture_is_padded_with_white_and_negated(tmp_path):
    file = tmp_path / "wide.png"
    Image.new("RGB", (280, 140), "black").save(file)
    name, probability, prepared = predict_picture(clothes_classifier((28, 28, 1), 10), file, FASHION_CLASSES)
    assert name in FASHION_CLASSES
    assert 0.1 <= probability <= 1
    np.testing.assert_array_equal(prepared[7:21], 255)
    np.testing.assert_array_equal(prepared[[*range(7), *range(21, 28)]], 0)


def test_a_picture_that_is_too_small_is_refused(tmp_path):
    file = tmp_path / "small.png"
    Image.new("L", (10, 10)).save(file)
    with pytest.raises(ValueError, match="10×10 pixels"):
        predict_picture(clothes_classifier((28, 28, 1), 10), file, FASHION_CLASSES)
