"""One kind of clothes against four kinds never seen, ten times: the bars in lesson 9 of week 4."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.experiments.experiment import Experiment, Row

KINDS = 10
STEPS, BATCH = 400, 64


def split_kinds(one: int) -> tuple[list[int], list[int]]:
    """Return five reference kinds and four kinds that nobody sees before the test, for the kind `one`."""
    others = [kind for kind in range(KINDS) if kind != one]
    return others[::2], others[1::2]


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Judge one kind of clothes by pixels, by features that are only descriptive, and by compact ones.

    Parameters
    ----------
    part : mapping
        ``one`` (the kind, 0 to 9), ``weight`` (λ) and ``seed``.
    folder : Path
        Not used: a part takes half a minute.

    Returns
    -------
    dict
        ``pixels``, ``descriptive``, ``compact``: area under the ROC curve, test pictures of the one kind against those
        of the four unseen kinds.
    """
    from utils.data import load_fashion_mnist
    from utils.models.one_class import anomaly_scores

    (x, y), (x_test, y_test) = load_fashion_mnist()
    x, x_test = (pictures[..., None].astype("float32") / 255 for pictures in (x, x_test))
    reference, unseen = split_kinds(part["one"])
    known, tested = x[y == part["one"]], x_test[y_test == part["one"]]
    new = x_test[np.isin(y_test, unseen)]

    def area(describe) -> float:
        normal, strange = (anomaly_scores(describe(some), describe(known)) for some in (tested, new))
        return round(area_under_curve(normal, strange), 4)

    row: Row = {"pixels": area(lambda pictures: pictures.reshape(len(pictures), -1))}
    for name, weight in (("descriptive", 0.0), ("compact", part["weight"])):
        features = train_features(x, y, reference, known, weight, part["seed"])
        row[name] = area(lambda pictures, features=features: features.predict(pictures, 256, verbose=0))
    return row


def train_features(x, y, reference: list[int], known: np.ndarray, weight: float, seed: int):
    """Train a feature network on reference kinds and the one kind; returns the `keras.Model` of the features."""
    import keras

    from utils.models.one_class import OneClassNetwork, feature_network

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    rows = rng.choice(np.flatnonzero(np.isin(y, reference)), STEPS * BATCH)
    pairs = [x[rows], known[rng.integers(0, len(known), len(rows))]]
    labels = np.searchsorted(reference, y[rows])
    network = OneClassNetwork(feature_network(), len(reference), weight)
    network.compile(keras.optimizers.Adam(1e-3), steps_per_execution=20)
    network.fit(pairs, labels, batch_size=BATCH, epochs=1, verbose=0)
    return network.features


def area_under_curve(normal: np.ndarray, strange: np.ndarray) -> float:
    """Return the share of pairs in which the strange one has the higher score; equal scores count half."""
    from utils.faces.verification import roc

    return float(
        roc(np.concatenate([normal, strange]), np.arange(len(normal) + len(strange)) < len(normal)).area
    )


EXPERIMENT = Experiment(
    name="one-class-fashion",
    says="Each kind of clothes against four kinds never seen: pixels, descriptive features, compact features.",
    minutes=6,
    parts={
        f"kind {one}, seed {seed}": {"one": one, "weight": 0.1, "seed": seed}
        for seed in (1, 2)
        for one in range(KINDS)
    },
    work=work,
    seed=1,
)
