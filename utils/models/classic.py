"""LeNet-5, AlexNet and VGG-16, the three networks that convolutional networks grew up with, each from its paper.

They are here because lesson 1 of week 2 builds them, counts their parameters and trains the smallest. They use Keras
and ``keras.ops`` only, so they run on any Keras backend. VGG's pretrained features are in :mod:`utils.models.vgg`.

References
----------
LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012.
Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, 2015, table 1.
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

# Table I of the paper of 1998: which of the six maps of S2 each of the sixteen maps of C3 sees.
C3_CONNECTIONS = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# The digits 0 to 9 as seven segments: top, upper left, upper right, middle, lower left, lower right, bottom.
_SEGMENTS = ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111",
             "1111011")  # fmt: skip
_SEGMENT_PLACES = (
    np.s_[0:2, 0:7], np.s_[0:7, 0:2], np.s_[0:7, 5:7], np.s_[5:7, 0:7], np.s_[5:12, 0:2], np.s_[5:12, 5:7],
    np.s_[10:12, 0:7],
)  # fmt: skip


def lenet5(input_shape: tuple[int, int, int] = (32, 32, 1), classes: int = 10) -> keras.Model:
    """Build LeNet-5 as it is read today: ReLU, max-pooling, every filter over all maps, softmax.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels) of one picture, values in [0, 1]; at least 16×16. The paper has 32×32×1.
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes); not compiled. 61,706 parameters for 32×32×1
        and ten classes.

    Raises
    ------
    ValueError
        When the pictures are too small or there are fewer than two classes.
    """
    _check_arguments(input_shape, classes, smallest=16)
    inputs = keras.Input(input_shape)
    x = inputs
    for filters in (6, 16):
        x = layers.Conv2D(filters, 5, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for units in (120, 84):
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="lenet5")


def lenet5_1998(
    input_shape: tuple[int, int, int] = (32, 32, 1), codes: np.ndarray | None = None
) -> keras.Model:
    """Build LeNet-5 as the paper has it: scaled tanh, trainable subsampling, the table of C3, distances to codes.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, 1); at least 32×32, the paper's size. Pixels about −0.1 (paper) to 1.175 (ink).
    codes : ndarray, optional
        (classes, 84), entries −1 and 1: the pattern that layer F6 should show for each class, not trained.
        :func:`digit_codes` by default.

    Returns
    -------
    keras.Model
        (batch, height, width, 1) → squared distances (batch, classes); the smallest is the answer. 60,000 trainable
        parameters for 32×32×1, and the codes.

    Raises
    ------
    ValueError
        When the pictures are too small or the codes have the wrong shape.

    Notes
    -----
    The paper draws its codes as 7×12 pictures of printed characters; ours are 7×12 pictures too, of seven segments.
    """
    codes = digit_codes() if codes is None else np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != 84:
        raise ValueError(f"codes must have the shape (classes, 84), got {codes.shape}")
    _check_arguments(input_shape, len(codes), smallest=32)
    inputs = keras.Input(input_shape)
    x = _squash(_convolution_1998(6)(inputs))
    x = _squash(Subsampling()(x))
    maps = [_convolution_1998(1)(ops.take(x, np.array(seen), axis=-1)) for seen in C3_CONNECTIONS]
    x = _squash(layers.Concatenate()(maps))
    x = _squash(Subsampling()(x))
    x = layers.Flatten()(_squash(_convolution_1998(120)(x)))
    x = _squash(layers.Dense(84, kernel_initializer=_fan_in_uniform)(x))
    return keras.Model(inputs, CodeDistance(codes.tolist())(x), name="lenet5_1998")


def alexnet(
    input_shape: tuple[int, int, int] = (227, 227, 3),
    classes: int = 1000,
    units: int = 4096,
    groups: int = 2,
    dropout: float = 0.5,
) -> keras.Model:
    """Build AlexNet with local response normalisation.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels); at least 67×67. 227×227×3 fits the paper's numbers, the 224 that it prints does not.
    classes : int
        Number of classes, at least 2.
    units : int
        Width of the two dense layers before the last.
    groups : {1, 2}
        2: convolutions 2, 4 and 5 see only their own half of the channels, as on the paper's two GPUs; 60,965,224
        parameters at the paper's size. 1: a single column, 62,378,344.
    dropout : float
        Share of the values of the two dense layers that is dropped while training, 0 to below 1.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes); not compiled.

    Raises
    ------
    ValueError
        When the pictures are too small, there are fewer than two classes, or groups is neither 1 nor 2.
    """
    _check_arguments(input_shape, classes, smallest=67)
    if groups not in (1, 2):
        raise ValueError(f"groups must be 1 or 2, got {groups!r}")
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(96, 11, strides=4, activation="relu")(inputs)
    x = layers.MaxPooling2D(3, strides=2)(LocalResponseNormalization()(x))
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(LocalResponseNormalization()(x))
    x = layers.Conv2D(384, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(3, strides=2)(x))
    for _ in range(2):
        x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="alexnet")


def vgg16(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    width: int = 64,
    units: int = 4096,
    dropout: float = 0.5,
) -> keras.Model:
    """Build VGG-16, column D of the paper's table 1, with its dense layers.

    Parameters
    ----------
    input_shape : tuple of int
        (height, width, channels); at least 32×32.
    classes : int
        Number of classes, at least 2.
    width : int
        Filters of the first block; they double from block to block up to eight times as many.
    units : int
        Width of the two dense layers before the last.
    dropout : float
        Share of the values of the two dense layers that is dropped while training, 0 to below 1.

    Returns
    -------
    keras.Model
        (batch, height, width, channels) → probabilities (batch, classes); not compiled. 138,357,544 parameters at the
        paper's size, 553 MB in float32.

    Raises
    ------
    ValueError
        When the pictures are too small, or there are fewer than two classes.
    """
    _check_arguments(input_shape, classes, smallest=32)
    inputs = keras.Input(input_shape)
    x = inputs
    for convolutions, filters in zip(
        (2, 2, 3, 3, 3), (width, 2 * width, 4 * width, 8 * width, 8 * width), strict=True
    ):
        for _ in range(convolutions):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="vgg16")


def local_response_norm(x, depth_radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75):
    """Divide every value by a power of the squares around it, at the same place in neighbouring channels.

    Krizhevsky et al. 2012, section 3.3: b_i = a_i / (k + α·Σ a_j²)^β, the sum over channels j from i − n/2 to i + n/2
    that exist, with n = 5, k = 2, α = 1e-4, β = .75. Some libraries divide α by n; the paper and we do not.

    Parameters
    ----------
    x : tensor or ndarray
        (batch, height, width, channels), float.
    depth_radius : int
        Neighbours on each side, the paper's n/2, rounded down; 0 leaves the value itself.
    bias, alpha, beta : float
        The paper's k (positive), α (not negative) and β.

    Returns
    -------
    tensor
        Same shape as ``x``.

    Raises
    ------
    ValueError
        When ``depth_radius`` is negative.
    """
    if depth_radius < 0:
        raise ValueError(f"depth_radius must not be negative, got {depth_radius!r}")
    channels = x.shape[-1]
    squares = ops.pad(ops.square(x), [(0, 0)] * 3 + [(depth_radius, depth_radius)])
    total = sum(squares[..., i : i + channels] for i in range(2 * depth_radius + 1))
    return x / ops.power(bias + alpha * total, beta)


@keras.saving.register_keras_serializable("convnet_course")
class LocalResponseNormalization(layers.Layer):
    """:func:`local_response_norm` as a layer; nothing in it is learned.

    Parameters
    ----------
    depth_radius, bias, alpha, beta
        As in :func:`local_response_norm`; the paper's values by default.
    """

    def __init__(
        self, depth_radius: int = 2, bias: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **kwargs
    ):
        super().__init__(**kwargs)
        self.depth_radius, self.bias, self.alpha, self.beta = depth_radius, bias, alpha, beta

    def call(self, x):
        """Normalise (batch, height, width, channels)."""
        return local_response_norm(x, self.depth_radius, self.bias, self.alpha, self.beta)

    def get_config(self):
        """Return the arguments that make an equal layer."""
        options = {name: getattr(self, name) for name in ("depth_radius", "bias", "alpha", "beta")}
        return {**super().get_config(), **options}


@keras.saving.register_keras_serializable("convnet_course")
def scaled_tanh(x):
    """Return 1.7159·tanh(2x/3), LeNet-5's non-linearity (LeCun et al. 1998, appendix A); f(1) = 1, f(−1) = −1."""
    return 1.7159 * ops.tanh(2 / 3 * x)


