"""ResNet-50 on the whole Fashion-MNIST: the curve in the second assignment of week 2, too long for a notebook.

Only Keras and NumPy are used, so that it runs under every backend of Keras, and a checkpoint of one backend is good
for another.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Experiment, Report, Row
from utils.experiments.stepwise import Plan, train_stepwise

if TYPE_CHECKING:
    import keras

BORDER = 2  # pixels around a 28×28 picture that make it 32×32
SHIFT = 1  # pixels that a training picture moves at most
RECORD_STEPS = 39  # a point of the curve: twelve an epoch of 468 steps
CHECKPOINT_STEPS = 2 * RECORD_STEPS


def work(part: Mapping[str, Any], folder: Path, report: Report) -> Row:
    """Train ResNet-50 on the 60,000 training pictures and measure it on the 10,000 test pictures.

    Parameters
    ----------
    part : mapping
        ``depth`` of the network, and what :func:`train` wants.
    folder : Path
        Where checkpoints are.
    report : callable
        Told how far the training is.

    Returns
    -------
    dict
        As :func:`train` gives it. Nothing is chosen by the test pictures: the last epoch counts.
    """
    import keras

    from utils.data import load_fashion_mnist
    from utils.models.resnet import resnet

    keras.utils.set_random_seed(part["seed"])
    train_set, test_set = load_fashion_mnist(whole=True)
    side = train_set[0].shape[1] + 2 * BORDER
    return train(
        lambda: resnet(part["depth"], (side, side, 1), 10), train_set, test_set, part, folder, report
    )


def train(
    build: Callable[[], "keras.Model"],
    train_set: tuple[np.ndarray, np.ndarray],
    test_set: tuple[np.ndarray, np.ndarray],
    part: Mapping[str, Any],
    folder: Path,
    report: Report = lambda fraction, says: None,
) -> Row:
    """Train a classifier in cycles of falling learning rate, going on from the checkpoints in `folder`.

    Parameters
    ----------
    build : callable
        Returns the network, ``(batch, height + 4, width + 4, 1)`` → probabilities.
    train_set, test_set : tuple of array
        Pictures ``(m, height, width)``, uint8 in [0, 255], and classes ``(m,)``.
    part : mapping
        ``rates``: one a cycle, the highest learning rate of Adam, reached after ``warm_up`` epochs from 0, falling to 0
        along a cosine over the ``epochs`` of the cycle (Loshchilov and Hutter 2017, arXiv:1608.03983); ``batch``;
        ``seed``.
    folder : Path
        Where checkpoints are.
    report : callable
        ``(fraction, says)``, called after every step.

    Returns
    -------
    dict
        ``parameters`` (trainable), ``training_seconds``, ``resumed_at``, and the curves over all cycles:
        ``recorded_step`` with ``loss`` and ``accuracy``, means over the steps since the point before; ``test_step``
        with ``test_loss`` and ``test_accuracy``, after every epoch.
    """
    pictures, labels = train_set
    epoch_steps = len(pictures) // part["batch"]
    model, cycle_steps = build(), part["epochs"] * epoch_steps
    prepared = pad(test_set[0]), test_set[1]
    row: Row = {
        "parameters": sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        "training_seconds": 0.0,
        "resumed_at": [],
    }

    def measure(step: int) -> dict[str, float]:
        if step % epoch_steps:
            return {}
        values = model.evaluate(*prepared, batch_size=250, verbose=0, return_dict=True)
        return {"test_step": step, "test_loss": values["loss"], "test_accuracy": values["accuracy"]}

    for cycle, rate in enumerate(part["rates"]):
        before = cycle * cycle_steps
        _compile(model, rate, int(part["warm_up"] * epoch_steps), cycle_steps)

        def batch(step: int, before: int = before) -> tuple[np.ndarray, np.ndarray]:
            chosen = _chosen(before + step, epoch_steps, len(pictures), part)
            rng = np.random.default_rng([part["seed"], 1, before + step])
            return augment(pictures[chosen], rng), labels[chosen]

        def tell(fraction: float, says: str, cycle: int = cycle) -> None:
            report((cycle + fraction) / len(part["rates"]), f"cycle {cycle + 1}, {says}")

        plan = Plan(cycle_steps, RECORD_STEPS, CHECKPOINT_STEPS)
        progress = train_stepwise(model, batch, plan, folder / f"cycle-{cycle + 1}", tell, measure)
        row["training_seconds"] += progress.training_seconds
        row["resumed_at"] += [before + step for step in progress.resumed_at]
        for name, values in progress.curve.items():
            moved = [before + value for value in values] if name.endswith("_step") else values
            row[name] = row.get(name, []) + moved
    return row


def pad(pictures: np.ndarray) -> np.ndarray:
    """Turn bytes ``(m, height, width)`` into floats ``(m, height + 4, width + 4, 1)`` in [0, 1], border empty."""
    border = (BORDER, BORDER)
    return np.pad(pictures, ((0, 0), border, border))[..., np.newaxis].astype("float32") / 255


def augment(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Do what :func:`pad` does, with each picture shifted by up to a pixel and mirrored or not, at random."""
    m, height, width = pictures.shape
    out = np.zeros((m, height + 2 * BORDER, width + 2 * BORDER, 1), "float32")
    shifts = rng.integers(BORDER - SHIFT, BORDER + SHIFT + 1, (m, 2))
    mirrored = rng.random(m) < 0.5
    for one, picture, (down, right), mirror in zip(out, pictures, shifts, mirrored, strict=True):
        one[down : down + height, right : right + width, 0] = picture[:, ::-1] if mirror else picture
    return out / 255


def _chosen(step: int, epoch_steps: int, count: int, part: Mapping[str, Any]) -> np.ndarray:
    """Return which pictures a step takes: an epoch takes each once, the incomplete last batch is left out."""
    epoch, place = divmod(step, epoch_steps)
    order = np.random.default_rng([part["seed"], 0, epoch]).permutation(count)
    return order[place * part["batch"] : (place + 1) * part["batch"]]


def _compile(model: "keras.Model", rate: float, warm_up: int, steps: int) -> None:
    import keras

    falling = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=rate, warmup_steps=warm_up
    )
    model.compile(keras.optimizers.Adam(falling), "sparse_categorical_crossentropy", metrics=["accuracy"])


EXPERIMENT = Experiment(
    name="resnet50-fashion",
    says="ResNet-50 on the whole Fashion-MNIST, 60,000 pictures of clothes at 32×32.",
    minutes=90,
    parts={
        "ResNet-50": {
            "depth": 50,
            "epochs": 5,
            "batch": 128,
            "rates": [1e-3, 7e-4],
            "warm_up": 0.25,
            "seed": 1,
        }
    },
    work=work,
    seed=1,
    reports=True,
)
