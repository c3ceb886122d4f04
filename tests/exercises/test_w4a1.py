"""Week 4, assignment 1: the answers agree with Keras and the library, for any shape, file and restart."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from utils.answers.week4 import w4a1 as answers
from utils.exercises.week4.w4a1 import EXERCISES, picture_file, small_network
from utils.faces.database import FaceDatabase
from utils.faces.encoding import encode_file
from utils.faces.losses import triplet_loss

BY_NAME = {entry.function: entry for entry in EXERCISES}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 12), st.floats(0.05, 3), st.integers(0, 999))
def test_triplet_loss_is_a_hinge_of_keras(batch, length, alpha, seed):
    parts = np.random.default_rng(seed).normal(size=(3, batch, length))
    near, far = (np.diag(cdist(parts[0], other, "sqeuclidean")) for other in parts[1:])
    hinges = keras.losses.hinge(np.ones((batch, 1)), ((far - near) / alpha)[:, None])
    tensors = [tf.constant(part) for part in parts]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tensors)
        oracle = answers.triplet_loss_oracle(None, tensors, alpha)
        library = batch * triplet_loss(*tensors, alpha)  # the library takes the mean
    np.testing.assert_allclose(oracle, alpha * np.sum(hinges), rtol=1e-6, atol=1e-9)
    for slope, wanted in zip(tape.gradient(oracle, tensors), tape.gradient(library, tensors), strict=True):
        np.testing.assert_allclose(slope, wanted, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 20), st.integers(2, 20), st.booleans(), st.integers(1, 9), st.integers(0, 999))
def test_an_encoding_is_that_of_the_library(height, width, grey, units, seed):
    rng = np.random.default_rng(seed)
    shape = (height, width) if grey else (height, width, 3)
    path = picture_file(rng.integers(0, 256, shape, dtype=np.uint8), "camera.png")
    model = small_network((6, 5, 3), **answers._weights(rng, units))
    np.testing.assert_allclose(
        answers.image_to_encoding_oracle(path, model), encode_file(path, model), atol=2e-5
    )


@pytest.mark.parametrize("function", ["verify", "who_is_it"])
def test_answers_stay_the_same_when_the_database_was_a_file_in_between(function, tmp_path):
    oracle, build = answers.ANSWERS[function].oracle, BY_NAME[function].build
    compared = 0
    for number, case in enumerate(answers.ANSWERS[function].cases(np.random.default_rng(0))):
        (path, *identity, database, model), params = build(case)
        if not database or (identity and identity[0] not in database):
            continue
        file, length = tmp_path / f"{number}.db", case.arrays["encodings"].shape[1]
        with FaceDatabase(file, length) as door:
            for name, code in database.items():
                door.add(name, code, "invented for a test")
        with FaceDatabase(file, length) as door:
            kept = {entry.name: door.encodings(entry.name)[0] for entry in door.entries()}
            nearest = door.search(answers.image_to_encoding_oracle(path, model))[0]
        assert list(kept) == list(database)
        before = oracle(path, *identity, database, model, **params)
        assert oracle(path, *identity, kept, model, **params) == before
        if function == "who_is_it":
            assert nearest.distance == pytest.approx(before[0], abs=1e-5)
            assert before[1] in (nearest.name, None)
        compared += 1
    assert compared > 5
