"""Train by numbered steps, with checkpoints, so that an interruption changes nothing.

What a step sees is a function of its number alone; network, optimiser and curve are kept together. Only Keras and NumPy
are used, so that it runs under every backend of Keras.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Report

if TYPE_CHECKING:
    import keras

Batch = Callable[[int], tuple[Any, Any]]


@dataclass
class Progress:
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
    curve : dict of str to list
        ``recorded_step``; the mean of each metric over the steps since the point before; what was measured in between.
    """

    step: int = 0
    checkpoint: str = ""
    training_seconds: float = 0.0
    resumed_at: list[int] = field(default_factory=list)
    curve: dict[str, list[float]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float]) -> None:
        """Append a point to the curves of these names."""
        for name, value in values.items():
            point = value if isinstance(value, int) else round(float(value), 4)
            self.curve.setdefault(name, []).append(point)


@dataclass(frozen=True)
class Plan:
    """How long a training is, and how often it is written down.

    Attributes
    ----------
    steps : int
        All of them.
    record_every : int
        Steps a point of the curve.
    save_every : int
        Steps a checkpoint; a multiple of `record_every`, or a point would be cut in two by an interruption.
    """

    steps: int
    record_every: int
    save_every: int

    def __post_init__(self) -> None:
        """Refuse plans that an interruption would change."""
        if self.save_every % self.record_every:
            raise ValueError(
                f"save_every must be a multiple of record_every, got {self.save_every} and {self.record_every}"
            )


def train_stepwise(
    model: "keras.Model",
    batch: Batch,
    plan: Plan,
    folder: Path,
    report: Report = lambda fraction, says: None,
    measure: Callable[[int], Mapping[str, float]] = lambda step: {},
) -> Progress:
    """Train a compiled network in place, going on from the checkpoint in `folder` if there is one.

    Parameters
    ----------
    model : keras.Model
        Compiled; equal at every call, but for its weights.
    batch : callable
        Number of a step, from 0 → pictures and targets.
    plan : Plan
        How long.
    folder : Path
        Where checkpoints are; made when it is not there.
    report : callable
        ``(fraction, says)``, called after every step.
    measure : callable
        Number of steps done → values for the curve, or none; called after every step, before a checkpoint.

    Returns
    -------
    Progress
        Of all sittings together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    progress = _resume(model, plan, folder)
    began = time.monotonic() - progress.training_seconds
    since: list[Mapping[str, float]] = []
    while progress.step < plan.steps:
        x, y = batch(progress.step)
        model.reset_metrics()
        values = {name: float(v) for name, v in model.train_on_batch(x, y, return_dict=True).items()}
        since.append(values)
        progress.step += 1
        ends = progress.step == plan.steps
        if ends or progress.step % plan.record_every == 0:
            means = {name: np.mean([one[name] for one in since]) for name in values}
            progress.add({"recorded_step": progress.step, **means})
            since = []
        progress.add(measure(progress.step))
        if ends or progress.step % plan.save_every == 0:
            progress.training_seconds = round(time.monotonic() - began, 1)
            _save(progress, model, folder)
        report(progress.step / plan.steps, f"step {progress.step}, loss {values['loss']:.3f}")
    return progress


def _save(progress: Progress, model: "keras.Model", folder: Path) -> None:
    """Keep network, optimiser and state; the state names its checkpoint, so they always fit each other."""
    old, progress.checkpoint = progress.checkpoint, f"step-{progress.step}.weights.h5"
    model.save_weights(folder / progress.checkpoint)
    partial = folder / "state.partial"
    partial.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    os.replace(partial, folder / "state.json")
    if old not in ("", progress.checkpoint):
        (folder / old).unlink(missing_ok=True)


def _resume(model: "keras.Model", plan: Plan, folder: Path) -> Progress:
    """Bring the network to its last checkpoint, if there is one, and return how far that is."""
    # Without its variables an optimiser would take none from a checkpoint.
    model.optimizer.build(model.trainable_variables)
    file = folder / "state.json"
    if not file.exists():
        return Progress()
    progress = Progress(**json.loads(file.read_text(encoding="utf-8")))
    if progress.step < plan.steps:
        progress.resumed_at.append(progress.step)
    model.load_weights(folder / progress.checkpoint)
    return progress
