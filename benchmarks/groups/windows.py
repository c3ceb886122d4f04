"""A classifier's outputs for all windows of a picture: in one pass, one call a window, all windows in one batch.

One batch shows what is saved in work and not in calls. Every network is a `tf.function`.
"""

from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.cases import Case, Form, Work
from utils.detection.sliding_windows import fully_convolutional, total_stride

WINDOW = 28
ONE_CALL, ONE_BATCH = "one call a window", "one batch of windows"


def classifier() -> keras.Model:
    """Return a small classifier of windows, with random weights."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((WINDOW, WINDOW, 3)),
            layers.Conv2D(8, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(11, activation="softmax"),
        ]
    )


def cut(image: np.ndarray, stride: int) -> np.ndarray:
    """Return all windows, (rows, columns, 28, 28, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (WINDOW, WINDOW), axis=(0, 1))
    return np.ascontiguousarray(np.moveaxis(windows[::stride, ::stride], 2, -1))


def sliding(height: int, width: int) -> Work:
    """Prepare a picture of that size."""
    image = np.random.default_rng(0).random((height, width, 3)).astype(np.float32)
    model = classifier()
    stride = total_stride(model)
    by_window, by_picture = tf.function(model), tf.function(fully_convolutional(model))

    def one_pass() -> np.ndarray:
        return by_picture(image[None])[0].numpy()

    def one_call_a_window(rows: slice = slice(None)) -> np.ndarray:
        crops = cut(image, stride)[rows]
        return np.array([[by_window(crop[None])[0].numpy() for crop in row] for row in crops])

    def one_batch() -> np.ndarray:
        crops = cut(image, stride)
        return by_window(crops.reshape(-1, *crops.shape[2:])).numpy().reshape(*crops.shape[:2], -1)

    wanted = one_pass()
    for name, form in {ONE_CALL: one_call_a_window, ONE_BATCH: one_batch}.items():
        np.testing.assert_allclose(form(), wanted, rtol=0, atol=1e-5, err_msg=name)
    # A row of windows is enough: the other rows take as long.
    one_row = Form(lambda: one_call_a_window(slice(1)), times=len(wanted))
    return Work(Form(one_pass), {ONE_CALL: one_row, ONE_BATCH: Form(one_batch)})


def picture(name: str, height: int, width: int) -> Case:
    """Return the case of one picture; the goal is ten times the speed of one call a window."""
    return Case(
        name,
        f"a picture of {height}×{width}, windows of 28×28",
        partial(sliding, height, width),
        {ONE_CALL: 0.1},
    )


CASES = [picture("small picture", 80, 120), picture("large picture", 240, 320)]
