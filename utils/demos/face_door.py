"""What the demo of the face door computes: who is enrolled, how often a threshold errs, and triplets in the plane.

The networks are imported when they are first called, so that the page need not wait for TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from utils.data import portrait
from utils.faces.distances import squared_distances
from utils.faces.mining import hardest_triplets, semi_hard_triplets
from utils.faces.verification import Roc, pairs, roc
from utils.faces.visitors import ENROLLED

if TYPE_CHECKING:
    import keras

    from utils.faces.door import Decision, Visit

THRESHOLD = 0.4  # of `utils.faces.encoding`, which brings TensorFlow along; a test holds them together
TEST_PEOPLE = range(30, 40)  # of the ORL faces: they trained nothing
NOBODY = "nothing: who is it?"
KINDS = HARDEST, SEMI_HARD, EASY = "hardest", "semi-hard", "easy"
NOTICE = {
    "opens": "One stored picture is enough, and another day, another light still fit it. Move the threshold to the "
    "left until the door shuts for the right person; then look at the blue curve.",
    "shut": "Somebody is always nearest. Move the threshold to the right until the door opens for a stranger; the "
    "orange curve says how often that would happen.",
    "claim": "Now only the one person counts whose name was said, however near the others are.",
    "no face": "Without exactly one face there is nothing to compare: the door says why, and stays shut.",
    "empty": "A database without people: the distance to the nearest is infinite, for everybody.",
    HARDEST: "The farthest picture of the same person and the nearest of another one: if even this triplet costs "
    "nothing, the anchor is learned. Move the margin α to the right until it pays again.",
    SEMI_HARD: "The negative is farther than the positive, but by less than α: a triplet that still teaches something, "
    "without the outliers that hardest ones are made of.",
    EASY: "A triplet drawn by chance: the negative is so far that the loss is 0. Most triplets of a trained network "
    "are like this one and teach nothing.",
}


@dataclass(frozen=True)
class Measured:
    """What ten people who trained nothing tell about the encodings.

    Attributes
    ----------
    curve : Roc
        Error rates against the threshold.
    same, different : int
        Pairs of one person and of two.
    encodings, people : ndarray, (n, d) and (n,)
        Of every picture in which one face was found.
    plane : ndarray, (n, 2)
        The encodings' two principal components, brought into [0, 1]: as much of the distances as a plane can keep.
    """

    curve: Roc
    same: int
    different: int
    encodings: np.ndarray
    people: np.ndarray
    plane: np.ndarray


@dataclass(frozen=True)
class Triplet:
    """Rows of anchor, positive and negative, their squared distances, and the loss."""

    rows: tuple[int, int, int]
    positive: float
    negative: float
    loss: float


@dataclass
class Door:
    """A door's network and database, and what was measured of it; empty until :meth:`see` is called.

    Attributes
    ----------
    database : dict of str to ndarray
        Name → encoding.
    measured : Measured or None
        After :meth:`measure`.
    """

    database: dict[str, np.ndarray]
    measured: Measured | None = None
    _encoder: "keras.Model | None" = None

    def see(self, picture: np.ndarray) -> "Visit":
        """Look at a picture; the first time, build the network and encode the portraits that are stored."""
        from utils.faces.door import look
        from utils.faces.encoding import face_encoder

        if self._encoder is None:
            encoder = face_encoder()
            for name, stored in ENROLLED.items():
                self.database[name] = look(portrait(stored), encoder).encoding
            self._encoder = encoder
        return look(picture, self._encoder)

    def measure(self) -> None:
        """Measure on ten people; nothing happens the second time."""
        if self.measured is None:
            self.measured = measure(self._encoder)

    def forget_guests(self) -> None:
        """Take everybody out who was enrolled since the beginning."""
        for name in set(self.database) - set(ENROLLED):
            del self.database[name]


def decide(
    visit: "Visit", database: Mapping[str, np.ndarray], threshold: float, claim: str | None
) -> "Decision":
    """Open the door or not: `utils.faces.door.decide`."""
    from utils.faces.door import decide as decide_at_the_door

    return decide_at_the_door(visit, database, threshold, claim)


def measure(encoder: "keras.Model") -> Measured:
    """Encode ten people's pictures, compare all pairs, and lay the encodings into a plane."""
    from utils.faces.orl import encode_orl_faces

    found = encode_orl_faces(encoder, TEST_PEOPLE)
    encodings, people = found.encodings[found.found], found.people[found.found]
    apart, same = pairs(encodings, people)
    return Measured(
        roc(apart, same), int(same.sum()), int((~same).sum()), encodings, people, flatten(encodings)
    )


def flatten(encodings: np.ndarray) -> np.ndarray:
    """Return the two principal components of encodings (n, d), brought into [0, 1]: (n, 2)."""
    middle = encodings - encodings.mean(axis=0)
    _, _, axes = np.linalg.svd(middle, full_matrices=False)
    plane = middle @ axes[:2].T
    low, high = plane.min(axis=0), plane.max(axis=0)
    return (plane - low) / np.maximum(high - low, 1e-9)


def tell_rates(measured: Measured | None, threshold: float) -> str:
    """Say how often a threshold errs, as HTML."""
    if measured is None:
        return "How often that errs is being measured."
    from utils.faces.door import rates_at

    accept, reject = rates_at(measured.curve, threshold)
    return (
        f"At this threshold <b>{100 * accept:.1f} %</b> of {measured.different:,} pairs of strangers are falsely "
        f"accepted, <b>{100 * reject:.1f} %</b> of {measured.same} pairs of one person refused (ten ORL people)."
    )


def find_triplet(measured: Measured, anchor: int, kind: str, alpha: float) -> Triplet | None:
    """Return a triplet of an anchor.

    Parameters
    ----------
    measured : Measured
        The encodings.
    anchor : int
        Its row.
    kind : {"hardest", "semi-hard", "easy"}
        The farthest positive and the nearest negative; the first positive with a negative that is farther by less than
        α, the nearest of these; or the nearest positive and the farthest negative.
    alpha : float
        The margin, greater than 0.

    Returns
    -------
    Triplet or None
        None where the anchor has no such triplet.
    """
    x, people = measured.encodings, measured.people
    squares = squared_distances(x)[anchor]
    if kind == EASY:
        same, other = people == people[anchor], people != people[anchor]
        same[anchor] = False
        found = [(anchor, np.where(same, squares, np.inf).argmin(), np.where(other, squares, -1).argmax())]
    else:
        every = hardest_triplets(x, people) if kind == HARDEST else semi_hard_triplets(x, people, alpha)
        found = every[every[:, 0] == anchor]
    if not len(found):
        return None
    rows = tuple(int(row) for row in found[0])
    positive, negative = float(squares[rows[1]]), float(squares[rows[2]])
    return Triplet(rows, positive, negative, max(positive - negative + alpha, 0.0))


def tell_triplet(triplet: Triplet | None, kind: str, alpha: float) -> str:
    """Say what a triplet costs, as HTML."""
    if triplet is None:
        return f"This anchor has no {kind} triplet at α = {alpha:.2f}."
    return (
        f"‖a − p‖² = {triplet.positive:.2f}, ‖a − n‖² = {triplet.negative:.2f}; the loss is "
        f"max({triplet.positive:.2f} − {triplet.negative:.2f} + {alpha:.2f}, 0) = <b>{triplet.loss:.2f}</b>. "
        "Distances are those of 128 numbers; the plane is only their shadow."
    )
