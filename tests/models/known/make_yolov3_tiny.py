"""Write `yolov3_tiny.npz`: features of the authors' float32 weights, against which the packed ones are measured.

`python -m tests.models.known.make_yolov3_tiny` downloads the origin of the asset (35 MB) and needs half a minute.
"""

import tempfile
from pathlib import Path

import numpy as np

from tests.models.test_yolov3_tiny import FEATURES, features, letterbox
from utils.data import load_street_clip
from utils.data.assets import find_asset
from utils.data.builders.origin import get_file
from utils.models.yolov3 import yolov3_tiny

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        model = yolov3_tiny(get_file(find_asset("yolov3-tiny").origin[0], Path(work)))
    outputs = features(model, letterbox(load_street_clip()[0])[0])
    np.savez_compressed(
        Path(__file__).with_name("yolov3_tiny.npz"),
        **{name: output.astype(np.float16) for name, output in zip(FEATURES, outputs, strict=True)},
    )
