"""Transfer learning: freeze a pretrained network, give it a new head, fine-tune it with two learning rates."""

import keras
import numpy as np
from keras import layers


def freeze_until(model: keras.Model, layer_name: str) -> keras.Model:
    """Freeze a network's first layers and every batch normalization; leave the other layers trainable.

    A frozen `BatchNormalization` also stays in inference mode: it neither uses nor collects statistics of the batch.

    Parameters
    ----------
    model : keras.Model
        A flat model; which of its layers were frozen before does not matter.
    layer_name : str
        The last layer to be frozen, counted in the order of `model.layers`.

    Returns
    -------
    keras.Model
        The same model.

    Raises
    ------
    ValueError
        When there is no layer of that name; nothing is changed then.
    """
    last = model.layers.index(model.get_layer(layer_name))
    model.trainable = True
    for number, layer in enumerate(model.layers):
        layer.trainable = number > last and not isinstance(layer, layers.BatchNormalization)
    return model


def transfer_model(base: keras.Model, classes: int) -> keras.Model:
    """Put a new classifier on a frozen pretrained network.

    Parameters
    ----------
    base : keras.Model
        (batch, height, width, 3), RGB in [0, 1], → feature maps (batch, h, w, channels). It is frozen.
    classes : int
        Number of classes.

    Returns
    -------
    keras.Model
        (batch, height, width, 3), RGB in [0, 255], → probabilities (batch, classes).
    """
    base.trainable = False
    inputs = keras.Input(base.input_shape[1:])
    x = base(layers.Rescaling(1 / 255)(inputs))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def fine_tune(
    model: keras.Model,
    base: keras.Model,
    layer_name: str,
    x: np.ndarray,
    y: np.ndarray,
    optimizers: tuple[keras.Optimizer, keras.Optimizer],
    epochs: tuple[int, int],
) -> keras.Model:
    """Train the head of a network first, and then the head together with the last layers of its base.

    Parameters
    ----------
    model : keras.Model
        A network that ends with a softmax and has `base` as one of its layers.
    base : keras.Model
        The pretrained part.
    layer_name : str
        Layer of the base: what comes after it is trained in the second stage, batch normalizations excepted.
    x, y : ndarray
        Pictures as the model wants them; labels (m,), whole numbers.
    optimizers : tuple
        For the first stage and, with a much smaller learning rate, for the second.
    epochs : tuple of int
        Of the two stages.

    Returns
    -------
    keras.Model
        The same model, trained.
    """
    base.trainable = False
    model.compile(optimizers[0], "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=epochs[0], verbose=0)
    freeze_until(base, layer_name)
    model.compile(optimizers[1], "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=epochs[1], verbose=0)
    return model