@keras.saving.register_keras_serializable("convnet_course")
class Subsampling(layers.Layer):
    """LeNet-5's pooling: the sum of 2×2 values times one trained number a channel, plus another.

    (batch, height, width, channels) → (batch, height // 2, width // 2, channels); the non-linearity comes after it.
    LeCun et al. 1998, section II.B.
    """

    def build(self, input_shape):
        """Make the weights."""
        channels = (input_shape[-1],)
        # A sum of four with the coefficient 1/4 is a mean.
        self.coefficient = self.add_weight(shape=channels, initializer=keras.initializers.Constant(0.25))
        self.bias = self.add_weight(shape=channels, initializer="zeros")

    def call(self, x):
        """Return the scaled sums (batch, height // 2, width // 2, channels)."""
        return 4 * ops.average_pool(x, 2, strides=2) * self.coefficient + self.bias


@keras.saving.register_keras_serializable("convnet_course")
class CodeDistance(layers.Layer):
    """LeNet-5's output: squared Euclidean distances to one fixed code a class (radial basis functions).

    Parameters
    ----------
    codes
        (classes, features), numbers; kept as weights that are not trained.
    """

    def __init__(self, codes: Sequence[Sequence[float]], **kwargs):
        super().__init__(**kwargs)
        self.values = [list(map(float, code)) for code in codes]

    def build(self, input_shape):
        """Make the weights."""
        values = np.array(self.values, dtype="float32")
        self.codes = self.add_weight(
            shape=values.shape, initializer=lambda shape, dtype=None: ops.cast(values, dtype), trainable=False
        )

    def call(self, x):
        """Return distances (batch, classes) of (batch, features)."""
        return ops.sum(ops.square(ops.expand_dims(x, 1) - self.codes), axis=-1)

    def get_config(self):
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "codes": self.values}


