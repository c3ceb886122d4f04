"""Eight networks and ten crops on Fashion-MNIST, alone and together: what lesson 6 of week 2 draws.

Two groups of eight networks, all trained alike on the same pictures, each from its own seed. The groups share no
network, so that the second shows how much of what the first finds is luck.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.experiments.experiment import Experiment, Row

NETWORKS = 8
SIZE = 24
EPOCHS = 12
BATCH = 64
RATE = 3e-3


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train a group of networks and measure its ensembles of 1 to ``networks``, with one crop and with ten.

    Parameters
    ----------
    part : mapping
        ``networks``, ``first_seed`` (the others count on from it), ``epochs`` and ``rate``.
    folder : Path
        Keeps each network's probabilities once they are there: an interrupted part goes on with the next network.

    Returns
    -------
    dict
        ``parameters`` of one network; ``ten_crop_time``, the time of ten crops over that of one; ``singles`` (each
        network alone) and ``ensembles`` (the first 1, 2, … of them together): under ``"one crop"`` and ``"ten crops"``
        a list of ``networks`` rows with ``accuracy``, ``log_loss`` and ``right`` (2,000 flags as :func:`pack_flags`
        writes them); ``votes``, the accuracies of the same ensembles if networks vote.
    """
    from utils.data import load_fashion_mnist

    (x_train, y_train), (x_test, y_test) = load_fashion_mnist()
    seeds = range(part["first_seed"], part["first_seed"] + part["networks"])
    kept = []
    for seed in seeds:
        file = folder / f"network-{seed}.npz"
        if not file.exists():
            result = _train_and_predict(part, seed, x_train, y_train, x_test)
            with open(folder / "partial", "wb") as partial:
                np.savez(partial, **result)
            (folder / "partial").replace(file)
        with np.load(file) as arrays:
            kept.append(dict(arrays))
    row: Row = {
        "parameters": int(kept[0]["parameters"]),
        "ten_crop_time": round(float(np.median([arrays["time_ratio"] for arrays in kept])), 1),
        "singles": {},
        "ensembles": {},
        "votes": {},
    }
    for name in ("one crop", "ten crops"):
        opinions = np.stack([arrays[name.replace(" ", "_")] for arrays in kept])
        together = np.cumsum(opinions, axis=0) / np.arange(1, len(kept) + 1)[:, None, None]
        row["singles"][name] = [measure(p, y_test) for p in opinions]
        row["ensembles"][name] = [measure(p, y_test) for p in together]
        row["votes"][name] = [_vote_accuracy(opinions[: n + 1], y_test) for n in range(len(kept))]
    return row


def measure(probabilities: np.ndarray, labels: np.ndarray) -> Row:
    """Return ``accuracy``, ``log_loss`` and packed ``right`` of probabilities (m, classes) for labels (m,)."""
    right = probabilities.argmax(axis=1) == labels
    likelihood = probabilities[np.arange(len(labels)), labels]
    return {
        "accuracy": round(float(right.mean()), 4),
        "log_loss": round(float(-np.log(np.maximum(likelihood, 1e-12)).mean()), 4),
        "right": pack_flags(right),
    }


def pack_flags(flags: np.ndarray) -> str:
    """Write booleans (m,) as hexadecimal digits, four flags a digit; ``utils.data.runs.unpack_flags`` reads them."""
    return np.packbits(flags).tobytes().hex()


def random_crops(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut a square at a random place out of each picture and mirror every second one, by chance.

    Parameters
    ----------
    pictures : ndarray
        (m, height, width).
    rng : numpy.random.Generator
        Decides where, and which are mirrored.

    Returns
    -------
    ndarray
        (m, 24, 24), the same dtype.
    """
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (SIZE, SIZE), axis=(1, 2))
    m, rows, columns = windows.shape[:3]
    crops = windows[np.arange(m), rng.integers(rows, size=m), rng.integers(columns, size=m)]
    mirrored = rng.random(m) < 0.5
    return np.where(mirrored[:, None, None], crops[:, :, ::-1], crops)


def _train_and_predict(part: Mapping[str, Any], seed: int, x_train, y_train, x_test) -> dict[str, np.ndarray]:
    import keras

    from utils.data.crops import ten_crop

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = _network()
    orders = [rng.permutation(len(x_train)) for _ in range(part["epochs"])]
    pictures = np.concatenate([random_crops(x_train[order], rng) for order in orders])[..., np.newaxis]
    labels = np.concatenate([y_train[order] for order in orders])
    rate = keras.optimizers.schedules.CosineDecay(part["rate"], len(pictures) // BATCH)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(pictures, labels, batch_size=BATCH, shuffle=False, verbose=0)
    crops = ten_crop(x_test[..., np.newaxis], SIZE)
    centre, ten, ratio = _predict_and_time(model, crops)
    return {"one_crop": centre, "ten_crops": ten, "time_ratio": ratio, "parameters": model.count_params()}


def _predict_and_time(model, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the probabilities for the centre and for the mean of ten crops, and how much longer the second takes."""
    inputs = {1: crops[:, 4], 10: crops.reshape(-1, *crops.shape[2:])}
    outputs, seconds = {}, {1: [], 10: []}
    for _ in range(2):  # the first round also compiles; the smaller time counts
        for count, pictures in inputs.items():
            began = time.perf_counter()
            outputs[count] = model.predict(pictures, batch_size=250, verbose=0)
            seconds[count].append(time.perf_counter() - began)
    ten = outputs[10].reshape(len(crops), 10, -1).mean(axis=1)
    return outputs[1], ten, min(seconds[10]) / min(seconds[1])


def _network():
    """Return a small network for 24×24 pictures of bytes, giving probabilities of ten classes."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(24, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(48, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(96, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _vote_accuracy(opinions: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy of a majority vote; of several classes with as many votes, the first is taken."""
    votes = np.eye(opinions.shape[2])[opinions.argmax(axis=2)].sum(axis=0)
    return round(float((votes.argmax(axis=1) == labels).mean()), 4)


EXPERIMENT = Experiment(
    name="ensembles-fashion",
    says="Fashion-MNIST: ensembles of one to eight networks, with one crop and with ten, in two independent groups.",
    minutes=6,
    parts={
        f"group {group}": {"networks": NETWORKS, "first_seed": seed, "epochs": EPOCHS, "rate": RATE}
        for group, seed in (("A", 1), ("B", 101))
    },
    work=work,
    seed=1,
)
