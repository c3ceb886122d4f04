"""Our YOLOv2 for six kinds of things: mammals, birds, fruits and vegetables, flowers, road signs, vehicles.

`course run yolo-six-kinds` trains it on composed scenes.
"""

from pathlib import Path

import keras
import numpy as np

from utils.data import CUT_OUT_CLASSES
from utils.models.weights import assign_weights, load_weights
from utils.models.yolov2_efficientnet import yolov2_efficientnet

SIDE = 320
STRIDE = 32
# Widths and heights in grid cells: k-means over the boxes of the training scenes.
ANCHORS = np.array([[3.2, 1.46], [2.43, 3.17], [3.35, 2.49], [4.11, 3.49], [4.95, 4.79]], np.float32)


def six_kinds_detector(weights: str | Path | None = "bundled", dropout: float = 0.0) -> keras.Model:
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
        RGB pictures in [0, 1], (batch, 320, 320, 3) → raw output (batch, 10, 10, 55): 5 boxes of t_x, t_y, t_w, t_h,
        objectness and 6 class logits. `ANCHORS` belong to it.
    """
    boxes, classes = len(ANCHORS), len(CUT_OUT_CLASSES)
    model = yolov2_efficientnet((SIDE, SIDE, 3), boxes, classes, STRIDE, dropout=dropout)
    if weights is not None:
        assign_weights(model.get_layer("tail"), load_weights(weights, "yolov2-six-kinds"))
    return model
