"""Compute the networks' outputs under the backend that KERAS_BACKEND names: ``python -m tests.models.on_backend FILE``.

Weights and pictures come from NumPy, so every backend has the same ones.
"""

import sys
from collections.abc import Callable, Mapping

import keras
import numpy as np

from utils.models import classic, inception, nn4, resnet

# Small pictures and few filters: JAX compiles every operation anew for every shape.
SMALL_GOOGLENET: tuple[inception.Row, ...] = (
    {"type": "conv", "filters": 8, "size": 7, "stride": 2},
    {"type": "pool"},
    {"type": "norm"},
    {"type": "inception", "filters": (4, 4, 8, 2, 4, 4)},
    {"type": "side", "filters": 8, "units": 16},
)


def residual_blocks() -> keras.Model:
    """Build a small network of ResNet's blocks, each with a projection."""
    x = inputs = keras.Input((16, 16, 8))
    x = resnet.basic_block(x, 8, 2, "projection", use_bias=False)
    x = resnet.bottleneck_block(x, (4, 4, 16), projection=True)
    x = resnet.bottleneck_block(x, (4, 4, 16), strides=2, projection=True, version="1.5")
    return keras.Model(inputs, keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(x)))


NETWORKS: Mapping[str, Callable[[], keras.Model]] = {
    "lenet5": classic.lenet5,
    "lenet5_1998": classic.lenet5_1998,
    "alexnet": lambda: classic.alexnet((67, 67, 3), classes=10, units=16),
    "vgg16": lambda: classic.vgg16((32, 32, 3), classes=10, width=4, units=16),
    "residual blocks": residual_blocks,
    "residual8": lambda: resnet.cifar_resnet(8, (16, 16, 3), width=4),
    "plain8 without normalisation": lambda: resnet.cifar_resnet(
        8, (16, 16, 3), residual=False, width=4, batch_norm=False
    ),
    "googlenet": lambda: inception.googlenet(SMALL_GOOGLENET, (32, 32, 3), 10),
    "network_in_network": lambda: inception.network_in_network((8, 8, 3)),
    "nn4_small2": lambda: nn4.nn4_small2((32, 32, 3), 8),
}
TRAINED_STEPS = 2


def outputs() -> dict[str, np.ndarray]:
    """Return what each network gives for the same two pictures, and one network's losses in training.

    Returns
    -------
    dict of str to array
        ``(outputs, batch, classes)`` by network; ``"losses in training"`` ``(steps,)``.
    """
    found = {}
    for name, build in NETWORKS.items():
        model = build()
        set_weights(model)
        given = model(pictures(model, 2), training=False)
        given = given if isinstance(given, list | tuple) else [given]
        found[name] = np.stack([keras.ops.convert_to_numpy(one) for one in given])
        keras.backend.clear_session()
    return {**found, "losses in training": train()}


def set_weights(model: keras.Model) -> None:
    """Give kernels and vectors values that keep signals in range, so that no softmax saturates."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.3, 0.7, weight.shape).astype("float32"))
        else:
            spread = np.sqrt(1 / np.prod(weight.shape[:-1]))
            weight.assign((spread * rng.standard_normal(weight.shape, "float32")).astype("float32"))


def pictures(model: keras.Model, count: int) -> np.ndarray:
    """Return random pictures of the model's size."""
    return np.random.default_rng(2).random((count, *model.input_shape[1:]), dtype=np.float32)


def train() -> np.ndarray:
    """Return the losses of a small residual network over a few steps of ``train_on_batch``."""
    model = resnet.cifar_resnet(8, (16, 16, 3), width=4)
    set_weights(model)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy")
    x = pictures(model, 8)
    losses = []
    for _ in range(TRAINED_STEPS + 1):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x, np.arange(8))))
    return np.array(losses)


if __name__ == "__main__":
    np.savez(sys.argv[1], backend=keras.backend.backend(), **outputs())
