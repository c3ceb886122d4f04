"""Faces that are no pictures: features half of which say who it is, for runs that end in a moment."""

import numpy as np

from utils.experiments.faces_seen import FacesSeen, one_of_each

NUMBERS = 16


def made_up_faces(seed: int = 0) -> FacesSeen:
    """Return 20 known and 6 unseen people, 5 faces each: half of a face's numbers tell them, the rest is noise."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(26), 5)
    faces = np.concatenate(
        [
            rng.normal(size=(26, NUMBERS // 2))[who] + 0.3 * rng.normal(size=(len(who), NUMBERS // 2)),
            rng.normal(size=(len(who), NUMBERS // 2)),
        ],
        axis=1,
    ).astype(np.float32)
    known, unseen = who < 20, who >= 20
    varied = faces[known] + 0.1 * rng.normal(size=(3, known.sum(), NUMBERS)).astype(np.float32)
    return FacesSeen(
        faces[known], who[known], faces[unseen], who[unseen], lambda rows, rng: one_of_each(varied, rows, rng)
    )
