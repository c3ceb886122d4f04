"""Plain and residual networks of 8 to 56 layers after one pass over the data: the depths in lesson 2 of week 2."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.experiments.experiment import Experiment, Row

DEPTHS = (8, 20, 32, 44, 56)
SEEDS = (1, 2, 3)
STEPS = 312
BATCH = 32
RATE = 0.1
WIDTH = 8
LOSSES_A_POINT = 12


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one network for one pass over 10,000 pictures of clothes, 14×14 pixels, and measure it on 2,000 others.

    Parameters
    ----------
    part : mapping
        ``depth`` (6n + 2), ``kind`` (``"plain"`` or ``"residual"``), ``steps`` and ``seed``: of the weights and of the
        order of the pictures, which is the same for all networks of one seed.
    folder : Path
        Not used: a part takes half a minute and is not worth a checkpoint.

    Returns
    -------
    dict
        ``parameters`` (trainable), ``loss`` (cross-entropy of the training batches, one mean for every 12 steps),
        ``final_loss`` (mean of the last 60 steps) and ``test_accuracy``.
    """
    import keras
    import numpy as np

    from utils.data import load_fashion_mnist
    from utils.models.resnet import cifar_resnet

    keras.backend.clear_session()
    keras.utils.set_random_seed(part["seed"])
    (x_train, y_train), (x_test, y_test) = load_fashion_mnist()
    model = cifar_resnet(part["depth"], (14, 14, 1), 10, part["kind"] == "residual", WIDTH)
    model.compile(keras.optimizers.SGD(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    order = np.random.default_rng(part["seed"]).permutation(len(x_train))
    pictures, losses = _halved(x_train), []
    for step in range(part["steps"]):
        batch = order[step * BATCH : (step + 1) * BATCH]
        losses.append(float(model.train_on_batch(pictures[batch], y_train[batch])[0]))
        model.reset_metrics()
    _, accuracy = model.evaluate(_halved(x_test), y_test, batch_size=500, verbose=0)
    means = [np.mean(losses[at : at + LOSSES_A_POINT]) for at in range(0, len(losses), LOSSES_A_POINT)]
    return {
        "parameters": sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        "loss": [round(float(mean), 4) for mean in means],
        "final_loss": round(float(np.mean(losses[-5 * LOSSES_A_POINT :])), 4),
        "test_accuracy": round(float(accuracy), 4),
    }


def _halved(pictures):
    """Turn bytes (m, 28, 28) into floats (m, 14, 14, 1) in [0, 1]: each pixel is the mean of four."""
    return pictures.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))[..., None].astype("float32") / 255


def _parts() -> dict[str, dict[str, Any]]:
    """Name every part: the smallest networks first, so that a first picture is there soon."""
    return {
        f"{kind} {depth}, seed {seed}": {"depth": depth, "kind": kind, "steps": STEPS, "seed": seed}
        for seed in SEEDS
        for depth in DEPTHS
        for kind in ("plain", "residual")
    }


EXPERIMENT = Experiment(
    name="residual-depths",
    says="Plain and residual networks of 8 to 56 layers after one pass over 10,000 pictures of clothes, three seeds.",
    minutes=12,
    parts=_parts(),
    work=work,
    seed=SEEDS[0],
)
