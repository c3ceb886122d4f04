"""Accuracy against the number of training pictures, frozen, half frozen and from scratch: lesson 4 of week 2."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from utils.experiments.experiment import Experiment, Row

CUT = "block7_add"  # eight of the sixteen blocks of EfficientNet-Lite0 lie before it
CLASSES = 6
BATCH = 30
HEAD_STEPS, HEAD_RATE = 200, 3e-3
TUNE_STEPS, TUNE_RATE = {5: 20, 20: 40, 100: 80}, 1e-4
SCRATCH_STEPS, SCRATCH_RATE = {5: 100, 20: 160, 100: 240}, 2e-3
PIXEL_STEPS, PIXEL_RATE = 200, 1e-3


def work(part: Mapping[str, Any], folder: Path) -> Row:
    """Train one classifier on so many pictures a class and test it on the 360 test pictures.

    Parameters
    ----------
    part : mapping
        `way`: "frozen" (ImageNet features, only the head is trained), "half frozen" (after the head the second half of
        the network too, batch normalizations excepted), "from scratch" (a network of four convolutions) or "pixels"
        (a linear classifier of the pictures, shrunk to 12×12); `per_class`: training pictures a class; `seed`: chooses
        the pictures and the first weights.
    folder : Path
        Not used: a part takes less than a minute.

    Returns
    -------
    dict
        `accuracy`, and `hits`: for each of the 62 test things how many of its pictures were classified rightly. Nothing
        is chosen by the test pictures: the last step counts.
    """
    import keras

    from utils.data import load_asset, load_cut_outs

    (x_train, y_train), (x_test, y_test) = load_cut_outs()
    things = load_asset("cut-outs-6")
    chosen = choose_pictures(y_train, things["object_train"], part["per_class"], part["seed"])
    keras.utils.set_random_seed(part["seed"])
    predict = {
        "frozen": _frozen,
        "half frozen": _half_frozen,
        "from scratch": _from_scratch,
        "pixels": _pixels,
    }
    guesses = predict[part["way"]](chosen, y_train[chosen], x_train, x_test)
    right = guesses == y_test
    hits = np.bincount(things["object_test"], weights=right).astype(int)
    return {"accuracy": round(float(right.mean()), 4), "hits": hits.tolist()}


def choose_pictures(labels: np.ndarray, things: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Draw training pictures that show as many different things as there are.

    Parameters
    ----------
    labels, things : ndarray
        (pictures,): class of each picture, and which thing it shows.
    per_class : int
        Pictures a class; no more than the smallest class has.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray
        Numbers of the chosen pictures, `per_class` of every class, in random order.

    Raises
    ------
    ValueError
        When a class has fewer pictures.
    """
    if not 1 <= per_class <= np.bincount(labels).min():
        raise ValueError(f"per_class must be in 1…{np.bincount(labels).min()}, got {per_class!r}")
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    turn = np.zeros(len(labels), int)  # how often the same thing came before in the shuffled order
    for thing in np.unique(things):
        places = np.flatnonzero(things[shuffled] == thing)
        turn[places] = np.arange(len(places))
    by_turn = shuffled[np.argsort(turn, kind="stable")]
    chosen = [by_turn[labels[by_turn] == label][:per_class] for label in np.unique(labels)]
    return rng.permutation(np.concatenate(chosen))


