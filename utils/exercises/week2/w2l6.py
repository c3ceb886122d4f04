"""What lesson 6 of week 2 asks for: the mean of several networks, ten crops of a picture, and the mean over those."""

from functools import lru_cache

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Exercise
from utils.exercises.keras_models import quiet_retracing


def probability_network(shape: tuple[int, ...], classes: int, rng: np.random.Generator, number: int = 0):
    """Return a small Keras classifier with random weights: batch normalisation, one dense layer, softmax.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) of one picture.
    classes : int
        Number of classes.
    rng : numpy.random.Generator
        Source of the weights.
    number : int
        Networks of equal shape that are used at the same time have different numbers; a number's network is built
        once and gets new weights each time.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes), float32. In training mode it normalises by
        the batch, and so computes something else.
    """
    quiet_retracing()
    model = _built_network(shape, classes, number)
    channels, values = shape[-1], int(np.prod(shape))
    moments = [rng.uniform(0.2, 0.8, channels), rng.uniform(0.05, 0.5, channels)]
    dense = [3 * rng.standard_normal((values, classes)) / np.sqrt(values), rng.standard_normal(classes)]
    model.set_weights([*moments, *dense])
    return model


@lru_cache
def _built_network(shape: tuple[int, ...], classes: int, number: int):
    import keras
    from keras import layers

    class Network(keras.Sequential):
        """Predicts arrays at once: Keras' own way would take longer for its preparations than for the work."""

        def predict(self, x, *args, **kwargs):
            if not isinstance(x, np.ndarray):
                return super().predict(x, *args, **kwargs)
            return keras.ops.convert_to_numpy(self(x, training=False))

    return Network(
        [
            keras.Input(shape),
            layers.BatchNormalization(center=False, scale=False),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def _ensemble_arguments(case: Case) -> tuple[tuple, dict]:
    x, params = case.arrays["x"], case.params
    rng = np.random.default_rng(params["seed"])
    networks = range(params["networks"])
    return ([probability_network(x.shape[1:], params["classes"], rng, n) for n in networks], x), {}


def _crops_arguments(case: Case) -> tuple[tuple, dict]:
    images, params = case.arrays["images"], case.params
    shape = (params["size"], params["size"], images.shape[3])
    model = probability_network(shape, params["classes"], np.random.default_rng(params["seed"]))
    return (model, images, params["size"]), {}


EXERCISES = (
    Exercise(
        notebook="w2l6",
        function="ensemble_predict",
        signature="(models, x)",
        points=1,
        task="Average the probabilities that several networks give.",
        hints=(
            "`model.predict(x, verbose=0)` gives one network's probabilities, (m, classes). Ask every "
            "network in turn and keep the answers in a list.",
            "`np.mean` of a list of arrays stacks them first. Which axis of the stack, (networks, m, "
            "classes), should disappear?",
        ),
        build=_ensemble_arguments,
        answered_by=("utils.models.averaging.ensemble_predict",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l6",
        function="ten_crop",
        signature="(images, size)",
        points=2,
        task="Cut the four corners and the centre out of every picture, and add their mirror images.",
        hints=(
            "A square is a slice of the second and third axis: `images[:, top : top + size, left : left + "
            "size]`. Write down top and left of the five places; the farthest possible ones are height − "
            "size and width − size.",
            "Left and right are the third axis of (m, size, size, channels). A slice with the step −1 "
            "there, or `np.flip` with that axis, mirrors.",
            "`np.stack` with `axis=1` puts five arrays (m, size, size, channels) side by side as (m, 5, "
            "size, size, channels). Mirror that, mind that left and right are one axis further back now, "
            "and join both with `np.concatenate(…, axis=1)`.",
        ),
        answered_by=("utils.data.crops.ten_crop",),
    ),
    Exercise(
        notebook="w2l6",
        function="multi_crop_predict",
        signature="(model, images, size)",
        points=2,
        task="Average a network's probabilities over the ten crops of every picture.",
        hints=(
            "A network takes pictures one after another, (n, size, size, channels). The crops are (m, 10, "
            "size, size, channels): make one axis of the first two.",
            "A reshape to (m · 10, size, size, channels) keeps the ten crops of a picture next to each "
            "other. Undo it the same way round after the network has spoken.",
            "The answers (m · 10, classes) become (m, 10, classes) by `.reshape(len(images), 10, -1)`. The "
            "mean is over the axis that counts the crops.",
        ),
        build=_crops_arguments,
        answered_by=("utils.models.averaging.multi_crop_predict",),
        time_limit=60,
    ),
)
