"""The two autoencoders of week 4's lesson 7, plain and variational, for the demo that walks over their planes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import load_mnist
from utils.data.arrays import write_arrays
from utils.data.compact import halve_kernels
from utils.experiments.experiment import Experiment, Row

FILE = "latent-plane.h5"
_DECODER_LAYERS = 3


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train both networks on the 8,000 training digits; encode the 2,000 test digits.

    Parameters
    ----------
    part : mapping
        ``epochs``, ``batch``, ``rate`` and the seeds ``plain`` and ``variational``.
    folder : Path
        The decoders and the codes are left there as ``latent-plane.h5``.

    Returns
    -------
    dict
        ``plain`` and ``variational``: reconstruction loss of the test digits in nats; ``kl``: the KL divergence.
    """
    import keras

    from utils.models.autoencoder import (
        VariationalAutoencoder,
        dense_decoder,
        dense_encoder,
        kl_divergence,
        reconstruction_loss,
    )

    (x_train, _), (x_test, y_test) = load_mnist()
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    fitting = {"batch_size": part["batch"], "epochs": part["epochs"], "verbose": 0}
    keras.utils.set_random_seed(part["plain"])
    encoder, decoder = dense_encoder(outputs=2), dense_decoder(latent=2)
    plain = keras.Sequential([encoder, decoder])
    plain.compile(keras.optimizers.Adam(part["rate"]), reconstruction_loss, steps_per_execution=20)
    plain.fit(x_train, x_train, **fitting)
    keras.utils.set_random_seed(part["variational"])
    vae = VariationalAutoencoder(dense_encoder(outputs=4), dense_decoder(latent=2))
    vae.compile(keras.optimizers.Adam(part["rate"]), steps_per_execution=20)
    vae.fit(x_train, **fitting)
    probabilities, z_mean, z_log_var = vae(x_test)
    arrays = {
        **_named("plain", decoder, encoder(x_test)),
        **_named("variational", vae.decoder, z_mean),
        "labels": y_test.astype(np.uint8),
    }
    write_arrays(folder / FILE, arrays)
    return {
        "plain": round(float(reconstruction_loss(x_test, plain(x_test))), 2),
        "variational": round(float(reconstruction_loss(x_test, probabilities)), 2),
        "kl": round(float(kl_divergence(z_mean, z_log_var)), 2),
    }


def _named(kind: str, decoder, codes) -> dict[str, np.ndarray]:
    """Return a decoder's weights as ``<kind>/<layer>/kernel`` and ``…/bias``, and the codes of the test digits."""
    layers = [layer for layer in decoder.layers if layer.weights]
    if len(layers) != _DECODER_LAYERS:
        raise ValueError(f"decoder must have {_DECODER_LAYERS} dense layers, got {len(layers)}")
    weights = {
        f"{kind}/dense_{number}/{variable.name}": np.asarray(variable)
        for number, layer in enumerate(layers, start=1)
        for variable in layer.weights
    }
    return {**halve_kernels(weights), f"{kind}/codes": np.asarray(codes, np.float32)}


EXPERIMENT = Experiment(
    name="latent-plane",
    says="A plain and a variational autoencoder of digits, and where the test digits lie in their planes.",
    minutes=1.5,
    parts={"both": {"epochs": 20, "batch": 100, "rate": 1e-3, "plain": 1, "variational": 2}},
    work=work,
)
