"""The ORL faces found, aligned and encoded by the bundled networks: what a door's threshold can be judged by.

Which pictures show glasses was marked by hand for this course; the data set itself says nothing about its pictures.
"""

from dataclasses import dataclass

import keras
import numpy as np

from utils.data.datasets import load_orl_faces
from utils.faces.alignment import align_face
from utils.faces.detection import detect_faces

PICTURES = 10
# There is a face in each of these pictures, so little is needed to believe it.
_LEAST_SCORE = 0.3
# Person → numbers of the pictures with glasses, 0 to 9; who is missing wears none in any.
_WITH_GLASSES = {
    1: "0123456789", 3: "01278", 5: "0123456789", 6: "349", 12: "01456789", 13: "0123456789", 16: "01456789",
    18: "01259", 19: "01246789", 26: "0123456789", 27: "0123456789", 30: "0123456789", 33: "0123456789", 35: "89",
    36: "0123456789",
}  # fmt: skip


@dataclass(frozen=True)
class OrlEncodings:
    """What the networks make of pictures of the ORL faces.

    Attributes
    ----------
    encodings : ndarray, (n, 128)
        float32, of length 1; NaN where not exactly one face was found.
    people : ndarray of int, (n,)
        Who is seen.
    glasses : ndarray of bool, (n,)
        Whether the person wears glasses.
    faces : ndarray of int, (n,)
        How many faces were found.
    """

    encodings: np.ndarray
    people: np.ndarray
    glasses: np.ndarray
    faces: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Whether the picture has an encoding, (n,) bool."""
        return self.faces == 1


def encode_orl_faces(encoder: keras.Model, people: range = range(40), batch: int = 50) -> OrlEncodings:
    """Find, align and encode the face of every picture of some of the forty people.

    Parameters
    ----------
    encoder : keras.Model
        As `utils.faces.encoding.face_encoder` gives it.
    people : range
        Which people, within 0 to 39; 30 to 39 are the test people of `utils.data.load_orl_faces`.
    batch : int
        Faces that go through the encoder at once.
    """
    if not len(people) or people[0] < 0 or people[-1] > 39 or people.step != 1:
        raise ValueError(f"people must be a range within 0 to 39, step 1, got {people}")
    (seen, who), (others, who_else) = load_orl_faces()
    pictures, labels = np.concatenate([seen, others]), np.concatenate([who, who_else]).astype(int)
    chosen = np.flatnonzero((labels >= people[0]) & (labels <= people[-1]))
    found = [detect_faces(pictures[i]) for i in chosen]
    rows = [row for row, faces in enumerate(found) if len(faces) == 1]
    crops = [align_face(pictures[chosen[row]], found[row][0]) for row in rows]
    encodings = np.full((len(chosen), encoder.output_shape[-1]), np.nan, np.float32)
    for start in range(0, len(rows), batch):
        part = np.stack(crops[start : start + batch])
        encodings[rows[start : start + batch]] = encoder.predict_on_batch(part)
    glasses = np.array([str(i % PICTURES) in _WITH_GLASSES.get(int(labels[i]), "") for i in chosen])
    return OrlEncodings(encodings, labels[chosen], glasses, np.array([len(faces) for faces in found]))


def align_orl_faces(pictures: np.ndarray, size: int = 150) -> np.ndarray:
    """Cut the face out of every picture, level, at one place and in one size.

    Parameters
    ----------
    pictures : ndarray of uint8, (n, height, width)
        As `utils.data.load_orl_faces` gives them.
    size : int
        Side of a crop in pixels.

    Returns
    -------
    ndarray, (n, size, size, 1)
        float32 in [0, 1].

    Raises
    ------
    ValueError
        When the pictures are no bytes of that shape, or one shows no face.

    Notes
    -----
    These photographs end close around the face, which the detector does not like, and which would leave black corners.
    So their edge is continued on all sides first, by half their height; then a face is found in all 400.
    """
    if pictures.ndim != 3 or pictures.dtype != np.uint8:
        raise ValueError(f"pictures must be uint8 (n, height, width), got {pictures.dtype} {pictures.shape}")
    border = pictures.shape[1] // 2
    crops = np.empty((len(pictures), size, size, 1), np.float32)
    for row, picture in enumerate(pictures):
        wider = np.pad(picture, border, mode="edge")
        faces = detect_faces(wider, _LEAST_SCORE)
        if not faces:
            raise ValueError(f"pictures[{row}] must show a face, none was found")
        crops[row] = align_face(wider, faces[0], size)[..., :1]
    return crops
