"""The course's detectors of photographs by name, to look once and filter afterwards (utils.detection.candidates).

Keras is loaded with the first network, not with this module: a live page stands before that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.detection.candidates import Candidates, collect_candidates
from utils.detection.letterbox import letterbox

DETECTORS = ("80 everyday things", "six kinds of things", "faces")


@dataclass(frozen=True)
class Detector:
    """A trained network, ready to look.

    Attributes
    ----------
    says : str
        What it is, for a caption.
    classes : tuple of str
        Names of its classes.
    look : callable
        (height, width, 3) uint8 → Candidates.
    """

    says: str
    classes: tuple[str, ...]
    look: Callable[[np.ndarray], Candidates]


def load_detector(name: str) -> Detector:
    """Build one of `DETECTORS` with its bundled weights; takes seconds.

    Raises
    ------
    ValueError
        When there is no such detector.
    """
    builders = dict(zip(DETECTORS, (_everyday, _kinds, _faces), strict=True))
    if name not in builders:
        raise ValueError(f"name must be one of {', '.join(DETECTORS)}, got {name!r}")
    return builders[name]()


def _everyday() -> Detector:
    from utils.models import yolov3

    model, size = yolov3.yolov3_tiny(), 416

    def look(image: np.ndarray) -> Candidates:
        square, placement = letterbox(image, size)
        heads = [np.asarray(head)[0] for head in model.predict_on_batch(square[None])]
        anchors = [
            yolov3.ANCHORS[list(mask)] * head.shape[0] / size
            for mask, head in zip(yolov3.MASKS, heads, strict=True)
        ]
        return collect_candidates(heads, anchors, placement, "sigmoid")

    says = "YOLOv3-tiny (Redmon and Farhadi 2018), trained on COCO: 80 classes, 2 grids, 3 anchors each"
    return Detector(says, tuple(yolov3.coco_classes()), look)


def _kinds() -> Detector:
    from utils.data import CUT_OUT_CLASSES
    from utils.models import six_kinds

    model = six_kinds.six_kinds_detector()

    def look(image: np.ndarray) -> Candidates:
        square, placement = letterbox(image, six_kinds.SIDE)
        head = np.asarray(model.predict_on_batch(square[None]))[0]
        return collect_candidates([head], [six_kinds.ANCHORS], placement, "softmax")

    says = f"Our YOLOv2, trained on composed scenes: {', '.join(CUT_OUT_CLASSES)}; 1 grid, 5 anchors"
    return Detector(says, CUT_OUT_CLASSES, look)


def _faces() -> Detector:
    from utils.models import tiny_face_detector as faces

    model, size = faces.tiny_face_detector(), 416

    def look(image: np.ndarray) -> Candidates:
        # The network's author laid pictures into the upper left corner of a black square.
        square, placement = letterbox(image, size, fill=0.0, centred=False)
        head = np.asarray(model.predict_on_batch(square[None]))[0]
        return collect_candidates([head], [faces.ANCHORS], placement, "softmax")

    says = "The face detector of face-api.js: a YOLOv2 head without classes, 1 grid, 5 anchors"
    return Detector(says, ("face",), look)
