"""Assignment 2: what the gate does not show."""

import logging
import subprocess
import sys

import numpy as np

from utils.answers.week1.w1a2 import ANSWERS
from utils.exercises.keras_models import probe_model, quiet_retracing
from utils.grading.judge import judge
from utils.models.digits import two_path_classifier


def test_the_answer_key_alone_needs_no_tensorflow():
    code = "import sys, utils.answers.week1.w1a2; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_librarys_network_is_the_one_that_is_asked_for():
    def convolutional_model(input_shape, classes):
        return two_path_classifier(input_shape, classes)

    assert judge("w1a2/convolutional_model", convolutional_model).passed


def test_a_message_names_the_missing_step():
    import keras
    from keras import layers

    def sequential_model(input_shape, classes):
        return keras.Sequential(
            [
                keras.Input(input_shape),
                layers.Conv2D(8, 5, padding="same", activation="relu"),
                layers.MaxPooling2D(3),
                layers.Conv2D(16, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(32, activation="relu"),
                layers.Dense(classes, activation="softmax"),
            ]
        )

    verdict = judge("w1a2/sequential_model", sequential_model)
    assert verdict.mistake is None
    assert "Missing in your network: max-pooling 2×2. Not asked for: max-pooling 3×3." in verdict.problem


def test_an_unfinished_probe_leaves_no_trace_in_the_cases():
    one, other = (list(ANSWERS["initial_loss"].cases(np.random.default_rng(5))) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        assert a.params == b.params
        assert all((a.arrays[name] == b.arrays[name]).all() for name in a.arrays)


def test_the_retracing_warning_is_not_written(caplog):
    quiet_retracing()
    quiet_retracing()
    logger = logging.getLogger("tensorflow")
    assert sum("retracing" in getattr(f, "__name__", "") for f in logger.filters) == 1
    with caplog.at_level("WARNING", logger="tensorflow"):
        logger.warning("5 out of the last 5 calls to f triggered tf.function retracing. …")
        logger.warning("something else")
    assert [record.message for record in caplog.records] in (["something else"], [])


def test_two_probes_of_one_model_agree():
    model = two_path_classifier((9, 8, 1), 3)
    first, second = probe_model(model), probe_model(model)
    assert (first["outputs"] == second["outputs"]).all()
