"""How much to distort: 500 training digits, distorted ever more strongly, in lesson 5 of week 2."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.experiments.experiment import Experiment, Row

TRAIN, VALIDATION = 500, 2000
BATCH = 50
EPOCHS = 40
STRENGTHS = (0, 0.25, 0.5, 1, 1.5, 2, 3)
SEEDS = (1, 2, 3)


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one small network on 500 digits and measure it on 2,000 others, none of them a test digit.

    Parameters
    ----------
    part : mapping
        ``strength`` (1: turned by up to 18°, moved by up to 10 %, zoomed by up to 15 %; other strengths in
        proportion), ``mirror`` (whether half of the digits are mirrored) and ``seed``.
    folder : Path
        Not used: a part takes seconds and is not worth a checkpoint.

    Returns
    -------
    dict
        ``accuracy`` on the training digits as they were distorted in the last epoch, ``validation_accuracy`` on
        untouched digits.
    """
    import keras

    from utils.data import load_mnist

    keras.utils.set_random_seed(part["seed"])
    (digits, labels), _ = load_mnist()
    digits = digits[..., None].astype("float32") / 255
    model = _network()
    steps = EPOCHS * TRAIN // BATCH
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    batches = _batches(digits[:TRAIN], labels[:TRAIN], part["strength"], part["mirror"], part["seed"])
    history = model.fit(batches, epochs=EPOCHS, shuffle=False, verbose=0).history
    unseen = slice(len(digits) - VALIDATION, None)
    accuracy = model.evaluate(digits[unseen], labels[unseen], batch_size=500, verbose=0)[1]
    return {
        "accuracy": round(float(history["accuracy"][-1]), 4),
        "validation_accuracy": round(float(accuracy), 4),
    }


def _network():
    """Return a small convolutional network for 28×28 digits, giving probabilities."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _batches(digits, labels, strength: float, mirror: bool, seed: int):
    """Shuffle, batch and distort, anew in every epoch."""
    import tensorflow as tf

    distort = _distortion(strength, mirror, seed)
    batches = (
        tf.data.Dataset.from_tensor_slices((digits, labels)).shuffle(len(digits), seed=seed).batch(BATCH)
    )
    if distort is not None:
        batches = batches.map(lambda x, y: (distort(x, training=True), y), num_parallel_calls=2)
    return batches.prefetch(2)


def _distortion(strength: float, mirror: bool, seed: int):
    """Return Keras' random layers in a row, or None when there is nothing to do."""
    import keras
    from keras import layers

    row = []
    if strength:
        black = {"fill_mode": "constant", "seed": seed}
        row += [
            layers.RandomRotation(0.05 * strength, **black),
            layers.RandomTranslation(0.1 * strength, 0.1 * strength, **black),
            layers.RandomZoom(0.15 * strength, **black),
        ]
    if mirror:
        row.append(layers.RandomFlip("horizontal", seed=seed))
    return keras.Sequential(row) if row else None


def _parts() -> dict[str, dict[str, Any]]:
    parts = {
        f"strength {strength}, seed {seed}": {"strength": strength, "mirror": False, "seed": seed}
        for strength in STRENGTHS
        for seed in SEEDS
    }
    parts |= {f"mirrored, seed {seed}": {"strength": 1, "mirror": True, "seed": seed} for seed in SEEDS}
    return parts


EXPERIMENT = Experiment(
    name="augmentation-strength",
    says="500 digits, distorted from not at all to beyond recognition, and mirrored.",
    minutes=5,
    parts=_parts(),
    work=work,
    seed=SEEDS[0],
)
