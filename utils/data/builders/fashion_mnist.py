"""Builder of `fashion-mnist-12k`: the first pictures of each class of Fashion-MNIST's own train and test sets."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.idx import read_idx

TRAIN_PER_CLASS, TEST_PER_CLASS = 1_000, 200


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return x_train (10000, 28, 28), x_test (2000, 28, 28), uint8 in [0, 255], and their labels, uint8.

    The first 1,000 and 200 of each class, in the order of the original: both sets are balanced, and the test
    pictures are test pictures of Fashion-MNIST too.
    """
    folder = get_file(asset.origin[0], work)
    arrays = {}
    for part, stem, count in (("train", "train", TRAIN_PER_CLASS), ("test", "t10k", TEST_PER_CLASS)):
        images = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
        chosen = np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(10)]))
        arrays |= {f"x_{part}": images[chosen], f"y_{part}": labels[chosen]}
    return arrays
