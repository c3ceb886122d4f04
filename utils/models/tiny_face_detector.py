"""A small face detector with a genuine YOLOv2 head: five box shapes in each cell of a grid, and no classes.

The backbone follows tiny YOLOv2 (Redmon and Farhadi 2017, "YOLO9000", arXiv:1612.08242) with depthwise separable
convolutions (Howard et al. 2017, arXiv:1704.04861) instead of full ones. The author of face-api.js trained it on some
14,000 pictures. 193,000 weights: the smallest trained detector of the course.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from utils.models.weights import assign_weights, load_weights

# Width and height of each of the five box shapes, in cells of the grid.
ANCHORS = np.array(
    [
        (1.603231, 2.094468),
        (6.041143, 7.080126),
        (2.882459, 3.518061),
        (4.266906, 5.178857),
        (9.041765, 10.66308),
    ],
    dtype=np.float32,
)
STRIDE = 32
LEAKY_SLOPE = 0.1
# Means of the training pictures in [0, 255], in the order of the channels that the network was trained with.
_MEAN = (117.001, 114.697, 97.404)
_FILTERS = (32, 64, 128, 256, 512)


def tiny_face_detector(
    weights: str | Path | None = "bundled", input_shape: tuple[int | None, int | None, int] = (416, 416, 3)
) -> keras.Model:
    """Build the detector, preprocessing included.

    Parameters
    ----------
    weights : "bundled", path or None
        ``"bundled"``: the published weights, 8 bits each. A path: a file in the bundled form. None: random.
    input_shape : tuple
        (height, width, 3) of pictures, RGB in [0, 1]; multiples of 32, usually 160 (large faces only) to 608 (small
        ones too). A picture of other proportions is letterboxed (utils.detection.letterbox), not squeezed.

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → raw head (batch, height / 32, width / 32, 25): five boxes × (t_x, t_y, t_w, t_h,
        objectness), before any sigmoid; box b has the shape ``ANCHORS[b]``. utils.detection.heads decodes it.

    Raises
    ------
    ValueError
        When height or width is no multiple of 32, or the weights do not fit.
    """
    if any(side is not None and (side < STRIDE or side % STRIDE) for side in input_shape[:2]):
        raise ValueError(f"height and width of input_shape must be multiples of {STRIDE}, got {input_shape}")
    pictures = keras.Input(input_shape, name="pictures")
    x = layers.Rescaling(1.0, [-mean / 255 for mean in _MEAN], name="preprocessing")(pictures)
    # Without padding here, as it was trained: the pooling layers round the lost rim up again.
    x = layers.Conv2D(16, 3, name="conv0")(x)
    x = layers.LeakyReLU(LEAKY_SLOPE, name="leaky0")(x)
    for number, filters in enumerate(_FILTERS, start=1):
        x = layers.MaxPooling2D(2, padding="same", name=f"pool{number}")(x)
        x = layers.SeparableConv2D(filters, 3, padding="same", name=f"conv{number}")(x)
        x = layers.LeakyReLU(LEAKY_SLOPE, name=f"leaky{number}")(x)
    x = layers.MaxPooling2D(2, strides=1, padding="same", name="pool6")(x)
    model = keras.Model(
        pictures, layers.Conv2D(5 * len(ANCHORS), 1, name="conv8")(x), name="tiny_face_detector"
    )
    if weights is not None:
        assign_weights(model, load_weights(weights, "tiny-face-detector"))
    return model
