"""How much faster a classifier looks through all windows of a picture in one pass than crop by crop.

Run ``python benchmarks/sliding_window.py [--json FILE] [--rounds N]``. Crop by crop is timed twice: with one call for
each window, and with all windows in one batch, which shows what is saved in work and not in calls. Every network is
compiled (`tf.function`) and runs on one thread; all forms must agree before they are timed.
"""

import sys

from _threads import limit_threads

limit_threads(1)

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from timing import arguments, conclude, ratios

from utils.detection.sliding_windows import fully_convolutional, total_stride

LEAST_GAIN = 10.0  # times as fast as one call for each window
WINDOW = 28
PICTURES = {"small picture": (80, 120), "large picture": (240, 320)}


def classifier() -> keras.Model:
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
    """Return all windows, (rows, columns, WINDOW, WINDOW, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (WINDOW, WINDOW), axis=(0, 1))
    return np.ascontiguousarray(np.moveaxis(windows[::stride, ::stride], 2, -1))


def measure(size: tuple[int, int], rounds: int) -> dict[str, list[float]]:
    image = np.random.default_rng(0).random((*size, 3)).astype(np.float32)
    model = classifier()
    stride, by_window, by_picture = (
        total_stride(model),
        tf.function(model),
        tf.function(fully_convolutional(model)),
    )

    def one_pass() -> np.ndarray:
        return by_picture(image[None])[0].numpy()

    def one_call_a_window() -> np.ndarray:
        return np.array([[by_window(crop[None])[0].numpy() for crop in row] for row in cut(image, stride)])

    def one_batch() -> np.ndarray:
        crops = cut(image, stride)
        return by_window(crops.reshape(-1, *crops.shape[2:])).numpy().reshape(*crops.shape[:2], -1)

    forms = {"one pass": one_pass, "one call a window": one_call_a_window, "one batch of windows": one_batch}
    for name, form in forms.items():
        np.testing.assert_allclose(form(), one_pass(), rtol=0, atol=1e-5, err_msg=name)
    return ratios(forms, "one pass", rounds)


def main() -> int:
    given = arguments(__doc__.splitlines()[0], 10)
    results = {name: measure(size, given.rounds) for name, size in PICTURES.items()}
    missed = []
    for name, found in results.items():
        height, width = PICTURES[name]
        print(f"\n{name}, {height}×{width}: time over one pass (quartiles)")
        for form, (low, median, high) in found.items():
            print(f"  {form:<22}{median:.1f} ({low:.1f} to {high:.1f})")
        gain = found["one call a window"][1]
        if gain < LEAST_GAIN:
            missed.append(f"{name}: {gain:.1f} times as fast as crop by crop, wanted {LEAST_GAIN:.0f}")
    return conclude(results, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
