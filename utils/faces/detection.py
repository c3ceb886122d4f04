"""Find the faces in any picture: where they are, how sure that is, and 68 points of each.

The work is done by two small bundled networks: `utils.models.tiny_face_detector` and `utils.models.face_landmarks`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import keras
import numpy as np

from utils.data.images import to_float
from utils.detection.detections import Detections
from utils.detection.letterbox import letterbox
from utils.detection.pretrained import find_faces
from utils.detection.tiles import find_in_tiles
from utils.models import face_landmarks as points
from utils.models.tiny_face_detector import tiny_face_detector

IOU_THRESHOLD = 0.4
# From these proportions on, a picture shrunk to the detector's square leaves too little of a face.
PANORAMA = 2.0


@dataclass(frozen=True)
class Face:
    """One face in a picture.

    Attributes
    ----------
    box : tuple of float
        Corners (x1, y1, x2, y2) in pixels of the picture, inside it.
    score : float
        How sure the detector is, in [0, 1].
    landmarks : ndarray, (68, 2), or None
        Points x, y in pixels, in the order of `utils.models.face_landmarks`; None where nobody looked for them.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray | None = None


def detect_faces(picture: np.ndarray, min_score: float = 0.5, landmarks: bool = True) -> list[Face]:
    """Find faces.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        uint8 in [0, 255] or floating in [0, 1], any size and proportions; (height, width), (height, width, 1) and
        (height, width, 4) are taken as grey and as RGBA, see `rgb_picture`.
    min_score : float
        Kept is score ≥ min_score, in (0, 1].
    landmarks : bool
        Whether to look for the points, too.

    Returns
    -------
    list of Face
        The largest score first; empty when there is no face.

    Notes
    -----
    The detector sees no face that fills the picture, so a picture without one is looked at again inside a border that
    repeats its edge; a panorama is looked at part by part as well. Faces lower than about a tenth of the picture are
    mostly overlooked. The networks are read once a process.
    """
    picture = rgb_picture(picture)
    if not 0 < min_score <= 1:
        raise ValueError(f"min_score must be in (0, 1], got {min_score!r}")
    found = _find(picture, min_score)
    faces = [
        Face(tuple(map(float, box)), float(score))
        for box, score in zip(found.boxes, found.scores, strict=True)
    ]
    if not landmarks or not faces:
        return faces
    rows = find_landmarks(picture, np.array([face.box for face in faces]))
    return [replace(face, landmarks=row) for face, row in zip(faces, rows, strict=True)]


def find_landmarks(picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Find the 68 points of faces whose boxes are known.

    Parameters
    ----------
    picture : ndarray
        As for :func:`detect_faces`.
    boxes : ndarray, (n, 4)
        Corners in pixels; each must share a pixel with the picture.

    Returns
    -------
    ndarray, (n, 68, 2)
        x, y in pixels of the picture.
    """
    picture = rgb_picture(picture)
    height, width = picture.shape[:2]
    squares, places = [], []
    for number, box in enumerate(np.asarray(boxes, np.float64)):
        x1, y1 = np.floor(np.maximum(box[:2], 0)).astype(int)
        x2, y2 = np.ceil(np.minimum(box[2:], (width, height))).astype(int)
        if not (x1 < x2 and y1 < y2):
            raise ValueError(f"boxes[{number}] must share a pixel with the picture, got {box.tolist()}")
        square, placement = letterbox(picture[y1:y2, x1:x2], points.SIZE, fill=0.0)
        squares.append(square)
        places.append((placement, (x1, y1)))
    if not squares:
        return np.zeros((0, points.POINTS, 2), np.float32)
    relative = np.asarray(_landmark_network().predict_on_batch(np.stack(squares)))
    found = [
        (row * place.size - (place.left, place.top)) / place.scales + corner
        for row, (place, corner) in zip(relative, places, strict=True)
    ]
    return np.stack(found).astype(np.float32)


def rgb_picture(picture: np.ndarray) -> np.ndarray:
    """Return a picture as (height, width, 3), of its own dtype.

    Parameters
    ----------
    picture : ndarray, (height, width), or (height, width, 1, 3 or 4)
        uint8 in [0, 255], or floating in [0, 1]. Grey is repeated; RGBA is laid on white.

    Raises
    ------
    ValueError
        For another shape, an empty picture, floats outside [0, 1].
    TypeError
        For another dtype.
    """
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or not picture.size:
        raise ValueError(
            f"picture must have shape (height, width) or (height, width, 1, 3 or 4), got {picture.shape}"
        )
    values = to_float(picture)
    if picture.shape[2] == 3:
        return picture
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    colour, alpha = values[..., :3], values[..., 3:]
    return colour * alpha + (1 - alpha)


def _find(picture: np.ndarray, min_score: float) -> Detections:
    def find(part: np.ndarray) -> Detections:
        return find_faces(_detector(), part, min_score, IOU_THRESHOLD)

    short, long = sorted(picture.shape[:2])
    if long > PANORAMA * short:
        return find_in_tiles(find, picture, short, 0.5, IOU_THRESHOLD)
    found = find(picture)
    return found if len(found) else _find_inside_border(picture, find)


def _find_inside_border(picture: np.ndarray, find: Callable[[np.ndarray], Detections]) -> Detections:
    height, width = picture.shape[:2]
    border = (max(height, width) + 1) // 2
    found = find(np.pad(picture, ((border, border), (border, border), (0, 0)), mode="edge"))
    boxes = np.clip(found.boxes - border, 0, np.array([width, height] * 2, found.boxes.dtype))
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Detections(boxes, found.scores, found.classes)[inside]


@cache
def _detector() -> keras.Model:
    return tiny_face_detector()


@cache
def _landmark_network() -> keras.Model:
    return points.face_landmarks()
