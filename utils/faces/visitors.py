"""Who comes to the face door: bundled pictures, as they are and as a poor camera or a cheat would show them."""

from collections.abc import Callable

import numpy as np

from utils.data.images import photograph, portrait, to_grey
from utils.data.reprint import photograph_of_print

# Name → the portrait that is stored. Eileen Collins is not among them: she is the stranger.
ENROLLED = {"Barack": "obama-1", "Joe": "biden-1", "Grace": "hopper-1"}
# Where a print is held before the wall, its corners in pixels.
_HELD = ((70, 30), (345, 62), (330, 372), (58, 402))


def in_grey(picture: np.ndarray) -> np.ndarray:
    """Return a picture without its colours, (height, width, 3)."""
    return np.repeat(to_grey(picture)[..., None], 3, axis=-1)


def side_by_side(*pictures: np.ndarray) -> np.ndarray:
    """Lay pictures of one height beside each other."""
    return np.concatenate(pictures, axis=1)


def in_the_dark(picture: np.ndarray, light: float = 0.25) -> np.ndarray:
    """Return a picture with a share of its light."""
    return np.rint(light * picture).astype(np.uint8)


def tiny(name: str, size: int = 40) -> np.ndarray:
    """Return a portrait of so many pixels."""
    return portrait(name, size)


def printed(name: str) -> np.ndarray:
    """Return a photograph of somebody holding up a print of a portrait."""
    wall = photograph("gravel")[:420, :420]
    return photograph_of_print(portrait(name), wall, _HELD, np.random.default_rng(0))


VISITORS: dict[str, Callable[[], list[np.ndarray]]] = {
    "the right people": lambda: [portrait("obama-2"), portrait("obama-3"), portrait("hopper-1")],
    "a stranger": lambda: [portrait("collins-1"), photograph("camera")],
    "poor pictures": lambda: [
        in_grey(portrait("obama-2")), in_the_dark(portrait("obama-3")), tiny("obama-1"),
    ],
    "not one face": lambda: [
        side_by_side(portrait("obama-1"), portrait("biden-1")), photograph("coffee"),
    ],
    "a print of a photograph": lambda: [printed("obama-2"), printed("hopper-1")],
}  # fmt: skip
