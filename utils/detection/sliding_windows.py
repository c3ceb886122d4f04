"""Look through a window at every place of a picture: place by place, or everywhere at once.

Sermanet et al. 2014, "OverFeat" (arXiv:1312.6229), section 3.5; Long, Shelhamer and Darrell 2015, "Fully convolutional
networks" (arXiv:1411.4038), section 3.1: a dense layer on a map of h × w is a convolution with kernels of h × w, so a
classifier of small pictures runs over a large one in a single pass and shares the work of overlapping windows.
"""

import keras
import numpy as np
from keras import layers

_POINTWISE = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Dropout, layers.BatchNormalization)


def dense_to_conv(dense: layers.Dense, spatial: tuple[int, int]) -> layers.Conv2D:
    """Return the convolution that does on maps what a dense layer does on flattened maps.

    Parameters
    ----------
    dense : keras.layers.Dense
        Built, on inputs of ``height · width · channels`` values.
    spatial : tuple of int
        ``(height, width)`` of the map that was flattened.

    Returns
    -------
    keras.layers.Conv2D
        Built, kernels of ``spatial``, "valid", with the dense layer's weights and activation. A softmax stays a softmax
        over the classes at each place.

    Raises
    ------
    ValueError
        When the layer is not built, or its inputs are no maps of this size.
    """
    if not dense.built:
        raise ValueError("dense must be built: call it once, or its model")
    height, width = spatial
    inputs, units = dense.kernel.shape
    if height < 1 or width < 1 or inputs % (height * width):
        raise ValueError(f"{inputs} inputs of the dense layer are no maps of {height} × {width}")
    channels = inputs // (height * width)
    conv = layers.Conv2D(
        units, spatial, activation=dense.activation, use_bias=dense.use_bias, name=dense.name
    )
    conv.build((None, height, width, channels))
    kernel, *bias = dense.get_weights()
    conv.set_weights([kernel.reshape(height, width, channels, units), *bias])
    return conv


def fully_convolutional(model: keras.Model) -> keras.Model:
    """Turn a classifier of pictures of one size into a network that takes any larger size.

    Parameters
    ----------
    model : keras.Model
        A chain of layers without padding "same" (its zeros would lie between windows that overlap): convolutions and
        poolings, one Flatten, dense layers.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → ``(batch, rows, columns, classes)``: the model's output for each window.
        The layers before Flatten are shared with `model`, the dense ones copied.

    Raises
    ------
    ValueError
        For a layer that does not work alike everywhere.
    """
    channels = model.input_shape[-1]
    inputs = x = keras.Input((None, None, channels))
    flattened: tuple[int, ...] | None = None
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        if isinstance(layer, layers.Flatten):
            flattened = layer.input.shape[1:]
        elif isinstance(layer, layers.Dense) and flattened is not None:
            x = dense_to_conv(layer, flattened[:2])(x)
            flattened = (1, 1)
        elif isinstance(layer, layers.Conv2D | layers.MaxPooling2D | layers.AveragePooling2D):
            if layer.padding != "valid":
                raise ValueError(
                    f"layer {layer.name!r} pads its input: windows would differ at their borders"
                )
            x = layer(x)
        elif isinstance(layer, _POINTWISE):
            x = layer(x)
        else:
            raise ValueError(f"layer {layer.name!r} ({type(layer).__name__}) has no form for larger pictures")
    return keras.Model(inputs, x)


def total_stride(model: keras.Model) -> int:
    """Return by how many pixels the windows of :func:`fully_convolutional` lie apart: the product of all strides."""
    stride = 1
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D | layers.MaxPooling2D | layers.AveragePooling2D):
            stride *= layer.strides[0]
    return stride


def crop_scores(model: keras.Model, image: np.ndarray, stride: int) -> np.ndarray:
    """Run a classifier on every window of a picture, cut out one by one: the slow way, for comparison.

    Parameters
    ----------
    model : keras.Model
        ``(batch, height, width, channels)`` → ``(batch, classes)``.
    image : ndarray, (rows, columns, channels)
        At least as large as the model's input.
    stride : int
        Pixels between windows, at least 1.

    Returns
    -------
    ndarray, (down, across, classes)
        Output for the window whose upper left corner lies at ``(i · stride, j · stride)``.
    """
    height, width = model.input_shape[1:3]
    if image.shape[0] < height or image.shape[1] < width:
        raise ValueError(f"image must be at least {height} × {width}, got {image.shape[:2]}")
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride!r}")
    down = range(0, image.shape[0] - height + 1, stride)
    across = range(0, image.shape[1] - width + 1, stride)
    scores = [
        np.asarray(model(image[None, top : top + height, left : left + width], training=False))[0]
        for top in down
        for left in across
    ]
    return np.stack(scores).reshape(len(down), len(across), -1)
