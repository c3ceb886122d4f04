"""A small network that finds 68 points of a face: jaw, brows, nose, eyes, mouth.

The numbering is that of the 300-W annotations (Sagonas et al. 2013, "300 faces in-the-wild challenge"), also dlib's.
The author of face-api.js trained the network, 75,000 weights: depthwise separable convolutions (Howard et al. 2017,
arXiv:1704.04861) in blocks whose layers see the sum of all earlier ones, shallow relatives of densely connected
networks (Huang et al. 2017, arXiv:1608.06993).
"""

from pathlib import Path

import keras
from keras import layers

from utils.models.weights import assign_weights, load_weights

SIZE = 112
POINTS = 68
# Rows of the points. Left and right are those of the picture.
JAW, LEFT_BROW, RIGHT_BROW = slice(0, 17), slice(17, 22), slice(22, 27)
NOSE, LEFT_EYE, RIGHT_EYE, MOUTH = slice(27, 36), slice(36, 42), slice(42, 48), slice(48, 68)
# Means of the training pictures in [0, 255], red, green, blue.
_MEAN = (122.782, 117.001, 104.298)
_FILTERS = (32, 64, 128)
_CONVOLUTIONS = 3


def face_landmarks(weights: str | Path | None = "bundled") -> keras.Model:
    """Build the network, preprocessing included.

    Parameters
    ----------
    weights : "bundled", path or None
        ``"bundled"``: the published weights, 8 bits each. A path: a file in the bundled form. None: random.

    Returns
    -------
    keras.Model
        Square crops of faces (batch, 112, 112, 3), RGB in [0, 1] → points (batch, 68, 2), x and y relative to the crop;
        in [0, 1] as far as they lie inside. A crop that is no square is letterboxed with black, in the middle.

    Raises
    ------
    ValueError
        When the weights do not fit.
    """
    pictures = keras.Input((SIZE, SIZE, 3), name="pictures")
    x = layers.Rescaling(1.0, [-mean / 255 for mean in _MEAN], name="preprocessing")(pictures)
    for number, filters in enumerate(_FILTERS):
        x = _block(x, filters, f"dense{number}", first=number == 0)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(2 * POINTS, name="fc")(x)
    model = keras.Model(pictures, layers.Reshape((POINTS, 2), name="points")(x), name="face_landmarks")
    if weights is not None:
        assign_weights(model, load_weights(weights, "face-landmarks"))
    return model


def _block(x: keras.KerasTensor, filters: int, name: str, first: bool) -> keras.KerasTensor:
    """Halve height and width, then add up layers, each of which sees the sum of those before it."""
    convolution = layers.Conv2D if first else layers.SeparableConv2D
    x = convolution(filters, 3, strides=2, padding="same", activation="relu", name=f"{name}_conv0")(x)
    total = x
    for number in range(1, _CONVOLUTIONS):
        y = layers.SeparableConv2D(filters, 3, padding="same", name=f"{name}_conv{number}")(x)
        total = layers.Add(name=f"{name}_add{number}")([total, y])
        x = layers.ReLU(name=f"{name}_relu{number}")(total)
    return x
