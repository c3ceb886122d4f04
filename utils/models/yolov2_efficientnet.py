"""A YOLOv2 detector whose features are EfficientNet-Lite0's, so that little has to be learned from few pictures.

The head is that of Redmon and Farhadi 2017 (arXiv:1612.08242), section 2: anchors, softmax classes and the passthrough
of a map of twice the resolution; only Darknet-19 is replaced by a smaller network that ImageNet has trained.
"""

from pathlib import Path

import keras
from keras import layers

from utils.models.darknet import BATCH_NORM_EPSILON, LEAKY_SLOPE
from utils.models.efficientnet import efficientnet_lite0
from utils.models.yolov2 import Reorganise

# Stride of the grid → the layers that end the coarse map and the fine one of twice its resolution.
MAPS = {32: ("block15_project_bn", "block10_add"), 16: ("block10_add", "block4_add")}
SQUEEZED = 64  # channels of the fine map before four neighbours are put behind each other


def yolov2_efficientnet(
    input_shape: tuple[int, int, int],
    boxes: int,
    classes: int,
    stride: int = 32,
    filters: int = 256,
    dropout: float = 0.0,
    weights: str | Path | None = "bundled",
) -> keras.Model:
    """Build the detector; its features are ImageNet's and frozen, its head is random.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, 3)``, multiples of the stride.
    boxes : int
        Anchors a cell, at least 1.
    classes : int
        At least 0.
    stride : {16, 32}
        Pixels a grid cell.
    filters : int
        Channels of the head's convolutions.
    dropout : float
        Share of whole channels of the features that a training step leaves out.
    weights : "bundled", path or None
        Of EfficientNet-Lite0.

    Returns
    -------
    keras.Model
        RGB pictures in [0, 1], ``(batch, height, width, 3)`` → raw output
        ``(batch, height / stride, width / stride, boxes · (5 + classes))``. It has two parts: ``"stem"``, up to the
        fine map, and ``"tail"``, the rest. A training that leaves the stem as it is computes its output once.

    Raises
    ------
    ValueError
        For another stride, sides that are no multiples of it and numbers out of range.
    """
    if stride not in MAPS:
        raise ValueError(f"stride must be one of {sorted(MAPS)}, got {stride!r}")
    if len(input_shape) != 3 or any(not side or side % stride for side in input_shape[:2]):
        raise ValueError(f"input_shape must have sides that are multiples of {stride}, got {input_shape}")
    if boxes < 1 or classes < 0 or filters < 1:
        raise ValueError(
            f"boxes and filters must be at least 1, classes at least 0, got {boxes}, {filters}, {classes}"
        )
    backbone = efficientnet_lite0(weights, input_shape, include_top=False)
    coarse, fine = (backbone.get_layer(name).output for name in MAPS[stride])
    # Frozen, so that its normalisations keep ImageNet's statistics.
    backbone.trainable = False
    outputs = _head(coarse, fine, boxes * (5 + classes), filters, dropout)
    stem = keras.Model(backbone.input, fine, name="stem")
    tail = keras.Model(fine, outputs, name="tail")
    inputs = keras.Input(input_shape, name="pictures")
    return keras.Model(inputs, tail(stem(inputs)), name=f"yolov2_efficientnet_{stride}")


def unfreeze_tail(model: keras.Model) -> None:
    """Let the convolutions of the features in the tail learn too; normalisations keep ImageNet's statistics."""
    for layer in model.get_layer("tail").layers:
        normalises = isinstance(layer, layers.BatchNormalization)
        if layer.name.startswith("block") and not normalises:
            layer.trainable = True


def _head(
    coarse: keras.KerasTensor, fine: keras.KerasTensor, channels: int, filters: int, dropout: float
) -> keras.KerasTensor:
    """Apply the head to a map and one of twice its resolution: (batch, rows, columns, ·) → (…, `channels`)."""
    if dropout:
        coarse, fine = (layers.SpatialDropout2D(dropout)(x) for x in (coarse, fine))
    x = _convolution(coarse, filters, 3, "head_coarse")
    passed = Reorganise(2)(_convolution(fine, SQUEEZED, 1, "head_fine"))
    x = layers.Concatenate()([passed, x])
    x = _convolution(x, filters, 3, "head_joined")
    return layers.Conv2D(channels, 1, name="head")(x)


def _convolution(x: keras.KerasTensor, filters: int, size: int, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, momentum=0.97, name=f"{name}_bn")(x)
    return layers.LeakyReLU(LEAKY_SLOPE)(x)
