"""The layers of week 1 in pure NumPy, forward and backward: pictures NHWC, kernels (height, width, in, out).

Importing this package never imports TensorFlow, Keras or SciPy, so that a NumPy lesson starts in a blink.
"""

from utils.layers.activations import relu, relu_backward, softmax, softmax_backward
from utils.layers.conv import conv2d, conv2d_backward
from utils.layers.correlation import correlate2d
from utils.layers.dense import dense, dense_backward
from utils.layers.losses import softmax_cross_entropy, softmax_cross_entropy_backward
from utils.layers.pooling import average_pool2d, average_pool2d_backward, max_pool2d, max_pool2d_backward
from utils.layers.shapes import conv_output_length, pad2d

__all__ = [
    "average_pool2d",
    "average_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_output_length",
    "correlate2d",
    "dense",
    "dense_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "pad2d",
    "relu",
    "relu_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
]
