"""What packing the ImageNet networks costs: their features against those of the float32 weights, which are not bundled.

The references in `known/imagenet.npz` were written by `known/make_imagenet.py` from the assets' origins.
"""

from pathlib import Path

import keras
import numpy as np
import pytest

from utils.data import photograph
from utils.models.efficientnet import efficientnet_lite0
from utils.models.vgg import vgg16_features, vgg19_features

pytestmark = pytest.mark.slow

MODELS = {"vgg16-features": vgg16_features, "efficientnet-lite0": efficientnet_lite0}
FEATURES = {
    "vgg16-features": (
        "block1_conv1",
        "block2_conv1",
        "block3_conv1",
        "block4_conv1",
        "block5_conv3",
        "block5_pool",
    ),
    "efficientnet-lite0": ("stem_relu", "block4_add", "block7_add", "block14_add", "head_relu", "classes"),
}


def features(model: keras.Model, names: tuple[str, ...]) -> list[np.ndarray]:
    """A thinned sample of several layers' features for the middle of a photograph, early to late."""
    x = photograph("coffee")[60:284, 140:364][None].astype(np.float32) / 255
    part = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [_thinned(np.asarray(output)) for output in part.predict_on_batch(x)]


def _thinned(output: np.ndarray) -> np.ndarray:
    if output.ndim < 4:
        return output
    step = max(1, output.shape[1] // 6)
    return output[:, step // 2 :: step, step // 2 :: step]


def errors(model: keras.Model, asset: str) -> dict[str, float]:
    """The relative error of each layer's features."""
    with np.load(Path(__file__).parent / "known" / "imagenet.npz") as file:
        known = {name: file[f"{asset}/{name}"].astype(np.float32) for name in FEATURES[asset]}
    return {
        name: float(np.linalg.norm(output - known[name]) / np.linalg.norm(known[name]))
        for name, output in zip(FEATURES[asset], features(model, FEATURES[asset]), strict=True)
    }


@pytest.mark.parametrize("build", [vgg16_features, vgg19_features])
def test_vgg_in_eight_bits(build):
    """VGG-19's shared layers too: what was added changes nothing."""
    cost = errors(build(), "vgg16-features")
    assert 1e-3 < min(cost.values()) <= max(cost.values()) <= 0.03, cost


def test_efficientnet_in_sixteen_bits():
    cost = errors(efficientnet_lite0(), "efficientnet-lite0")
    assert 1e-6 < min(cost.values()) <= max(cost.values()) <= 0.01, cost
