"""Builder of the face networks, published as 8-bit TensorFlow.js weights: renamed to our layers, kept in 8 bits."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset, AssetError
from utils.data.builders.origin import get_file
from utils.data.builders.tfjs import TfjsTensor, read_tfjs

_NAMES = {
    "filters": "kernel",
    "weights": "kernel",
    "depthwise_filter": "depthwise_kernel",
    "pointwise_filter": "pointwise_kernel",
}


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return the packed weights, named ``<layer>/<variable>`` as in the network's module of utils.models."""
    manifest, *shards = (get_file(origin, work) for origin in asset.origin)
    tensors = read_tfjs(manifest, shards)
    match asset.name:
        case "tiny-face-detector" | "face-landmarks":
            return _renamed(tensors)
        case "face-embedder":
            return _embedder(tensors)
    raise AssetError(f"this builder knows no asset {asset.name!r}")


def _renamed(tensors: dict[str, TfjsTensor]) -> dict[str, np.ndarray]:
    """Rename the variables; stored bytes, scales and offsets stay what they are."""
    packed: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        *layer, variable = name.split("/")
        packed |= _affine(f"{'_'.join(layer)}/{_NAMES.get(variable, variable)}", tensor, np.ones(1))
    return packed


def _embedder(tensors: dict[str, TfjsTensor]) -> dict[str, np.ndarray]:
    """Fold the channel scale behind each convolution into it: the bytes stay, a channel gets its own scale.

    scale · (kernel ∗ x + bias) + shift = (scale · kernel) ∗ x + (scale · bias + shift)
    """
    packed = _affine("encoding/kernel", tensors["fc"], np.ones(1))
    for name in tensors:
        if not name.endswith("/conv/filters"):
            continue
        block = name.removesuffix("/conv/filters")
        layer = block.replace("/", "_")
        scale = tensors[f"{block}/scale/weights"].numbers()
        shift = tensors[f"{block}/scale/biases"].numbers()
        packed |= _affine(f"{layer}/kernel", tensors[name], scale)
        packed[f"{layer}/bias"] = (tensors[f"{block}/conv/bias"].numbers() * scale + shift).astype(np.float32)
    return packed


def _affine(name: str, tensor: TfjsTensor, factor: np.ndarray) -> dict[str, np.ndarray]:
    """Return a tensor times `factor` (one value, or one an output channel): its bytes, or float16 where it has none."""
    if tensor.scale is None:
        return {name: (tensor.values * factor).astype(np.float16)}
    return {
        name: tensor.values,
        f"{name}_scale": tensor.scale * factor,
        f"{name}_offset": tensor.offset * factor,
    }
