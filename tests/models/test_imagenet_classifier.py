"""A picture of any shape is classified by its middle square."""

import io

import numpy as np
import pytest
from PIL import Image

from utils.data import photograph, read_image
from utils.models.imagenet import centre_square, load_classifier


@pytest.mark.parametrize(
    ("shape", "square"),
    [((3, 8, 3), (0, 2, 3)), ((9, 4, 3), (2, 0, 4)), ((5, 5, 1), (0, 0, 5)), ((1, 700, 3), (0, 349, 1))],
)
def test_the_largest_square_in_the_middle(shape, square):
    assert centre_square(np.zeros(shape)) == square


@pytest.mark.parametrize("shape", [(4, 4), (0, 3, 3), (1, 4, 4, 3)])
def test_what_is_no_picture_has_no_square(shape):
    with pytest.raises(ValueError, match="picture must have shape"):
        centre_square(np.zeros(shape))


@pytest.mark.parametrize("count", [0, 1001])
def test_a_count_out_of_range_is_refused_at_once(count):
    with pytest.raises(ValueError, match="count must be between"):
        load_classifier(count)


@pytest.fixture(scope="module")
def classify():
    return load_classifier(5)


@pytest.mark.slow
def test_a_coffee_is_a_coffee_whatever_stands_beside_it(classify):
    coffee = photograph("coffee", 600)
    guesses = classify(coffee)
    assert guesses[0][0] == "espresso"
    assert [share for _, share in guesses] == sorted((share for _, share in guesses), reverse=True)
    assert 0.6 < guesses[0][1] < sum(share for _, share in guesses) <= 1.0001
    wide = np.pad(coffee, ((0, 0), (300, 300), (0, 0)))
    assert classify(wide) == guesses


@pytest.mark.slow
def test_classes_of_one_name_count_as_one(classify):
    names = [name for name, _ in classify(photograph("rocket"))]
    assert len(set(names)) == 5
    assert names[0] == "missile"


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(10, 10, 3), (900, 60, 3), (60, 900, 3), (10, 10), (1, 1), (20, 30, 4)])
def test_any_picture_that_can_be_read_can_be_classified(classify, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    assert len(classify(read_image(buffer.getvalue(), 640))) == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "picture", [np.zeros((9, 9, 3)), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9), np.uint8)]
)
def test_what_cannot_be_classified_is_told(classify, picture):
    with pytest.raises((TypeError, ValueError), match="picture must"):
        classify(picture)
