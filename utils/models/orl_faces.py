"""Small networks that turn a face into an encoding, for training on the ORL faces in a minute.

The pictures of :func:`small_face_network` are the ORL faces at half size, 56 × 46 pixels
(:func:`utils.faces.batches.half_size`), but any size does.
"""

import keras
from keras import layers, ops

# What a picture without contrast is divided by in place of 0.
LEAST_SPREAD = 1e-3


@keras.saving.register_keras_serializable(package="course")
class EvenLight(layers.Layer):
    """Give every picture the mean 0 and the standard deviation 1, so that brightness and contrast do not matter."""

    def call(self, pictures):
        """Take pictures (batch, height, width, channels) and return them evened, the same shape."""
        centred = pictures - ops.mean(pictures, axis=(1, 2, 3), keepdims=True)
        spread = ops.sqrt(ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True))
        return centred / ops.maximum(spread, LEAST_SPREAD)


def small_face_network(
    input_shape: tuple[int, int, int],
    embedding: int = 64,
    filters: tuple[int, ...] = (16, 32, 64, 128),
    dropout: float = 0.2,
    centred: bool = True,
    normalized: bool = False,
) -> keras.Model:
    """Build a network of a few convolutions whose output has length 1.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)`` of a picture, at least 2 ** len(filters) pixels high and wide.
    embedding : int
        Length d of an encoding, at least 2.
    filters : tuple of int
        Of the convolutions, 5×5 with a stride of 2 first, then 3×3; all but the first are pooled by 2.
    dropout : float
        Share of the last features that a training step leaves out, in [0, 1).
    centred : bool
        Whether batch normalisation, without weights of its own, comes before an encoding is scaled to length 1. Without
        it, all encodings of a new network point nearly the same way, for features after a ReLU are never negative, and
        the hardest triplets pull them into one point. With mean 0 they point everywhere.
    normalized : bool
        Whether batch normalisation follows each convolution, too.

    Returns
    -------
    keras.Model
        Pictures in [0, 1], ``(batch, height, width, channels)`` → encodings ``(batch, embedding)`` of length 1. Not
        compiled.

    Raises
    ------
    ValueError
        When the pictures are too small for so many convolutions, or `embedding` is less than 2.
    """
    least = 2 ** len(filters)
    if len(input_shape) != 3 or min(input_shape[:2]) < least:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least {least}×{least} pixels, got {input_shape!r}"
        )
    if embedding < 2:
        raise ValueError(f"embedding must be at least 2, got {embedding!r}")
    inputs = keras.Input(shape=input_shape)
    x = EvenLight()(inputs)
    x = _convolution(x, filters[0], 5, normalized, strides=2)
    for count in filters[1:]:
        x = layers.MaxPooling2D(2)(_convolution(x, count, 3, normalized))
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dense(embedding)(x)
    if centred:
        x = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(x)
    return keras.Model(inputs, layers.UnitNormalization()(x), name="small_face_network")


def face_head(features: int, embedding: int = 256, dropout: float = 0.2) -> keras.Model:
    """Build what is trained on top of frozen layers: one dense layer whose output has length 1.

    Parameters
    ----------
    features : int
        What comes from below, numbers a face.
    embedding : int
        Length of an encoding, at least 2.
    dropout : float
        Share of the features that a training step leaves out, in [0, 1).

    Returns
    -------
    keras.Model
        (batch, features) → encodings (batch, embedding) of length 1. Not compiled.

    Notes
    -----
    Features after a ReLU are never negative, and their sizes differ; batch normalisation without weights of its own
    makes them alike before the dense layer, and centres the encodings behind it, as in :func:`small_face_network`.
    """
    if features < 1 or embedding < 2:
        raise ValueError(f"features must be at least 1 and embedding 2, got {features!r} and {embedding!r}")
    inputs = keras.Input((features,))
    x = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(inputs)
    x = layers.Dense(embedding, use_bias=False)(layers.Dropout(dropout)(x))
    x = layers.BatchNormalization(momentum=0.9, center=False, scale=False)(x)
    return keras.Model(inputs, layers.UnitNormalization()(x), name="face_head")


def _convolution(x: keras.KerasTensor, filters: int, side: int, normalized: bool, strides: int = 1):
    how = {"padding": "same", "kernel_initializer": "he_normal", "use_bias": not normalized}
    x = layers.Conv2D(filters, side, strides=strides, **how)(x)
    if normalized:
        x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)