def digit_codes() -> np.ndarray:
    """Return a picture of each digit in seven segments, −1 and 1, 12 rows of 7 laid in a row: (10, 84), float32."""
    pictures = np.full((10, 12, 7), -1, dtype=np.float32)
    for picture, lit in zip(pictures, _SEGMENTS, strict=True):
        for place, on in zip(_SEGMENT_PLACES, lit, strict=True):
            if on == "1":
                picture[place] = 1
    return pictures.reshape(10, 84)


def _squash(x):
    return layers.Activation(scaled_tanh)(x)


def _convolution_1998(filters: int) -> layers.Layer:
    return layers.Conv2D(filters, 5, kernel_initializer=_fan_in_uniform)


@keras.saving.register_keras_serializable("convnet_course")
def _fan_in_uniform(shape: tuple[int, ...], dtype=None):
    """Draw from ±2.4 / fan-in, as the paper's appendix A does."""
    bound = 2.4 / math.prod(shape[:-1])
    return keras.random.uniform(shape, -bound, bound, dtype=dtype)


def _check_arguments(input_shape: tuple[int, int, int], classes: int, smallest: int) -> None:
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest or input_shape[2] < 1:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least {smallest}×{smallest} pixels, "
            f"got {input_shape!r}"
        )
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes!r}")
