"""The classifier of digits that week 1's second assignment trains when a learner's own is not there yet."""

import keras
from keras import layers


def two_path_classifier(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Build a small network with two parallel convolutions, 3×3 and 5×5, on the same feature map.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)`` of one picture, values in [0, 1]; height and width at least 4.
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
    inputs = keras.Input(shape=input_shape)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D(2)(x)
    narrow = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    wide = layers.Conv2D(16, 5, padding="same", activation="relu")(x)
    x = layers.Concatenate()([narrow, wide])
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
