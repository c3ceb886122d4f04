"""A small network on pixels against a linear classifier on a hand-engineered feature, with few digits and with many.

The curves in lesson 6 of week 2.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.experiments.experiment import Experiment, Row

COUNTS = (50, 100, 200, 500, 1000, 2000, 4000, 8000)
DRAWS = 3
BATCH = 32


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train both classifiers on a few of the training digits, the same ones, for several draws of them.

    Parameters
    ----------
    part : mapping
        ``count`` of training digits, as many of each class; ``draws``, ``steps`` of 32 digits for the network and for
        the linear classifier.
    folder : Path
        Not used: a part takes half a minute.

    Returns
    -------
    dict
        ``network`` and ``hand``: errors on the 2,000 test digits, in [0, 1], one a draw.
    """
    import keras

    from utils.data import load_mnist

    (x_train, y_train), (x_test, y_test) = load_mnist()
    row: Row = {"network": [], "hand": []}
    for draw in range(part["draws"]):
        rng = np.random.default_rng([draw, part["count"]])
        keras.utils.set_random_seed(draw)
        chosen = balanced_choice(y_train, part["count"], rng)
        steps = rng.integers(part["count"], size=part["steps"] * BATCH)
        for name, model, prepare in (("network", _network(), _pixels), ("hand", _linear(), hog_features)):
            train, test = prepare(x_train[chosen]), prepare(x_test)
            rate = keras.optimizers.schedules.CosineDecay(2e-3 if name == "network" else 1e-2, part["steps"])
            model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
            model.fit(train[steps], y_train[chosen][steps], batch_size=BATCH, shuffle=False, verbose=0)
            wrong = model.predict(test, batch_size=250, verbose=0).argmax(axis=1) != y_test
            row[name].append(round(float(wrong.mean()), 4))
    return row


def balanced_choice(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` places in ``labels`` (m,), as equally many of each class as there are; all for ``count = m``."""
    if count == len(labels):
        return np.arange(count)
    each = count // len(np.unique(labels))
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:each] for c in np.unique(labels)])


def hog_features(pictures: np.ndarray) -> np.ndarray:
    """Return histograms of oriented gradients of pictures (m, 28, 28): float32 (m, 288).

    Eight directions in cells of 7×7 pixels, normalised in blocks of 2×2 cells.

    References
    ----------
    Dalal, Triggs: Histograms of oriented gradients for human detection, 2005.
    """
    from skimage.feature import hog

    return np.array([hog(p, 8, (7, 7), (2, 2)) for p in pictures], dtype=np.float32)


def _pixels(pictures: np.ndarray) -> np.ndarray:
    return pictures[..., np.newaxis].astype(np.float32) / 255


def _network():
    """Return a small network, probabilities of ten classes: 56,714 parameters."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _linear():
    """Return a linear classifier of the 288 features: 2,890 parameters."""
    import keras
    from keras import layers

    regularizer = keras.regularizers.L2(1e-4)
    return keras.Sequential(
        [keras.Input((288,)), layers.Dense(10, activation="softmax", kernel_regularizer=regularizer)]
    )


EXPERIMENT = Experiment(
    name="hand-engineering",
    says="Handwritten digits: a small network on pixels against a linear classifier on HOG features.",
    minutes=3,
    parts={
        f"{count} digits": {"count": count, "draws": DRAWS, "steps": 400 if count <= 1000 else count // 2}
        for count in COUNTS
    },
    work=work,
    seed=0,
)
