"""Localisation: one thing a picture at most, its label, its loss and the head of a network that finds it.

A label is y = [p_c, b_x, b_y, b_h, b_w, c…], all relative to the picture: centre, height *before* width. Only this
module and lesson 1 of week 3 use that order; everywhere else a box is two corners.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from utils.data.boxes import centres_to_corners, corners_to_centres
from utils.data.scenes import Scene
from utils.detection.overlap import iou

_BOX = [0, 1, 3, 2]  # x, y, width, height ↔ x, y, height, width


def scene_labels(scenes: Sequence[Scene], kinds: int) -> np.ndarray:
    """Return the labels of scenes with one thing or none, (m, 5 + kinds), float32.

    Raises
    ------
    ValueError
        For a scene with more things.
    """
    labels = np.zeros((len(scenes), 5 + kinds), np.float32)
    for label, scene in zip(labels, scenes, strict=True):
        if len(scene.boxes) > 1:
            raise ValueError(f"a scene may hold one thing at most, got {len(scene.boxes)}")
        if len(scene.boxes):
            label[0] = 1
            label[1:5] = corners_to_centres(scene.boxes[0])[_BOX]
            label[5 + scene.classes[0]] = 1
    return labels


def label_corners(labels: np.ndarray) -> np.ndarray:
    """Return the boxes of labels (m, 5 + kinds) as corners relative to the picture, (m, 4)."""
    return centres_to_corners(np.asarray(labels)[:, 1:5][:, _BOX])


def label_overlaps(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the intersection over union of the boxes of two sets of labels, row by row, (m,)."""
    pairs = zip(label_corners(true), label_corners(found), strict=True)
    return np.array([iou(first, second) for first, second in pairs])


def localization_loss(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Return the squared error of each picture's label, (m,), for `compile`.

    Parameters
    ----------
    y_true, y_pred : tensor, (m, 5 + kinds)
        Labels; where the true p_c is 0, only p_c counts.
    """
    errors = ops.square(y_true - y_pred)
    return errors[:, 0] + y_true[:, 0] * ops.sum(errors[:, 1:], axis=1)


def landmark_loss(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Return the mean squared distance of the visible landmarks of a batch, a number, for `compile`.

    Parameters
    ----------
    y_true : tensor, (m, n, 3)
        x, y and whether the landmark is visible, 1 or 0.
    y_pred : tensor, (m, n, 2)
        x, y.
    """
    squared = ops.sum(ops.square(y_true[..., :2] - y_pred), axis=-1)
    visible = y_true[..., 2]
    return ops.sum(squared * visible) / ops.maximum(ops.sum(visible), 1.0)


def localizer_head(fine: keras.KerasTensor, coarse: keras.KerasTensor, kinds: int) -> keras.KerasTensor:
    """Turn feature maps into a label.

    p_c and the box come from narrow maps that are laid out place after place: a mean over places, as a classifier takes
    it, would forget where the thing is. The kinds come from a mean of the features with learned weights, the largest
    where the thing is (attention).

    Parameters
    ----------
    fine, coarse : tensor, (m, 2 rows, 2 columns, ·) and (m, rows, columns, ·)
        Feature maps of a picture.
    kinds : int
        At least 1.

    Returns
    -------
    tensor, (m, 5 + kinds)
        p_c and box, each in [0, 1], then the kinds, together 1.
    """
    joined = _joined(fine, coarse)
    mixed = _mixed(joined)
    where = layers.Activation("sigmoid")(_places(mixed, 5))
    places, channels = joined.shape[1] * joined.shape[2], joined.shape[3]
    weights = layers.Softmax(axis=1)(layers.Reshape((places, 1))(layers.Conv2D(1, 1)(mixed)))
    mean = layers.Flatten()(layers.Dot(axes=1)([weights, layers.Reshape((places, channels))(joined)]))
    kind = layers.Dense(kinds, activation="softmax")(layers.Dropout(0.3)(mean))
    return layers.Concatenate()([where, kind])


def landmark_head(fine: keras.KerasTensor, coarse: keras.KerasTensor, count: int) -> keras.KerasTensor:
    """Turn feature maps, as for :func:`localizer_head`, into landmarks, (m, count, 2), each x, y in [0, 1].

    Each landmark has a map of weights, together 1, and lies at the weighted mean of all places (a "soft argmax", Nibali
    et al. 2018, arXiv:1801.07372). So every place votes by the same rule, and few pictures are enough to learn it.
    """
    x = layers.Conv2D(64, 1, activation="relu")(_mixed(_joined(fine, coarse)))
    rows, columns = x.shape[1:3]
    weights = layers.Softmax(axis=1)(layers.Reshape((rows * columns, count))(layers.Conv2D(count, 1)(x)))
    y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    places = np.stack([x.ravel(), y.ravel()], axis=-1).astype(np.float32)
    return ops.matmul(ops.transpose(weights, (0, 2, 1)), places)


def _joined(fine: keras.KerasTensor, coarse: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Concatenate()([fine, layers.UpSampling2D(2)(coarse)])


def _mixed(joined: keras.KerasTensor) -> keras.KerasTensor:
    """Mix the channels of each place to 64."""
    x = layers.Conv2D(64, 1, use_bias=False)(layers.SpatialDropout2D(0.1)(joined))
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def _places(mixed: keras.KerasTensor, units: int) -> keras.KerasTensor:
    x = layers.Flatten()(layers.Conv2D(16, 1, activation="relu")(mixed))
    x = layers.Dense(128, activation="relu")(layers.Dropout(0.2)(x))
    return layers.Dense(units)(x)
