"""Find things in a picture with the bundled networks: letterbox or tiles, network, decoding, suppression."""

import keras
import numpy as np

from utils.detection.detections import Detections, join
from utils.detection.heads import decode_head
from utils.detection.letterbox import Placement, boxes_in_picture, letterbox
from utils.detection.nms import suppress
from utils.detection.tiles import find_in_tiles
from utils.models import six_kinds, tree_crowns, yolov3
from utils.models import tiny_face_detector as faces


def find_faces(
    model: keras.Model, image: np.ndarray, score_threshold: float = 0.5, iou_threshold: float = 0.4
) -> Detections:
    """Find faces with a model of `utils.models.tiny_face_detector`.

    Parameters
    ----------
    model : keras.Model
        With square input.
    image : ndarray, (height, width, 3)
        uint8 in [0, 255] or floating in [0, 1], any size.
    score_threshold, iou_threshold : float
        Kept is score ≥ the first; suppressed is IoU > the second.

    Returns
    -------
    Detections
        Boxes in pixels of `image`, by falling score; the class is 0.
    """
    # The network's author laid pictures into the upper left corner of a black square.
    square, placement = letterbox(image, _side(model), fill=0.0, centred=False)
    head = np.asarray(model.predict_on_batch(square[None]))[0]
    found = decode_head(head, faces.ANCHORS, score_threshold)
    return _in_picture(suppress(found, iou_threshold), placement)


def find_objects(
    model: keras.Model, image: np.ndarray, score_threshold: float = 0.5, iou_threshold: float = 0.45
) -> Detections:
    """Find COCO's objects with a model of `utils.models.yolov3`.

    Parameters and result as in :func:`find_faces`; classes are numbers of `utils.models.yolov3.coco_classes`.
    """
    size = _side(model)
    square, placement = letterbox(image, size)
    heads = [np.asarray(head)[0] for head in model.predict_on_batch(square[None])]
    parts = []
    for head, mask in zip(heads, yolov3.MASKS, strict=True):
        anchors = yolov3.ANCHORS[list(mask)] * head.shape[0] / size
        parts.append(decode_head(head, anchors, score_threshold, "sigmoid"))
    return _in_picture(suppress(join(parts), iou_threshold), placement)


def find_kinds(
    model: keras.Model, image: np.ndarray, score_threshold: float = 0.5, iou_threshold: float = 0.45
) -> Detections:
    """Find six kinds of things with the model of `utils.models.six_kinds`.

    Parameters and result as in :func:`find_faces`; classes are numbers of `utils.data.CUT_OUT_CLASSES`.
    """
    square, placement = letterbox(image, _side(model))
    head = np.asarray(model.predict_on_batch(square[None]))[0]
    found = decode_head(head, six_kinds.ANCHORS, score_threshold)
    return _in_picture(suppress(found, iou_threshold), placement)


def find_tree_crowns(
    model: keras.Model, image: np.ndarray, score_threshold: float = 0.5, iou_threshold: float = 0.4
) -> Detections:
    """Find tree crowns in an aerial photograph with the model of `utils.models.tree_crowns`, tile by tile.

    Parameters and result as in :func:`find_faces`; the photograph has about 10 cm a pixel.
    """

    def find(tile: np.ndarray) -> Detections:
        square, placement = letterbox(tile, _side(model))
        head = np.asarray(model.predict_on_batch(square[None]))[0]
        return _in_picture(
            suppress(decode_head(head, tree_crowns.ANCHORS, score_threshold), iou_threshold), placement
        )

    return find_in_tiles(find, image, tree_crowns.TILE, 0.5, iou_threshold, whole=False)


def _side(model: keras.Model) -> int:
    """Return the side of the model's square input in pixels."""
    height, width = model.input_shape[1:3]
    if height is None or height != width:
        raise ValueError(f"model must take square pictures of one size, its input is {model.input_shape}")
    return height


def _in_picture(found: Detections, placement: Placement) -> Detections:
    return Detections(boxes_in_picture(found.boxes, placement), found.scores, found.classes)
