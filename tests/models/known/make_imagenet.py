"""Write `imagenet.npz`: features of the float32 weights of VGG-16 and EfficientNet-Lite0, before packing.

`python -m tests.models.known.make_imagenet` downloads the origins of both assets (80 MB) and needs a minute.
"""

import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np

from tests.models.test_packing import FEATURES, MODELS, features
from utils.data.assets import find_asset
from utils.data.builders import efficientnet, vgg
from utils.models.weights import assign_weights

BUILDERS = {"vgg16-features": (vgg, "pack_kernels"), "efficientnet-lite0": (efficientnet, "halve_kernels")}

if __name__ == "__main__":
    known = {}
    for asset, (builder, packing) in BUILDERS.items():
        with tempfile.TemporaryDirectory() as work, patch.object(builder, packing, dict):
            weights = builder.build(find_asset(asset), Path(work))
        model = MODELS[asset](None)
        assign_weights(model, weights)
        for name, output in zip(FEATURES[asset], features(model, FEATURES[asset]), strict=True):
            known[f"{asset}/{name}"] = output.astype(np.float16)
    np.savez_compressed(Path(__file__).with_name("imagenet.npz"), **known)
