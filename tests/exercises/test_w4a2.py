"""Week 4, assignment 2: the answers agree with the library's costs and with Keras' optimizers, whatever the sizes."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.answers.week4 import w4a2 as answers
from utils.exercises.week4.w4a2 import make_optimizer, small_network
from utils.style import costs

SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6))


def pair(sizes, seed):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(0, 1, (1, *sizes)), tf.float64) for _ in range(2)]


@settings(max_examples=15, deadline=None)
@given(SIZES, st.integers(0, 99))
def test_oracles_agree_with_the_library(sizes, seed):
    first, second = pair(sizes, seed)
    height, width, channels = sizes
    content = answers.content_cost_oracle([first], [second])
    np.testing.assert_allclose(content, costs.content_cost(first[0], second[0]))
    rows = tf.transpose(tf.reshape(first, (-1, channels)))
    gram = costs.gram_matrix(first[0])
    np.testing.assert_allclose(answers.gram_oracle(rows), gram, atol=1e-12)
    style = answers.layer_style_oracle(first, second)
    np.testing.assert_allclose(style, costs.layer_style_cost(gram, second[0], height * width), atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 99))
def test_total_variation_agrees_with_the_library(height, width, seed):
    image, _ = pair((height, width, 3), seed)
    np.testing.assert_allclose(answers.total_variation_oracle(image), costs.total_variation(image[0]))


@pytest.mark.parametrize("name", ["adam", "momentum"])
def test_the_step_agrees_with_tape_and_optimizer(name):
    rng = np.random.default_rng(1)
    weights = {}
    for i, (before, after) in enumerate([(3, 5), (5, 4), (4, 3)], start=1):
        weights[f"kernel {i}"] = rng.normal(0, 0.8, (before, after)).astype(np.float32)
        weights[f"bias {i}"] = rng.uniform(0.2, 1, after).astype(np.float32)
    network = small_network(weights)
    content, style, start = (tf.constant(rng.random((1, 4, 6, 3)), tf.float32) for _ in range(3))
    a_C, a_S = network(content), network(style)
    ours, theirs = tf.Variable(start), tf.Variable(start)
    mine, optimizer = make_optimizer(name, 0.05), make_optimizer(name, 0.05)
    for _ in range(4):
        cost = answers.train_step_oracle(ours, network, a_C, a_S, mine)
        with tf.GradientTape() as tape:
            a_G = network(theirs)
            J = 10 * costs.content_cost(a_C[-1][0], a_G[-1][0])
            for target, maps in zip(a_S[:-1], a_G[:-1], strict=True):
                size = maps.shape[1] * maps.shape[2]
                J += 40 / 2 * costs.layer_style_cost(costs.gram_matrix(target[0]), maps[0], size)
        optimizer.apply_gradients([(tape.gradient(J, theirs), theirs)])
        theirs.assign(tf.clip_by_value(theirs, 0, 1))
        np.testing.assert_allclose(cost, J, rtol=1e-4)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
