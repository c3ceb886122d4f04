"""Losses against loops over their definitions, and gradients that stay finite."""

import itertools

import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from utils.faces import losses
from utils.faces.mining import hardest_triplets

ALPHA = 0.5


def batch(seed, n=9, people=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    return rng.integers(0, people, n), x / np.linalg.norm(x, axis=1, keepdims=True)


def squares(x):
    return ((x[:, None] - x[None]) ** 2).sum(-1)


def hinge(d, a, p, q):
    return max(d[a, p] - d[a, q] + ALPHA, 0)


def triplets(labels):
    n = range(len(labels))
    return [
        (a, p, q)
        for a, p, q in itertools.product(n, n, n)
        if a != p and labels[a] == labels[p] and labels[a] != labels[q]
    ]


@pytest.mark.parametrize("seed", range(6))
def test_batch_losses_are_those_of_the_definition(seed):
    labels, x = batch(seed)
    d, every = squares(x), triplets(labels)
    hard = [hinge(d, *row) for row in hardest_triplets(x, labels)]
    assert float(losses.batch_hard_loss(labels, x, ALPHA)) == pytest.approx(np.mean(hard), rel=1e-4)
    active = [loss for loss in (hinge(d, *row) for row in every) if loss > 0]
    assert float(losses.batch_all_loss(labels, x, ALPHA)) == pytest.approx(np.mean(active), rel=1e-4)
    semi = []
    for a, p in sorted({(a, p) for a, p, _ in every}):
        others = [q for q in range(len(labels)) if labels[q] != labels[a]]
        farther = [q for q in others if d[a, q] > d[a, p]]
        q = min(farther, key=lambda q: d[a, q]) if farther else max(others, key=lambda q: d[a, q])
        semi.append(hinge(d, a, p, q))
    assert float(losses.semi_hard_loss(labels, x, ALPHA)) == pytest.approx(np.mean(semi), rel=1e-4)


def test_pair_losses_are_those_of_the_definition():
    _, a = batch(1)
    _, b = batch(2)
    _, c = batch(3)
    per_row = np.maximum(((a - b) ** 2).sum(1) - ((a - c) ** 2).sum(1) + ALPHA, 0)
    assert float(losses.triplet_loss(a, b, c, ALPHA)) == pytest.approx(per_row.mean(), rel=1e-5)
    same = np.arange(len(a)) % 2
    far = np.maximum(1.5 - np.linalg.norm(a - b, axis=1), 0) ** 2
    wanted = np.where(same, ((a - b) ** 2).sum(1), far).mean()
    assert float(losses.contrastive_loss(same, a, b, 1.5)) == pytest.approx(wanted, rel=1e-5)
    wanted = np.mean([logsumexp(a[i] @ b.T) - a[i] @ b[i] for i in range(len(a))])
    assert float(losses.n_pair_loss(a, b)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("name", ["batch_hard_loss", "batch_all_loss", "semi_hard_loss"])
@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_nothing_to_learn_costs_nothing(name, labels):
    x = np.eye(3, dtype=np.float32)
    assert float(getattr(losses, name)(np.array(labels), x)) == 0


def test_equal_encodings_have_finite_gradients():
    import tensorflow as tf

    x = tf.Variable(np.ones((4, 3), np.float32))
    labels = np.array([0, 0, 1, 1])
    for name in ("batch_hard_loss", "batch_all_loss", "semi_hard_loss"):
        with tf.GradientTape() as tape:
            loss = getattr(losses, name)(labels, x)
        assert np.isfinite(tape.gradient(loss, x).numpy()).all(), name
    with tf.GradientTape() as tape:
        loss = losses.contrastive_loss(np.array([0, 1]), x[:2], x[2:])
    gradient = tf.convert_to_tensor(tape.gradient(loss, x))
    assert np.isfinite(keras.ops.convert_to_numpy(gradient)).all()
