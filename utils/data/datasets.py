"""Loaders of the bundled data sets, in Keras' convention: `(x_train, y_train), (x_test, y_test)`."""

import numpy as np

from utils.data.assets import load_asset

Split = tuple[np.ndarray, np.ndarray]


def load_mnist() -> tuple[Split, Split]:
    """Return 10,000 handwritten digits, split 8,000 / 2,000 with the digits in the same proportions.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: (8000, 28, 28) and (2000, 28, 28), uint8 in [0, 255], white on black; y: (8000,) and (2000,), uint8
        in 0…9. The split is fixed and is not MNIST's own 60,000 / 10,000.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
    """
    return _load_split("mnist-10k")


def _load_split(name: str) -> tuple[Split, Split]:
    arrays = load_asset(name)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
