"""nn4.small2: the count that OpenFace states, the sizes of its modules, L2 pooling, saving."""

import keras
import numpy as np
import pytest

from utils.models.nn4 import MODULES, L2Pooling2D, nn4_small2


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return nn4_small2()


def test_parameters_are_those_that_openface_states(network):
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert trained == 3_733_968
    normalised = sum(layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    assert network.count_params() == trained + 2 * normalised == 3_743_280


def test_modules_have_the_sizes_of_openface(network):
    """Maps that nn.Inception of OpenFace takes in, by its `inputSize`, and sides from its strides."""
    taken = [tuple(network.get_layer("pool2").output.shape[1:])]
    taken += [tuple(network.get_layer(f"inception_{module.name}").output.shape[1:]) for module in MODULES]
    assert [shape[-1] for shape in taken] == [192, 256, 320, 640, 640, 1024, 736, 736]
    assert [shape[0] for shape in taken] == [12, 12, 12, 6, 6, 3, 3, 3]
    assert network.output_shape == (None, 128)


def test_encodings_have_length_one(network):
    pictures = np.random.default_rng(0).random((2, 96, 96, 3), dtype=np.float32)
    encodings = np.asarray(network.predict_on_batch(pictures))
    np.testing.assert_allclose(np.linalg.norm(encodings, axis=1), 1, rtol=1e-5)
    assert not np.allclose(encodings[0], encodings[1], atol=1e-3)


@pytest.mark.parametrize("strides", [1, 2])
def test_l2_pooling_is_the_root_of_the_sum_of_squares(strides):
    x = np.random.default_rng(1).normal(size=(2, 7, 9, 3)).astype(np.float32)
    pooled = np.asarray(L2Pooling2D(strides)(x))
    assert pooled.shape == L2Pooling2D(strides).compute_output_shape(x.shape)
    inner = np.sqrt(sum(x[:, i : i + 5, j : j + 7] ** 2 for i in range(3) for j in range(3)))
    # The windows that lie wholly inside: with odd sides the first begins one before the picture.
    inner = inner if strides == 1 else inner[:, 1::2, 1::2]
    np.testing.assert_allclose(pooled[:, 1:-1, 1:-1], inner, rtol=1e-5)


def test_l2_pooling_of_nothing_has_a_slope():
    import tensorflow as tf

    x = tf.Variable(np.zeros((1, 4, 4, 1), np.float32))
    with tf.GradientTape() as tape:
        y = keras.ops.sum(L2Pooling2D()(x))
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


@pytest.mark.slow
def test_it_survives_saving(tmp_path):
    small = nn4_small2((32, 32, 3), 8)
    small.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    pictures = np.random.default_rng(0).random((1, 32, 32, 3), dtype=np.float32)
    np.testing.assert_array_equal(again.predict_on_batch(pictures), small.predict_on_batch(pictures))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"multiples of 32, got \(100, 96, 3\)"):
        nn4_small2((100, 96, 3))
    with pytest.raises(ValueError, match="encoding must be at least 1, got 0"):
        nn4_small2(encoding=0)
