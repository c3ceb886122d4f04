"""A door with a camera: who stands before it, how far that is from everybody known, and whether it opens."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from utils.faces.detection import detect_faces
from utils.faces.distances import distances
from utils.faces.encoding import encode_found
from utils.faces.verification import Roc


@dataclass(frozen=True)
class Visit:
    """What the camera sees.

    Attributes
    ----------
    boxes : ndarray, (n, 4)
        Corners (x1, y1, x2, y2) of the faces, in pixels.
    encoding : ndarray, (d,), or None
        Of the one face; None where there is not exactly one.
    problem : str
        A sentence about why there is no encoding; empty when there is one.
    """

    boxes: np.ndarray
    encoding: np.ndarray | None
    problem: str


@dataclass(frozen=True)
class Decision:
    """What the door does, and why.

    Attributes
    ----------
    opens : bool
        Whether it opens.
    name : str or None
        For whom.
    names, distances : tuple of str, tuple of float
        Everybody in the database and the Euclidean distance of each, nearest first; empty when there is no encoding.
    says : str
        One sentence.
    """

    opens: bool
    name: str | None
    names: tuple[str, ...]
    distances: tuple[float, ...]
    says: str


def look(picture: np.ndarray, encoder: keras.Model) -> Visit:
    """Find the faces in a picture and encode the one that is there.

    Parameters
    ----------
    picture : ndarray
        As for `utils.faces.detection.detect_faces`.
    encoder : keras.Model
        As `utils.faces.encoding.face_encoder` gives it.
    """
    faces = detect_faces(picture)
    boxes = np.array([face.box for face in faces]).reshape(-1, 4)
    if not faces:
        return Visit(boxes, None, "Nobody is to be seen: look at the camera, nearer to it and in good light.")
    if len(faces) > 1:
        return Visit(boxes, None, f"There are {len(faces)} faces before the camera: step forward alone.")
    return Visit(boxes, encode_found(picture, faces, encoder)[0], "")


def decide(
    visit: Visit, database: Mapping[str, np.ndarray], threshold: float, claim: str | None = None
) -> Decision:
    """Open the door or not.

    Parameters
    ----------
    visit : Visit
        What the camera sees.
    database : mapping of str to ndarray, (d,)
        Name → encoding of length 1.
    threshold : float
        Largest Euclidean distance at which two encodings count as one person's; at least 0.
    claim : str, optional
        Who the visitor says to be: then only this person counts (1:1). Otherwise the nearest one does (1:K).

    Raises
    ------
    KeyError
        When nobody of the database has the name that is claimed.
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold!r}")
    if claim is not None and claim not in database:
        raise KeyError(f"nobody is called {claim!r}; there are: {', '.join(database) or 'nobody'}")
    if visit.encoding is None:
        return Decision(False, None, (), (), visit.problem)
    if not database:
        return Decision(False, None, (), (), "The database is empty: everybody is a stranger.")
    names = np.array(list(database))
    apart = distances(visit.encoding[None], np.stack(list(database.values())))[0]
    order = np.argsort(apart, kind="stable")
    near = {str(names[i]): float(apart[i]) for i in order}
    who = next(iter(near)) if claim is None else claim
    opens = near[who] <= threshold
    return Decision(
        opens, who if opens else None, tuple(near), tuple(near.values()), _sentence(near, who, opens, claim)
    )


def _sentence(near: Mapping[str, float], who: str, opens: bool, claim: str | None) -> str:
    if opens:
        return f"This is {who}: the distance is {near[who]:.2f}."
    if claim is not None:
        return f"This is not {who}, says the door: the distance is {near[who]:.2f}."
    return f"This is nobody of the database: {who} is nearest, at {near[who]:.2f}, and too far."


def rates_at(curve: Roc, threshold: float) -> tuple[float, float]:
    """Return the shares of false accepts and of false rejects at a threshold, each in [0, 1]."""
    row = int(np.searchsorted(curve.thresholds, threshold, side="right")) - 1
    return float(curve.false_accept[row]), float(1 - curve.true_accept[row])
