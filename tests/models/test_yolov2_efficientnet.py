"""A YOLOv2 head on ImageNet features."""

import keras
import numpy as np
import pytest

from utils.models.efficientnet import efficientnet_lite0
from utils.models.yolov2_efficientnet import MAPS, unfreeze_tail, yolov2_efficientnet


@pytest.mark.parametrize("stride", [16, 32])
def test_a_cell_for_each_stride_and_only_the_head_learns(stride):
    model = yolov2_efficientnet((96, 160, 3), 3, 4, stride, filters=8)
    assert model.output_shape == (None, 96 // stride, 160 // stride, 3 * 9)
    learned = {weight.path for weight in model.trainable_weights}
    assert learned
    assert all(path.startswith("head") for path in learned)


def test_unfrozen_are_the_convolutions_behind_the_stem():
    model = yolov2_efficientnet((64, 64, 3), 1, 0, 32, filters=4)
    unfreeze_tail(model)
    learned = {weight.path for weight in model.trainable_weights if not weight.path.startswith("head")}
    assert {path.split("_")[0] for path in learned} == {f"block{number}" for number in range(11, 16)}
    assert all(path.endswith("_conv/kernel") for path in learned)
    assert not model.get_layer("stem").trainable_weights


def test_the_features_are_imagenets_and_stay_so_in_training_mode():
    model = yolov2_efficientnet((64, 64, 3), 1, 0, 32, filters=4)
    unfreeze_tail(model)
    stem, tail = model.get_layer("stem"), model.get_layer("tail")
    features = keras.Model(stem.input, tail.get_layer(MAPS[32][0]).output)
    backbone = efficientnet_lite0("bundled", (64, 64, 3), include_top=False)
    coarse = keras.Model(backbone.input, backbone.get_layer(MAPS[32][0]).output)
    x = np.random.default_rng(0).random((2, 64, 64, 3)).astype(np.float32)
    expected = coarse.predict(x, verbose=0)
    for training in (False, True):
        found = features(x, training=training)
        np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stride": 8}, "stride must be one of"),
        ({"input_shape": (100, 96, 3)}, "multiples of 32"),
        ({"boxes": 0}, "boxes and filters"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        yolov2_efficientnet(**{"input_shape": (96, 96, 3), "boxes": 1, "classes": 1, **arguments})
