"""U-Net: a mask for every pixel, from a path down to the meaning and a path back up to the place.

Ronneberger, Fischer and Brox 2015, "U-Net" (arXiv:1505.04597), figure 1. The convolutions here pad ("same"), so that
the mask is as large as the picture; the paper's do not, and its mask is smaller.
"""

import keras
from keras import layers


def conv_block(
    inputs: keras.KerasTensor, filters: int, dropout: float = 0.0, pool: bool = True
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Convolve twice with 3×3 and ReLU, drop out, and halve the sides by max pooling.

    Parameters
    ----------
    inputs : keras.KerasTensor, (batch, height, width, channels)
        The map above.
    filters : int
        Channels of both convolutions.
    dropout : float
        Share of values that are dropped in training, in [0, 1).
    pool : bool
        Whether to halve the sides.

    Returns
    -------
    tuple of keras.KerasTensor
        The map that goes down, and the one that goes across: the same before pooling.
    """
    x = inputs
    for _ in range(2):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return (layers.MaxPooling2D(2)(x) if pool else x), x


def upsampling_block(
    below: keras.KerasTensor, across: keras.KerasTensor | None, filters: int
) -> keras.KerasTensor:
    """Double the sides by a transposed convolution, join the map from across, and convolve twice.

    Parameters
    ----------
    below : keras.KerasTensor, (batch, height, width, channels)
        The map that comes up.
    across : keras.KerasTensor, (batch, 2 · height, 2 · width, other channels), or None
        The map of the way down; None to go without, for comparison.
    filters : int
        Channels of all three convolutions.

    Returns
    -------
    keras.KerasTensor, (batch, 2 · height, 2 · width, filters)
    """
    up = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(below)
    joined = up if across is None else layers.Concatenate()([up, across])
    return conv_block(joined, filters, pool=False)[0]


def unet(
    input_shape: tuple[int, int, int] = (96, 128, 3),
    filters: int = 32,
    classes: int = 23,
    levels: int = 5,
    skips: bool = True,
) -> keras.Model:
    """Build a U-Net with random weights.

    Parameters
    ----------
    input_shape : tuple of int
        ``(height, width, channels)``; sides must be multiples of ``2 ** (levels - 1)``.
    filters : int
        Channels of the first level; each level below has twice as many.
    classes : int
        At least 1.
    levels : int
        Number of sizes, at least 2; the paper's is 5. The two lowest levels drop out .3 in training.
    skips : bool
        Whether maps of the way down are joined to those of the way up. Without them it is no U-Net any more, but the
        same network with one part taken out, to see what the part is good for.

    Returns
    -------
    keras.Model
        Pictures ``(batch, height, width, channels)`` → logits ``(batch, height, width, classes)``.

    Raises
    ------
    ValueError
        For sides that cannot be halved so often, and numbers out of range.
    """
    if levels < 2 or filters < 1 or classes < 1:
        raise ValueError(
            f"levels must be at least 2, filters and classes at least 1, got {levels}, {filters}, {classes}"
        )
    multiple = 2 ** (levels - 1)
    if len(input_shape) != 3 or any(side % multiple for side in input_shape[:2]):
        raise ValueError(f"input_shape must have sides that are multiples of {multiple}, got {input_shape}")
    inputs = x = keras.Input(input_shape, name="pictures")
    across = []
    for level in range(levels):
        lowest = level == levels - 1
        x, kept = conv_block(x, filters * 2**level, 0.3 if level >= levels - 2 else 0.0, pool=not lowest)
        across.append(kept)
    for level in reversed(range(levels - 1)):
        x = upsampling_block(x, across[level] if skips else None, filters * 2**level)
    return keras.Model(inputs, layers.Conv2D(classes, 1, name="logits")(x), name="unet")
