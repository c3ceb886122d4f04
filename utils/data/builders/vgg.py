"""Builder of `vgg16-features`: the convolutions of torchvision's ImageNet VGG-16, kept by another package."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file, safe_load_pickle
from utils.data.compact import pack_kernels

_CONVOLUTIONS = (2, 2, 3, 3, 3)


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return the packed kernels and biases of thirteen convolutions, named as in keras.applications."""
    with open(get_file(asset.origin[0], work), "rb") as file:
        parts = safe_load_pickle(file)["VGG16_0"]
    names = [f"block{b}_conv{n}" for b, count in enumerate(_CONVOLUTIONS, 1) for n in range(1, count + 1)]
    weights = {
        f"{name}/{kind}": np.asarray(parts[f"Conv_{i}"][kind])
        for i, name in enumerate(names)
        for kind in ("kernel", "bias")
    }
    return pack_kernels(weights)
