"""Gradients of the first step, layer by layer: what the depth slider of week 2's demo shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.experiments.experiment import Experiment, Row

DEPTHS = (8, 20, 32, 44, 56)
BATCH, WIDTH, SEEDS = 32, 8, (0, 1, 2)


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Measure the gradients of a network that has not been trained, for three random starts.

    Parameters
    ----------
    part : mapping
        ``depth`` (6n + 2), ``residual`` and ``batch_norm``, as in :func:`utils.models.resnet.cifar_resnet`.
    folder : Path
        Not used: a part takes seconds.

    Returns
    -------
    dict
        ``norms``: for each start the Euclidean norm of the loss' gradient with respect to the kernel of each of the
        ``depth`` layers, the first layer first. The loss is the mean cross-entropy of 32 training pictures of
        Fashion-MNIST at 14×14 pixels, other ones for each start.
    """
    return {"norms": [_norms(part["depth"], part["residual"], part["batch_norm"], seed) for seed in SEEDS]}


def _norms(depth: int, residual: bool, batch_norm: bool, seed: int) -> list[float]:
    """Return the gradient's norm for each kernel, to four digits."""
    import keras
    import numpy as np
    import tensorflow as tf

    from utils.models.resnet import cifar_resnet

    pictures, labels = _batch(seed)
    keras.utils.set_random_seed(seed)
    model = cifar_resnet(depth, pictures.shape[1:], 10, residual, WIDTH, batch_norm)
    kernels = [weight for weight in model.trainable_weights if weight.name == "kernel"]
    with tf.GradientTape() as tape:
        probabilities = model(pictures, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, probabilities))
    gradients = tape.gradient(loss, [kernel.value for kernel in kernels])
    return [float(f"{np.linalg.norm(gradient):.4g}") for gradient in gradients]


def _batch(seed: int):
    """Return 32 training pictures (32, 14, 14, 1) in [0, 1], each pixel the mean of 2×2, and their labels (32,)."""
    import numpy as np

    from utils.data import load_fashion_mnist

    (pictures, labels), _ = load_fashion_mnist()
    chosen = np.random.default_rng(seed).choice(len(pictures), BATCH, replace=False)
    halved = pictures[chosen].reshape(BATCH, 14, 2, 14, 2).mean((2, 4))
    return halved[..., np.newaxis].astype("float32") / 255, labels[chosen]


def _parts() -> dict[str, dict[str, Any]]:
    parts = {}
    for depth in DEPTHS:
        for residual in (False, True):
            for batch_norm in (False, True):
                kind = (
                    f"{'residual' if residual else 'plain'}, {'with' if batch_norm else 'without'} BatchNorm"
                )
                parts[f"{depth} layers, {kind}"] = {
                    "depth": depth,
                    "residual": residual,
                    "batch_norm": batch_norm,
                }
    return parts


EXPERIMENT = Experiment(
    name="gradient-norms",
    says="Gradients at initialisation, layer by layer: 8 to 56 layers, plain and residual, with and without BatchNorm.",
    minutes=3,
    parts=_parts(),
    work=work,
)
