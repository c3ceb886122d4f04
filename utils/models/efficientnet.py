"""EfficientNet-Lite0: a small, accurate ImageNet classifier.

Tan and Le 2019, "EfficientNet" (arXiv:1905.11946), table 1; the Lite variant drops squeeze-and-excitation and replaces
swish by ReLU6. Inverted residual blocks are those of MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from utils.data.assets import asset_path
from utils.models.preprocessing import ImageNetPreprocessing
from utils.models.weights import assign_weights, load_weights

BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """Blocks that share kernel size, expansion and output channels; the first of them has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite0(
    weights: str | Path | None = "bundled",
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    include_top: bool = True,
) -> keras.Model:
    """Build EfficientNet-Lite0, preprocessing included.

    Parameters
    ----------
    weights : "bundled", path or None
        ``"bundled"``: ImageNet weights, kernels as float16. A path: a file in the bundled form. None: random.
    input_shape : tuple
        (height, width, 3) of pictures, RGB in [0, 1]; trained at 224×224.
    include_top : bool
        With the classifier of 1,000 classes, or ending with the last feature map (height / 32, width / 32, 1280).

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → probabilities (batch, 1000), or feature maps.
    """
    inputs = keras.Input(input_shape, name="pictures")
    x = ImageNetPreprocessing(name="preprocessing")(inputs)
    x = _normalised(
        layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x), "stem"
    )
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = _inverted_residual(x, stage, stage.stride if repeat == 0 else 1, f"block{number}")
            number += 1
    x = _normalised(layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x), "head")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="average")(x)
        x = layers.Dense(1000, activation="softmax", name="classes")(x)
    model = keras.Model(inputs, x, name="efficientnet_lite0")
    if weights is not None:
        known = load_weights(weights, "efficientnet-lite0")
        if not include_top:
            known = {name: value for name, value in known.items() if not name.startswith("classes/")}
        assign_weights(model, known)
    return model


def imagenet_classes() -> list[str]:
    """Return the names of ImageNet's 1,000 classes, in the order of the classifier's outputs."""
    return json.loads(Path(asset_path("imagenet-classes")).read_text(encoding="utf-8"))


def _normalised(x: keras.KerasTensor, name: str, relu: bool = True) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6, name=f"{name}_relu")(x) if relu else x


def _inverted_residual(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """Expand by a 1×1, filter each channel by itself, project by a 1×1; add the shortcut where the shape allows."""
    shortcut, channels = x, x.shape[-1]
    if stage.expansion != 1:
        x = layers.Conv2D(channels * stage.expansion, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalised(x, f"{name}_expand")
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    x = _normalised(depthwise(x), f"{name}_depthwise")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalised(x, f"{name}_project", relu=False)
    if stride == 1 and channels == stage.filters:
        x = layers.Add(name=f"{name}_add")([shortcut, x])
    return x
