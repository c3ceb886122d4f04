"""Features for one-class classification: a network that knows one kind of thing well enough to notice all others.

Perera and Patel 2019, "Learning deep features for one-class classification" (arXiv:1801.05365): a reference set with
labels keeps the features descriptive, the one class keeps them compact.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

FEATURES = 64


def compactness_loss(features: keras.KerasTensor):
    """Return how far each feature vector of a batch is from the mean of the others, squared, averaged (equation 4).

    Parameters
    ----------
    features : tensor, (n, d)
        Of one class; n at least 2.

    Returns
    -------
    scalar tensor
        1 / (n d) · Σ ‖x_i − m_i‖², with m_i the mean of all but x_i.
    """
    n = ops.cast(ops.shape(features)[0], features.dtype)
    others = (ops.sum(features, axis=0, keepdims=True) - features) / (n - 1)
    return ops.mean(ops.square(features - others))


def anomaly_scores(features: ArrayLike, known: ArrayLike, k: int = 5) -> np.ndarray:
    """Return the mean Euclidean distance of each vector to its k nearest known ones: large for what is new.

    Parameters
    ----------
    features : array_like, (n, d)
        Of what is to be judged.
    known : array_like, (m, d)
        Of the one class.
    k : int
        From 1 to m.

    Returns
    -------
    ndarray, (n,)

    Raises
    ------
    ValueError
        When there are fewer than k known vectors.
    """
    known = np.asarray(known, np.float64)
    if not 1 <= k <= len(known):
        raise ValueError(f"k must be from 1 to {len(known)}, the number of known vectors, got {k!r}")
    every = cdist(np.asarray(features, np.float64), known)
    return np.partition(every, k - 1, axis=1)[:, :k].mean(axis=1)


def feature_network(input_shape: tuple[int, int, int] = (28, 28, 1)) -> keras.Model:
    """Build three convolutions of stride 2 and a dense layer: (batch, height, width, channels) → (batch, 64)."""
    pictures = keras.Input(input_shape)
    x = pictures
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    return keras.Model(pictures, layers.Dense(FEATURES)(layers.Flatten()(x)), name="features")


@keras.saving.register_keras_serializable(package="convnet_course")
class OneClassNetwork(keras.Model):
    """One feature network, two tasks: tell the reference classes apart, and keep the one class together.

    Parameters
    ----------
    features : keras.Model
        Pictures → features (batch, d).
    classes : int
        Of the reference set.
    weight : float
        λ, of compactness; 0 leaves it out.
    compactness : callable
        :func:`compactness_loss`, or another that does the same.

    Notes
    -----
    Compile it without a loss. `fit` takes ``[reference pictures, pictures of the one class]``, as many of each, and the
    reference's labels.
    """

    def __init__(
        self,
        features: keras.Model,
        classes: int,
        weight: float = 0.1,
        compactness: Callable = compactness_loss,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.features, self.weight = features, weight
        self.head = keras.Sequential([layers.ReLU(), layers.Dense(classes)])
        self._compactness = compactness

    def call(self, pictures):
        """Return logits of the reference pictures and features of the others."""
        reference, one_class = pictures
        return self.head(self.features(reference)), self.features(one_class)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return descriptiveness + λ · compactness."""
        logits, features = y_pred
        each = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
        return ops.mean(each) + self.weight * self._compactness(features)
