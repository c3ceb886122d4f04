"""nn4.small2, OpenFace's small network for encodings of faces: FaceNet's NN4 without 4b, 4c and 4d, with less in 5.

References
----------
Schroff, Kalenichenko and Philbin 2015, "FaceNet" (arXiv:1503.03832), section 3.3 and table 2 (for the columns).
Amos, Ludwiczuk and Satyanarayanan 2016, "OpenFace: A general-purpose face recognition library with mobile
applications", CMU-CS-16-118, section 3.
"""

from typing import NamedTuple

import keras
from keras import layers, ops

from utils.models.classic import LocalResponseNormalization

SIZE = 96
ENCODING = 128
_EPSILON = 1e-5


class Module(NamedTuple):
    """One row of the table: numbers of filters, 0 where there is no such path, the pooling, and the stride."""

    name: str
    n1: int
    n3_reduce: int
    n3: int
    n5_reduce: int
    n5: int
    pool: str
    n_pool: int
    strides: int


MODULES = (
    Module("3a", 64, 96, 128, 16, 32, "max", 32, 1),
    Module("3b", 64, 96, 128, 32, 64, "l2", 64, 1),
    Module("3c", 0, 128, 256, 32, 64, "max", 0, 2),
    Module("4a", 256, 96, 192, 32, 64, "l2", 128, 1),
    Module("4e", 0, 160, 256, 64, 128, "max", 0, 2),
    Module("5a", 256, 96, 384, 0, 0, "l2", 96, 1),
    Module("5b", 256, 96, 384, 0, 0, "max", 96, 1),
)


def nn4_small2(input_shape: tuple[int, int, int] = (SIZE, SIZE, 3), encoding: int = ENCODING) -> keras.Model:
    """Build the network with random weights; no trained ones are bundled.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels) of crops of faces; height and width multiples of 32.
    encoding : int
        Length of an encoding, at least 1.

    Returns
    -------
    keras.Model
        (batch, height, width, channels), in [0, 1] → unit encodings (batch, encoding). With the arguments as they are,
        3,743,280 parameters: 3,733,968 to be trained, as OpenFace states, and 9,312 running statistics of the batch
        normalisation that follows every convolution.

    Raises
    ------
    ValueError
        For a size that is no multiple of 32, or an encoding without numbers.

    Notes
    -----
    Pooling inside a module keeps the module's stride. (OpenFace's file pools with a larger one and fills up with zeros;
    the weights are the same in number and shape.)
    """
    if len(input_shape) != 3 or any(side < 32 or side % 32 for side in input_shape[:2]):
        raise ValueError(f"height and width of input_shape must be multiples of 32, got {input_shape}")
    if encoding < 1:
        raise ValueError(f"encoding must be at least 1, got {encoding!r}")
    pictures = keras.Input(input_shape, name="pictures")
    x = _convolution(pictures, 64, 7, "conv1", 2)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = _normalisation("norm1")(x)
    x = _convolution(x, 64, 1, "conv2_reduce")
    x = _convolution(x, 192, 3, "conv2")
    x = _normalisation("norm2")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)
    for module in MODULES:
        x = _inception(x, module)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(encoding, name="dense")(x)
    return keras.Model(pictures, layers.UnitNormalization(name="unit")(x), name="nn4_small2")


@keras.saving.register_keras_serializable(package="convnet_course")
class L2Pooling2D(layers.Layer):
    """The root of the sum of squares in each window of 3×3, with padding "same".

    Parameters
    ----------
    strides : int
        At least 1.
    """

    def __init__(self, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.strides = strides

    def call(self, x):
        """Pool (batch, height, width, channels)."""
        # Padding counts in no average, so the mean times nine is the sum everywhere but at the rim, where it is as if
        # the window went on in the same way. The root has no slope at 0.
        mean = ops.average_pool(
            ops.square(x), 3, strides=self.strides, padding="same", data_format="channels_last"
        )
        return ops.sqrt(9 * mean + 1e-12)

    def compute_output_shape(self, input_shape):
        """Return the shape of the pooled maps."""
        height, width = (None if side is None else -(-side // self.strides) for side in input_shape[1:3])
        return (input_shape[0], height, width, input_shape[3])

    def get_config(self):
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "strides": self.strides}


def _inception(x: keras.KerasTensor, module: Module) -> keras.KerasTensor:
    """Join the paths 3×3, 5×5, pooling and 1×1, in OpenFace's order."""
    name = f"inception_{module.name}"
    paths = []
    for size, reduce, filters in ((3, module.n3_reduce, module.n3), (5, module.n5_reduce, module.n5)):
        if filters:
            y = _convolution(x, reduce, 1, f"{name}_{size}x{size}_reduce")
            paths.append(_convolution(y, filters, size, f"{name}_{size}x{size}", module.strides))
    if module.pool == "l2":
        y = L2Pooling2D(module.strides, name=f"{name}_pool")(x)
    else:
        y = layers.MaxPooling2D(3, strides=module.strides, padding="same", name=f"{name}_pool")(x)
    paths.append(_convolution(y, module.n_pool, 1, f"{name}_pool_proj") if module.n_pool else y)
    if module.n1:
        paths.append(_convolution(x, module.n1, 1, f"{name}_1x1"))
    return layers.Concatenate(name=name)(paths)


def _convolution(
    x: keras.KerasTensor, filters: int, size: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, strides=strides, padding="same", name=name)(x)
    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _normalisation(name: str) -> keras.layers.Layer:
    # Torch divides its α = 1e-4 by the five channels.
    return LocalResponseNormalization(depth_radius=2, bias=1.0, alpha=2e-5, beta=0.75, name=name)
