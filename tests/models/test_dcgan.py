"""Generator, discriminator and the step of their game, against closed forms and against steps taken by hand."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, xlog1py, xlogy

from utils.models import dcgan


@given(st.lists(st.floats(-15, 15, width=32), min_size=1, max_size=6), st.floats(0, 1, width=32))
@settings(deadline=None)
def test_the_loss_is_the_cross_entropy_of_the_probability(logits, label):
    logits = np.array(logits, np.float32)[:, None]
    p = expit(logits.astype(np.float64))
    expected = -(xlogy(label, p) + xlog1py(1 - label, -p)).mean()
    assert float(dcgan.label_loss(logits, label)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_loss_stays_finite_for_logits_of_any_size():
    assert float(dcgan.label_loss(np.array([[-500.0]], np.float32), 1.0)) == pytest.approx(500)


@pytest.mark.parametrize(
    ("latent", "side", "filters", "channels", "wanted"),
    [(64, 7, (64, 32), 1, 28), (3, 2, (4,), 3, 4), (5, 3, (6, 5, 4), 2, 24)],
)
def test_a_generator_doubles_the_sides_for_each_number_of_filters(latent, side, filters, channels, wanted):
    model = dcgan.generator(latent, side, filters, channels)
    made = np.asarray(model(dcgan.latent_vectors(4, 0, latent)))
    assert made.shape == (4, wanted, wanted, channels)
    assert np.abs(made).max() <= 1
    kernels = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert [layer.filters for layer in kernels] == [*filters[1:], channels]


def test_a_generator_without_normalisation_has_biases_and_one_with_it_only_the_last():
    plain, normal = (dcgan.generator(3, 1, (4, 2), normalise=choice) for choice in (False, True))
    assert all(layer.use_bias for layer in plain.layers if hasattr(layer, "use_bias"))
    assert [layer.use_bias for layer in normal.layers if hasattr(layer, "use_bias")] == [False, False, True]
    assert np.asarray(dcgan.generator(3, 1, (2,), activation="sigmoid")(np.ones((1, 3)))).min() >= 0


def test_a_discriminator_halves_the_sides_and_drops_only_in_training():
    model = dcgan.discriminator((9, 12, 2), (3, 4))
    x = np.random.default_rng(0).normal(size=(5, 9, 12, 2)).astype(np.float32)
    assert model(x).shape == (5, 1)
    assert model.get_layer("logit").kernel.shape[0] == 3 * 3 * 4
    np.testing.assert_array_equal(np.asarray(model(x)), np.asarray(model(x, training=False)))
    assert np.abs(np.asarray(model(x, training=True)) - np.asarray(model(x))).max() > 0


class Number(keras.layers.Layer):
    """Adds one number to what comes in, or multiplies by it: players of which everything is known."""

    def __init__(self, value, multiply=False):
        super().__init__()
        self.value = self.add_weight(shape=(), initializer=keras.initializers.Constant(value))
        self.multiply = multiply

    def call(self, x):
        return x * self.value if self.multiply else x + self.value


@pytest.mark.parametrize("minimax", [False, True])
def test_each_player_follows_the_closed_form_of_its_own_gradient(minimax):
    shift, scale, rates = 0.4, 1.5, (0.1, 0.2)
    make = keras.Sequential([keras.Input((1,)), Number(shift)])
    judge = keras.Sequential([keras.Input((1,)), Number(scale, multiply=True)])
    z, real = np.array([[0.5], [-1.0]], np.float32), np.array([[2.0], [1.0], [0.3]], np.float32)
    optimizers = [keras.optimizers.SGD(rate) for rate in rates]
    d_loss, g_loss = dcgan.gan_step(real, z, make, judge, *optimizers, real_label=0.8, minimax=minimax)
    made = z + shift
    p, q = expit(scale * made), expit(scale * real)
    expected = -(0.8 * np.log(q) + 0.2 * np.log(1 - q)).mean() - np.log(1 - p).mean()
    assert float(d_loss) == pytest.approx(expected, rel=1e-5)
    assert float(g_loss) == pytest.approx((np.log(1 - p) if minimax else -np.log(p)).mean(), rel=1e-5)
    by_scale = ((q - 0.8) * real).mean() + (p * made).mean()
    by_shift = ((-p if minimax else p - 1) * scale).mean()
    assert float(judge.layers[0].value) == pytest.approx(scale - rates[1] * by_scale, rel=1e-5)
    assert float(make.layers[0].value) == pytest.approx(shift - rates[0] * by_shift, rel=1e-5)


def test_a_game_trains_both_players_and_goes_on_from_its_weights(tmp_path):
    def game():
        keras.utils.set_random_seed(4)
        return dcgan.Game(dcgan.generator(3, 1, (4,)), dcgan.discriminator((2, 2, 1), (3,), dropout=0.0))

    real, z = np.ones((6, 2, 2, 1), np.float32), dcgan.latent_vectors(6, 1, 3)
    one, other = game(), game()
    begin = [weight.numpy() for weight in one.trainable_variables]
    for _ in range(2):
        found = one.train_on_batch(real, z, return_dict=True)
    assert set(found) == {"loss", "discriminator", "generator"}
    moved = [np.abs(w.numpy() - b).max() for w, b in zip(one.trainable_variables, begin, strict=True)]
    assert min(moved) > 0
    one.save_weights(tmp_path / "game.weights.h5")
    other.load_weights(tmp_path / "game.weights.h5")
    for each in (one, other):
        each.train_on_batch(real, z)
    for weight, again in zip(one.trainable_variables, other.trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(again), np.asarray(weight), atol=1e-6)


def test_only_steps_of_tensors_can_be_compiled():
    def leaves_tensorflow(real, z, *players):
        return tuple(float(loss) for loss in dcgan.gan_step(real, z, *players))

    assert dcgan.can_be_compiled(dcgan.gan_step)
    assert not dcgan.can_be_compiled(leaves_tensorflow)


def test_made_pictures_come_in_batches_and_in_the_unit_range():
    model = dcgan.generator(3, 1, (2,))
    z = dcgan.latent_vectors(5, 2, 3)
    pictures = dcgan.made_pictures(model, z, batch_size=2)
    assert pictures.shape == (5, 2, 2)
    np.testing.assert_allclose(2 * pictures - 1, np.asarray(model(z, training=False))[..., 0], atol=1e-6)
    np.testing.assert_array_equal(z, dcgan.latent_vectors(5, 2, 3))
