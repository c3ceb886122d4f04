"""Tiny networks and pictures, so that painting takes a moment."""

import keras
import numpy as np
from keras import layers

CONTENT, STYLE = "third", ("first", "second")
OPTIONS = {"content_layer": CONTENT, "style_layers": STYLE, "alpha": 1.0, "beta": 1000.0, "margin": 4}


def network(activation="relu", extra=()) -> keras.Model:
    """Return three convolutions with random weights; `extra` layers come first."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            *extra,
            layers.Conv2D(8, 3, padding="same", activation=activation, name="first"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 3, padding="same", activation=activation, name="second"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 3, padding="same", activation=activation, name="third"),
            layers.Conv2D(8, 3, padding="same", activation=activation, name="fourth"),
        ]
    )


def picture(seed, height=24, width=32, low=0.0, high=1.0) -> np.ndarray:
    """Return patches of random colours."""
    small = np.random.default_rng(seed).uniform(low, high, (-(-height // 4), -(-width // 4), 3))
    return small.repeat(4, 0).repeat(4, 1)[:height, :width].astype(np.float32)
