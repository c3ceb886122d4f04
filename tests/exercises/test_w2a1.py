"""Assignment 1 of week 2: what the gate does not show."""

import subprocess
import sys

import numpy as np
import pytest

from utils.answers.week2.w2a1 import ANSWERS, _follow_script
from utils.exercises.week2.w2a1 import scripted_model
from utils.grading.judge import judge
from utils.models.clothes import clothes_classifier, predict_picture, train_classifier

LIBRARY = {"build": clothes_classifier, "train": train_classifier, "predict_own_picture": predict_picture}


def case_of(function: str, look_at: str):
    cases = ANSWERS[function].cases(np.random.default_rng(3))
    return next(case for case in cases if case.params["look_at"] == look_at)


def test_the_answer_key_alone_needs_no_tensorflow():
    code = "import sys, utils.answers.week2.w2a1; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("function", LIBRARY)
def test_the_library_does_what_is_asked(function):
    verdict = judge(f"w2a1/{function}", LIBRARY[function])
    assert verdict.passed, verdict.problem


def test_the_table_of_the_notebook():
    case = case_of("train", "stop")
    losses = [9, 0.60, 0.50, 0.55, 0.45, 0.47, 0.46]
    case.params.update(val_loss=losses, epochs=6, patience=2)
    assert _follow_script(case) == (6, 4, (0.001, 0.00025))


def test_the_scripted_loss_is_the_one_that_keras_measures():
    case = case_of("train", "stop")
    model = scripted_model(case)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    script = model.get_layer("script")
    for epoch, loss in enumerate(case.params["val_loss"]):
        script.seen.assign(epoch * case.params["epoch"])
        measured = model.evaluate(case.arrays["x_test"], case.arrays["y_test"], verbose=0)
        np.testing.assert_allclose(measured, [loss, case.params["right"][epoch] / 10], rtol=1e-4)


def test_restoring_weights_keeps_the_record():
    case = case_of("train", "stop")
    model = scripted_model(case)
    before = model.get_weights()
    model(case.arrays["x"].astype("float32"), training=True)
    script = model.get_layer("script")
    assert float(script.seen) == len(case.arrays["x"])
    model.set_weights(before)
    assert float(script.seen) == 0
    assert script.trained.numpy().sum() == len(case.arrays["x"])
