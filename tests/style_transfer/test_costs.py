"""Costs against sums written out in NumPy, and the network cut where it should be."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from utils.style import costs
from utils.style.network import CONTENT_LAYER, STYLE_LAYERS, feature_extractor

SHAPES = st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(1, 5))


def maps(seed, shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(SHAPES, st.integers(0, 999))
def test_content_and_gram(shape, seed):
    a, b = maps(seed, shape), maps(seed + 1, shape)
    assert float(costs.content_cost(a, b)) == pytest.approx(((a - b) ** 2).mean() / 4, rel=1e-4)
    np.testing.assert_allclose(costs.gram_matrix(a), np.einsum("ijc,ijd->cd", a, a), atol=1e-4)


@given(SHAPES, st.integers(0, 999))
def test_style_of_one_size_is_the_papers(shape, seed):
    style, generated = maps(seed, shape), maps(seed + 1, shape)
    height, width, channels = shape
    difference = np.einsum("ijc,ijd->cd", style, style) - np.einsum("ijc,ijd->cd", generated, generated)
    wanted = (difference**2).sum() / (2 * height * width * channels) ** 2
    found = costs.layer_style_cost(costs.gram_matrix(style), generated, height * width)
    assert float(found) == pytest.approx(wanted, rel=1e-3, abs=1e-7)


def test_a_pattern_laid_out_larger_has_the_same_style():
    tile = maps(0, (3, 4, 5))
    large = np.tile(tile, (2, 3, 1))
    assert float(costs.layer_style_cost(costs.gram_matrix(tile), large, 12)) == pytest.approx(0, abs=1e-8)


def test_style_costs_are_weighted():
    style, generated = ({name: maps(i + s, (3, 3, 2)) for i, name in enumerate("ab")} for s in (0, 10))
    grams = {name: costs.gram_matrix(value) for name, value in style.items()}
    sizes = dict.fromkeys("ab", 9)
    single = {name: float(costs.layer_style_cost(grams[name], generated[name], 9)) for name in "ab"}
    found = float(costs.style_cost(grams, sizes, generated, {"a": 0.25, "b": 2.0}))
    assert found == pytest.approx(0.25 * single["a"] + 2 * single["b"], rel=1e-5)
    assert float(costs.total_cost(2.0, 3.0)) == 140
    assert float(costs.total_cost(2.0, 3.0, 1, 0.5)) == 3.5


def test_total_variation():
    assert float(costs.total_variation(np.full((4, 5, 3), 0.3, np.float32))) == 0
    x = maps(3, (4, 5, 3))
    wanted = np.abs(np.diff(x, axis=0)).mean() + np.abs(np.diff(x, axis=1)).mean()
    assert float(costs.total_variation(x)) == pytest.approx(wanted, rel=1e-5)


def small_network():
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(2, 3, name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(4, 3, name="second"),
            layers.Conv2D(5, 3, name="third"),
        ]
    )


def test_the_network_ends_behind_the_last_layer_asked_for():
    network = small_network()
    extractor = feature_extractor(network, ["second", "first"])
    assert "third" not in {layer.name for layer in extractor.layers}
    assert not extractor.trainable_weights
    x = maps(0, (1, 12, 14, 3))
    found = extractor(x)
    assert {name: tuple(value.shape[1:]) for name, value in found.items()} == {
        "first": (10, 12, 2),
        "second": (3, 4, 4),
    }
    np.testing.assert_allclose(found["first"], network.get_layer("first")(x), atol=1e-6)


def test_vgg_has_the_layers():
    from utils.models.vgg import vgg19_features

    extractor = feature_extractor(vgg19_features(None), [*STYLE_LAYERS, CONTENT_LAYER])
    assert extractor.layers[-1].name == CONTENT_LAYER


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "one or more different names"),
        (["first", "first"], "different"),
        (["fourth"], "first, pool, second"),
    ],
)
def test_bad_names(names, message):
    with pytest.raises(ValueError, match=message):
        feature_extractor(small_network(), names)
