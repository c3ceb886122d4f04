"""A YOLOv2 head on frozen ImageNet features."""

import numpy as np
import pytest

from utils.models.efficientnet import efficientnet_lite0
from utils.models.yolov2_efficientnet import MAPS, yolov2_efficientnet


@pytest.mark.parametrize("stride", [16, 32])
def test_a_cell_for_each_stride_and_only_the_head_learns(stride):
    model = yolov2_efficientnet((96, 160, 3), 3, 4, stride, filters=8)
    assert model.output_shape == (None, 96 // stride, 160 // stride, 3 * 9)
    features = model.get_layer("features")
    assert not features.trainable_weights
    learned = {id(weight) for weight in model.trainable_weights}
    assert learned
    assert not learned & {id(weight) for weight in features.weights}


def test_the_features_are_imagenets_and_stay_so_in_training_mode():
    model = yolov2_efficientnet((64, 64, 3), 1, 0, 32, filters=4)
    backbone = efficientnet_lite0("bundled", (64, 64, 3), include_top=False)
    coarse = type(model)(backbone.input, backbone.get_layer(MAPS[32][0]).output)
    x = np.random.default_rng(0).random((2, 64, 64, 3)).astype(np.float32)
    expected = coarse.predict(x, verbose=0)
    for training in (False, True):
        found = model.get_layer("features")(x, training=training)[0]
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
