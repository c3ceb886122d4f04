"""Random, semi-hard and batch-hard triplets on the ORL faces: the kinds of mining that lesson 2 of week 4 compares.

All networks learn from people 1 to 30 and are measured on people 31 to 40, of whom they never saw a picture. Some learn
from photographs and from nothing else. Others, one dense layer each, learn from what frozen first layers of lesson 1's
network make of the aligned faces. Both recipes were chosen on people 1 to 5 and 11 to 15, whom plain pixels tell apart
worst, with networks that learned from the other 20. When the second one was chosen, two had been measured on the last
ten people already: the one for photographs, and another before it.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Experiment, Row
from utils.experiments.faces_seen import FacesSeen, faces_seen

if TYPE_CHECKING:
    import keras

KINDS = ("random", "semi-hard", "batch hard")
SEEDS = (1, 2, 3)
# None: photographs. Else up to which block lesson 1's network is taken over, the seventh of fourteen: with fewer, the
# people held out did not come to .98.
LAYERS = (None, "conv64_3")
STEPS = 180
MEASURES = 15
PEOPLE, PICTURES = 16, 4
EMBEDDING = 64
FILTERS = (16, 32, 64, 128)
ALPHA = 0.2
# A dense layer soon has all triplets of thirty people settled by a small margin.
HEAD_ALPHA = 1.0
RATE = 1e-3
DECAY = 1e-4


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one network on 300 faces of 30 people and measure it on 100 faces of ten others.

    Parameters
    ----------
    part : mapping
        ``kind`` of mining, ``steps`` and ``seed``: of the weights, of the batches and of how the faces vary; ``layers``
        where the faces are seen through frozen ones, as for `faces_seen`.
    folder : Path
        Not used: a part takes a minute or two and is not worth a checkpoint.

    Returns
    -------
    dict
        ``parameters``; ``at`` and ``area``, the area under the ROC curve of the unseen people after so many steps;
        ``active``, the share of all triplets of the known people that still cost something, at the same steps;
        ``final``: ``area``, ``equal_error_rate`` and ``rank_one`` of the unseen people at the end, where rank one means
        that each face is looked for among the 99 others; for photographs, ``both_sides``: the same with encodings that
        are the mean of a face's and its mirror image's.
    """
    import keras

    layers = part.get("layers")
    faces = faces_seen(layers)
    keras.backend.clear_session()
    keras.utils.set_random_seed(part["seed"])
    model, alpha = new_network(faces, layers)
    row: Row = {"at": [], "area": [], "active": []}

    def look(step: int) -> None:
        row["at"].append(step)
        row["area"].append(measure(encode(model, faces.unseen), faces.unseen_who)["area"])
        row["active"].append(active_share(encode(model, faces.known), faces.who, alpha))

    train(model, faces, part["kind"], part["steps"], alpha, np.random.default_rng(part["seed"]), look)
    row = {
        "parameters": model.count_params(),
        **row,
        "final": measure(encode(model, faces.unseen), faces.unseen_who),
    }
    if layers is None:
        row["both_sides"] = measure(encode_both_sides(model, faces.unseen), faces.unseen_who)
    return row


def new_network(faces: FacesSeen, layers: str | None) -> tuple["keras.Model", float]:
    """Return an untrained network for photographs or for the features of frozen layers, and its margin."""
    from utils.models.orl_faces import face_head, small_face_network

    shape = faces.known.shape[1:]
    if layers is None:
        return small_face_network(shape, EMBEDDING, FILTERS, normalized=True), ALPHA
    return face_head(shape[0]), HEAD_ALPHA


def train(model, faces, kind, steps, alpha, rng, look=lambda step: None) -> None:
    """Train a network on triplets of one kind of mining.

    Parameters
    ----------
    model : keras.Model
        Faces → encodings of length 1.
    faces : FacesSeen
        Where they come from.
    kind : str
        One of ``KINDS``.
    steps : int
        Batches of 16 people, 4 varied faces each; the learning rate falls to 0 as a cosine.
    alpha : float
        The margin.
    rng : numpy.random.Generator
        Draws batches, variations and random triplets.
    look : callable
        Called with the step before the first one and after each fifteenth of them.
    """
    import keras

    from utils.faces.batches import person_batches
    from utils.faces.losses import batch_hard_loss, semi_hard_loss
    from utils.faces.mining import random_triplets

    losses = {"random": given_triplets_loss, "semi-hard": semi_hard_loss, "batch hard": batch_hard_loss}
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=DECAY), partial(losses[kind], alpha=alpha))
    batches = person_batches(faces.who, PEOPLE, PICTURES, rng)
    look(0)
    for step in range(1, steps + 1):
        rows = next(batches)
        target = faces.who[rows]
        if kind == "random":
            # As many as semi-hard mining has pairs.
            target = random_triplets(target, len(rows) * (PICTURES - 1), rng)
        model.train_on_batch(faces.vary(rows, rng), target)
        if step * MEASURES % steps == 0:
            look(step)


def given_triplets_loss(triplets, encodings, alpha=ALPHA):
    """Return the mean loss of triplets (count, 3), given as rows of the batch's encodings (n, d)."""
    from keras import ops

    from utils.faces.losses import triplet_loss

    anchor, positive, negative = (
        ops.take(encodings, ops.cast(triplets[:, place], "int32"), axis=0) for place in range(3)
    )
    return triplet_loss(anchor, positive, negative, alpha)


def encode(model, pictures: np.ndarray) -> np.ndarray:
    """Return the encodings (n, d) of faces (n, ...)."""
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


def active_share(encodings: np.ndarray, labels: np.ndarray, alpha: float = ALPHA) -> float:
    """Return the share of all triplets of encodings (n, d) that cost something: ‖a − p‖² + α > ‖a − n‖²."""
    from utils.faces.distances import squared_distances

    squares = squared_distances(encodings)
    active = total = 0
    for anchor, row in enumerate(squares):
        same = labels == labels[anchor]
        negatives = np.sort(row[~same])
        same[anchor] = False
        active += int(np.searchsorted(negatives, row[same] + alpha, side="left").sum())
        total += int(same.sum()) * len(negatives)
    return round(active / total, 4)


def part_name(kind: str, layers: str | None, seed: int) -> str:
    """Return what a part of the run is called."""
    return f"{kind}, seed {seed}" if layers is None else f"{kind} behind {layers}, seed {seed}"


EXPERIMENT = Experiment(
    name="faces-mining",
    says="Triplets chosen at random, semi-hard and batch-hard on the ORL faces, measured on ten people never seen.",
    minutes=8,
    parts={
        part_name(kind, layers, seed): {"kind": kind, "steps": STEPS, "seed": seed}
        | ({} if layers is None else {"layers": layers})
        for layers in LAYERS
        for seed in SEEDS
        for kind in KINDS
    },
    work=work,
    seed=SEEDS[0],
)
