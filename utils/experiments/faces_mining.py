"""Random, semi-hard and batch-hard triplets on the ORL faces: the kinds of mining that lesson 2 of week 4 compares.

All networks learn from people 1 to 30 and are measured on people 31 to 40, of whom they never saw a picture. The recipe
was chosen on people 1 to 5 and 11 to 15, whom plain pixels tell apart worst, with networks that learned from the other
20. An earlier recipe, chosen on people 21 to 30 whom pixels tell apart well, had been measured on the last ten before.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.experiments.experiment import Experiment, Row

KINDS = ("random", "semi-hard", "batch hard")
SEEDS = (1, 2, 3)
STEPS = 180
MEASURES = 15
PEOPLE, PICTURES = 16, 4
EMBEDDING = 64
FILTERS = (16, 32, 64, 128)
ALPHA = 0.2
RATE = 1e-3
DECAY = 1e-4
VARIED = {"shift": 0.05, "scale": 0.1, "degrees": 8.0, "light": 0.15, "mirrored": 0.0}


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one network on 300 faces of 30 people and measure it on 100 faces of ten others.

    Parameters
    ----------
    part : mapping
        ``kind`` of mining, ``steps`` and ``seed``: of the weights, of the batches and of how the faces vary.
    folder : Path
        Not used: a part takes a minute or two and is not worth a checkpoint.

    Returns
    -------
    dict
        ``parameters``; ``at`` and ``area``, the area under the ROC curve of the unseen people after so many steps;
        ``active``, the share of all triplets of the known people that still cost something, at the same steps;
        ``final``: ``area``, ``equal_error_rate`` and ``rank_one`` of the unseen people at the end, where rank one means
        that each face is looked for among the 99 others; ``both_sides``: the same with encodings that are the mean of a
        face's and its mirror image's.
    """
    import keras

    from utils.data import load_orl_faces
    from utils.faces.batches import half_size

    keras.backend.clear_session()
    keras.utils.set_random_seed(part["seed"])
    (known, who), (unseen, unseen_who) = load_orl_faces()
    known, unseen = half_size(known), half_size(unseen)
    row: Row = {"at": [], "area": [], "active": []}

    def look(model: keras.Model, step: int) -> None:
        row["at"].append(step)
        row["area"].append(measure(encode(model, unseen), unseen_who)["area"])
        row["active"].append(active_share(encode(model, known), who))

    model = train(known, who, part["kind"], part["steps"], np.random.default_rng(part["seed"]), look)
    return {
        "parameters": model.count_params(),
        **row,
        "final": measure(encode(model, unseen), unseen_who),
        "both_sides": measure(encode_both_sides(model, unseen), unseen_who),
    }


def train(pictures, labels, kind, steps, rng, look=lambda model, step: None):
    """Train a new network on triplets of one kind of mining.

    Parameters
    ----------
    pictures : ndarray, (n, height, width, 1)
        In [0, 1].
    labels : ndarray of int, (n,)
        Who is seen.
    kind : str
        One of ``KINDS``.
    steps : int
        Batches of 16 people, 4 varied pictures each; the learning rate falls to 0 as a cosine.
    rng : numpy.random.Generator
        Draws batches, variations and random triplets.
    look : callable
        ``(model, step)``, called before the first step and after each fifteenth of them.

    Returns
    -------
    keras.Model
    """
    import keras

    from utils.faces.batches import person_batches, vary_faces
    from utils.faces.losses import batch_hard_loss, semi_hard_loss
    from utils.faces.mining import random_triplets
    from utils.models.orl_faces import small_face_network

    losses = {"random": given_triplets_loss, "semi-hard": semi_hard_loss, "batch hard": batch_hard_loss}
    model = small_face_network(pictures.shape[1:], EMBEDDING, FILTERS, normalized=True)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=DECAY), losses[kind])
    batches = person_batches(labels, PEOPLE, PICTURES, rng)
    look(model, 0)
    for step in range(1, steps + 1):
        batch = next(batches)
        target = labels[batch]
        if kind == "random":
            # As many as semi-hard mining has pairs.
            target = random_triplets(target, len(batch) * (PICTURES - 1), rng)
        model.train_on_batch(vary_faces(pictures[batch], rng, **VARIED), target)
        if step * MEASURES % steps == 0:
            look(model, step)
    return model


def given_triplets_loss(triplets, encodings):
    """Return the mean loss of triplets (count, 3), given as rows of the batch's encodings (n, d)."""
    from keras import ops

    from utils.faces.losses import triplet_loss

    anchor, positive, negative = (
        ops.take(encodings, ops.cast(triplets[:, place], "int32"), axis=0) for place in range(3)
    )
    return triplet_loss(anchor, positive, negative, ALPHA)


def encode(model, pictures: np.ndarray) -> np.ndarray:
    """Return the encodings (n, d) of pictures (n, height, width, 1)."""
    return model.predict(pictures, batch_size=100, verbose=0)


def encode_both_sides(model, pictures: np.ndarray) -> np.ndarray:
    """Return the mean encodings (n, d) of pictures (n, height, width, 1) and their mirror images, of length 1."""
    from utils.faces.distances import l2_normalize

    return l2_normalize(encode(model, pictures) + encode(model, pictures[:, :, ::-1]))


def measure(encodings: np.ndarray, labels: np.ndarray) -> Row:
    """Return how well encodings (n, d) tell the people of labels (n,) apart, all pairs and all faces taken."""
    from utils.faces.distances import distances
    from utils.faces.verification import pairs, roc

    curve = roc(*pairs(encodings, labels))
    others = distances(encodings)
    np.fill_diagonal(others, np.inf)
    return {
        "area": round(curve.area, 4),
        "equal_error_rate": round(curve.equal_error_rate, 4),
        "rank_one": round(float(np.mean(labels[others.argmin(axis=1)] == labels)), 4),
    }


def active_share(encodings: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of all triplets of encodings (n, d) that cost something: ‖a − p‖² + α > ‖a − n‖²."""
    from utils.faces.distances import squared_distances

    squares = squared_distances(encodings)
    active = total = 0
    for anchor, row in enumerate(squares):
        same = labels == labels[anchor]
        negatives = np.sort(row[~same])
        same[anchor] = False
        active += int(np.searchsorted(negatives, row[same] + ALPHA, side="left").sum())
        total += int(same.sum()) * len(negatives)
    return round(active / total, 4)


EXPERIMENT = Experiment(
    name="faces-mining",
    says="Triplets chosen at random, semi-hard and batch-hard on the ORL faces, measured on ten people never seen.",
    minutes=5,
    parts={
        f"{kind}, seed {seed}": {"kind": kind, "steps": STEPS, "seed": seed}
        for seed in SEEDS
        for kind in KINDS
    },
    work=work,
    seed=SEEDS[0],
)
