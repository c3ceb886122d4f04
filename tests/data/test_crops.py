"""Ten crops, against Pillow's way of cutting and mirroring."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from utils.data.crops import ten_crop


@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    size=st.integers(1, 9),
    seed=st.integers(0, 99),
    m=st.integers(1, 3),
)
def test_crops_are_those_of_pillow(height, width, size, seed, m):
    size = min(size, height, width)
    images = np.random.default_rng(seed).integers(0, 256, (m, height, width, 3), dtype=np.uint8)
    crops = ten_crop(images, size)
    assert crops.shape == (m, 10, size, size, 3)
    assert crops.dtype == np.uint8
    low, right = height - size, width - size
    for image, ten in zip(images, crops, strict=True):
        picture = Image.fromarray(image)
        corners = [(0, 0), (right, 0), (0, low), (right, low), (right // 2, low // 2)]
        five = [picture.crop((x, y, x + size, y + size)) for x, y in corners]
        expected = [*five, *map(ImageOps.mirror, five)]
        np.testing.assert_array_equal(ten, [np.asarray(crop) for crop in expected])


@pytest.mark.parametrize(
    ("shape", "size", "match"),
    [((4, 4, 3), 2, "images"), ((1, 4, 6, 3), 5, "from 1 to 4"), ((1, 4, 6, 3), 0, "size")],
)
def test_bad_input_is_named(shape, size, match):
    with pytest.raises(ValueError, match=match):
        ten_crop(np.zeros(shape), size)


def test_no_picture_has_no_crops():
    assert ten_crop(np.zeros((0, 5, 5, 1)), 3).shape == (0, 10, 3, 3, 1)
