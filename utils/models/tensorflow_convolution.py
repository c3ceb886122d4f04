"""One convolution and its gradients by TensorFlow, as a program: arrays in, arrays out (see utils.layers.peer).

``python -m utils.models.tensorflow_convolution QUESTION.npz REPLY.npz``
"""

import sys
from time import perf_counter

import numpy as np
import tensorflow as tf


def convolve(A_prev: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int, pad: int) -> tf.Tensor:
    """Convolve as week 1 does: zeros on all sides, one stride. Shapes as in `utils.layers.peer`."""
    padded = tf.pad(A_prev, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
    return tf.nn.conv2d(padded, W, stride, "VALID") + b


def differentiate(
    A_prev: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int, pad: int, dZ: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return ``Z`` and the gradients ``dA_prev``, ``dW``, ``db`` of the sum of dZ · Z (dZ: ones by default)."""
    inputs = [tf.constant(value) for value in (A_prev, W, b)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        Z = convolve(*inputs, stride, pad)
    gradients = tape.gradient(Z, inputs, output_gradients=None if dZ is None else tf.constant(dZ))
    return {"Z": Z.numpy()} | {n: g.numpy() for n, g in zip(("dA_prev", "dW", "db"), gradients, strict=True)}


def time_forward(arguments: list, repeats: int) -> list[float]:
    """Return the seconds of each of so many runs of the compiled forward pass, after two runs to get warm."""
    inputs = [tf.constant(value) for value in arguments[:3]]
    compiled = tf.function(lambda A_prev, W, b: convolve(A_prev, W, b, *arguments[3:]))
    seconds = []
    for _ in range(repeats + 2):
        start = perf_counter()
        compiled(*inputs).numpy()
        seconds.append(perf_counter() - start)
    return seconds[2:]


def main(question: str, reply: str) -> None:
    """Answer one question file."""
    with np.load(question) as archive:
        asked = dict(archive)
    arguments = [asked["A_prev"], asked["W"], asked["b"], int(asked["stride"]), int(asked["pad"])]
    results = differentiate(*arguments, asked.get("dZ"))
    np.savez(reply, seconds=time_forward(arguments, int(asked["repeats"])), **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
