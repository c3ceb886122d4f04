"""Siamese classifiers against NumPy, χ² against harmonic means, the loss against Keras' own cross-entropy."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers
from scipy.special import expit
from scipy.stats import hmean

from utils.faces.siamese import (
    all_pairs_classifier,
    balanced_pair_loss,
    chi_square_similarity,
    compare_encodings,
    siamese_classifier,
    without_negatives,
)

PAIRS = hnp.arrays(np.float64, st.tuples(st.just(2), st.integers(1, 5)), elements=st.floats(0, 10, width=32))


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.UnitNormalization()])


def pictures(n=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)


def compare(a, b, how):
    """Compare without Keras."""
    if how == "difference":
        return np.abs(a - b)
    return np.divide((a - b) ** 2, a + b, out=np.zeros_like(a), where=a + b > 0)


@given(PAIRS)
def test_chi_square_is_what_harmonic_means_give(pair):
    a, b = pair
    np.testing.assert_allclose(chi_square_similarity(a, b), (a + b - 2 * hmean(pair)).sum(), atol=1e-9)
    assert chi_square_similarity(a, b) == chi_square_similarity(b, a)
    assert chi_square_similarity(a, a) == 0


def test_chi_square_of_one_face_and_many_others():
    rng = np.random.default_rng(0)
    one, others = rng.random(7, np.float32), rng.random((4, 7), np.float32)
    found = chi_square_similarity(one, others)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [chi_square_similarity(one, other) for other in others], rtol=1e-6)
    assert chi_square_similarity([0, 3], [0, 1]) == 1


@pytest.mark.parametrize(("a", "b", "name"), [([-1, 2], [1, 1], "a"), ([1, 2], [1, -1e-3], "b")])
def test_chi_square_refuses_negative_numbers(a, b, name):
    with pytest.raises(ValueError, match=f"{name} must hold no negative numbers"):
        chi_square_similarity(a, b)


@pytest.mark.parametrize("how", ["difference", "chi-square"])
def test_a_classifier_is_a_logistic_regression_and_symmetric(encoder, how):
    encoder = encoder if how == "difference" else without_negatives(encoder)
    classifier = siamese_classifier(encoder, (6,), how)
    kernel, bias = np.arange(5, dtype=np.float32)[:, None] - 2, np.array([0.5], np.float32)
    classifier.layers[-1].set_weights([kernel, bias])
    a, b = pictures(), pictures(seed=1)
    first, second = (encoder.predict(x, verbose=0) for x in (a, b))
    wanted = expit(compare(first, second, how) @ kernel + bias)
    np.testing.assert_allclose(classifier.predict([a, b], verbose=0), wanted, atol=1e-5)
    np.testing.assert_allclose(classifier.predict([b, a], verbose=0), wanted, atol=1e-5)


def test_both_pictures_share_the_encoders_weights(encoder):
    classifier = siamese_classifier(encoder, (6,))
    assert classifier.count_params() == encoder.count_params() + 6
    assert {id(w) for w in encoder.weights} < {id(w) for w in classifier.weights}


@pytest.mark.parametrize("how", ["difference", "chi-square"])
def test_all_pairs_are_the_classifiers_pairs(encoder, how):
    encoder = without_negatives(encoder)
    weigh = layers.Dense(1, activation="sigmoid", bias_initializer="ones")
    one_by_one = siamese_classifier(encoder, (6,), how, weigh)
    x = pictures(5)
    found = all_pairs_classifier(encoder, weigh, how).predict(x, verbose=0)
    assert found.shape == (5, 5)
    for i, j in itertools.product(range(5), repeat=2):
        wanted = one_by_one.predict_on_batch([x[[i]], x[[j]]])[0, 0]
        np.testing.assert_allclose(found[i, j], wanted, atol=1e-5)


def test_training_all_pairs_trains_the_classifier(encoder):
    encoder = keras.models.clone_model(encoder)
    weigh = layers.Dense(1, activation="sigmoid")
    classifier = siamese_classifier(encoder, (6,), weigh=weigh)
    trainer = all_pairs_classifier(encoder, weigh)
    trainer.compile(keras.optimizers.Adam(0.02), balanced_pair_loss)
    centres = 3 * pictures(4, seed=3)
    labels = np.repeat(np.arange(4), 3)
    x = centres[labels] + 0.1 * pictures(12, seed=4)
    for _ in range(120):
        trainer.train_on_batch(x, labels)
    same = classifier.predict([x[[0, 3, 6]], x[[1, 4, 7]]], verbose=0)
    different = classifier.predict([x[[0, 3, 6]], x[[3, 6, 9]]], verbose=0)
    assert same.min() > different.max()


def test_the_loss_weighs_both_kinds_of_pairs_alike():
    rng = np.random.default_rng(0)
    labels = np.array([0, 0, 1, 1, 1, 2])
    same = rng.uniform(0.05, 0.95, (6, 6)).astype(np.float32)
    together = labels[:, None] == labels
    entropy = keras.losses.BinaryCrossentropy()
    off = ~np.eye(6, dtype=bool)
    wanted = [
        float(entropy(np.full((mask.sum(), 1), float(truth)), same[mask][:, None]))
        for truth, mask in ((1, together & off), (0, ~together))
    ]
    for form in (labels, labels[:, None]):
        np.testing.assert_allclose(float(balanced_pair_loss(form, same)), np.mean(wanted), rtol=1e-5)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_the_loss_stays_finite(probability):
    same = np.full((3, 3), probability, np.float32)
    assert np.isfinite(float(balanced_pair_loss(np.array([0, 0, 1]), same)))
    assert np.isfinite(float(balanced_pair_loss(np.array([0, 1, 2]), same)))


def test_without_negatives_encodings_are_positive_and_of_length_one(encoder):
    positive = without_negatives(encoder)
    encodings = positive.predict(pictures(8), verbose=0)
    assert encodings.min() == 0
    np.testing.assert_allclose(np.linalg.norm(encodings, axis=1), 1, rtol=1e-5)
    assert {id(w) for w in positive.weights} == {id(w) for w in encoder.weights}


def test_a_classifier_is_the_same_after_a_file(encoder, tmp_path):
    classifier = siamese_classifier(without_negatives(encoder), (6,), "chi-square")
    classifier.save(tmp_path / "siamese.keras")
    again = keras.models.load_model(tmp_path / "siamese.keras")
    pair = [pictures(), pictures(seed=1)]
    np.testing.assert_allclose(classifier.predict(pair, verbose=0), again.predict(pair, verbose=0), atol=1e-6)


def test_an_unknown_comparison_is_named(encoder):
    for call in (
        lambda: compare_encodings(np.ones(2), np.ones(2), "cosine"),
        lambda: siamese_classifier(encoder, (6,), "cosine"),
        lambda: all_pairs_classifier(encoder, layers.Dense(1), "cosine"),
    ):
        with pytest.raises(ValueError, match="how must be one of difference, chi-square, got 'cosine'"):
            call()
