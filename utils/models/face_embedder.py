"""A network that turns a face into 128 numbers: pictures of one person lie close together.

The residual network of dlib (King 2017, `dlib_face_recognition_resnet_model_v1`), a ResNet-34 (He et al. 2015,
arXiv:1512.03385) with fewer layers and half the filters, trained with a metric loss so that a distance of .6 parts
people.
"""

from pathlib import Path

import keras
from keras import layers, ops

from utils.models.weights import assign_weights, load_weights

SIZE = 150
ENCODING = 128
# Two pictures show one person when the Euclidean distance of their encodings is below this.
THRESHOLD = 0.6
# Means of the training pictures in [0, 255], red, green, blue.
_MEAN = (122.782, 117.001, 104.298)
_BLOCKS = (
    "conv32_1", "conv32_2", "conv32_3",
    "conv64_down", "conv64_1", "conv64_2", "conv64_3",
    "conv128_down", "conv128_1", "conv128_2",
    "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip


def face_embedder(weights: str | Path | None = "bundled") -> keras.Model:
    """Build the network, preprocessing included.

    Parameters
    ----------
    weights : "bundled", path or None
        ``"bundled"``: dlib's weights, nearly all of them in 8 bits. A path: a file in the bundled form. None: random.

    Returns
    -------
    keras.Model
        Square crops of faces (batch, 150, 150, 3), RGB in [0, 1] → encodings (batch, 128), *not* of length 1 (about
        1.4): `THRESHOLD` holds for them as they are.

    Notes
    -----
    Batch normalisation is folded into the convolutions, as in the published weights, so the network is for use and for
    heads on top of it, not for training on.
    """
    pictures = keras.Input((SIZE, SIZE, 3), name="pictures")
    x = layers.Rescaling(1.0, [-mean / 255 for mean in _MEAN], name="preprocessing")(pictures)
    x = layers.Conv2D(32, 7, strides=2, activation="relu", name="conv32_down")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool")(x)
    for name in _BLOCKS:
        filters = int(name.split("_")[0].removeprefix("conv"))
        x = _shrinking_block(x, filters, name) if "down" in name else _identity_block(x, filters, name)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(ENCODING, use_bias=False, name="encoding")(x)
    model = keras.Model(pictures, x, name="face_embedder")
    if weights is not None:
        assign_weights(model, load_weights(weights, "face-embedder"))
    return model


@keras.saving.register_keras_serializable(package="convnet_course")
class ZeroPadTo(layers.Layer):
    """Pad feature maps with zeros at the bottom, at the right and in further channels, up to a fixed shape.

    Parameters
    ----------
    shape : tuple of int
        (height, width, channels) to reach; none smaller than the input's.
    """

    def __init__(self, shape: tuple[int, int, int], **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def call(self, x):
        """Pad (batch, height, width, channels)."""
        missing = [wanted - there for wanted, there in zip(self.shape, x.shape[1:], strict=True)]
        return ops.pad(x, [(0, 0), *((0, count) for count in missing)])

    def compute_output_shape(self, input_shape):
        """Return the padded shape."""
        return (input_shape[0], *self.shape)

    def get_config(self):
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "shape": self.shape}


def _identity_block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    y = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv1")(x)
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv2")(y)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def _shrinking_block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """Halve height and width; the shortcut has no weights: averages of 2×2, and zeros for the new channels."""
    y = layers.Conv2D(filters, 3, strides=2, activation="relu", name=f"{name}_conv1")(x)
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv2")(y)
    shortcut = layers.AveragePooling2D(2, name=f"{name}_average")(x)
    shape = tuple(max(pair) for pair in zip(y.shape[1:], shortcut.shape[1:], strict=True))
    y = _padded(y, shape, f"{name}_pad")
    shortcut = _padded(shortcut, shape, f"{name}_pad_shortcut")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([shortcut, y]))


def _padded(x: keras.KerasTensor, shape: tuple[int, ...], name: str) -> keras.KerasTensor:
    return x if tuple(x.shape[1:]) == shape else ZeroPadTo(shape, name=name)(x)
