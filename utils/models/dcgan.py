"""A generator and a discriminator that learn by playing against each other, and one step of their game.

Goodfellow and others 2014, "Generative adversarial nets" (arXiv:1406.2661), is the game; Radford, Metz and Chintala
2016, "Unsupervised representation learning with deep convolutional generative adversarial networks"
(arXiv:1511.06434), are the layers. The networks and losses are Keras alone; a step needs the TensorFlow backend.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from utils.models.weights import assign_weights, load_weights

LATENT = 64
KERNEL = 4  # a multiple of the stride: no checkerboard (Odena, Dumoulin and Olah 2016)
SMOOTH = 0.9
RATES = 1e-3, 1e-3  # of the generator and of the discriminator
_MOMENTUM = (
    0.9  # of the moving averages: the samples after a hundred steps are to show that generator, no older one
)


def generator(
    latent: int = LATENT,
    side: int = 7,
    filters: Sequence[int] = (64, 32),
    channels: int = 1,
    *,
    normalise: bool = True,
    activation: str = "tanh",
) -> keras.Model:
    """Build a network that makes pictures of latent vectors.

    A dense layer, laid out as a map of ``side`` × ``side`` with ``filters[0]`` channels; then transposed convolutions
    of stride 2 with the other numbers of filters, and a last one for the picture.

    Parameters
    ----------
    latent : int
        Numbers of a latent vector.
    side : int
        Of the first map, in pixels.
    filters : sequence of int
        Of the maps before the picture, at least one.
    channels : int
        Of the picture.
    normalise : bool
        Whether each map before the picture is batch-normalised.
    activation : str
        Of the picture: ``"tanh"`` for [-1, 1], ``"sigmoid"`` for [0, 1].

    Returns
    -------
    keras.Model
        (batch, latent) → (batch, s, s, channels) with s = side · 2 ** len(filters).
    """
    z = keras.Input((latent,), name="latent")
    x = layers.Dense(side * side * filters[0], use_bias=not normalise, name="dense")(z)
    x = layers.Reshape((side, side, filters[0]))(x)
    for number, count in enumerate((*filters[1:], None)):
        if normalise:
            x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm_{number}")(x)
        x = layers.ReLU()(x)
        if count is not None:
            x = layers.Conv2DTranspose(
                count, KERNEL, strides=2, padding="same", use_bias=not normalise, name=f"up_{number}"
            )(x)
    x = layers.Conv2DTranspose(
        channels, KERNEL, strides=2, padding="same", activation=activation, name="picture"
    )(x)
    return keras.Model(z, x, name="generator")


def discriminator(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    filters: Sequence[int] = (32, 64),
    *,
    slope: float = 0.2,
    dropout: float = 0.3,
) -> keras.Model:
    """Build a network that tells real pictures from made ones: convolutions of stride 2 and a dense layer.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels).
    filters : sequence of int
        Of the convolutions.
    slope : float
        Of the leaky ReLUs for negative numbers; 0 makes them plain.
    dropout : float
        Share that is left out behind each convolution.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → logits (batch, 1), positive for "real".
    """
    pictures = keras.Input(input_shape, name="pictures")
    x = pictures
    for number, count in enumerate(filters):
        x = layers.Conv2D(count, KERNEL, strides=2, padding="same", name=f"down_{number}")(x)
        x = layers.LeakyReLU(negative_slope=slope)(x)
        x = layers.Dropout(dropout)(x)
    logits = layers.Dense(1, name="logit")(layers.Flatten()(x))
    return keras.Model(pictures, logits, name="discriminator")


def label_loss(logits: keras.KerasTensor, label: float):
    """Return the binary cross-entropy of logits whose label is the same for all, the mean over the batch.

    Parameters
    ----------
    logits : tensor, (batch, 1)
    label : float
        In [0, 1].

    Returns
    -------
    scalar tensor
        −label · log p − (1 − label) · log(1 − p) with p = sigmoid(logit), stable for logits of any size.
    """
    return ops.mean(ops.softplus(logits) - label * logits)


def gan_step(
    real,
    z,
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimizer: keras.optimizers.Optimizer,
    discriminator_optimizer: keras.optimizers.Optimizer,
    real_label: float = SMOOTH,
    minimax: bool = False,
):
    """Let both networks take one step, each by the gradient of its own loss for the networks as they were before.

    Parameters
    ----------
    real : tensor, (batch, height, width, channels)
        Real pictures.
    z : tensor, (batch, latent)
        Latent vectors of the made ones.
    generator, discriminator : keras.Model
        The two players; their weights change.
    generator_optimizer, discriminator_optimizer : keras.optimizers.Optimizer
        One each.
    real_label : float
        What the discriminator is told of real pictures: 1, or a little less (one-sided label smoothing, Salimans and
        others 2016, arXiv:1606.03498, section 3.4).
    minimax : bool
        Whether the generator maximises the discriminator's loss (Goodfellow 2014, equation 1), instead of minimising
        that of being taken for real (section 3, the non-saturating game).

    Returns
    -------
    discriminator_loss, generator_loss : scalar tensors
        Before the step; the first is the sum of its losses on real and on made pictures.
    """
    import tensorflow as tf

    with tf.GradientTape() as for_generator, tf.GradientTape() as for_discriminator:
        made = generator(z, training=True)
        real_logits = discriminator(real, training=True)
        made_logits = discriminator(made, training=True)
        unmasked = label_loss(made_logits, 0.0)
        discriminator_loss = label_loss(real_logits, real_label) + unmasked
        generator_loss = -unmasked if minimax else label_loss(made_logits, 1.0)
    players = (
        (for_generator, generator_loss, generator, generator_optimizer),
        (for_discriminator, discriminator_loss, discriminator, discriminator_optimizer),
    )
    # Both gradients first: neither step may move what the other's gradient is taken at.
    gradients = [tape.gradient(loss, model.trainable_variables) for tape, loss, model, _ in players]
    for slopes, (*_, model, optimizer) in zip(gradients, players, strict=True):
        optimizer.apply(slopes, model.trainable_variables)
    return discriminator_loss, generator_loss


def player_optimizers(
    rates: tuple[float, float] = RATES,
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """Return Adam for the generator and for the discriminator, with β₁ = .5 (Radford 2016, section 4)."""
    generator_rate, discriminator_rate = rates
    return (
        keras.optimizers.Adam(generator_rate, beta_1=0.5),
        keras.optimizers.Adam(discriminator_rate, beta_1=0.5),
    )


@keras.saving.register_keras_serializable(package="convnet_course")
class Game(keras.Model):
    """Both players as one model, which `train_on_batch` and `save_weights` know how to handle.

    Parameters
    ----------
    generator, discriminator : keras.Model
        The players.
    rates : pair of float
        Learning rates, the generator's first.
    step : callable
        :func:`gan_step`, or another that does the same.
    **options
        Further arguments of the step.

    Notes
    -----
    It is compiled already. A batch is real pictures as x, latent vectors as y.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        rates: tuple[float, float] = RATES,
        step: Callable = gan_step,
        **options,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self._step, self._options = step, options
        self.generator_optimizer, judge = player_optimizers(rates)
        # Built before they are asked: each knows the weights of its own player and no others.
        self.generator_optimizer.build(generator.trainable_variables)
        judge.build(discriminator.trainable_variables)
        self.compile(optimizer=judge)
        self.built = True

    def call(self, z, training=False):
        """Return pictures (batch, height, width, channels) of latent vectors (batch, latent)."""
        return self.generator(z, training=training)

    def train_step(self, data):
        """Return both losses of a batch, and their sum as ``loss``."""
        real, z, _ = keras.utils.unpack_x_y_sample_weight(data)
        optimizers = self.generator_optimizer, self.optimizer
        d_loss, g_loss = self._step(real, z, self.generator, self.discriminator, *optimizers, **self._options)
        return {"loss": d_loss + g_loss, "discriminator": d_loss, "generator": g_loss}


