"""One pass over a large picture equals one pass for each window."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.detection.sliding_windows import crop_scores, dense_to_conv, fully_convolutional, total_stride


def classifier(side: int = 14, channels: int = 3, activation: str = "softmax") -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(4, activation=activation),
        ]
    )


@pytest.mark.parametrize("shape", [(14, 14), (16, 14), (27, 33)])
@pytest.mark.parametrize("activation", ["softmax", "linear"])
def test_one_pass_equals_the_loop_over_windows(shape, activation):
    model = classifier(activation=activation)
    image = np.random.default_rng(1).random((*shape, 3)).astype(np.float32)
    everywhere = np.asarray(fully_convolutional(model)(image[None]))[0]
    one_by_one = crop_scores(model, image, total_stride(model))
    assert total_stride(model) == 2
    assert everywhere.shape == one_by_one.shape
    np.testing.assert_allclose(everywhere, one_by_one, atol=1e-5)


def test_a_dense_layer_on_a_map_that_is_not_square():
    dense = layers.Dense(5, use_bias=False)
    maps = np.random.default_rng(2).random((3, 2, 4, 6)).astype(np.float32)
    expected = np.asarray(dense(maps.reshape(3, -1)))
    found = np.asarray(dense_to_conv(dense, (2, 4))(maps))
    np.testing.assert_allclose(found[:, 0, 0], expected, atol=1e-6)


def test_layers_that_differ_from_place_to_place_are_refused():
    padded = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3, padding="same", name="wide")])
    with pytest.raises(ValueError, match="'wide' pads"):
        fully_convolutional(padded)
    pooled = keras.Sequential([keras.Input((8, 8, 1)), layers.GlobalAveragePooling2D(name="mean")])
    with pytest.raises(ValueError, match="'mean'"):
        fully_convolutional(pooled)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="must be built"):
        dense_to_conv(layers.Dense(3), (2, 2))
    dense = layers.Dense(3)
    dense.build((None, 10))
    with pytest.raises(ValueError, match="10 inputs"):
        dense_to_conv(dense, (2, 3))
    with pytest.raises(ValueError, match="at least 14 × 14"):
        crop_scores(classifier(), np.zeros((10, 20, 3), np.float32), 2)
    with pytest.raises(ValueError, match="stride must be"):
        crop_scores(classifier(), np.zeros((20, 20, 3), np.float32), 0)
