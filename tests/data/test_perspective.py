"""Pictures laid into others by four corners, and straightened again; the matrix against scikit-image's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import ProjectiveTransform

from utils.data import painting
from utils.data.perspective import lay_picture, perspective_matrix, straighten

UNIT = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)


def _quadrilateral(seed: int, side: float = 100.0) -> np.ndarray:
    """A convex one: the corners of a square, each moved by less than a quarter of its side."""
    return (UNIT + np.random.default_rng(seed).uniform(-0.2, 0.2, (4, 2))) * side


@given(st.integers(0, 10**6))
def test_the_matrix_is_that_of_scikit_image(seed):
    origin, target = _quadrilateral(seed), _quadrilateral(seed + 1)
    points = np.random.default_rng(seed).uniform(0, 100, (20, 2))
    ours = np.concatenate([points, np.ones((20, 1))], axis=1) @ perspective_matrix(origin, target).T
    oracle = ProjectiveTransform.from_estimate(origin, target)
    np.testing.assert_allclose(ours[:, :2] / ours[:, 2:], oracle(points), atol=1e-6)


def test_corners_go_to_corners():
    corners = _quadrilateral(3)
    moved = np.concatenate([UNIT, np.ones((4, 1))], axis=1) @ perspective_matrix(UNIT, corners).T
    np.testing.assert_allclose(moved[:, :2] / moved[:, 2:], corners)


def test_a_picture_laid_squarely_lies_where_it_should_and_nowhere_else():
    background = np.full((60, 80, 3), 50, np.uint8)
    laid = lay_picture(background, np.full((30, 30, 3), 200, np.uint8), UNIT * (30, 20) + (10, 5))
    expected = background.copy()
    expected[5:25, 10:40] = 200
    assert (laid == expected).all()
    assert (background == 50).all()


def test_what_is_laid_obliquely_is_found_again_by_straightening():
    picture = painting("great-wave")
    corners = _quadrilateral(5, 300) + 60
    laid = lay_picture(np.zeros((400, 400, 3), np.uint8), picture, corners)
    back = straighten(laid, corners, 86, 128).astype(float)
    small = straighten(picture, UNIT * (picture.shape[1], picture.shape[0]), 86, 128).astype(float)
    inner = np.s_[4:-4, 4:-4]
    assert np.corrcoef(back[inner].ravel(), small[inner].ravel())[0, 1] > 0.9
    mirrored = straighten(laid, corners[[1, 0, 3, 2]], 86, 128)
    assert np.corrcoef(mirrored[:, ::-1][inner].ravel(), back[inner].ravel())[0, 1] > 0.98


def test_corners_may_lie_outside():
    laid = lay_picture(np.zeros((50, 50, 3), np.uint8), np.full((9, 9, 3), 255, np.uint8), UNIT * 80 - 15)
    assert (laid == 255).all()


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        (np.zeros((3, 2)), r"corners must have shape \(4, 2\)"),
        (UNIT * np.nan, "corners must be finite"),
        ([(0, 0), (1, 1), (2, 2), (0, 3)], "corners must not have three points on a line"),
        (np.zeros((4, 2)), "corners must not have three points on a line"),
    ],
)
def test_bad_corners_are_refused(corners, message):
    image = np.zeros((10, 10, 3), np.uint8)
    with pytest.raises(ValueError, match=message):
        lay_picture(image, image, corners)


def test_bad_pictures_are_refused():
    image = np.zeros((10, 10, 3), np.uint8)
    with pytest.raises(TypeError, match="picture must be uint8"):
        lay_picture(image, image / 255, UNIT)
    with pytest.raises(ValueError, match=r"image must have shape \(height, width, 3\)"):
        straighten(image[..., 0], UNIT, 5, 5)
    with pytest.raises(ValueError, match="height and width must be at least 1"):
        straighten(image, UNIT, 0, 5)
