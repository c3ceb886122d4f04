"""From a picture to the 128 numbers of the face in it, and the distance below which two faces are one person's."""

import os
from collections.abc import Sequence
from functools import cache

import keras
import numpy as np

from utils.data.images import read_image, to_float
from utils.faces.alignment import align_face
from utils.faces.detection import Face, detect_faces
from utils.faces.distances import l2_normalize
from utils.models.face_embedder import SIZE, face_embedder

THRESHOLD = 0.4
"""Euclidean distance of two unit encodings up to which they are taken for one person's.

Chosen on the ORL faces: 351 of the 400 pictures of 40 people in which exactly one face is found. There false accepts
and false rejects are equally frequent, 0.7 % each, at 0.401. The portraits had no say: one person's lie at most 0.29
apart, two people's at least 0.46.
"""


class NoFaceError(ValueError):
    """Nobody is to be seen where one face was wanted."""


class SeveralFacesError(ValueError):
    """More than one face is to be seen where one was wanted."""


def face_encoder() -> keras.Model:
    """Return the bundled network with encodings of length 1.

    Returns
    -------
    keras.Model
        Crops of `utils.faces.alignment.align_face` (batch, 150, 150, 3), RGB in [0, 1] → unit encodings (batch, 128).
    """
    embedder = face_embedder()
    unit = keras.layers.UnitNormalization(name="unit")(embedder.output)
    return keras.Model(embedder.input, unit, name="face_encoder")


def encode_picture(
    picture: np.ndarray, model: keras.Model | None = None, min_score: float = 0.5
) -> np.ndarray:
    """Return the encoding of the one face in a picture.

    Parameters
    ----------
    picture : ndarray
        As for `utils.faces.detection.detect_faces`.
    model : keras.Model, optional
        As :func:`face_encoder` gives it, which is used when there is none.
    min_score : float
        What counts as a face, in (0, 1].

    Returns
    -------
    ndarray, (128,)
        float32, of length 1.

    Raises
    ------
    NoFaceError, SeveralFacesError
        When there is not exactly one face.
    """
    faces = detect_faces(picture, min_score)
    if not faces:
        raise NoFaceError(
            "there is no face to be seen in this picture: look at the camera, nearer to it and in good light"
        )
    if len(faces) > 1:
        raise SeveralFacesError(
            f"there are {len(faces)} faces in this picture, and only one can be asked for: step forward alone"
        )
    return encode_found(picture, faces, model)[0]


def encode_faces(
    picture: np.ndarray, model: keras.Model | None = None, min_score: float = 0.5
) -> list[tuple[Face, np.ndarray]]:
    """Return every face with its unit encoding (128,), largest score first; parameters as :func:`encode_picture`."""
    faces = detect_faces(picture, min_score)
    return list(zip(faces, encode_found(picture, faces, model), strict=True)) if faces else []


def encode_file(path: str | os.PathLike[str] | bytes, model: keras.Model) -> np.ndarray:
    """Return the encoding of a picture file that holds one face and nothing else, cut out and upright.

    Parameters
    ----------
    path : path, or bytes of a file
        As `utils.data.read_image` takes it.
    model : keras.Model
        Pictures (batch, height, width, 3), RGB in [0, 1] → encodings (batch, d) of any length.

    Returns
    -------
    ndarray, (d,)
        Of length 1. The picture is resized to the model's size, proportions not kept.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_image` does, for what is no picture.
    """
    picture = to_float(read_image(path, tuple(model.input_shape[1:3])))
    return l2_normalize(np.asarray(model.predict_on_batch(picture[None]))[0])


def encode_found(picture: np.ndarray, faces: Sequence[Face], model: keras.Model | None = None) -> np.ndarray:
    """Return unit encodings (n, 128) of one or more faces found in a picture; see :func:`encode_picture`."""
    crops = np.stack([align_face(picture, face, SIZE) for face in faces])
    return np.asarray((model or _encoder()).predict_on_batch(crops))


@cache
def _encoder() -> keras.Model:
    return face_encoder()
