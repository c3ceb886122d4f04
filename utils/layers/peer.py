"""Ask TensorFlow for the same convolution, in a process of its own: a NumPy notebook compares, and stays NumPy."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PROGRAM = "utils.models.tensorflow_convolution"


def ask_tensorflow(
    A_prev: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    hparameters: dict[str, int],
    dZ: np.ndarray | None = None,
    repeats: int = 1,
) -> dict[str, np.ndarray]:
    """Run one convolution, and its gradients, in TensorFlow.

    Takes about ten seconds, nearly all of them TensorFlow's start.

    Parameters
    ----------
    A_prev : ndarray, shape (m, n_H_prev, n_W_prev, n_C_prev)
    W : ndarray, shape (f, f, n_C_prev, n_C)
    b : ndarray, shape (1, 1, 1, n_C)
    hparameters : dict
        ``{"stride": …, "pad": …}``.
    dZ : ndarray, shape (m, n_H, n_W, n_C), optional
        Gradient of the loss with respect to the output; ones by default.
    repeats : int
        How often the forward pass is timed, as a compiled `tf.function`, after two runs that are not timed.

    Returns
    -------
    dict of str to ndarray
        ``Z``, ``dA_prev``, ``dW``, ``db``, shaped as above, and ``seconds``, shape (repeats,).

    Raises
    ------
    RuntimeError
        When TensorFlow cannot be run; the message holds the end of what it said.
    """
    arrays = {"A_prev": A_prev, "W": W, "b": b, **({} if dZ is None else {"dZ": dZ})}
    # A notebook under test switches oneDNN off, for equal digits everywhere; here TensorFlow shows its usual speed.
    usual = {"TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment = {**os.environ, **usual}
    with tempfile.TemporaryDirectory() as folder:
        question, reply = Path(folder, "question.npz"), Path(folder, "reply.npz")
        np.savez(question, stride=hparameters["stride"], pad=hparameters["pad"], repeats=repeats, **arrays)
        command = [sys.executable, "-m", PROGRAM, str(question), str(reply)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"TensorFlow's process ended with {done.returncode}: {done.stderr[-500:]}")
        with np.load(reply) as archive:
            return dict(archive)
