"""YOLOv3-tiny: a detector of COCO's 80 classes, small enough for a lesson.

Redmon and Farhadi 2018, "YOLOv3: an incremental improvement" (arXiv:1804.02767); the tiny network is defined by its
authors' `yolov3-tiny.cfg`. Layers are numbered as there. Any other Darknet network: `utils.models.darknet`.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from utils.data.assets import asset_path
from utils.data.darknet import network_layers, read_cfg, read_weights
from utils.models.darknet import BATCH_NORM_EPSILON, LEAKY_SLOPE
from utils.models.weights import assign_weights, load_weights

CLASSES = 80
# Width and height of each box shape in pixels of a 416×416 picture. The coarse head uses the last three, the fine
# one numbers 1, 2, 3: with these it was trained, though many a cfg says 0, 1, 2.
ANCHORS = np.array([(10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319)], dtype=np.float32)
MASKS = ((3, 4, 5), (1, 2, 3))


def yolov3_tiny(
    weights: str | Path | None = "bundled", input_shape: tuple[int | None, int | None, int] = (416, 416, 3)
) -> keras.Model:
    """Build YOLOv3-tiny.

    Parameters
    ----------
    weights : "bundled", path or None
        ``"bundled"``: trained on COCO by the authors, kernels quantised to int8. A path: a Darknet `.weights` file of
        yolov3-tiny with 80 classes, or an HDF5 file in the bundled form. None: random.
    input_shape : tuple
        (height, width, 3) of pictures, RGB in [0, 1]; multiples of 32, trained at 416×416.

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → two raw tensors, before any sigmoid: coarse (batch, height / 32, width / 32,
        255) and fine (batch, height / 16, width / 16, 255). The 255 channels are 3 boxes × (t_x, t_y, t_w, t_h,
        objectness, 80 class logits); box b of head h has the shape ``ANCHORS[MASKS[h][b]]``.

    Raises
    ------
    ValueError
        When height or width is no multiple of 32, or the weights do not fit.
    """
    if any(side is not None and (side < 32 or side % 32) for side in input_shape[:2]):
        raise ValueError(f"height and width of input_shape must be multiples of 32, got {input_shape}")
    pictures = keras.Input(input_shape, name="pictures")
    x = pictures
    for index, filters in zip((0, 2, 4, 6, 8, 10), (16, 32, 64, 128, 256, 512), strict=True):
        x = _convolution(x, filters, 3, index)
        if index == 8:
            passed = x
        x = layers.MaxPooling2D(2, 2 if index < 10 else 1, "same", name=f"pool_{index + 1}")(x)
    x = _convolution(x, 1024, 3, 12)
    shared = _convolution(x, 256, 1, 13)
    coarse = _head(_convolution(shared, 512, 3, 14), 15)
    x = _convolution(shared, 128, 1, 18)
    x = layers.UpSampling2D(2, name="upsample_19")(x)
    x = layers.Concatenate(name="route_20")([x, passed])
    fine = _head(_convolution(x, 256, 3, 21), 22)
    model = keras.Model(pictures, [coarse, fine], name="yolov3_tiny")
    if weights is not None:
        assign_weights(model, _load(weights))
    return model


def coco_classes() -> list[str]:
    """Return the names of COCO's 80 classes, in the order of the detector's logits."""
    return Path(asset_path("coco-classes")).read_text(encoding="utf-8").splitlines()


def _convolution(x: keras.KerasTensor, filters: int, size: int, index: int) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, name=f"conv_{index}")(x)
    x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"bn_{index}")(x)
    return layers.LeakyReLU(LEAKY_SLOPE, name=f"leaky_{index}")(x)


def _head(x: keras.KerasTensor, index: int) -> keras.KerasTensor:
    boxes = len(MASKS[0])
    return layers.Conv2D(boxes * (5 + CLASSES), 1, name=f"conv_{index}")(x)


def _load(weights: str | Path) -> dict[str, np.ndarray]:
    if Path(weights).suffix != ".weights":
        return load_weights(weights, "yolov3-tiny")
    return read_weights(weights, network_layers(read_cfg(asset_path("yolov3-tiny-cfg"))))
