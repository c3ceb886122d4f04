"""Whether a function can be part of a compiled training step: a right answer in NumPy or with a Python loop cannot."""

from collections.abc import Callable

import keras
import numpy as np


def works_in_training(function: Callable, *examples: np.ndarray) -> bool:
    """Tell whether a function of tensors can be traced with an open batch, and whether gradients pass through it.

    Parameters
    ----------
    function : callable
        Tensors → one tensor.
    *examples : ndarray
        An argument each, batch first; their values do not matter.
    """
    import tensorflow as tf

    arguments = [tf.convert_to_tensor(example, keras.config.floatx()) for example in examples]
    signature = [tf.TensorSpec((None, *argument.shape[1:]), argument.dtype) for argument in arguments]

    @tf.function(input_signature=signature, autograph=False)
    def slope(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = tf.reduce_sum(function(*tensors))
        return tape.gradient(value, tensors)

    try:
        found = slope(*arguments)
    except Exception:  # whatever the learner's function raises when it meets a tensor without values
        return False
    return any(gradient is not None for gradient in found)
