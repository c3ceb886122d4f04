import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from utils.models.tracing import works_in_training

X = np.ones((3, 2), np.float32)


@pytest.mark.parametrize(
    ("function", "works"),
    [
        (lambda x: ops.mean(ops.square(x)), True),
        (lambda x: tf.reduce_sum(tf.exp(x), axis=1), True),
        (lambda x: np.mean(np.square(x)), False),
        (lambda x: sum(float(v) for row in x for v in row), False),
        (lambda x: x.numpy().sum(), False),
        (lambda x: ops.sum(ops.stop_gradient(x)), False),
    ],
)
def test_what_can_be_compiled(function, works):
    assert works_in_training(function, X) is works


def test_functions_of_several_tensors():
    assert works_in_training(lambda x, y: ops.mean(x * y, axis=-1), X, X)
