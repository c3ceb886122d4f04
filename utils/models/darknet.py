"""Any YOLO network of Darknet's text form as a Keras model; `utils.data.darknet` reads the files."""

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import layers, ops

from utils.data.darknet import HEADS, DarknetLayer, Section, network_layers, read_cfg, read_weights
from utils.models.weights import assign_weights

# Darknet adds 1e-6 to the deviation; added to the variance, as here and in OpenCV, it is the same to float32.
BATCH_NORM_EPSILON = 1e-6
LEAKY_SLOPE = 0.1


@keras.saving.register_keras_serializable(package="convnet_course")
class Reorganise(layers.Layer):
    """Darknet's `[reorg]`: pixels go into channels, so that a fine map can join a coarse one (YOLOv2's passthrough).

    It reads the channels-first memory of its input as if that had `stride`² fewer channels and `stride` times
    the height and width, so its order of channels is its own: `space_to_depth` gives another one, and with
    trained weights only this one is right.

    Parameters
    ----------
    stride : int
        Factor by which height and width shrink; channels must be divisible by its square.
    """

    def __init__(self, stride: int = 2, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, x):
        """Map (batch, height, width, channels) to (batch, height / s, width / s, channels · s²)."""
        s = self.stride
        _, height, width, channels = x.shape
        x = ops.transpose(x, (0, 3, 1, 2))
        x = ops.reshape(x, (-1, channels // s**2, height, s, width, s))
        x = ops.transpose(x, (0, 3, 5, 1, 2, 4))
        x = ops.reshape(x, (-1, channels * s**2, height // s, width // s))
        return ops.transpose(x, (0, 2, 3, 1))

    def compute_output_shape(self, input_shape):
        """Return (batch, height / s, width / s, channels · s²)."""
        batch, height, width, channels = input_shape
        s = self.stride
        if None in (height, width) or height % s or width % s or channels % s**2:
            raise ValueError(
                f"height and width must be known and divisible by {s}, channels by {s**2}: {input_shape}"
            )
        return (batch, height // s, width // s, channels * s**2)

    def get_config(self):
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "stride": self.stride}


def darknet_model(
    cfg: str | Path | Sequence[Section],
    weights: str | Path | None = None,
    input_shape: tuple[int, int, int] | None = None,
) -> keras.Model:
    """Build the network of a `.cfg` file.

    Parameters
    ----------
    cfg : path or sequence of Section
        The file, or its sections (`utils.data.darknet.parse_cfg`).
    weights : path or None
        The `.weights` file; None: random.
    input_shape : tuple of int or None
        (height, width, channels); the cfg's own when None. Multiples of 32 for YOLO.

    Returns
    -------
    keras.Model
        Pictures (batch, height, width, 3), RGB in [0, 1] → a list with the raw tensor of each `[yolo]` or
        `[region]` section (batch, rows, columns, boxes · (5 + classes)), before any sigmoid, in the file's order;
        without such a section, the last layer's output. Layers are called `conv_<i>`, `bn_<i>`, … by Darknet's
        number.

    Raises
    ------
    ValueError
        When the cfg is not supported or the weights do not fit.
    """
    sections = read_cfg(cfg) if isinstance(cfg, str | Path) else list(cfg)
    net, chain = sections[0], network_layers(sections)
    if not chain:
        raise ValueError("the cfg has no layers")
    arrays = read_weights(weights, chain) if weights is not None else None
    shape = input_shape or (net.number("height", 416), net.number("width", 416), net.number("channels", 3))
    tensors = {-1: keras.Input(shape, name="pictures")}
    for layer in chain:
        tensors[layer.index] = _apply(layer, [tensors[source] for source in layer.sources])
    heads = [tensors[layer.index] for layer in chain if layer.kind in HEADS]
    model = keras.Model(tensors[-1], heads or tensors[chain[-1].index], name="darknet")
    if arrays is not None:
        assign_weights(model, arrays)
    return model


def _apply(layer: DarknetLayer, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
    """Apply one section to the tensors that come in."""
    section, x = layer.section, inputs[0]
    match layer.kind:
        case "convolutional":
            return _convolution(layer, x)
        case "maxpool":
            return _max_pool(layer, x)
        case "route":
            return x if len(inputs) == 1 else layers.Concatenate(name=f"route_{layer.index}")(inputs)
        case "shortcut":
            x = layers.Add(name=f"shortcut_{layer.index}")(inputs)
            return _activate(x, section.options.get("activation", "linear"), layer.index)
        case "upsample":
            return layers.UpSampling2D(section.number("stride", 2), name=f"upsample_{layer.index}")(x)
        case "reorg":
            return Reorganise(section.number("stride", 1), name=f"reorg_{layer.index}")(x)
    return x  # a head: its raw tensor is the network's output


def _convolution(layer: DarknetLayer, x: keras.KerasTensor) -> keras.KerasTensor:
    section, index = layer.section, layer.index
    size, stride = section.number("size", 1), section.number("stride", 1)
    padding = size // 2 if section.number("pad", 0) else section.number("padding", 0)
    same = stride == 1 and size == 2 * padding + 1
    if padding and not same:
        # With a stride, TensorFlow's "same" pads right and bottom more than left and top; Darknet pads evenly.
        x = layers.ZeroPadding2D(padding, name=f"pad_{index}")(x)
    normalised = bool(section.number("batch_normalize", 0))
    x = layers.Conv2D(
        layer.channels,
        size,
        stride,
        "same" if same else "valid",
        use_bias=not normalised,
        name=f"conv_{index}",
    )(x)
    if normalised:
        x = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"bn_{index}")(x)
    return _activate(x, section.options.get("activation", "logistic"), index)


def _max_pool(layer: DarknetLayer, x: keras.KerasTensor) -> keras.KerasTensor:
    stride = layer.section.number("stride", 1)
    size = layer.section.number("size", stride)
    padding = layer.section.number("padding", size - 1)
    if (stride != 1 and size != 2) or padding != size - 1:
        raise ValueError(
            f"layer {layer.index} [maxpool]: size {size}, stride {stride}, padding {padding} is not supported; "
            "wanted stride 1 or size 2, and Darknet's default padding"
        )
    return layers.MaxPooling2D(size, stride, "same", name=f"pool_{layer.index}")(x)


def _activate(x: keras.KerasTensor, activation: str, index: int) -> keras.KerasTensor:
    match activation:
        case "leaky":
            return layers.LeakyReLU(LEAKY_SLOPE, name=f"leaky_{index}")(x)
        case "relu":
            return layers.ReLU(name=f"relu_{index}")(x)
        case "logistic":
            return layers.Activation("sigmoid", name=f"sigmoid_{index}")(x)
    return x
