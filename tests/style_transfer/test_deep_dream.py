from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from tests.style_transfer.tiny import network as tiny_network
from utils.exercises.week4.w4l6 import resize as linear_resize
from utils.style import deep_dream
from utils.style.gradients import value_and_gradient

RNG = np.random.default_rng(0)
PICTURE = RNG.random((48, 64, 3)).astype(np.float32)


def test_a_step_goes_along_the_gradient_by_the_length_asked_for():
    weights = RNG.normal(size=PICTURE.shape).astype(np.float32)
    grey = np.full_like(PICTURE, 0.5)
    moved, loss = deep_dream.gradient_ascent_step(grey, lambda x: ops.sum(weights * x), 0.01)
    assert loss == pytest.approx(float((weights * 0.5).sum()), rel=1e-3, abs=1e-3)
    np.testing.assert_allclose(moved - grey, 0.01 * weights / np.abs(weights).mean(), atol=1e-6)


def test_a_flat_loss_changes_nothing():
    moved, _ = deep_dream.gradient_ascent_step(PICTURE, lambda x: ops.sum(0.0 * x), 0.1)
    np.testing.assert_array_equal(moved, PICTURE)


def test_the_loss_is_the_weighted_sum_of_mean_squares():
    maps = [RNG.normal(size=shape).astype(np.float32) for shape in ((3, 4, 5), (2, 2, 7))]
    expected = sum(w * np.linalg.norm(a) ** 2 / a.size for a, w in zip(maps, (2.0, 0.5), strict=True))
    assert float(deep_dream.dream_loss(maps, (2.0, 0.5))) == pytest.approx(expected, rel=1e-5)


@given(
    st.integers(8, 20), st.integers(8, 20), st.lists(st.integers(4, 7), min_size=0, max_size=3, unique=True)
)
@settings(deadline=None, max_examples=30)
def test_without_a_dream_the_photograph_comes_out(height, width, sides):
    picture = np.random.default_rng(height * width).random((height, width, 3))
    shapes = [*((side, side + 1) for side in sorted(sides)), (height, width)]
    out = deep_dream.deep_dream(picture, shapes, lambda image: image, linear_resize)
    np.testing.assert_allclose(out, picture, atol=1e-9)


def test_every_octave_dreams_at_its_own_size():
    seen = []

    def ascend(image):
        seen.append(image.shape[:2])
        return image

    shapes = deep_dream.octave_shapes((90, 120), 3, 1.5)
    out = deep_dream.deep_dream(RNG.random((90, 120, 3)).astype(np.float32), shapes, ascend)
    assert seen == shapes == [(40, 53), (60, 80), (90, 120)]
    assert out.shape == (90, 120, 3)


def test_jitter_moves_the_picture_and_brings_it_back():
    flat = partial(value_and_gradient, lambda x: ops.sum(0.0 * x))
    steps = deep_dream.ascents(PICTURE, flat, 5, 0.1, 7, np.random.default_rng(1))
    for picture in steps:
        np.testing.assert_array_equal(picture, PICTURE)


def test_a_dream_excites_its_layer():
    network = tiny_network()
    name = network.layers[-1].name
    dreamt = deep_dream.dream(PICTURE, network, {name: 1.0}, octaves=1, steps=4, step=0.02, jitter=2)
    again = deep_dream.dream(PICTURE, network, {name: 1.0}, octaves=1, steps=4, step=0.02, jitter=2)
    before, after = (np.square(np.asarray(network(x[None]))).mean() for x in (PICTURE, dreamt))
    assert after > before
    assert dreamt.min() >= 0
    assert dreamt.max() <= 1
    np.testing.assert_array_equal(dreamt, again)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"octaves": 0}, "octaves must be at least 1"),
        ({"scale": 1.0}, "scale greater than 1"),
        ({"octaves": 9}, "the smallest octave would be"),
    ],
)
def test_octaves_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        deep_dream.octave_shapes((100, 100), **arguments)


def test_as_many_weights_as_layers():
    with pytest.raises(ValueError, match="as many"):
        deep_dream.dream_loss([PICTURE], [1.0, 2.0])
