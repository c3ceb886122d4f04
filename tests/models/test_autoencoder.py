import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import xlogy
from scipy.stats import norm

from utils.models import autoencoder

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
numbers = st.floats(-3, 3, width=32)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
@settings(deadline=None)
def test_the_divergence_is_the_integral_of_its_definition(pairs):
    mean, log_var = np.array(pairs, np.float32).T[:, None]
    spread = np.exp(log_var.astype(np.float64) / 2)[..., None]
    z = mean[..., None] + spread * NODES
    integral = (norm.logpdf(z, mean[..., None], spread) - norm.logpdf(z)) @ WEIGHTS / WEIGHTS.sum()
    found = float(autoencoder.kl_divergence(mean, log_var))
    assert found == pytest.approx(integral.sum(), rel=1e-4, abs=1e-4)
    assert found >= -1e-5


def test_draws_have_the_means_and_spreads_asked_for():
    epsilon = np.random.default_rng(0).normal(size=(200_000, 2)).astype(np.float32)
    mean, log_var = np.array([[2.0, -1.0]], np.float32), np.log(np.array([[0.25, 9.0]], np.float32))
    z = np.asarray(autoencoder.sample_latent(mean, log_var, epsilon))
    np.testing.assert_allclose(z.mean(axis=0), [2, -1], atol=0.02)
    np.testing.assert_allclose(z.std(axis=0), [0.5, 3], rtol=0.01)


def test_reconstruction_agrees_with_scipy_and_stays_finite_for_a_certain_decoder():
    rng = np.random.default_rng(1)
    x, p = rng.random((3, 4, 5)), rng.uniform(0.01, 0.99, (3, 4, 5))
    expected = -(xlogy(x, p) + xlogy(1 - x, 1 - p)).sum(axis=(1, 2)).mean()
    assert float(autoencoder.reconstruction_loss(x, p)) == pytest.approx(expected, rel=1e-5)
    wrong = float(autoencoder.reconstruction_loss(np.ones((1, 2, 2)), np.zeros((1, 2, 2))))
    assert 50 < wrong < 70  # four pixels at −log 10⁻⁷ each


def test_training_lowers_the_loss_and_inference_takes_the_means():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(2)
    pictures = (rng.random((64, 1, 28)) < 0.5).repeat(28, axis=1).astype(np.float32)
    vae = autoencoder.VariationalAutoencoder(
        autoencoder.dense_encoder((16,), 4), autoencoder.dense_decoder((16,), 2)
    )
    vae.compile(keras.optimizers.Adam(1e-2))
    losses = vae.fit(pictures, batch_size=16, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    first, again = (np.asarray(vae(pictures)[0]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    drawn, again = (np.asarray(vae(pictures, training=True)[0]) for _ in range(2))
    assert np.abs(drawn - again).max() > 0
    z_mean, _ = vae.encode(pictures)
    np.testing.assert_allclose(first, np.asarray(vae.decoder(z_mean)), rtol=1e-6)
