"""How long the gradients of a network's weights are: what lesson 2 of week 2 looks at. Needs the TensorFlow backend."""

import keras
import numpy as np


def gradient_norms(model: keras.Model, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Measure the gradient of the mean cross-entropy for each kernel, in training mode.

    Parameters
    ----------
    model : keras.Model
        Classifier that gives probabilities ``(batch, classes)``. Weights stay as they are; moving averages of
        normalisations move, as in a step of training.
    x : ndarray
        ``(batch, …)``, float.
    labels : ndarray
        ``(batch,)``, whole numbers from 0.

    Returns
    -------
    ndarray
        Euclidean norm for each trainable weight with two axes or more, float32, in the order of the model's weights.

    Raises
    ------
    ValueError
        When ``labels`` are not one a sample, or the model has no trainable kernel.
    """
    import tensorflow as tf

    kernels = [weight for weight in model.trainable_weights if len(weight.shape) > 1]
    if not kernels:
        raise ValueError(f"model must have trainable kernels, {model.name!r} has none")
    if np.shape(labels) != (len(x),):
        raise ValueError(f"labels must be one a sample, ({len(x)},), got {np.shape(labels)}")
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(labels, model(x, training=True))
        loss = keras.ops.mean(losses)
    return np.array([tf.norm(gradient) for gradient in tape.gradient(loss, kernels)])
