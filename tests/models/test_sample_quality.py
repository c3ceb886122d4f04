"""Measures of made digits on samples whose measures are known, and the bundled judge and generator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.data import load_mnist
from utils.models.dcgan import digits_generator, latent_vectors, made_pictures
from utils.models.sample_quality import digit_judge, judge_samples, pairwise_distance


def test_clear_samples_of_all_classes_have_the_highest_score():
    quality = judge_samples(np.tile(np.eye(4), (3, 1)))
    assert quality.sure == 1
    assert quality.score == pytest.approx(4)
    assert quality.entropy == pytest.approx(2)
    assert quality.shares == (0.25,) * 4


@pytest.mark.parametrize("row", [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.3, 0.2]])
def test_samples_that_are_all_alike_score_one(row):
    quality = judge_samples([row] * 5)
    assert quality.score == pytest.approx(1)
    assert quality.entropy == pytest.approx(0)


@given(arrays(float, (7, 5), elements=st.floats(0.01, 1)))
@settings(deadline=None)
def test_the_score_lies_between_one_and_the_number_of_classes(values):
    quality = judge_samples(values / values.sum(axis=1, keepdims=True))
    assert 1 - 1e-9 <= quality.score <= 5 + 1e-9
    assert sum(quality.shares) == pytest.approx(1)


@pytest.mark.parametrize("wrong", [np.ones((2, 3)), [[1.5, -0.5]], np.zeros((0, 3)), [0.5, 0.5]])
def test_what_is_no_table_of_probabilities_is_refused(wrong):
    with pytest.raises(ValueError, match=r"rows \(n, classes\) that sum to 1"):
        judge_samples(wrong)


def test_the_distance_is_the_mean_over_pairs():
    pictures = np.zeros((3, 2, 2))
    pictures[2] = 1
    assert pairwise_distance(pictures) == pytest.approx((0 + 2 + 2) / 3)
    with pytest.raises(ValueError, match="at least 2, got 1"):
        pairwise_distance(pictures[:1])


@pytest.mark.slow
def test_the_bundled_judge_knows_digits_and_finds_them_in_what_the_bundled_generator_makes():
    judge, (_, (x, y)) = digit_judge(), load_mnist()
    said = judge.predict(x[..., None].astype("float32") / 255, verbose=0)
    assert np.mean(said.argmax(axis=1) == y) > 0.97
    made = made_pictures(digits_generator(), latent_vectors(1000, 0))
    quality = judge_samples(judge.predict(made[..., None], verbose=0))
    assert quality.score > 6
    assert quality.entropy > 3
    assert min(quality.shares) > 0.01
