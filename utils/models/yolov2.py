"""Darknet-19, YOLOv2 and Tiny-YOLOv2, built from their paper.

Redmon and Farhadi 2017, "YOLO9000: better, faster, stronger" (arXiv:1612.08242): table 6 (Darknet-19), section 2
(passthrough) and section 3. Every convolution but the last is normalised and has a leaky ReLU of slope 0.1. Pictures
are RGB in [0, 1]. Trained weights in Darknet's files are read by `utils.models.darknet.darknet_model`, which builds the
same networks from their `.cfg`.
"""

from collections.abc import Sequence

import keras
from keras import layers

from utils.models.darknet import BATCH_NORM_EPSILON, LEAKY_SLOPE, Reorganise

# Table 6, up to the classifier: (filters, kernel size), and "M" for 2×2 max pooling.
DARKNET_19: tuple[tuple[int, int] | str, ...] = (
    *((32, 3), "M", (64, 3), "M"),
    *((128, 3), (64, 1), (128, 3), "M"),
    *((256, 3), (128, 1), (256, 3), "M"),
    *((512, 3), (256, 1), (512, 3), (256, 1), (512, 3), "M"),
    *((1024, 3), (512, 1), (1024, 3), (512, 1), (1024, 3)),
)
_LAST_FINE = 17  # rows of DARKNET_19 before the last pooling; their output goes through the passthrough


def darknet19(input_shape: tuple[int, int, int] = (224, 224, 3), classes: int = 1000) -> keras.Model:
    """Build the classifier Darknet-19 with random weights (table 6).

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)``, at least 32 pixels high and wide.
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → probabilities ``(batch, classes)``.

    Raises
    ------
    ValueError
        For pictures of another rank or below 32 pixels, and fewer than two classes.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 32:
        raise ValueError(
            f"input_shape must be (height, width, channels) of at least 32 pixels, got {input_shape}"
        )
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes!r}")
    inputs = keras.Input(input_shape, name="pictures")
    x = layers.Conv2D(classes, 1, name="classes")(_stack(inputs, DARKNET_19))
    x = layers.Activation("softmax", name="probabilities")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x, name="darknet19")


def yolov2(
    input_shape: tuple[int, int, int] = (416, 416, 3), boxes: int = 5, classes: int = 20
) -> keras.Model:
    """Build YOLOv2 with random weights: Darknet-19 without its classifier, the passthrough, and the head.

    The 26×26 map before the last pooling is squeezed to 64 channels, its 2×2 neighbours are laid side by side as
    channels, and it joins the 13×13 map: fine detail for small objects.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)``, multiples of 32.
    boxes : int
        Anchors a cell, at least 1.
    classes : int
        At least 0.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → raw output ``(batch, height / 32, width / 32, boxes · (5 + classes))``.

    Raises
    ------
    ValueError
        For sides that are no multiples of 32 and numbers out of range.
    """
    _check_head(input_shape, 32, boxes, classes)
    inputs = keras.Input(input_shape, name="pictures")
    fine = _stack(inputs, DARKNET_19[:_LAST_FINE])
    x = _stack(fine, DARKNET_19[_LAST_FINE:])
    x = _convolution(_convolution(x, 1024, 3), 1024, 3)
    x = layers.Concatenate()([passthrough(fine, 64), x])
    x = _convolution(x, 1024, 3)
    return keras.Model(inputs, layers.Conv2D(boxes * (5 + classes), 1, name="head")(x), name="yolov2")


def tiny_yolov2(
    input_shape: tuple[int, int, int] = (416, 416, 3), boxes: int = 5, classes: int = 20
) -> keras.Model:
    """Build Tiny-YOLOv2 (``yolov2-tiny-voc.cfg``) with random weights.

    Parameters, result and errors as in :func:`yolov2`.
    """
    _check_head(input_shape, 32, boxes, classes)
    inputs = keras.Input(input_shape, name="pictures")
    x = inputs
    for filters in (16, 32, 64, 128, 256):
        x = layers.MaxPooling2D(2)(_convolution(x, filters, 3))
    # The sixth pooling keeps the size: Darknet pads below and to the right.
    x = layers.MaxPooling2D(2, 1, "same")(_convolution(x, 512, 3))
    x = _convolution(_convolution(x, 1024, 3), 1024, 3)
    return keras.Model(inputs, layers.Conv2D(boxes * (5 + classes), 1, name="head")(x), name="tiny_yolov2")


def passthrough(fine: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Squeeze a map to `filters` channels and halve its sides, 2×2 neighbours becoming channels (section 2).

    Parameters
    ----------
    fine : keras.KerasTensor, (batch, height, width, channels)
        Height and width known and even.
    filters : int
        A multiple of 4.

    Returns
    -------
    keras.KerasTensor, (batch, height / 2, width / 2, 4 · filters)
        In Darknet's order of channels.
    """
    return Reorganise(2)(_convolution(fine, filters, 1))


def _stack(x: keras.KerasTensor, rows: Sequence[tuple[int, int] | str]) -> keras.KerasTensor:
    for row in rows:
        x = layers.MaxPooling2D(2)(x) if row == "M" else _convolution(x, *row)
    return x


def _convolution(x: keras.KerasTensor, filters: int, size: int) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON)(x)
    return layers.LeakyReLU(LEAKY_SLOPE)(x)


def _check_head(input_shape: tuple[int, int, int], multiple: int, boxes: int, classes: int) -> None:
    if len(input_shape) != 3 or not all(side and side % multiple == 0 for side in input_shape[:2]):
        raise ValueError(
            f"input_shape must be (height, width, channels) with multiples of {multiple}, got {input_shape}"
        )
    if boxes < 1 or classes < 0:
        raise ValueError(f"boxes must be at least 1 and classes at least 0, got {boxes!r} and {classes!r}")
