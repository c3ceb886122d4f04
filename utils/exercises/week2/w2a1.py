"""What assignment 1 of week 2 asks for: a classifier of clothes, its training, and what it says of one's own picture.

Training is judged by what it leaves. The network that a case hands out follows a script: its validation loss depends on
nothing but how many training pictures it has seen, and it keeps a record of the pictures that pass through it.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import (
    dropout_rates,
    given_inputs,
    predict_at_once,
    probe_model,
    quiet_retracing,
)

# Every scripted picture has this brightness beside its number, so that the number survives a change of scale.
_REFERENCE = 200.0


def _build_arguments(case: Case) -> tuple[tuple, dict]:
    return (tuple(case.params["input_shape"]), case.params["classes"]), {}


def probe_classifier(result: Any) -> Arrays:
    """Read a Keras model as ``probe_model`` does, but show it bytes, and list its Dropout layers.

    Returns
    -------
    dict of str to ndarray
        The arrays of ``probe_model`` without ``same_in_training``; ``outputs`` are those for values from 0 to 255; and
        ``dropout``, float, one rate a layer, rates of 0 left out.
    """
    arrays = probe_model(result)
    # What Dropout does in training mode is random: sure outputs stay the same by luck.
    del arrays["same_in_training"]
    pictures = 255 * given_inputs(result.input_shape[1:])
    arrays["outputs"] = np.asarray(result(pictures, training=False))
    arrays["dropout"] = np.array([rate for rate in dropout_rates(result) if rate], dtype=float)
    return arrays


def scripted_model(case: Case):
    """Build the network that a case of ``train`` hands out.

    Parameters
    ----------
    case : Case
        ``y``, ``y_test`` (labels of the pictures 0, 1, …, training first) and ``params``: ``val_loss`` and ``right``,
        one a number of epochs from 0 (loss outside training; how many of ten pictures it names rightly), ``epoch`` (the
        training pictures that make an epoch), ``classes``.

    Returns
    -------
    keras.Model
        (batch, 4, 4, 1) → probabilities (batch, classes). Its layer ``script`` holds the record.
    """
    import keras

    class Eager(keras.Model):
        """Compiles without a graph: tracing would take longer than these few small steps."""

        def compile(self, *args, **kwargs):
            super().compile(*args, **{**kwargs, "run_eagerly": True, "jit_compile": False})

    inputs = keras.Input((4, 4, 1))
    return Eager(inputs, _script_layer(case)(inputs))


def _script_layer(case: Case):
    import keras
    import tensorflow as tf

    labels = tf.constant(np.concatenate([case.arrays["y"], case.arrays["y_test"]]), tf.int32)
    params, classes = case.params, case.params["classes"]
    losses = tf.constant(params["val_loss"], tf.float32)
    right = tf.constant(params["right"], tf.int32)

    class Script(keras.layers.Layer):
        """Answers from a script, and writes down which pictures came, when, and in which mode."""

        def build(self, input_shape):
            # `seen` is a weight, so that restoring weights restores it; the record below is none, and stays.
            self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="float32")
            self.shift = self.add_weight(shape=(classes,), initializer="zeros")
            self.trained, self.looked, self.first_look = (
                tf.Variable(tf.zeros(len(labels), tf.int32), trainable=False) for _ in range(3)
            )
            self.clock, self.steps, self.last_step, self.largest_batch = (
                tf.Variable(0, trainable=False) for _ in range(4)
            )
            self.scale = tf.Variable(1.0, trainable=False)

        def compute_output_shape(self, input_shape):
            return (input_shape[0], classes)

        def call(self, x, training=False):
            scale = x[:, 0, 1, 0] / _REFERENCE
            number = tf.cast(tf.round(x[:, 0, 0, 0] / tf.maximum(scale, 1e-6)), tf.int32)
            number = tf.clip_by_value(number, 0, len(labels) - 1)
            self.clock.assign_add(1)
            self.scale.assign(tf.reduce_mean(scale))
            if training:
                return self.training_answer(number)
            return self.answer(number)

        def training_answer(self, number):
            """Get better until the fourth epoch, then worse; the gradient reaches ``shift`` and changes nothing."""
            size = tf.shape(number)[0]
            self.trained.scatter_nd_add(number[:, None], tf.ones_like(number))
            self.steps.assign_add(1)
            self.last_step.assign(self.clock)
            self.largest_batch.assign(tf.maximum(self.largest_batch, size))
            epochs = tf.convert_to_tensor(self.seen) / params["epoch"]
            self.seen.assign_add(tf.cast(size, "float32"))
            sure = tf.fill([size], tf.maximum(0.9 - 0.1 * tf.abs(tf.floor(epochs + 1e-3) - 3), 0.3))
            logits = tf.math.log(_spread(labels_of(number), sure, classes))
            return tf.nn.softmax(logits + self.shift - tf.stop_gradient(tf.convert_to_tensor(self.shift)))

        def answer(self, number):
            """Give every right class the probability that makes the scripted loss; some pictures another the most."""
            first = tf.gather(self.first_look, number) == 0
            stamps = tf.where(first, self.clock, tf.gather(self.first_look, number))
            self.first_look.scatter_nd_update(number[:, None], stamps)
            self.looked.scatter_nd_add(number[:, None], tf.ones_like(number))
            epoch = tf.cast(tf.convert_to_tensor(self.seen) / params["epoch"] + 1e-3, tf.int32)
            epoch = tf.minimum(epoch, len(losses) - 1)
            probability = tf.fill(tf.shape(number), tf.exp(-tf.gather(losses, epoch)))
            named = _spread(labels_of(number), probability, classes)
            wrong = tf.one_hot((labels_of(number) + 1) % classes, classes) * (probability[:, None] + 0.05)
            kept = tf.one_hot(labels_of(number), classes) * probability[:, None]
            rest = (1 - tf.reduce_sum(wrong + kept, 1, keepdims=True)) / (classes - 2)
            missed = tf.where(wrong + kept > 0, wrong + kept, rest)
            return tf.where((number % 10 < tf.gather(right, epoch))[:, None], named, missed)

    def labels_of(number):
        return tf.gather(labels, number)

    return Script(name="script")


def _spread(labels, probability, classes: int):
    """Give each right class its probability and share the rest out evenly."""
    import tensorflow as tf

    hot = tf.one_hot(labels, classes)
    return hot * probability[:, None] + (1 - hot) * (1 - probability[:, None]) / (classes - 1)


def _train_arguments(case: Case) -> tuple[tuple, dict]:
    quiet_retracing()
    model = scripted_model(case)
    pairs = [tuple(case.arrays[name] for name in names) for names in (("x", "y"), ("x_test", "y_test"))]
    return (
        model,
        *pairs,
        case.params["epochs"],
        case.params["patience"],
        np.random.default_rng(case.params["seed"]),
    ), {}


def probe_training(result: Any) -> Arrays:
    """Read what training left, by way of the model that the History knows.

    Returns
    -------
    dict of str to ndarray
        ``val_loss`` (one an epoch), ``metrics`` (names in the history), ``test_accuracy``; of the model ``optimizer``,
        ``learning_rate``, ``iterations`` (steps that the optimiser knows of), ``example_loss`` (mean −ln p is right,
        NaN when it cannot be computed), ``seen`` (training pictures that its weights have seen); of the record
        ``scale``, ``steps`` (of training), ``largest_batch``, ``trained``, ``looked`` and ``first_look`` (one a
        picture, training first; clock times from 1, 0 for never) and ``last_step``.

    Raises
    ------
    WrongKind
        When the result is not a History and a number.
    """
    import keras

    if not isinstance(result, tuple | list) or len(result) != 2:
        raise WrongKind(
            f"The function should return 2 values, (history, test_accuracy); it returned {_what(result)}."
        )
    history, accuracy = result
    if not isinstance(history, keras.callbacks.History) or history.model is None:
        raise WrongKind(
            f"`history` should be what `model.fit` returned, a History; it is {_what(history)}. Its numbers lie in "
            "`history.history`, but return the History itself."
        )
    model = history.model
    script = next((layer for layer in model.layers if layer.name == "script"), None)
    if script is None:
        raise WrongKind("You trained another model than the one that was given as `model`.")
    arrays = {
        "val_loss": np.array(history.history.get("val_loss", []), dtype=float),
        "metrics": np.array(sorted(history.history), dtype=np.str_),
        "test_accuracy": as_array(accuracy, "`test_accuracy`"),
        "optimizer": np.array(type(model.optimizer).__name__),
        "learning_rate": np.array(float(model.optimizer.learning_rate)),
        "iterations": np.array(int(model.optimizer.iterations)),
        "example_loss": np.array(_example_loss(model)),
        "seen": np.array(float(script.seen)),
    }
    record = ("scale", "steps", "largest_batch", "trained", "looked", "first_look", "last_step")
    return {**arrays, **{name: getattr(script, name).numpy() for name in record}}


def example_labels(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (3, classes) and labels (3,) on which a compiled loss is tried."""
    rng = np.random.default_rng(classes)
    probabilities = rng.dirichlet(np.ones(classes), 3).astype(np.float32)
    return probabilities, rng.integers(0, classes, 3)


