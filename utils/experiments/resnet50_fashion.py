"""ResNet-50 on the whole Fashion-MNIST: the curve in the second assignment of week 2, too long for a notebook.

Only Keras and NumPy are used, so that it runs under every backend of Keras, and a checkpoint of one backend is good
for another.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Experiment, Report, Row

if TYPE_CHECKING:
    import keras

BORDER = 2  # pixels around a 28×28 picture that make it 32×32
SHIFT = 1  # pixels that a training picture moves at most
RECORD_STEPS = 39  # a point of the curve: twelve an epoch of 468 steps
CHECKPOINT_STEPS = 4 * RECORD_STEPS  # a point is never cut in two by an interruption


@dataclass
class State:
    """How far a training is; lives in ``state.json`` beside the checkpoint that it names.

    Attributes
    ----------
    step : int
        Steps done.
    checkpoint : str
        File with network and optimiser at this step; empty before the first.
    training_seconds : float
        Time spent, all sittings together.
    resumed_at : list of int
        The steps from which the training went on after interruptions.
    recorded_step, loss, accuracy : list
        The training curve: means over the steps since the point before.
    test_step, test_loss, test_accuracy : list
        Measured after every epoch.
    """

    step: int = 0
    checkpoint: str = ""
    training_seconds: float = 0.0
    resumed_at: list[int] = field(default_factory=list)
    recorded_step: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_step: list[int] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


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
        ``parameters`` (trainable) and the fields of :class:`State`. Nothing is chosen by the test pictures: the last
        epoch counts.
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
    """Train a classifier, going on from the checkpoint in ``folder`` if there is one.

    What a step sees depends on the seed and its number alone, so an interrupted training ends as one that was not.

    Parameters
    ----------
    build : callable
        Returns the network, ``(batch, height + 4, width + 4, 1)`` → probabilities. Not called where a checkpoint is.
    train_set, test_set : tuple of array
        Pictures ``(m, height, width)``, uint8 in [0, 255], and classes ``(m,)``.
    part : mapping
        ``epochs``, ``batch``, ``rate`` (highest learning rate of Adam, reached after ``warm_up`` epochs from 0, falling
        to 0 along a cosine) and ``seed``.
    folder : Path
        Where checkpoints are.
    report : callable
        ``(fraction, says)``, called after every step.

    Returns
    -------
    dict
        ``parameters`` (trainable) and the fields of :class:`State`.
    """
    pictures, labels = train_set
    epoch_steps = len(pictures) // part["batch"]
    steps = part["epochs"] * epoch_steps
    state, model = _resume(folder)
    if model is None:
        model = _compile(build(), part, epoch_steps)
    prepared = pad(test_set[0]), test_set[1]
    began = time.monotonic() - state.training_seconds
    since: list[tuple[float, float]] = []
    while state.step < steps:
        chosen = _chosen(state.step, epoch_steps, len(pictures), part)
        x = augment(pictures[chosen], np.random.default_rng([part["seed"], 1, state.step]))
        model.reset_metrics()
        values = model.train_on_batch(x, labels[chosen], return_dict=True)
        since.append((float(values["loss"]), float(values["accuracy"])))
        state.step += 1
        ends = state.step % epoch_steps == 0
        if ends or state.step % RECORD_STEPS == 0:
            _record(state, since)
            since = []
        if ends:
            _test(state, model, prepared)
        if ends or state.step % CHECKPOINT_STEPS == 0:
            state.training_seconds = round(time.monotonic() - began, 1)
            _save(state, model, folder)
        epoch = -(-state.step // epoch_steps)
        report(state.step / steps, f"epoch {epoch} of {part['epochs']}, loss {float(values['loss']):.3f}")
    parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    history = asdict(state)
    del history["checkpoint"]
    return {"parameters": parameters, **history}


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


def _compile(model: "keras.Model", part: Mapping[str, Any], epoch_steps: int) -> "keras.Model":
    import keras

    warm_up = int(part["warm_up"] * epoch_steps)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, part["epochs"] * epoch_steps - warm_up, warmup_target=part["rate"], warmup_steps=warm_up
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _record(state: State, since: list[tuple[float, float]]) -> None:
    loss, accuracy = np.mean(since, axis=0)
    state.recorded_step.append(state.step)
    state.loss.append(round(float(loss), 4))
    state.accuracy.append(round(float(accuracy), 4))


def _test(state: State, model: "keras.Model", test_set: tuple[np.ndarray, np.ndarray]) -> None:
    values = model.evaluate(*test_set, batch_size=250, verbose=0, return_dict=True)
    state.test_step.append(state.step)
    state.test_loss.append(round(float(values["loss"]), 4))
    state.test_accuracy.append(round(float(values["accuracy"]), 4))


def _save(state: State, model: "keras.Model", folder: Path) -> None:
    """Keep network, optimiser and state; the state names its checkpoint, so they always fit each other."""
    old, state.checkpoint = state.checkpoint, f"step-{state.step}.keras"
    model.save(folder / state.checkpoint)
    partial = folder / "state.partial"
    partial.write_text(json.dumps(asdict(state)), encoding="utf-8")
    os.replace(partial, folder / "state.json")
    if old not in ("", state.checkpoint):
        (folder / old).unlink(missing_ok=True)


def _resume(folder: Path) -> "tuple[State, keras.Model | None]":
    """Return state and network of the last checkpoint, or a new state and no network."""
    file = folder / "state.json"
    if not file.exists():
        return State(), None
    import keras

    state = State(**json.loads(file.read_text(encoding="utf-8")))
    state.resumed_at.append(state.step)
    return state, keras.saving.load_model(folder / state.checkpoint)


EXPERIMENT = Experiment(
    name="resnet50-fashion",
    says="ResNet-50 on the whole Fashion-MNIST, 60,000 pictures of clothes at 32×32.",
    minutes=30,
    parts={
        "ResNet-50": {
            "depth": 50,
            "epochs": 5,
            "batch": 128,
            "rate": 1e-3,
            "warm_up": 0.25,
            "seed": 1,
        }
    },
    work=work,
    seed=1,
    reports=True,
)
