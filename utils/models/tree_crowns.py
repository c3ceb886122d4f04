"""Our YOLOv2 for tree crowns in aerial photographs.

`course run yolo-tree-crowns` trains it on a photograph whose crowns somebody boxed by hand.
"""

from pathlib import Path

import keras
import numpy as np

from utils.models.weights import assign_weights, load_weights
from utils.models.yolov2_efficientnet import yolov2_efficientnet

SIDE = 256
STRIDE = 16
# Pixels of the photograph a side of the network's input: a crown is about 40 pixels wide, and 64 for the network.
TILE = 160
# Widths and heights in grid cells: k-means over the boxes of the training photograph.
ANCHORS = np.array([[1.75, 1.75], [3.01, 3.13], [4.3, 4.27], [5.65, 5.74], [7.96, 8.04]], np.float32)


def tree_crown_detector(weights: str | Path | None = "bundled", dropout: float = 0.0) -> keras.Model:
    """Build the detector.

    Parameters
    ----------
    weights : "bundled", path or None
        Of the tail: the bundled ones, those of a file that the run has written, or random. The stem is always
        ImageNet's EfficientNet-Lite0.
    dropout : float
        Share of whole channels of the features that a training step leaves out.

    Returns
    -------
    keras.Model
        Tiles of 160×160 pixels of an aerial photograph of 10 cm a pixel, enlarged: RGB in [0, 1],
        (batch, 256, 256, 3) → raw output (batch, 16, 16, 25): 5 boxes of t_x, t_y, t_w, t_h and objectness.
    """
    model = yolov2_efficientnet((SIDE, SIDE, 3), len(ANCHORS), 0, STRIDE, filters=128, dropout=dropout)
    if weights is not None:
        assign_weights(model.get_layer("tail"), load_weights(weights, "yolov2-tree-crowns"))
    return model
