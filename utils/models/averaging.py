"""Averages of several opinions about a picture: of several networks, or of one network about several crops.

The networks only need a ``predict`` as Keras' models have it, so that nothing of Keras is imported here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.data.crops import ten_crop

_BATCH = 256


def ensemble_predict(models: Sequence[Any], x: np.ndarray) -> np.ndarray:
    """Average the probabilities of several networks.

    Parameters
    ----------
    models : sequence of keras.Model
        At least one; each gives probabilities ``(m, classes)``.
    x : ndarray
        ``(m, …)``, what each of the networks takes.

    Returns
    -------
    ndarray
        ``(m, classes)``, the mean over the networks; each row sums to 1.

    Raises
    ------
    ValueError
        When there is no network.

    References
    ----------
    Hansen, Salamon: Neural network ensembles, 1990.
    """
    if len(models) == 0:
        raise ValueError("models must hold at least one network")
    return np.mean([model.predict(x, batch_size=_BATCH, verbose=0) for model in models], axis=0)


def multi_crop_predict(model: Any, images: np.ndarray, size: int) -> np.ndarray:
    """Average a network's probabilities over the ten crops of each picture.

    Parameters
    ----------
    model : keras.Model
        ``(n, size, size, channels)`` → probabilities ``(n, classes)``.
    images : ndarray
        ``(m, height, width, channels)``.
    size : int
        Side of a crop, 1 to the shorter side of the pictures.

    Returns
    -------
    ndarray
        ``(m, classes)``, the mean over the crops; each row sums to 1.
    """
    crops = ten_crop(images, size)
    opinions = model.predict(crops.reshape(-1, *crops.shape[2:]), batch_size=_BATCH, verbose=0)
    return opinions.reshape(len(images), 10, -1).mean(axis=1)
