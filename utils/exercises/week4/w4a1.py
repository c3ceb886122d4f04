"""Week 4, the first assignment, face recognition with networks and picture files: what is asked.

The answers stand elsewhere.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import quiet_retracing
from utils.exercises.week4 import w4l1

_VERIFY, _WHO_IS_IT = (
    next(entry for entry in w4l1.EXERCISES if entry.function == name) for name in ("verify", "who_is_it")
)
_ROLES = ("anchor", "positive", "negative")
_READERS = ("utils.faces.encoding.encode_picture", "utils.faces.encoding.encode_file")


@cache
def _folder() -> tempfile.TemporaryDirectory:
    """Return a folder for pictures that goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="faces-")


def picture_file(picture: np.ndarray, name: str) -> str:
    """Write a picture, (height, width, 3) or grey (height, width), uint8, as a PNG file and return its path."""
    from PIL import Image

    path = Path(_folder().name) / Path(name).with_suffix(".png").name
    Image.fromarray(picture).save(path)
    return str(path)


@cache
def _network(shape: tuple[int, ...], units: int):
    """Return a network without training: pictures (batch, height, width, 3) in [0, 1] → encodings of any length."""
    import keras

    quiet_retracing()
    return keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(units, activation="softsign")]
    )


def small_network(shape: tuple[int, ...], kernel: np.ndarray, bias: np.ndarray):
    """Return a Keras model of one dense layer with these weights, which takes pictures of a shape."""
    model = _network(tuple(shape), len(bias))
    model.set_weights([kernel, bias])
    return model


def _three_tensors(case: Case) -> tuple[tuple, dict]:
    import keras

    return (None, tuple(keras.ops.convert_to_tensor(case.arrays[role]) for role in _ROLES)), dict(case.params)


def _call_with_slopes(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Return the loss and its derivatives with respect to the three encodings."""
    import tensorflow as tf

    y_true, y_pred = args
    with tf.GradientTape() as tape:
        tape.watch(list(y_pred))
        loss = function(y_true, y_pred, **kwargs)
    if loss is None or callable(loss) or not tf.is_tensor(loss):
        if isinstance(loss, np.ndarray | np.generic | float | int):
            raise WrongKind(
                f"Your loss is a {type(loss).__name__}, not a tensor: NumPy's functions take the numbers out of the "
                "network, and no gradient finds its way back. Use the functions of `keras.ops`."
            )
        as_array(loss, "The loss")  # says what it is
        raise WrongKind(
            f"Your loss is a {type(loss).__name__}, not a tensor: use the functions of `keras.ops`."
        )
    slopes = tape.gradient(loss, list(y_pred))
    if any(slope is None for slope in slopes):
        lost = " and ".join(role for role, slope in zip(_ROLES, slopes, strict=True) if slope is None)
        raise WrongKind(f"No gradient reaches {lost}: your loss does not depend on it.")
    return loss, slopes


def _probe_loss(result: Any) -> Arrays:
    loss, slopes = result
    names = (f"gradient with respect to the {role}" for role in _ROLES)
    return {"loss": as_array(loss), **{name: as_array(s) for name, s in zip(names, slopes, strict=True)}}


def _file_and_network(case: Case) -> tuple[tuple, dict]:
    shape = case.params["model_input"]
    model = small_network(shape, case.arrays["kernel"], case.arrays["bias"])
    return (picture_file(case.arrays["picture"], "camera.png"), model), {}


def _probe_encoding(result: Any) -> Arrays:
    return {"encoding": as_array(result, "The encoding")}


def _at_the_door(case: Case) -> tuple[tuple, dict]:
    """Turn names and encodings into a database, the picture into a file and the weights into a network."""
    params = dict(case.params)
    picture = case.arrays["picture"]
    path = picture_file(picture, params.pop("image_path"))
    database = dict(zip(params.pop("names"), case.arrays["encodings"], strict=True))
    identity = [params.pop("identity")] if "identity" in params else []
    model = small_network(picture.shape, case.arrays["kernel"], case.arrays["bias"])
    return (path, *identity, database, model), params


EXERCISES = (
    Exercise(
        notebook="w4a1",
        function="triplet_loss",
        signature="(y_true, y_pred, alpha=0.2)",
        points=7,
        task="Return the triplet loss of a batch as a tensor that a network can be trained with.",
        hints=(
            "Unpack first: `anchor, positive, negative = y_pred`. Each is (batch, d). `keras.ops` has all that you "
            "need: `square`, `sum`, `maximum`.",
            "Each triplet has two squared distances. A sum over the *last* axis, `axis=-1`, leaves one number for each "
            "triplet, shape (batch,).",
            "The maximum with 0 is taken for each triplet: `ops.maximum(near - far + alpha, 0.0)`. The sum over the "
            "batch comes last.",
        ),
        build=_three_tensors,
        call=_call_with_slopes,
        probe=_probe_loss,
        answered_by=("utils.faces.losses.triplet_loss", "torch.nn.functional.triplet_margin_loss"),
        time_limit=20,
    ),
    Exercise(
        notebook="w4a1",
        function="image_to_encoding",
        signature="(image_path, model)",
        points=6,
        task="Turn a picture file into its encoding of length 1.",
        hints=(
            "Four steps: read the file at the size that the network takes, bring the numbers into [0, 1], predict, "
            "scale to length 1.",
            "`model.input_shape` is (None, height, width, 3), so `read_image(image_path, size=model.input_shape[1:3])` "
            "reads and resizes at once. It gives uint8 from 0 to 255.",
            "A network takes a batch: `picture[np.newaxis]` has the shape (1, height, width, 3). "
            "`model.predict_on_batch` gives (1, d); its row 0 is what you want.",
            "`encoding / np.linalg.norm(encoding)` has length 1.",
        ),
        build=_file_and_network,
        probe=_probe_encoding,
        answered_by=_READERS,
        time_limit=20,
    ),
    Exercise(
        notebook="w4a1",
        function="verify",
        signature=_VERIFY.signature,
        points=7,
        task="Say whether the person in a picture file is the one named.",
        hints=(
            "Ask first whether there is such a person: `if identity not in database`, raise a KeyError whose message "
            "holds `', '.join(database)`.",
            "`encode_file(image_path, model)` gives the encoding of the file, `database[identity]` the stored one. "
            "The distance is the Euclidean one, `np.linalg.norm` of the difference.",
            "Return two values, the distance first: `distance, distance <= threshold`.",
        ),
        build=_at_the_door,
        probe=_VERIFY.probe,
        call=_VERIFY.call,
        time_limit=20,
    ),
    Exercise(
        notebook="w4a1",
        function="who_is_it",
        signature=_WHO_IS_IT.signature,
        points=10,
        task="Say who of the database is in a picture file, or that it is nobody.",
        hints=(
            "Encode the file once, before you look at anybody. Then walk over `database.items()` and keep the "
            "smallest distance together with its name.",
            "Begin with a distance of `np.inf` and the name None: then an empty database needs no line of its own.",
            "At the end the threshold decides about the *name*: too far away, and it becomes None. The distance is "
            "returned as it is.",
        ),
        build=_at_the_door,
        probe=_WHO_IS_IT.probe,
        time_limit=20,
    ),
)
