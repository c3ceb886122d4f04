"""Two sizes of a network: its trainable numbers, and its multiplications for one picture."""

import math

import keras


def parameters(model: keras.Model) -> int:
    """Return how many numbers training changes: moving averages and fixed tables are left out.

    Parameters
    ----------
    model : keras.Model
        A built model.
    """
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def multiply_adds(model: keras.Model) -> int:
    """Return the multiplications of the convolutions and dense layers of a functional model for one picture.

    A convolution multiplies each weight of its kernel once at each position of its output, a dense layer once in all.
    Padding counts as if it were picture; biases, normalisation and pooling, a few per cent of the work, do not
    count. Papers often call the number "FLOPs".

    Parameters
    ----------
    model : keras.Model
        Each layer used once, input size fixed; convolutions (grouped ones too) with channels last.

    Raises
    ------
    ValueError
        When a layer's output has no fixed height and width.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif hasattr(layer, "kernel"):
            positions = layer.output.shape[1:-1]
            if None in positions:
                raise ValueError(f"model must have a fixed input size, got {model.input_shape}")
            total += math.prod(positions) * math.prod(layer.kernel.shape)
    return total
