"""Gradients by pixels and by feature maps: the one place where looking into a network needs TensorFlow.

Keras 3 differentiates losses by weights in `fit`, and has no call of its own for gradients by anything else. So this
module works with the TensorFlow backend only.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def value_and_gradient(function: Callable[[Any], Any], x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return a function's value and its gradient by the function's only argument.

    Parameters
    ----------
    function : callable
        Tensor → tensor of any shape, computed with `keras.ops` or a model. Of several numbers the gradient is that of
        their sum.
    x : array or tensor
        Floating, any shape.

    Returns
    -------
    value : ndarray
        What the function gives.
    gradient : ndarray
        As `x`; zeros where the value does not depend on it.
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = function(x)
    gradient = tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return np.asarray(value), np.asarray(gradient)
