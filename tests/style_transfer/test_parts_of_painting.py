"""What painting is made of, one by one: pictures and margins, colours, sizes, masks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2yiq

from tests.style_transfer.tiny import picture
from utils.style import colour, masks, pictures, scales
from utils.style.costs import gram_matrix


def test_uint8_and_floats_are_one_picture():
    bytes_ = np.arange(16 * 20 * 3, dtype=np.uint8).reshape(16, 20, 3)
    found = pictures.check_picture("content", bytes_)
    np.testing.assert_array_equal(found, pictures.check_picture("content", bytes_ / 255))
    assert found.dtype == np.float32
    assert (found.min(), found.max()) == (0, 1)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.ones((20, 20)), ValueError, r"shape \(height, width, 3\), got \(20, 20\)"),
        (np.ones((20, 20, 4)), ValueError, r"got \(20, 20, 4\)"),
        (np.ones((15, 20, 3)), ValueError, "at least 16 × 16 pixels, got 15 × 20"),
        (np.zeros((20, 20, 3)), ValueError, "style is black everywhere"),
        (np.full((20, 20, 3), np.nan), ValueError, "style holds NaN"),
        (np.full((20, 20, 3), 3.0), ValueError, r"style must be in \[0, 1\], got values from 3"),
        (np.ones((20, 20, 3), int), TypeError, "style must be uint8 or floating, got int64"),
    ],
)
def test_bad_pictures_are_named(bad, error, message):
    with pytest.raises(error, match=message):
        pictures.check_picture("style", bad)


def test_wanted_shapes():
    image = np.empty((60, 80, 3))
    assert pictures.shape_for(image, None) == (60, 80)
    assert pictures.shape_for(image, 40) == (30, 40)
    assert pictures.shape_for(image, (20, 33)) == (20, 33)
    assert pictures.shape_like(image, (100, 160)) == (120, 160)
    assert pictures.shape_like(np.empty((16, 400, 3)), (40, 40)) == (16, 400)
    for size, error in ((20, ValueError), ((20,), ValueError), (2.5, TypeError), ((20.0, 30), TypeError)):
        with pytest.raises(error, match="size"):
            pictures.shape_for(image, size)


@given(st.integers(0, 9), st.integers(10, 20), st.integers(10, 20))
def test_a_margin_comes_off_again(margin, height, width):
    image = np.random.default_rng(0).random((height, width, 3))
    larger = pictures.add_margin(image, margin)
    assert larger.shape == (height + 2 * margin, width + 2 * margin, 3)
    np.testing.assert_array_equal(pictures.cut_margin(larger, margin), image)
    np.testing.assert_array_equal(pictures.add_margin(image[..., 0], margin), larger[..., 0])


def test_resizing_keeps_to_the_range_and_to_a_plain_colour():
    found = pictures.resize_picture(picture(0), (37, 50))
    assert found.shape == (37, 50, 3)
    assert (found.min() >= 0) & (found.max() <= 1)
    plain = np.full((30, 20, 3), 0.3, np.float32)
    np.testing.assert_allclose(pictures.resize_picture(plain, (13, 44)), 0.3, atol=1e-5)


@given(st.integers(0, 99))
def test_luminance_is_yiqs_and_colour_is_put_back(seed):
    painted, content = picture(seed, low=0.4, high=0.6), picture(seed + 1, low=0.4, high=0.6)
    np.testing.assert_allclose(colour.luminance(painted)[..., 0], rgb2yiq(painted)[..., 0], atol=1e-3)
    found = rgb2yiq(colour.put_colour_back(painted, content))
    np.testing.assert_allclose(found[..., 0], rgb2yiq(painted)[..., 0], atol=1e-3)
    np.testing.assert_allclose(found[..., 1:], rgb2yiq(content)[..., 1:], atol=1e-3)


def test_matched_colours_have_the_contents_mean_and_covariance():
    style, content = picture(0, 40, 24), picture(1, low=0.4, high=0.6)
    found = colour.match_colours(style, content).reshape(-1, 3)
    np.testing.assert_allclose(found.mean(0), content.reshape(-1, 3).mean(0), atol=1e-4)
    np.testing.assert_allclose(np.cov(found.T), np.cov(content.reshape(-1, 3).T), atol=1e-5)
    grey = colour.match_luminance(style, content)
    assert grey.mean() == pytest.approx(colour.luminance(content).mean(), abs=1e-4)
    assert grey.std() == pytest.approx(colour.luminance(content).std(), abs=1e-4)
    assert np.ptp(grey, axis=-1).max() == 0


def test_colours_of_a_grey_style_stay_finite():
    grey = np.full((20, 20, 3), 0.5, np.float32)
    for match in (colour.match_colours, colour.match_luminance):
        assert np.isfinite(match(grey, picture(1))).all()


@given(st.integers(16, 3000), st.integers(16, 3000), st.integers(32, 800))
def test_sizes_double_up_to_the_last(height, width, coarsest):
    sizes = scales.coarse_to_fine((height, width), coarsest)
    assert sizes[-1] == (height, width)
    assert min(min(size) for size in sizes) >= 16
    for small, large in pairwise(sizes):
        np.testing.assert_allclose(np.divide(large, small), 2, rtol=0.07)
    assert max(sizes[0]) <= coarsest or min(sizes[0]) <= 32


@given(st.integers(1, 6), st.integers(0, 500))
def test_steps_are_divided_and_none_is_lost(sizes, more):
    counts = scales.divide_steps(sizes + more, sizes)
    assert sum(counts) == sizes + more
    assert len(counts) == sizes
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= 1


def test_too_few_steps_or_too_coarse():
    with pytest.raises(ValueError, match="steps must be at least 3"):
        scales.divide_steps(2, 3)
    with pytest.raises(ValueError, match="coarsest must be at least 32"):
        scales.coarse_to_fine((64, 64), 16)


def test_a_guided_gram_counts_the_masks_places_only():
    features = np.random.default_rng(0).normal(size=(6, 8, 5)).astype(np.float32)
    mask = np.zeros((12, 16), np.float32)
    mask[:6, 4:] = 1
    guided = gram_matrix(features * masks.guide(mask, (6, 8))) / 48
    inside = features[:3, 2:].reshape(-1, 5)
    np.testing.assert_allclose(guided, inside.T @ inside / len(inside), rtol=1e-4, atol=1e-5)


def test_masks_of_every_dtype_are_the_same():
    mask = np.zeros((20, 24), bool)
    mask[3:9] = True
    for other in (mask, mask.astype(np.float64), mask * np.uint8(255)):
        np.testing.assert_array_equal(masks.check_masks(other, 1, (20, 24))[0], mask.astype(np.float32))
    assert masks.check_masks(None, 2, (20, 24)) == []
    assert masks.shrink_mask(mask.astype(np.float32), (5, 6))[1, 0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.ones((20, 24)), ValueError, "masks must be one a style, 2, got 1"),
        (
            [np.ones((20, 24)), np.ones((20, 23))],
            ValueError,
            r"masks\[1\] must have the content's shape \(20, 24\)",
        ),
        ([np.ones((20, 24)), np.zeros((20, 24))], ValueError, r"masks\[1\] is 0 everywhere"),
        ([np.full((20, 24), 2.0), np.ones((20, 24))], ValueError, r"masks\[0\] must be in \[0, 1\]"),
        ([np.full((20, 24), np.nan), np.ones((20, 24))], ValueError, r"masks\[0\] must be in \[0, 1\]"),
        ([np.ones((20, 24), int), np.ones((20, 24))], TypeError, r"masks\[0\] must be boolean"),
    ],
)
def test_bad_masks_are_named(bad, error, message):
    with pytest.raises(error, match=message):
        masks.check_masks(bad, 2, (20, 24))
