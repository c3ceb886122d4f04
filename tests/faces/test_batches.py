"""Batches of people, and faces varied: against SciPy's interpolation and by what must not change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from utils.faces.batches import half_size, person_batches, vary_faces


def still(**limits):
    """All limits zero but those given."""
    return {"shift": 0, "scale": 0, "degrees": 0, "light": 0, **limits}


def smooth_pictures(n=4, side=(30, 24), seed=0):
    noise = np.random.default_rng(seed).random((n, *side, 1)).astype(np.float32)
    return ndimage.gaussian_filter(noise, (0, 2, 2, 0))


@given(st.integers(2, 6), st.integers(2, 5), st.integers(0, 9))
def test_a_batch_holds_different_pictures_of_different_people(people, pictures, seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(8), 5))
    batches = person_batches(labels, people, pictures, rng)
    for _ in range(3):
        batch = next(batches)
        assert len(set(batch.tolist())) == people * pictures
        who = labels[batch].reshape(people, pictures)
        assert (who == who[:, :1]).all()
        assert len(set(who[:, 0].tolist())) == people


def test_equal_generators_give_equal_batches_and_everybody_comes():
    labels = np.repeat(np.arange(6), 4)
    one, other = (person_batches(labels, 3, 2, np.random.default_rng(5)) for _ in range(2))
    seen = set()
    for _ in range(40):
        batch = next(one)
        np.testing.assert_array_equal(batch, next(other))
        seen |= set(batch.tolist())
    assert seen == set(range(24))


def test_who_has_too_few_pictures_is_left_out():
    labels = np.array([0, 0, 0, 1, 2, 2, 2, 3, 3])
    batches = person_batches(labels, 2, 3, np.random.default_rng(0))
    assert all(set(labels[next(batches)].tolist()) == {0, 2} for _ in range(10))


@pytest.mark.parametrize(
    ("labels", "people", "pictures"),
    [([0, 0, 1], 2, 2), ([0, 0, 1, 1], 1, 2), ([0, 0, 1, 1], 2, 1), ([[0, 0], [1, 1]], 2, 2)],
)
def test_impossible_batches_are_refused_at_once(labels, people, pictures):
    with pytest.raises(ValueError):
        person_batches(labels, people, pictures, np.random.default_rng(0))


def test_half_size_is_the_mean_of_four():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 6, 4), dtype=np.uint8)
    small = half_size(pictures)
    assert small.shape == (3, 3, 2, 1)
    assert small.dtype == np.float32
    np.testing.assert_allclose(small[1, 2, 1, 0], pictures[1, 4:6, 2:4].mean() / 255, rtol=1e-6)


@pytest.mark.parametrize(
    "pictures", [np.zeros((2, 5, 4), np.uint8), np.zeros((2, 4, 4)), np.zeros((4, 4), np.uint8)]
)
def test_pictures_that_cannot_be_halved_are_refused(pictures):
    with pytest.raises(ValueError):
        half_size(pictures)


def test_without_limits_a_picture_stays_or_is_mirrored():
    pictures = smooth_pictures(40)
    varied = vary_faces(pictures, np.random.default_rng(0), **still())
    stayed = np.isclose(varied, pictures, atol=1e-5).all(axis=(1, 2, 3))
    mirrored = np.isclose(varied, pictures[:, :, ::-1], atol=1e-5).all(axis=(1, 2, 3))
    assert (stayed | mirrored).all()
    assert 8 <= mirrored.sum() <= 32


@pytest.mark.parametrize(("share", "columns"), [(0, slice(None)), (1, slice(None, None, -1))])
def test_none_or_all_are_mirrored_on_demand(share, columns):
    pictures = smooth_pictures(9)
    varied = vary_faces(pictures, np.random.default_rng(0), **still(mirrored=share))
    np.testing.assert_allclose(varied, pictures[:, :, columns], atol=1e-5)


def test_turns_and_sizes_are_those_of_scipy():
    pictures = smooth_pictures(6)
    limits = still(shift=0.1, scale=0.2, degrees=20)
    varied = vary_faces(pictures, np.random.default_rng(3), **limits)
    rng = np.random.default_rng(3)
    down, right, size, turn = (rng.uniform(-1, 1, (6, 6))[:, :4] * [3, 2.4, 0.2, np.deg2rad(20)]).T
    mirrored = rng.random(6) < 0.5
    middle = np.array([14.5, 11.5])
    for i in range(6):
        c, s = np.cos(turn[i]) / (1 + size[i]), np.sin(turn[i]) / (1 + size[i])
        picture = pictures[i, :, ::-1, 0] if mirrored[i] else pictures[i, :, :, 0]
        matrix = np.array([[c, s], [-s, c]])
        shift = [down[i], -right[i] if mirrored[i] else right[i]]
        offset = middle + shift - matrix @ middle
        wanted = ndimage.affine_transform(picture, matrix, offset, order=1, mode="nearest")
        np.testing.assert_allclose(varied[i, :, :, 0], wanted, atol=1e-4)


def test_light_changes_mean_and_spread_only():
    pictures = 0.3 + 0.4 * smooth_pictures(5)
    varied = vary_faces(pictures, np.random.default_rng(0), **still(light=0.1))
    for one, other in zip(pictures, varied, strict=True):
        flat = other.reshape(30, 24)
        straight = max(abs(np.corrcoef(one[:, ::step, 0].ravel(), flat.ravel())[0, 1]) for step in (1, -1))
        assert straight > 0.9999
    assert np.ptp(varied.mean(axis=(1, 2, 3)) - pictures.mean(axis=(1, 2, 3))) > 0.02


def test_varied_pictures_stay_in_range_and_the_originals_stay():
    pictures = np.random.default_rng(1).random((8, 12, 10, 1))
    before = pictures.copy()
    varied = vary_faces(pictures, np.random.default_rng(2), light=0.9)
    assert varied.dtype == np.float32
    assert varied.min() >= 0
    assert varied.max() <= 1
    np.testing.assert_array_equal(pictures, before)


@pytest.mark.parametrize("pictures", [np.zeros((4, 5, 5)), np.zeros((4, 5, 5, 1), np.uint8)])
def test_other_arrays_are_refused(pictures):
    with pytest.raises(ValueError):
        vary_faces(pictures, np.random.default_rng(0))


def test_a_scale_beyond_one_is_refused():
    with pytest.raises(ValueError):
        vary_faces(smooth_pictures(), np.random.default_rng(0), scale=1)
