"""Builder of `efficientnet-lite0`: a PyTorch port's ImageNet weights, renamed to our layers and packed."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.builders.torch_file import read_torch_file
from utils.data.compact import halve_kernels

_BLOCKS = 16
_NORMS = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return the packed weights, named ``<layer>/<variable>`` as in utils.models.efficientnet."""
    tensors = read_torch_file(get_file(asset.origin[0], work))
    weights = {
        "stem_conv/kernel": tensors["_conv_stem.weight"].transpose(2, 3, 1, 0),
        "head_conv/kernel": tensors["_conv_head.weight"].transpose(2, 3, 1, 0),
        "classes/kernel": tensors["_fc.weight"].T,
        "classes/bias": tensors["_fc.bias"],
        **_batch_norm("stem_bn", tensors, "_bn0"),
        **_batch_norm("head_bn", tensors, "_bn1"),
    }
    for number in range(_BLOCKS):
        weights |= _block(tensors, f"_blocks.{number}.", f"block{number}")
    return halve_kernels(weights)


def _block(tensors: dict[str, np.ndarray], theirs: str, ours: str) -> dict[str, np.ndarray]:
    # PyTorch keeps depthwise kernels as (channels, 1, height, width), Keras as (height, width, channels, 1).
    weights = {
        f"{ours}_depthwise_conv/kernel": tensors[f"{theirs}_depthwise_conv.weight"].transpose(2, 3, 0, 1),
        f"{ours}_project_conv/kernel": tensors[f"{theirs}_project_conv.weight"].transpose(2, 3, 1, 0),
        **_batch_norm(f"{ours}_depthwise_bn", tensors, f"{theirs}_bn1"),
        **_batch_norm(f"{ours}_project_bn", tensors, f"{theirs}_bn2"),
    }
    if f"{theirs}_expand_conv.weight" in tensors:
        weights[f"{ours}_expand_conv/kernel"] = tensors[f"{theirs}_expand_conv.weight"].transpose(2, 3, 1, 0)
        weights |= _batch_norm(f"{ours}_expand_bn", tensors, f"{theirs}_bn0")
    return weights


def _batch_norm(ours: str, tensors: dict[str, np.ndarray], theirs: str) -> dict[str, np.ndarray]:
    return {f"{ours}/{name}": tensors[f"{theirs}.{key}"] for key, name in _NORMS.items()}
