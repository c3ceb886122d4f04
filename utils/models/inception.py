"""Network in network, the Inception module and GoogLeNet, each from its paper.

They are here because lesson 3 of week 2 builds them and counts their parameters and multiplications. Keras layers only,
so they run on any Keras backend. A network is written as a table of rows, plain data, so that the same function builds
the paper's network and one small enough to be trained in a lesson.

References
----------
Lin, Chen, Yan: Network in network, 2014 (arXiv:1312.4400).
Szegedy et al.: Going deeper with convolutions, 2015 (arXiv:1409.4842), table 1, figure 3 and section 5.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from utils.models.classic import LocalResponseNormalization

Row = Mapping[str, Any]

SIDE_WEIGHT = 0.3  # of a side classifier's loss, section 5
_SIDE_WINDOW, _SIDE_STRIDE = 5, 3


def _inception(*filters: int) -> Row:
    return {"type": "inception", "filters": filters}


# Table 1, row by row; "norm" from figure 3. A module's filters: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection.
GOOGLENET: tuple[Row, ...] = (
    {"type": "conv", "filters": 64, "size": 7, "stride": 2},
    {"type": "pool"},
    {"type": "norm"},
    {"type": "conv", "filters": 64, "size": 1, "stride": 1},
    {"type": "conv", "filters": 192, "size": 3, "stride": 1},
    {"type": "norm"},
    {"type": "pool"},
    _inception(64, 96, 128, 16, 32, 32),
    _inception(128, 128, 192, 32, 96, 64),
    {"type": "pool"},
    _inception(192, 96, 208, 16, 48, 64),
    {"type": "side", "filters": 128, "units": 1024},
    _inception(160, 112, 224, 24, 64, 64),
    _inception(128, 128, 256, 24, 64, 64),
    _inception(112, 144, 288, 32, 64, 64),
    {"type": "side", "filters": 128, "units": 1024},
    _inception(256, 160, 320, 32, 128, 128),
    {"type": "pool"},
    _inception(256, 160, 320, 32, 128, 128),
    _inception(384, 192, 384, 48, 128, 128),
)


def inception_module(
    x: keras.KerasTensor, n1: int, n3_reduce: int, n3: int, n5_reduce: int, n5: int, n_pool: int
) -> keras.KerasTensor:
    """Apply an Inception module with dimension reductions (Szegedy et al. 2015, figure 2b).

    Parameters
    ----------
    x : KerasTensor
        (batch, height, width, channels).
    n1, n3_reduce, n3, n5_reduce, n5, n_pool : int
        Numbers of filters, at least 1, in the order of the columns of table 1.

    Returns
    -------
    KerasTensor
        (batch, height, width, n1 + n3 + n5 + n_pool): the paths 1×1, 3×3, 5×5 and pooling, joined in this order.

    Raises
    ------
    ValueError
        When a number of filters is below 1.
    """
    numbers = (n1, n3_reduce, n3, n5_reduce, n5, n_pool)
    if min(numbers) < 1:
        raise ValueError(f"every number of filters must be at least 1, got {numbers}")
    one = _convolution(x, n1, 1)
    three = _convolution(_convolution(x, n3_reduce, 1), n3, 3)
    five = _convolution(_convolution(x, n5_reduce, 1), n5, 5)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()([one, three, five, _convolution(pooled, n_pool, 1)])


def googlenet(
    table: Sequence[Row] = GOOGLENET,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    auxiliary: bool = True,
) -> keras.Model:
    """Build GoogLeNet, or another network of Inception modules, from its table.

    Parameters
    ----------
    table : sequence of dict
        Rows in order, each with a ``"type"``: ``"conv"`` (``"filters"``, ``"size"``, ``"stride"``; same padding, ReLU),
        ``"pool"`` (maximum of 3×3, stride 2, same padding), ``"norm"`` (local response normalisation), ``"inception"``
        (``"filters"``: six numbers as in :func:`inception_module`), ``"side"`` (``"filters"``, ``"units"``: a side
        classifier on what the row before gives). The end, not in the table: the mean of each channel, 40 % dropout, a
        dense layer and softmax.
    input_shape : tuple of int
        (height, width, channels) of one picture.
    classes : int
        Number of classes, at least 2.
    auxiliary : bool
        With the side classifiers. They only help in training; for prediction leave them out.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes); with side classifiers a list of them, the
        network's own first, then the side classifiers' in the order of the table. Not compiled. With the paper's table
        and 1,000 classes 13,378,280 parameters, 6,998,552 without side classifiers.

    Raises
    ------
    ValueError
        For a row of an unknown type, fewer than two classes, or maps too small for a side classifier's 5×5 window.
    """
    _check_network(table, input_shape, classes)
    x = inputs = keras.Input(input_shape)
    sides = []
    for row in table:
        if row["type"] == "conv":
            x = _convolution(x, row["filters"], row["size"], row["stride"])
        elif row["type"] == "pool":
            x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        elif row["type"] == "norm":
            x = LocalResponseNormalization()(x)
        elif row["type"] == "inception":
            x = inception_module(x, *row["filters"])
        elif auxiliary:
            sides.append(side_classifier(x, row["filters"], row["units"], classes))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.4)(x)
    main = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, [main, *sides] if sides else main, name="googlenet")


def side_classifier(x: keras.KerasTensor, filters: int, units: int, classes: int) -> keras.KerasTensor:
    """Classify from the middle of a network (Szegedy et al. 2015, section 5).

    Parameters
    ----------
    x : KerasTensor
        (batch, height, width, channels), at least 5×5.
    filters, units, classes : int
        Of the 1×1 convolution, the dense layer and the output; 128, 1024 and 1000 in the paper.

    Returns
    -------
    KerasTensor
        Probabilities, (batch, classes).

    Raises
    ------
    ValueError
        When the maps are smaller than 5×5.
    """
    if min(x.shape[1:3]) < _SIDE_WINDOW:
        raise ValueError(
            f"a side classifier averages windows of 5×5; its maps are {x.shape[1]}×{x.shape[2]}, which is too small"
        )
    x = layers.AveragePooling2D(_SIDE_WINDOW, strides=_SIDE_STRIDE)(x)
    x = layers.Flatten()(_convolution(x, filters, 1))
    x = layers.Dropout(0.7)(layers.Dense(units, activation="relu")(x))
    return layers.Dense(classes, activation="softmax")(x)


def network_in_network(
    input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, dropout: float = 0.5
) -> keras.Model:
    """Build network in network for small pictures: three times a convolution and two 1×1 convolutions.

    The paper draws the architecture (figure 2) without numbers of filters; these are the ones of the definition for
    CIFAR-10 that its authors gave out. There is no dense layer: the last 1×1 convolution has one map a class, and
    the mean of each map goes into the softmax (section 3.2).

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels) of one picture, at least 4×4.
    classes : int
        Number of classes, at least 2.
    dropout : float
        Share that is dropped between the blocks while training, 0 to below 1.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes); not compiled. 966,986 parameters for
        32×32×3 and ten classes.

    Raises
    ------
    ValueError
        When the pictures are smaller than 4×4, there are fewer than two classes or ``dropout`` is out of range.
    """
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, got {dropout!r}")
    _check_pictures(input_shape, classes)
    x = inputs = keras.Input(input_shape)
    x = _perceptrons(x, 5, (192, 160, 96))
    x = layers.Dropout(dropout)(layers.MaxPooling2D(3, strides=2, padding="same")(x))
    x = _perceptrons(x, 5, (192, 192, 192))
    x = layers.Dropout(dropout)(layers.AveragePooling2D(3, strides=2, padding="same")(x))
    x = _perceptrons(x, 3, (192, 192, classes))
    x = layers.Softmax()(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x, name="network_in_network")


def _perceptrons(x: keras.KerasTensor, size: int, filters: Sequence[int]) -> keras.KerasTensor:
    """Slide a small dense network over the map: one convolution, then 1×1 convolutions ("mlpconv", section 3.1)."""
    for number, count in enumerate(filters):
        x = _convolution(x, count, 1 if number else size)
    return x


def _convolution(x: keras.KerasTensor, filters: int, size: int, stride: int = 1) -> keras.KerasTensor:
    return layers.Conv2D(filters, size, strides=stride, padding="same", activation="relu")(x)


def _check_pictures(input_shape: tuple[int, int, int], classes: int) -> None:
    if len(input_shape) != 3 or min(input_shape[:2]) < 4 or input_shape[2] < 1:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least 4×4 pixels, got {input_shape!r}"
        )
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes!r}")


def _check_network(table: Sequence[Row], input_shape: tuple[int, int, int], classes: int) -> None:
    _check_pictures(input_shape, classes)
    known = ("conv", "pool", "norm", "inception", "side")
    for number, row in enumerate(table):
        if row.get("type") not in known:
            raise ValueError(f"table[{number}]: type must be one of {known}, got {row.get('type')!r}")
        if row["type"] == "inception" and len(row["filters"]) != 6:
            raise ValueError(
                f"table[{number}]: filters of a module must be six numbers, got {row['filters']!r}"
            )