def accuracy_interval(
    hits: Sequence[Sequence[int]], totals: Sequence[int], rng: np.random.Generator, resamples: int = 2000
) -> tuple[float, float, float]:
    """Return mean accuracy and its 95 % bootstrap interval over training draws and test things.

    Pictures of one thing are right or wrong together, so whole things are drawn again, not pictures; and so are the
    runs, which differ by their training pictures.

    Parameters
    ----------
    hits
        (runs, things): how many pictures of each test thing a run got right.
    totals
        (things,): how many pictures there are of each.
    rng
        Draws the resamples.
    resamples
        How many.

    Returns
    -------
    (mean, low, high) : tuple of float
        In [0, 1].

    References
    ----------
    Field and Welsh: Bootstrapping clustered data, 2007.
    """
    hits, totals = np.asarray(hits, float), np.asarray(totals, float)
    runs = rng.integers(len(hits), size=(resamples, len(hits)))
    things = rng.integers(len(totals), size=(resamples, len(totals)))
    per_thing = hits[runs].mean(axis=1)  # (resamples, things)
    drawn = np.take_along_axis(per_thing, things, axis=1).sum(axis=1) / totals[things].sum(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(hits.mean(axis=0).sum() / totals.sum()), float(low), float(high)


@cache
def _features() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return what the pretrained network makes of all pictures, (train, test): halfway and, averaged, at its end."""
    import keras

    from utils.data import load_cut_outs
    from utils.models.efficientnet import efficientnet_lite0

    base = efficientnet_lite0(input_shape=(96, 96, 3), include_top=False)
    both = keras.Model(base.input, [base.get_layer(CUT).output, base.output])
    (x_train, _), (x_test, _) = load_cut_outs()
    (half_train, end_train), (half_test, end_test) = (
        both.predict(x / np.float32(255), batch_size=60, verbose=0) for x in (x_train, x_test)
    )
    return {"half": (half_train, half_test), "end": (end_train.mean((1, 2)), end_test.mean((1, 2)))}


def _frozen(chosen, labels, x_train, x_test) -> np.ndarray:
    train, test = _features()["end"]
    model = _renewed(_head)
    _train(model, train[chosen], labels, HEAD_STEPS, HEAD_RATE)
    return model.predict(test, verbose=0).argmax(axis=1)


def _half_frozen(chosen, labels, x_train, x_test) -> np.ndarray:
    """Train the head on the end's features, and then head and second half, with a small rate, on the half's."""
    half_train, half_test = _features()["half"]
    end_train, _ = _features()["end"]
    head = _renewed(_head)
    _train(head, end_train[chosen], labels, HEAD_STEPS, HEAD_RATE)
    model, pretrained = _second_half()
    model.set_weights([*pretrained, *head.get_weights()])
    _train(model, half_train[chosen], labels, TUNE_STEPS[len(chosen) // CLASSES], TUNE_RATE)
    return model.predict(half_test, batch_size=60, verbose=0).argmax(axis=1)


def _from_scratch(chosen, labels, x_train, x_test) -> np.ndarray:
    model = _renewed(_small_network)
    _train(model, x_train[chosen], labels, SCRATCH_STEPS[len(chosen) // CLASSES], SCRATCH_RATE)
    return model.predict(x_test, batch_size=60, verbose=0).argmax(axis=1)


def _pixels(chosen, labels, x_train, x_test) -> np.ndarray:
    def shrink(x):
        return x.reshape(len(x), 12, 8, 12, 8, 3).mean((2, 4)).reshape(len(x), -1).astype("float32") / 255

    model = _renewed(_linear)
    _train(model, shrink(x_train[chosen]), labels, PIXEL_STEPS, PIXEL_RATE)
    return model.predict(shrink(x_test), verbose=0).argmax(axis=1)


def _head():
    """Return a softmax on averaged features."""
    import keras

    return keras.Sequential([keras.Input((1280,)), keras.layers.Dense(CLASSES, activation="softmax")])


def _linear():
    """Return a softmax on pictures of 12×12."""
    import keras

    return keras.Sequential([keras.Input((432,)), keras.layers.Dense(CLASSES, activation="softmax")])


def _small_network():
    """Return a network of four convolutions for pictures in [0, 255], which it shrinks to 32×32."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input((96, 96, 3)), layers.Rescaling(1 / 255), layers.AveragePooling2D(3)]
    )
    for filters in (16, 32, 64, 128):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(CLASSES, activation="softmax"))
    return model


@cache
def _second_half():
    """Return the network from the cut to a new softmax, batch normalizations frozen, and its pretrained weights."""
    import keras
    from keras import layers

    from utils.models.efficientnet import efficientnet_lite0
    from utils.models.transfer import freeze_until

    base = freeze_until(efficientnet_lite0(input_shape=(96, 96, 3), include_top=False), CUT)
    upper = keras.Model(base.get_layer(CUT).output, base.output)
    x = layers.GlobalAveragePooling2D()(upper.output)
    model = keras.Model(upper.input, layers.Dense(CLASSES, activation="softmax")(x))
    return model, upper.get_weights()


@cache
def _kept(build: Callable):
    return build()


def _renewed(build: Callable):
    """Return a network with new random weights; compiled only once, for that takes longer than the training."""
    model = _kept(build)
    model.set_weights(build().get_weights())
    return model


def _train(model, x: np.ndarray, y: np.ndarray, steps: int, rate: float) -> None:
    """Train by Adam for so many batches of 30, with a rate that falls to 0 along a cosine, epoch by epoch."""
    import keras

    if model.compiled:
        for variable in model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
    else:
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    epochs = steps * BATCH // len(x)
    cosine = keras.callbacks.LearningRateScheduler(
        lambda epoch: float(rate * (1 + np.cos(np.pi * epoch / epochs)) / 2)
    )
    model.fit(x, y, batch_size=BATCH, epochs=epochs, callbacks=[cosine], verbose=0)


def _parts() -> dict[str, dict[str, Any]]:
    return {
        f"{way}, {per_class} a class, seed {seed}": {"way": way, "per_class": per_class, "seed": seed}
        for way in ("frozen", "half frozen", "from scratch", "pixels")
        for per_class in (5, 20, 100)
        for seed in (1, 2, 3)
    }


EXPERIMENT = Experiment(
    name="transfer-cut-outs",
    says="Six kinds of things on photographs: an ImageNet network frozen, half frozen, and a network from scratch.",
    minutes=4,
    parts=_parts(),
    work=work,
    seed=1,
)