def latent_vectors(count: int, seed: int, latent: int = LATENT) -> np.ndarray:
    """Draw latent vectors from the standard normal distribution: float32, (count, latent)."""
    return np.random.default_rng(seed).normal(size=(count, latent)).astype(np.float32)


def made_pictures(model: keras.Model, z: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """Let a generator make pictures, by its moving averages.

    Parameters
    ----------
    model : keras.Model
        A generator that ends in tanh.
    z : ndarray, (n, latent)
        Latent vectors.
    batch_size : int
        How many at a time.

    Returns
    -------
    ndarray, (n, height, width)
        The first channel, brought to [0, 1].
    """
    batches = [z[i : i + batch_size] for i in range(0, len(z), batch_size)]
    pictures = np.concatenate([np.asarray(model(batch, training=False)) for batch in batches])
    return (pictures[..., 0] + 1) / 2


def digits_generator(weights: str | Path | None = "bundled") -> keras.Model:
    """Build the generator of digits, trained by ``course run dcgan-digits``.

    Parameters
    ----------
    weights : "bundled", path or None
        The bundled ones, those of a file that the run has written, or random.
    """
    model = generator()
    if weights is not None:
        assign_weights(model, load_weights(weights, "dcgan-digits"))
    return model


def can_be_compiled(step: Callable) -> bool:
    """Tell whether a step like :func:`gan_step` works as a compiled function; tries it on two tiny networks."""
    import tensorflow as tf

    players = generator(2, 1, (2,)), discriminator((2, 2, 1), (2,))
    compiled = tf.function(step, autograph=False)
    try:
        compiled(np.zeros((3, 2, 2, 1), np.float32), latent_vectors(3, 0, 2), *players, *player_optimizers())
    except Exception:  # whatever a function raises that needs values where there are none yet
        return False
    return True
