"""What the runs that train detectors share: a frozen stem is computed once, only the tail is trained on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.data.arrays import write_arrays
from utils.data.compact import halve_kernels
from utils.detection.average_precision import Truth
from utils.detection.targets import encode_batch
from utils.experiments.experiment import Report
from utils.experiments.stepwise import Plan, Progress, train_stepwise

if TYPE_CHECKING:
    import keras

BATCH = 32
RECORD_STEPS = 10
CHECKPOINT_STEPS = 100
WARM_UP = 50  # steps in which the learning rate rises
DECAY = 0.02  # of the weights, by AdamW


@dataclass(frozen=True)
class Phase:
    """A piece of a training with its own learning rate.

    Attributes
    ----------
    name : str
        Of the folder with its checkpoints.
    steps : int
        How many.
    rate : float
        Highest learning rate of AdamW, from which it falls to 0 along a cosine.
    prepare : callable
        Told the network before the phase: what is to learn.
    """

    name: str
    steps: int
    rate: float
    prepare: Callable[["keras.Model"], None] = lambda model: None


def stem_features(
    model: "keras.Model", images: np.ndarray, report: Callable[[float], None] = lambda done: None
) -> np.ndarray:
    """Return the stem's output for pictures (n, height, width, 3) uint8, as float16 to save memory."""
    stem, parts = model.get_layer("stem"), []
    for start in range(0, len(images), BATCH):
        pictures = images[start : start + BATCH].astype(np.float32) / 255
        parts.append(np.asarray(stem.predict_on_batch(pictures)).astype(np.float16))
        report((start + len(pictures)) / len(images))
    return np.concatenate(parts)


def train_tail(
    model: "keras.Model",
    features: np.ndarray,
    truth: Sequence[Truth],
    anchors: np.ndarray,
    phases: Sequence[Phase],
    seed: int,
    folder: Path,
    report: Report = lambda fraction, says: None,
) -> list[Progress]:
    """Train the tail of a detector in place, phase after phase, going on from the checkpoints in `folder`.

    Parameters
    ----------
    model : keras.Model
        As `utils.models.yolov2_efficientnet` builds it, with weights that depend on the seed alone.
    features : ndarray, (n, ...)
        Output of its stem.
    truth : sequence of Truth
        (n,): boxes relative to the picture, and classes.
    anchors : ndarray, (k, 2)
        In grid cells.
    phases : sequence of Phase
        In order.
    seed : int
        Of the order of the pictures.
    folder : Path
        Where checkpoints are.
    report : callable
        ``(fraction, says)``, called after every step.

    Returns
    -------
    list of Progress
        One a phase.
    """
    import keras

    from utils.detection.loss import YoloLoss

    tail = model.get_layer("tail")
    targets = encode_batch(truth, anchors, tail.output_shape[1:3])
    done, all_steps, progress = 0, sum(phase.steps for phase in phases), []
    for number, phase in enumerate(phases):
        phase.prepare(model)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, phase.steps - WARM_UP, warmup_target=phase.rate, warmup_steps=WARM_UP
        )
        tail.compile(keras.optimizers.AdamW(rate, weight_decay=DECAY), YoloLoss(anchors))

        def batch(step: int, number: int = number) -> tuple[np.ndarray, np.ndarray]:
            chosen = _chosen(step, len(features), [seed, number])
            return features[chosen], targets[chosen]

        def tell(fraction: float, says: str, phase: Phase = phase, done: int = done) -> None:
            report((done + fraction * phase.steps) / all_steps, f"{phase.name}, {says}")

        plan = Plan(phase.steps, RECORD_STEPS, CHECKPOINT_STEPS)
        progress.append(train_stepwise(tail, batch, plan, folder / phase.name, tell))
        done += phase.steps
    return progress


def save_tail(model: "keras.Model", path: Path) -> None:
    """Write the tail's weights as `utils.models.weights.load_weights` reads them, kernels as float16."""
    tail = model.get_layer("tail")
    weights = {
        f"{layer.name}/{variable.name}": np.asarray(variable)
        for layer in tail.layers
        for variable in layer.weights  # without the state of the dropout's random numbers
    }
    write_arrays(path, halve_kernels(weights))


def _chosen(step: int, count: int, seed: list[int]) -> np.ndarray:
    """Return which pictures a step takes: an epoch takes each once, the incomplete last batch is left out."""
    epoch, place = divmod(step, count // BATCH)
    order = np.random.default_rng([*seed, epoch]).permutation(count)
    return np.sort(order[place * BATCH : (place + 1) * BATCH])
