"""The ORL faces as the runs of week 4 learn from them: as photographs, or as the first layers of lesson 1's network.

Those layers are frozen, so each face and a few variations of it go through them once, and training is a matter of
seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

# Of a photograph, anew at every step.
VARIED = {"shift": 0.05, "scale": 0.1, "degrees": 8.0, "light": 0.15, "mirrored": 0.0}
# Of an aligned face, which is less out of place.
VARIED_LITTLE = {"shift": 0.03, "scale": 0.06, "degrees": 6.0, "light": 0.15, "mirrored": 0.0}
VARIATIONS = 6
# Sides of the squares of which a feature map keeps the means.
POOL = 4
BATCH = 50


@dataclass(frozen=True)
class FacesSeen:
    """What a network learns from, and what it is measured on.

    Attributes
    ----------
    known, unseen : ndarray, (300, ...) and (100, ...)
        Faces of people 1 to 30 and of people 31 to 40, as networks take them.
    who, unseen_who : ndarray of int, (300,) and (100,)
        Whose they are.
    vary : callable
        ``(rows, rng) → (len(rows), ...)``: known faces, each varied.
    """

    known: np.ndarray
    who: np.ndarray
    unseen: np.ndarray
    unseen_who: np.ndarray
    vary: Callable[[np.ndarray, np.random.Generator], np.ndarray]


def faces_seen(layers: str | None) -> FacesSeen:
    """Return photographs, or what `pretrained_features` makes of the faces up to a layer.

    Parameters
    ----------
    layers : str or None
        As for `first_layers`; None for photographs at half size, (n, 56, 46, 1) in [0, 1].
    """
    from utils.data import load_orl_faces
    from utils.faces.batches import half_size, vary_faces

    (known, who), (unseen, unseen_who) = load_orl_faces()
    if layers is not None:
        known, varied, unseen = pretrained_features(layers)
        return FacesSeen(known, who, unseen, unseen_who, lambda rows, rng: one_of_each(varied, rows, rng))
    known = half_size(known)
    return FacesSeen(
        known, who, half_size(unseen), unseen_who, lambda rows, rng: vary_faces(known[rows], rng, **VARIED)
    )


def one_of_each(varied: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one variation of each of some rows, by chance: of (variations, n, d), (len(rows), d)."""
    return varied[rng.integers(len(varied), size=len(rows)), rows]


@cache
def pretrained_features(layers: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the features of the known faces, of variations of them and of the unseen ones.

    Parameters
    ----------
    layers : str
        As for `first_layers`.

    Returns
    -------
    known, varied, unseen : ndarray, (300, d), (VARIATIONS, 300, d), (100, d)
        float32. The variations are the same in all parts of a run.
    """
    from utils.faces.batches import vary_faces

    known, unseen = aligned_faces()
    network, rng = first_layers(layers), np.random.default_rng(0)
    varied = np.stack([features(network, vary_faces(known, rng, **VARIED_LITTLE)) for _ in range(VARIATIONS)])
    return features(network, known), varied, features(network, unseen)


@cache
def aligned_faces() -> tuple[np.ndarray, np.ndarray]:
    """Return the known and the unseen faces, found and aligned: (300, 150, 150, 1) and (100, 150, 150, 1)."""
    from utils.data import load_orl_faces
    from utils.faces.orl import align_orl_faces

    (known, _), (unseen, _) = load_orl_faces()
    return align_orl_faces(known), align_orl_faces(unseen)


def first_layers(name: str):
    """Return lesson 1's network up to a block, its feature map pooled and laid out in a row.

    Parameters
    ----------
    name : str
        Block of `utils.models.face_embedder`, such as ``"conv64_3"``, with at least `POOL` pixels on a side.

    Returns
    -------
    keras.Model
        Aligned faces (batch, 150, 150, 3) in [0, 1] → (batch, d).
    """
    import keras

    from utils.models.face_embedder import face_embedder

    whole = face_embedder()
    pooled = keras.layers.AveragePooling2D(POOL)(whole.get_layer(f"{name}_relu").output)
    return keras.Model(whole.input, keras.layers.Flatten()(pooled))


def features(network, faces: np.ndarray) -> np.ndarray:
    """Return what a network for colours makes of grey faces (n, height, width, 1), some at a time: (n, d)."""
    return np.concatenate(
        [
            network.predict_on_batch(np.repeat(faces[start : start + BATCH], 3, axis=-1))
            for start in range(0, len(faces), BATCH)
        ]
    )
