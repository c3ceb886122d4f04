"""Autoencoders, plain and variational: networks that squeeze a picture into a few numbers and bring it back.

Kingma and Welling 2014, "Auto-encoding variational Bayes" (arXiv:1312.6114): Gaussian encoder and prior, Bernoulli
decoder. Written with `keras.ops` and `keras.random`, so that it trains under every backend.
"""

from collections.abc import Callable, Sequence

import keras
from keras import layers, ops

PIXELS = (28, 28)
_LEAST = 1e-7  # of a probability, so that its logarithm is finite


def sample_latent(z_mean: keras.KerasTensor, z_log_var: keras.KerasTensor, epsilon: keras.KerasTensor):
    """Return z = μ + exp(½ · log σ²) · ε, through which gradients reach μ and σ (section 2.4).

    Parameters
    ----------
    z_mean, z_log_var : tensor, (batch, d)
        μ and log σ².
    epsilon : tensor, (batch, d)
        Drawn from the standard normal distribution.

    Returns
    -------
    tensor, (batch, d)
    """
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def kl_divergence(z_mean: keras.KerasTensor, z_log_var: keras.KerasTensor):
    """Return how far N(μ, σ²) is from N(0, 1), summed over the latent numbers, the mean over the batch (appendix B).

    Parameters
    ----------
    z_mean, z_log_var : tensor, (batch, d)
        μ and log σ².

    Returns
    -------
    scalar tensor
        In nats; at least 0.
    """
    each = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
    return ops.mean(ops.sum(each, axis=-1))


def reconstruction_loss(x: keras.KerasTensor, probabilities: keras.KerasTensor):
    """Return the binary cross-entropy, summed over a picture's pixels, the mean over the batch (appendix C.1).

    Parameters
    ----------
    x, probabilities : tensor, (batch, ...)
        Pictures in [0, 1], and what the decoder makes of their codes.

    Returns
    -------
    scalar tensor
        In nats.
    """
    p = ops.clip(probabilities, _LEAST, 1 - _LEAST)
    each = -(x * ops.log(p) + (1 - x) * ops.log(1 - p))
    return ops.mean(ops.sum(ops.reshape(each, (ops.shape(each)[0], -1)), axis=1))


def vae_loss(x, probabilities, z_mean, z_log_var):
    """Return reconstruction + KL divergence, an upper bound of −log p(x) in nats (equation 3, its sign turned)."""
    return reconstruction_loss(x, probabilities) + kl_divergence(z_mean, z_log_var)


def dense_encoder(units: Sequence[int] = (256, 128), outputs: int = 4) -> keras.Model:
    """Build a network (batch, 28, 28) → (batch, outputs): dense layers with ReLU, the last one without."""
    pictures = keras.Input(PIXELS, name="pictures")
    x = layers.Flatten()(pictures)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
    return keras.Model(pictures, layers.Dense(outputs)(x), name="encoder")


def dense_decoder(units: Sequence[int] = (128, 256), latent: int = 2) -> keras.Model:
    """Build a network (batch, latent) → pictures (batch, 28, 28) in (0, 1)."""
    codes = keras.Input((latent,), name="codes")
    x = codes
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
    x = layers.Dense(PIXELS[0] * PIXELS[1], activation="sigmoid")(x)
    return keras.Model(codes, layers.Reshape(PIXELS)(x), name="decoder")


@keras.saving.register_keras_serializable(package="convnet_course")
class VariationalAutoencoder(keras.Model):
    """Encoder, a draw, decoder, and the loss of all three.

    Parameters
    ----------
    encoder : keras.Model
        Pictures (batch, ...) → (batch, 2 d): μ and log σ² side by side.
    decoder : keras.Model
        Codes (batch, d) → pictures in (0, 1).
    sample, loss : callable
        :func:`sample_latent` and :func:`vae_loss`, or others that do the same.
    seed : int
        Of the draws.

    Notes
    -----
    Compile it without a loss and fit it on pictures alone. In inference the code is μ itself.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        sample: Callable = sample_latent,
        loss: Callable = vae_loss,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self._sample, self._loss = sample, loss
        self._draws = keras.random.SeedGenerator(seed)

    def encode(self, pictures):
        """Return (μ, log σ²), (batch, d) each."""
        return ops.split(self.encoder(pictures), 2, axis=-1)

    def call(self, pictures, training=False):
        """Return ``(probabilities, z_mean, z_log_var)``."""
        z_mean, z_log_var = self.encode(pictures)
        z = z_mean
        if training:
            z = self._sample(z_mean, z_log_var, keras.random.normal(ops.shape(z_mean), seed=self._draws))
        return self.decoder(z), z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss of the batch `x` for what :meth:`call` gave."""
        return self._loss(x, *y_pred)
