"""What comes in: bundled assets (pictures, data sets, weights), picture reading, data sets.

The lowest layer of the package: it imports nothing else of ours, and never TensorFlow. Slow imports (h5py,
Pillow, pooch) wait until a function needs them.
"""

from utils.data.assets import AssetError, asset_path, load_asset
from utils.data.datasets import (
    CUT_OUT_CLASSES,
    FASHION_CLASSES,
    load_cut_out_objects,
    load_cut_outs,
    load_fashion_mnist,
    load_mnist,
    load_orl_faces,
    load_street_clip,
    load_tree_crowns,
)
from utils.data.images import (
    painting,
    painting_names,
    photograph,
    photograph_names,
    portrait,
    portrait_names,
    read_image,
    to_float,
    to_grey,
    to_uint8,
)

__all__ = [
    "CUT_OUT_CLASSES",
    "FASHION_CLASSES",
    "AssetError",
    "asset_path",
    "load_asset",
    "load_cut_out_objects",
    "load_cut_outs",
    "load_fashion_mnist",
    "load_mnist",
    "load_orl_faces",
    "load_street_clip",
    "load_tree_crowns",
    "painting",
    "painting_names",
    "photograph",
    "photograph_names",
    "portrait",
    "portrait_names",
    "read_image",
    "to_float",
    "to_grey",
    "to_uint8",
]
