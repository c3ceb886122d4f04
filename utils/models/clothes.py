"""The classifier of clothes of week 2's first assignment, its training, and its word on one's own picture.

The assignment works with these until a learner's own are right.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from utils.data.images import read_image, to_grey

Pair = tuple[np.ndarray, np.ndarray]


def clothes_classifier(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build a network of two convolutions and one dense layer that takes bytes.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)`` of one picture, values in [0, 255]; height and width at least 4.
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → probabilities ``(batch, classes)``; not compiled.

    Raises
    ------
    ValueError
        When the pictures are too small to be pooled twice, or there are fewer than two classes.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 4:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least 4×4 pixels, got {input_shape!r}"
        )
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes!r}")
    x = inputs = keras.Input(shape=input_shape)
    x = layers.Rescaling(1 / 255)(x)
    for filters in (16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def train_classifier(
    model: keras.Model, training: Pair, test: Pair, epochs: int, patience: int, rng: np.random.Generator
) -> tuple[keras.callbacks.History, float]:
    """Train on four fifths of the pictures, choose the epoch by the last fifth, and measure on the test pictures.

    Adam begins with a learning rate of 0.002, which is halved after each epoch without a better validation loss.

    Parameters
    ----------
    model : keras.Model
        Pictures → probabilities; compiled here, its weights change.
    training, test : pair of ndarray
        Pictures ``(m, height, width, channels)`` and whole-number labels ``(m,)``; at least five training pictures.
    epochs : int
        How many at most.
    patience : int
        Epochs without a better validation loss after which training stops. The best weights are restored.
    rng : numpy.random.Generator
        Draws the validation pictures.

    Returns
    -------
    history : keras.callbacks.History
        What ``fit`` returned.
    accuracy : float
        On the test pictures, in [0, 1].

    Raises
    ------
    ValueError
        When there are too few training pictures, or not as many labels as pictures.
    """
    for name, (pictures, labels) in (("training", training), ("test", test)):
        if len(pictures) != len(labels):
            raise ValueError(
                f"{name} must hold as many labels as pictures, {len(pictures)}; got {len(labels)}"
            )
    x, y = training
    if len(x) < 5:
        raise ValueError(f"training must hold at least 5 pictures, got {len(x)}")
    order, held = rng.permutation(len(x)), len(x) // 5
    validation, rest = order[:held], order[held:]
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x[rest],
        y[rest],
        batch_size=64,
        epochs=epochs,
        validation_data=(x[validation], y[validation]),
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
            keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True),
        ],
        verbose=0,
    )
    return history, model.evaluate(*test, verbose=0)[1]


def predict_picture(
    model: keras.Model, path: str | os.PathLike[str], names: Sequence[str]
) -> tuple[str, float, np.ndarray]:
    """Say what garment is on a picture file, prepared as Fashion-MNIST's pictures were.

    Parameters
    ----------
    model : keras.Model
        Takes one grey square of bytes, light on black, ``(batch, side, side, 1)``; gives probabilities.
    path : str or path
        A file in any format that :func:`utils.data.read_image` reads: a dark garment on white, or cut out.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    name : str
        The most likely class.
    probability : float
        In [0, 1].
    prepared : ndarray
        ``(side, side)`` uint8, what the network saw.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no whole picture, or its longer side is shorter than the network's.

    References
    ----------
    Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, section 2: how its pictures were made.
    """
    from PIL import Image, ImageOps

    side = model.input_shape[1]
    picture = read_image(path)
    if max(picture.shape[:2]) < side:
        raise ValueError(
            f"{Path(path).name} has {picture.shape[1]}×{picture.shape[0]} pixels; the longer side needs at least {side}"
        )
    square = ImageOps.pad(Image.fromarray(to_grey(picture)), (side, side), color=255)
    prepared = 255 - np.asarray(square)
    probabilities = model.predict(prepared[np.newaxis, :, :, np.newaxis], verbose=0)[0]
    best = int(probabilities.argmax())
    return names[best], float(probabilities[best]), prepared
