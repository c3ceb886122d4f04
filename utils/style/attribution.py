"""Which pixels, and which places, speak for a class: saliency, Grad-CAM and occlusion.

Gradients need the TensorFlow backend (see `utils.style.gradients`); occlusion needs none. Pictures are (height, width,
3) in [0, 1], scores are those before the softmax: a probability also rises when other classes' scores fall.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from utils.style.gradients import compile_gradient, value_and_gradient


def class_scores(model: keras.Model) -> keras.Model:
    """Return a classifier without the activation of its last layer.

    Parameters
    ----------
    model : keras.Model
        Ends with a dense layer, such as `utils.models.efficientnet.efficientnet_lite0`.

    Returns
    -------
    keras.Model
        Pictures → scores (batch, classes). All layers but the last are shared.

    Raises
    ------
    ValueError
        When the last layer is not dense.
    """
    last = model.layers[-1]
    if not isinstance(last, layers.Dense):
        raise ValueError(f"model must end with a dense layer, it ends with {type(last).__name__}")
    scores = layers.Dense(last.units, use_bias=last.use_bias, name=f"{last.name}_scores")
    outputs = scores(last.input)
    scores.set_weights(last.get_weights())
    return keras.Model(model.inputs[0], outputs, name=f"{model.name}_scores")


def saliency_map(model: keras.Model, picture: np.ndarray, class_index: int) -> np.ndarray:
    """Return, for each pixel, how strongly the score answers to a small change of it.

    Simonyan, Vedaldi and Zisserman 2013, "Deep inside convolutional networks" (arXiv:1312.6034), section 3.1: the
    largest magnitude among the channels of the score's gradient by the picture.

    Parameters
    ----------
    model : keras.Model
        Pictures (batch, height, width, channels) → scores (batch, classes).
    picture : ndarray, (height, width, channels)
        In [0, 1].
    class_index : int
        Of the score.

    Returns
    -------
    ndarray, (height, width)
        At least 0.
    """
    _check_class(model, class_index)
    return _saliency(partial(value_and_gradient, _score(model, class_index)), picture)


def smooth_saliency_map(
    model: keras.Model,
    picture: np.ndarray,
    class_index: int,
    rng: np.random.Generator,
    samples: int = 16,
    noise: float = 0.1,
) -> np.ndarray:
    """Average the saliency of noisy copies of a picture.

    SmoothGrad, Smilkov et al. 2017 (arXiv:1706.03825), equation 1, with the magnitude taken of each sample.

    Parameters
    ----------
    model, picture, class_index
        As in :func:`saliency_map`.
    rng : numpy.random.Generator
        Of the noise.
    samples : int
        How many copies, at least 1.
    noise : float
        Standard deviation of the normal noise, in units of the pixels.

    Returns
    -------
    ndarray, (height, width)
        At least 0.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    _check_class(model, class_index)
    score_and_gradient = compile_gradient(_score(model, class_index), picture[np.newaxis].shape)
    total = np.zeros(picture.shape[:2], np.float32)
    for _ in range(samples):
        copy = picture + noise * rng.standard_normal(picture.shape, np.float32)
        total += _saliency(score_and_gradient, copy)
    return total / samples


def grad_cam(model: keras.Model, picture: np.ndarray, class_index: int, layer: str) -> np.ndarray:
    """Return which places of a layer's maps speak for a class.

    Selvaraju et al. 2017, "Grad-CAM" (arXiv:1610.02391), equations 1 and 2: α_k is the mean gradient of the score by
    map k, and the result is ReLU(Σ_k α_k A_k). Neither enlarged nor normalised.

    Parameters
    ----------
    model, picture, class_index
        As in :func:`saliency_map`.
    layer : str
        Name of a layer with feature maps, most often the last one that has any.

    Returns
    -------
    ndarray, (rows, columns)
        Of the layer's maps; at least 0.
    """
    _check_class(model, class_index)
    before, after = _cut(model, layer)
    maps = before(picture[np.newaxis], training=False)
    _, gradient = value_and_gradient(_score(after, class_index), maps)
    weights = gradient.mean(axis=(1, 2))[0]
    return np.maximum(np.asarray(maps)[0] @ weights, 0)


def occlusion_map(
    model: keras.Model, picture: np.ndarray, class_index: int, window: int, stride: int, fill: float = 0.5
) -> np.ndarray:
    """Return by how much a score falls when a square of the picture is covered.

    Zeiler and Fergus 2013 (arXiv:1311.2901), section 4.2.

    Parameters
    ----------
    model, picture, class_index
        As in :func:`saliency_map`.
    window, stride : int
        Side of the square, and pixels from one position to the next, both at least 1.
    fill : float
        Colour of the square.

    Returns
    -------
    ndarray, (rows, columns)
        Score of the whole picture minus that of the covered one: positive where the square hides what speaks for the
        class. The square of entry (i, j) has its upper left pixel at (i · stride, j · stride).
    """
    _check_class(model, class_index)
    if window < 1 or stride < 1 or window > min(picture.shape[:2]):
        raise ValueError(
            f"window must be between 1 and the picture's {min(picture.shape[:2])} pixels and stride at least 1, got "
            f"{window} and {stride}"
        )
    tops, lefts = (range(0, side - window + 1, stride) for side in picture.shape[:2])
    rows = []
    for top in tops:
        # The whole picture goes along with each row: all batches have one shape, which one graph serves.
        batch = np.repeat(picture[np.newaxis], 1 + len(lefts), axis=0)
        for copy, left in zip(batch[1:], lefts, strict=True):
            copy[top : top + window, left : left + window] = fill
        scores = model.predict_on_batch(batch)[:, class_index]
        rows.append(scores[0] - scores[1:])
    return np.array(rows)


def _score(model: keras.Model, class_index: int) -> Callable[[Any], Any]:
    """Return the function that gives a model's scores of one class, (batch,)."""
    return lambda x: model(x, training=False)[:, class_index]


def _saliency(
    score_and_gradient: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], picture: np.ndarray
) -> np.ndarray:
    """Return the largest magnitude among the channels of the score's gradient by each pixel, (height, width)."""
    _, gradient = score_and_gradient(picture[np.newaxis])
    return np.abs(gradient[0]).max(axis=-1)


def _cut(model: keras.Model, layer: str) -> tuple[keras.Model, keras.Model]:
    """Cut a model behind a layer: pictures → maps, maps → scores."""
    names = [step.name for step in model.layers]
    if layer not in names:
        raise ValueError(f"layer must be one of {', '.join(names)}, got {layer!r}")
    maps = model.get_layer(layer).output
    return keras.Model(model.inputs[0], maps), keras.Model(maps, model.outputs[0])


def _check_class(model: keras.Model, class_index: int) -> None:
    classes = model.output_shape[-1]
    if not 0 <= class_index < classes:
        raise ValueError(f"class_index must be between 0 and {classes - 1}, got {class_index!r}")
