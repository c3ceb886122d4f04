"""Gradients by pixels and by feature maps: the one place where looking into a network needs TensorFlow.

Keras 3 differentiates losses by weights in `fit`, and has no call of its own for gradients by anything else. So this
module works with the TensorFlow backend only.
"""

from collections.abc import Callable, Sequence
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

    value, gradient = _differentiate(function, tf.convert_to_tensor(x))
    return np.asarray(value), np.asarray(gradient)


def compile_gradient(
    function: Callable[[Any], Any], shape: Sequence[int | None]
) -> Callable[[Any], tuple[np.ndarray, np.ndarray]]:
    """Return what gives a function's value and gradient, recorded as a graph once for many calls.

    A graph leaves out what nobody asks for: called as it is, TensorFlow also differentiates by the filters of every
    convolution, which takes as long again.

    Parameters
    ----------
    function : callable
        As for :func:`value_and_gradient`; without Python decisions by the values of tensors.
    shape : sequence of int or None
        Of its argument; None where it differs from call to call.

    Returns
    -------
    callable
        float32 array of such a shape → value, gradient, as :func:`value_and_gradient` gives them.
    """
    import tensorflow as tf

    signature = [tf.TensorSpec(shape, tf.float32)]
    graph = tf.function(lambda x: _differentiate(function, x), input_signature=signature, autograph=False)

    def value_and_slope(x: Any) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = graph(tf.convert_to_tensor(x, tf.float32))
        return np.asarray(value), np.asarray(gradient)

    return value_and_slope


def _differentiate(function: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = function(x)
    return value, tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
