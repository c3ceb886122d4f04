"""The small networks for faces: lengths, indifference to light, sizes, and that it can be kept in a file."""

import keras
import numpy as np
import pytest

from utils.models.orl_faces import face_head, small_face_network


@pytest.fixture(scope="module")
def network():
    return small_face_network((56, 46, 1), 32)


def pictures(n=5, seed=0):
    return np.random.default_rng(seed).random((n, 56, 46, 1)).astype(np.float32)


def test_encodings_have_length_one(network):
    encodings = network.predict(pictures(), verbose=0)
    assert encodings.shape == (5, 32)
    np.testing.assert_allclose(np.linalg.norm(encodings, axis=1), 1, rtol=1e-5)


def test_brightness_and_contrast_do_not_matter(network):
    x = pictures()
    one, other = network.predict(x, verbose=0), network.predict(0.3 * x + 0.5, verbose=0)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_picture_without_contrast_gives_finite_numbers(network):
    assert np.isfinite(network.predict(np.full((2, 56, 46, 1), 0.4, np.float32), verbose=0)).all()


def test_it_is_the_same_after_a_file(network, tmp_path):
    network.save(tmp_path / "faces.keras")
    again = keras.models.load_model(tmp_path / "faces.keras")
    x = pictures()
    np.testing.assert_allclose(network.predict(x, verbose=0), again.predict(x, verbose=0), atol=1e-6)


def test_centred_encodings_of_a_batch_point_everywhere():
    x = pictures(40)
    encodings = {
        flag: small_face_network((56, 46, 1), 32, centred=flag)(x, training=True) for flag in (True, False)
    }
    assert np.linalg.norm(np.mean(encodings[True], axis=0)) < 0.3
    assert np.linalg.norm(np.mean(encodings[False], axis=0)) > 0.8


def test_normalisation_follows_every_convolution_on_demand():
    kinds = [type(layer).__name__ for layer in small_face_network((56, 46, 1), 32, normalized=True).layers]
    after = [kinds[i + 1] for i, kind in enumerate(kinds) if kind == "Conv2D"]
    assert after == ["BatchNormalization"] * 4


@pytest.mark.parametrize(("shape", "embedding"), [((56, 46), 32), ((12, 46, 1), 32), ((56, 46, 1), 1)])
def test_networks_that_cannot_be_are_refused(shape, embedding):
    with pytest.raises(ValueError):
        small_face_network(shape, embedding)


def test_a_head_gives_encodings_of_length_one_that_point_everywhere():
    features = np.random.default_rng(0).exponential(size=(64, 20)).astype(np.float32)
    encodings = np.asarray(face_head(20, 32)(features, training=True))
    assert encodings.shape == (64, 32)
    np.testing.assert_allclose(np.linalg.norm(encodings, axis=1), 1, rtol=1e-5)
    assert np.linalg.norm(encodings.mean(axis=0)) < 0.3


def test_scale_and_offset_of_a_feature_do_not_matter_to_a_head():
    features = np.random.default_rng(1).normal(size=(64, 20)).astype(np.float32)
    head = face_head(20, 32, dropout=0.0)
    other = features * np.linspace(0.5, 20, 20, dtype=np.float32) + 7
    one, other = head(features, training=True), head(other, training=True)
    np.testing.assert_allclose(one, other, atol=0.02)


@pytest.mark.parametrize(("features", "embedding"), [(0, 32), (20, 1)])
def test_heads_that_cannot_be_are_refused(features, embedding):
    with pytest.raises(ValueError, match="at least 1 and embedding 2"):
        face_head(features, embedding)
