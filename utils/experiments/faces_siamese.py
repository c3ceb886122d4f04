"""Siamese classifiers beside the triplet loss, on people that none of them ever saw: lesson 3 of week 4.

Faces, batches and learning rate are those of the run that compares kinds of mining, `faces-mining`, and as there, some
networks learn from photographs alone and others from frozen first layers of lesson 1's network.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Experiment, Row
from utils.experiments.faces_mining import (
    ALPHA,
    DECAY,
    EMBEDDING,
    FILTERS,
    HEAD_ALPHA,
    LAYERS,
    PEOPLE,
    PICTURES,
    RATE,
    part_name,
)
from utils.experiments.faces_seen import faces_seen

if TYPE_CHECKING:
    import keras

# How a network learns and how two encodings are compared afterwards.
METHODS = ("triplet", "difference", "chi-square")
SEEDS = (1, 2, 3)
STEPS = 150
MEASURED_EVERY = 25
# What the last layer begins with: every difference counts alike against one person, and half of the pairs may pass.
FIRST_WEIGHT = -1.0
FIRST_BIAS = {"difference": 8.0, "chi-square": 5.0}
# The encodings of a head are four times as long, and the sums of their differences twice as large.
HEAD_FIRST_BIAS = {"difference": 16.0, "chi-square": 10.0}
CURVE_POINTS = 60


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one network on thirty people and measure it on all pairs of pictures of ten others.

    Parameters
    ----------
    part : mapping
        ``method`` (of `METHODS`), ``steps`` and ``seed``: of the weights, of the batches and of how their pictures are
        varied; batches are the same for all methods of one seed. ``layers`` where the faces are seen through frozen
        ones, as for `faces_seen`.
    folder : Path
        Not used: a part takes a minute and is not worth a checkpoint.

    Returns
    -------
    dict
        ``parameters`` (trainable), ``measured_steps`` with ``areas`` (area under the curve after so many steps),
        ``area``, ``equal_error_rate`` and ``rank_one`` in the end, and the curve itself, ``false_accept`` and
        ``true_accept``, thinned.
    """
    import keras

    from utils.faces.batches import person_batches
    from utils.models.orl_faces import face_head, small_face_network

    layers, rng = part.get("layers"), np.random.default_rng(part["seed"])
    faces = faces_seen(layers)
    keras.backend.clear_session()
    keras.utils.set_random_seed(part["seed"])
    shape = faces.known.shape[1:]
    encoder = small_face_network(shape, EMBEDDING, FILTERS) if layers is None else face_head(shape[0])
    trainer, judge = _training(encoder, part["method"], part["steps"], headed=layers is not None)
    batches = person_batches(faces.who, PEOPLE, PICTURES, rng)
    measured: dict[int, float] = {}
    for step in range(1, part["steps"] + 1):
        rows = next(batches)
        trainer.train_on_batch(faces.vary(rows, rng), faces.who[rows].astype("int32"))
        if step % MEASURED_EVERY == 0 or step == part["steps"]:
            found = _measure(judge, (faces.unseen, faces.unseen_who))
            measured[step] = found["area"]
    return {
        "parameters": sum(int(np.prod(weight.shape)) for weight in trainer.trainable_weights),
        "measured_steps": list(measured),
        "areas": list(measured.values()),
        **found,
    }


def _training(encoder: "keras.Model", method: str, steps: int, headed: bool) -> tuple["keras.Model", Any]:
    """Return a compiled network that trains the encoder, and what gives distances of all pairs of pictures."""
    import keras

    from utils.faces.distances import distances
    from utils.faces.losses import batch_hard_loss
    from utils.faces.siamese import (
        all_pairs_classifier,
        balanced_pair_loss,
        compare_encodings,
        without_negatives,
    )

    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(RATE, steps), weight_decay=DECAY
    )
    if method == "triplet":
        encoder.compile(optimizer, partial(batch_hard_loss, alpha=HEAD_ALPHA if headed else ALPHA))
        return encoder, lambda pictures: distances(encoder.predict_on_batch(pictures))
    encoder = without_negatives(encoder) if method == "chi-square" else encoder
    weigh = first_layer((HEAD_FIRST_BIAS if headed else FIRST_BIAS)[method])
    trainer = all_pairs_classifier(encoder, weigh, method)
    trainer.compile(optimizer, balanced_pair_loss)

    def judge(pictures: np.ndarray) -> np.ndarray:
        f = encoder.predict_on_batch(pictures)
        # Without sigmoid and bias: probabilities near 1 could not be told apart in float32.
        return -np.asarray(compare_encodings(f[:, None], f[None], method)) @ weigh.get_weights()[0][:, 0]

    return trainer, judge


def first_layer(bias: float) -> "keras.layers.Layer":
    """Return a last layer that weighs all numbers alike at first, so that the training begins with a plain distance."""
    import keras

    return keras.layers.Dense(
        1,
        activation="sigmoid",
        kernel_initializer=keras.initializers.Constant(FIRST_WEIGHT),
        bias_initializer=keras.initializers.Constant(bias),
    )


def _measure(judge: Any, test: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Return area, error rates and the curve for all pairs of the test's faces."""
    from utils.faces.verification import roc

    pictures, labels = test
    apart = np.asarray(judge(pictures), np.float64)
    one, other = np.triu_indices(len(labels), 1)
    found = roc(apart[one, other], labels[one] == labels[other])
    along = found.false_accept + found.true_accept
    thinned = np.searchsorted(along, np.linspace(0, 2, CURVE_POINTS) - 1e-9)
    nearest = np.where(np.eye(len(labels), dtype=bool), np.inf, apart).argmin(axis=1)
    return {
        "area": round(found.area, 4),
        "equal_error_rate": round(found.equal_error_rate, 4),
        "rank_one": round(float(np.mean(labels[nearest] == labels)), 4),
        "false_accept": found.false_accept[thinned].round(4).tolist(),
        "true_accept": found.true_accept[thinned].round(4).tolist(),
    }


EXPERIMENT = Experiment(
    name="faces-siamese",
    says="Siamese classifiers beside the triplet loss on the ORL faces, people never seen.",
    minutes=7,
    parts={
        part_name(method, layers, seed): {"method": method, "steps": STEPS, "seed": seed}
        | ({} if layers is None else {"layers": layers})
        for layers in LAYERS
        for seed in SEEDS
        for method in METHODS
    },
    work=work,
    seed=SEEDS[0],
)