def _example_loss(model) -> float:
    """Return the compiled loss of the example; labels may be whole numbers or one-hot, as the learner chose."""
    import keras

    probabilities, labels = example_labels(model.output_shape[-1])
    for y in (labels, keras.utils.to_categorical(labels, probabilities.shape[1])):
        try:
            return float(model.compute_loss(y=y, y_pred=keras.ops.convert_to_tensor(probabilities)))
        except Exception:  # labels in the other form raise in many ways
            continue
    return float("nan")


def _what(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    return "None" if value is None else f"one {type(value).__name__}"


@cache
def _folder() -> tempfile.TemporaryDirectory:
    """Return a folder that goes when the process does."""
    return tempfile.TemporaryDirectory(prefix="pictures-")


def _picture_arguments(case: Case) -> tuple[tuple, dict]:
    """Write the case's file, and build a network with one dense layer that takes bytes."""
    import keras

    path = Path(_folder().name) / case.params["file"]
    if "data" in case.arrays:
        path.write_bytes(case.arrays["data"].tobytes())
    else:
        path.unlink(missing_ok=True)
    side = case.params["side"]
    model = keras.Sequential(
        [
            keras.Input((side, side, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(case.arrays["bias"].size, activation="softmax"),
        ]
    )
    model.set_weights([case.arrays["kernel"], case.arrays["bias"]])
    predict_at_once(model)
    return (model, path, case.params["names"]), {}


def probe_prediction(result: Any) -> Arrays:
    """Read (name, probability, prepared picture); the probability comes in per cent, as fine as bytes are."""
    if not isinstance(result, tuple | list) or len(result) != 3:
        raise WrongKind(
            f"The function should return 3 values, (name, probability, prepared); it returned {_what(result)}."
        )
    name, probability, prepared = result
    return {
        "prepared": as_array(prepared, "`prepared`"),
        "name": as_array(name, "`name`"),
        "probability in %": 100 * as_array(probability, "`probability`"),
    }


EXERCISES = (
    Exercise(
        notebook="w2a1",
        function="build",
        signature="(input_shape, classes)",
        points=6,
        task="Build a small convolutional network that takes bytes and gives probabilities.",
        hints=(
            "Read the requirements as a list of layers, from the picture to the probabilities: they follow one "
            "another, so `keras.Sequential` will do.",
            "The first layer after `keras.Input` is `layers.Rescaling(1 / 255)`. It belongs to the network, so nobody "
            'can forget it later. A `Conv2D` keeps the size with `padding="same"`.',
            'Twice `Conv2D(filters, 3, padding="same", activation="relu")` and `MaxPooling2D(2)`, with 16 and 32 '
            'filters; then `Flatten()`, `Dropout(0.3)` and `Dense(classes, activation="softmax")`.',
        ),
        build=_build_arguments,
        probe=probe_classifier,
        answered_by=("utils.models.clothes.clothes_classifier",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2a1",
        function="train",
        signature="(model, training, test, epochs, patience, rng)",
        points=6,
        task="Compile and fit a classifier with callbacks, and evaluate it once.",
        hints=(
            "Four steps: choose which pictures are held out, `compile`, `fit`, `evaluate`. Only the last one touches "
            "the test pictures.",
            "`order = rng.permutation(len(x))` mixes the numbers of the pictures. The first fifth of `order` picks the "
            "validation pictures, `x[order[:held]]`, the rest is for the weights. Give the first to `fit` as "
            "`validation_data`.",
            "The labels are whole numbers and the network ends with a softmax: the loss is "
            '`"sparse_categorical_crossentropy"`. The list of callbacks holds '
            "`keras.callbacks.ReduceLROnPlateau(…)` and `keras.callbacks.EarlyStopping(…)`.",
            "`ReduceLROnPlateau(factor=0.5, patience=1)` and `EarlyStopping(patience=patience, "
            "restore_best_weights=True)` both watch `val_loss` unless told otherwise. `evaluate(…, verbose=0)` gives "
            "the loss and then the accuracy.",
        ),
        build=_train_arguments,
        probe=probe_training,
        answered_by=("utils.models.clothes.train_classifier",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2a1",
        function="predict_own_picture",
        signature="(model, path, names)",
        points=8,
        task="Turn any picture file into what the network was trained on, and say what is on it.",
        hints=(
            "Work down the list of steps; each is one line of Pillow or NumPy. `Image.open(path)` reads a file, and "
            '`convert("RGBA")` gives every kind of picture the same four channels.',
            'Transparency: make a white picture with `Image.new("RGBA", picture.size, "white")` and lay yours on '
            'it with `Image.alpha_composite`; then `convert("L")`. For the square, `ImageOps.pad(grey, (side, side), '
            "color=255)` shrinks and pads at once.",
            "Files that are none: Pillow's errors are all kinds of `OSError`, and so is `FileNotFoundError`. Catch the "
            "missing file first and raise it again, then turn the others into a `ValueError`. Reading is only done "
            "when the pixels are there, so the `convert` belongs into the `try` as well.",
            "The network wants (batch, height, width, channels): `prepared[np.newaxis, :, :, np.newaxis]`. `predict` "
            "gives one row of probabilities; `argmax` is the place of the greatest, and `names[…]` what it is called.",
        ),
        build=_picture_arguments,
        probe=probe_prediction,
        answered_by=("utils.models.clothes.predict_picture", "utils.data.read_image"),
        time_limit=60,
    ),
)
