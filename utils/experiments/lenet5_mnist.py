"""LeNet-5 with ReLU and max-pooling or with tanh and average pooling: the curves in lesson 1 of week 2."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.experiments.experiment import Experiment, Row

BATCH = 64
EPOCHS = 32


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one network on the 8,000 training digits and measure it on the 2,000 test digits after every epoch.

    Parameters
    ----------
    part : mapping
        ``activation`` (``"relu"`` or ``"tanh"``), ``pooling`` (``"max"`` or ``"average"``), ``epochs``, ``rate`` (first
        learning rate of Adam, falling to 0 along a cosine) and ``seed``.
    folder : Path
        Not used: a part takes two minutes and is not worth a checkpoint.

    Returns
    -------
    dict
        ``parameters`` (trainable), ``loss``, ``accuracy`` (training, distorted digits) and ``test_accuracy``, one
        number an epoch. Nothing is chosen by the test digits: the last epoch counts.
    """
    import keras

    from utils.data import load_mnist

    keras.utils.set_random_seed(part["seed"])
    (x_train, y_train), (x_test, y_test) = load_mnist()
    model = _network(part["activation"], part["pooling"])
    batches = _batches(_prepare(x_train), y_train, part["seed"])
    rate = keras.optimizers.schedules.CosineDecay(part["rate"], part["epochs"] * len(batches))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    test = (_prepare(x_test), y_test)
    history = model.fit(
        batches, epochs=part["epochs"], validation_data=test, shuffle=False, verbose=0
    ).history
    kept = {"loss": "loss", "accuracy": "accuracy", "test_accuracy": "val_accuracy"}
    return {
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        **{name: [round(float(value), 4) for value in history[key]] for name, key in kept.items()},
    }


def _network(activation: str, pooling: str):
    """Return LeNet-5 with the wanted activation and pooling, giving logits."""
    import keras
    from keras import layers

    pool = layers.MaxPooling2D if pooling == "max" else layers.AveragePooling2D
    model = keras.Sequential([keras.Input((32, 32, 1))])
    for filters in (6, 16):
        model.add(layers.Conv2D(filters, 5, activation=activation))
        model.add(pool(2))
    model.add(layers.Flatten())
    for units in (120, 84):
        model.add(layers.Dense(units, activation=activation))
    model.add(layers.Dense(10))
    return model


def _prepare(pictures):
    """Turn bytes (m, 28, 28) into floats (m, 32, 32, 1) in [0, 1] with an empty border, as LeNet-5 wants them."""
    import numpy as np

    return np.pad(pictures, ((0, 0), (2, 2), (2, 2)))[..., np.newaxis].astype("float32") / 255


def _batches(pictures, labels, seed: int):
    """Shuffle, distort and batch: up to 11 degrees of turn, 8 % of shift and 10 % of zoom, drawn anew every epoch."""
    import keras
    import tensorflow as tf
    from keras import layers

    distort = keras.Sequential(
        [
            layers.RandomRotation(0.03, fill_mode="constant"),
            layers.RandomTranslation(0.08, 0.08, fill_mode="constant"),
            layers.RandomZoom(0.1, fill_mode="constant"),
        ]
    )
    return (
        tf.data.Dataset.from_tensor_slices((pictures, labels))
        .shuffle(len(pictures), seed=seed)
        .batch(BATCH, drop_remainder=True)
        .map(lambda x, y: (distort(x, training=True), y), num_parallel_calls=2)
        .prefetch(2)
    )


EXPERIMENT = Experiment(
    name="lenet5-mnist",
    says="LeNet-5 on 8,000 handwritten digits: ReLU and max-pooling against tanh and average pooling.",
    minutes=4,
    parts={
        "ReLU, max-pooling": {
            "activation": "relu",
            "pooling": "max",
            "epochs": EPOCHS,
            "rate": 4e-3,
            "seed": 1,
        },
        "tanh, average pooling": {
            "activation": "tanh",
            "pooling": "average",
            "epochs": EPOCHS,
            "rate": 4e-3,
            "seed": 1,
        },
    },
    work=work,
    seed=1,
)
