"""Compose scenes with exact boxes or masks: cut-out things laid on crops of photographs.

No detection set of many classes and free licence is at hand, so detectors of several classes are trained on composed
scenes, as in Dwibedi, Misra and Hebert 2017, "Cut, paste and learn" (arXiv:1708.01642). Whoever shows such a picture
says that it is composed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_VISIBLE = 60  # alpha from which a pixel belongs to the thing's box
_SOLID = 128  # alpha from which a pixel belongs to the thing in a mask: it shows more of the thing than of the ground
_TRIES = 12


class Scene(NamedTuple):
    """A composed picture.

    Attributes
    ----------
    image : ndarray, (size, size, 3)
        uint8 RGB.
    boxes : ndarray, (n, 4)
        Corners relative to the picture, float32.
    classes : ndarray, (n,)
        int64.
    """

    image: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray


class MaskedScene(NamedTuple):
    """A composed picture with a class for every pixel.

    Attributes
    ----------
    image : ndarray, (size, size, 3)
        uint8 RGB.
    mask : ndarray, (size, size)
        uint8: 0 where the background is, a thing's class + 1 where the thing is at least half opaque. Where things
        overlap, the class of the upper one.
    """

    image: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class Recipe:
    """How scenes are composed.

    Attributes
    ----------
    things : tuple of int
        Fewest and most things of a scene.
    sides : tuple of float
        Shortest and longest a thing's longer side may be, as shares of the picture's.
    angle : float
        Largest turn in degrees, either way.
    overlap : float
        A thing is not laid where this share or more of it, or of one already there, would be common to both.
    distort : bool
        Whether things are mirrored, tinted and stretched, and backgrounds mirrored, turned and lit at random.
    upright : tuple of int
        Classes that are never mirrored, such as signs with letters.
    """

    things: tuple[int, int] = (2, 5)
    sides: tuple[float, float] = (0.2, 0.55)
    angle: float = 15.0
    overlap: float = 0.15
    distort: bool = True
    upright: tuple[int, ...] = ()


def background_bank(
    pictures: Sequence[np.ndarray], size: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Cut square crops at random places and sizes out of photographs, once, so that scenes need not.

    Parameters
    ----------
    pictures : sequence of ndarray, (height, width, 3)
        uint8 RGB. They are used in turn.
    size : int
        Side of the crops in pixels.
    count : int
        How many.
    rng : numpy.random.Generator
        Chooses the crops.

    Returns
    -------
    ndarray, (count, size, size, 3)
        uint8.
    """
    from PIL import Image

    if not pictures:
        raise ValueError("pictures must hold at least one picture")
    bank = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        picture = pictures[i % len(pictures)]
        shorter = min(picture.shape[:2])
        side = int(rng.uniform(0.6 * min(size, shorter), shorter))
        top = rng.integers(0, picture.shape[0] - side + 1)
        left = rng.integers(0, picture.shape[1] - side + 1)
        crop = Image.fromarray(picture[top : top + side, left : left + side])
        bank[i] = np.asarray(crop.resize((size, size), Image.Resampling.BILINEAR))
    return bank


def compose_scene(
    bank: np.ndarray,
    things: Sequence[np.ndarray],
    classes: Sequence[int],
    rng: np.random.Generator,
    recipe: Recipe | None = None,
) -> Scene:
    """Lay things at random places of a random background.

    Parameters
    ----------
    bank : ndarray, (backgrounds, size, size, 3)
        uint8; not changed.
    things : sequence of ndarray, (height, width, 4)
        uint8 RGBA, not premultiplied.
    classes : sequence of int
        One a thing. Each class is as likely as any other, however many things it has.
    rng : numpy.random.Generator
        Chooses everything.
    recipe : Recipe, optional
        The default one when not given.

    Returns
    -------
    Scene
        A thing for which no free place was found is left out, so there may be fewer than the recipe's fewest.
    """
    image, boxes, labels, _ = _compose(bank, things, classes, rng, recipe or Recipe())
    corners = np.array(boxes, np.float32).reshape(-1, 4) / len(image)
    return Scene(image, corners, np.array(labels, np.int64))


def compose_masked_scene(
    bank: np.ndarray,
    things: Sequence[np.ndarray],
    classes: Sequence[int],
    rng: np.random.Generator,
    recipe: Recipe | None = None,
) -> MaskedScene:
    """Compose the picture that :func:`compose_scene` composes with the same arguments, and its mask.

    Parameters
    ----------
    bank, things, classes, rng, recipe
        As in :func:`compose_scene`; classes from 0 to 254.

    Returns
    -------
    MaskedScene
    """
    if len(classes) and not 0 <= min(classes) <= max(classes) < 255:
        raise ValueError(f"classes must be from 0 to 254, got {min(classes)} to {max(classes)}")
    image, _, _, mask = _compose(bank, things, classes, rng, recipe or Recipe())
    return MaskedScene(image, mask)


def _compose(
    bank: np.ndarray,
    things: Sequence[np.ndarray],
    classes: Sequence[int],
    rng: np.random.Generator,
    recipe: Recipe,
) -> tuple[np.ndarray, list[tuple[int, int, int, int]], list[int], np.ndarray]:
    """Return a picture, boxes in pixels, labels, and the mask."""
    if len(things) != len(classes) or not len(things):
        raise ValueError(
            f"things and classes must be as many, and some, got {len(things)} and {len(classes)}"
        )
    classes = np.asarray(classes)
    image = _background(bank, rng, recipe.distort)
    mask = np.zeros(image.shape[:2], np.uint8)
    kinds = np.unique(classes)
    boxes: list[tuple[int, int, int, int]] = []
    labels: list[int] = []
    for _ in range(rng.integers(recipe.things[0], recipe.things[1] + 1)):
        label = int(rng.choice(kinds))
        thing = things[rng.choice(np.flatnonzero(classes == label))]
        prepared = _prepare(thing, label, len(image), rng, recipe)
        box = _lay(image, prepared, boxes, rng, recipe.overlap)
        if box is not None:
            x1, y1, x2, y2 = box
            mask[y1:y2, x1:x2][prepared[..., 3] >= _SOLID] = label + 1
            boxes.append(box)
            labels.append(label)
    return image, boxes, labels, mask


def _background(bank: np.ndarray, rng: np.random.Generator, distort: bool) -> np.ndarray:
    image = bank[rng.integers(len(bank))]
    if not distort:
        return image.copy()
    image = np.rot90(image[:, ::-1] if rng.random() < 0.5 else image, rng.integers(4))
    if rng.random() < 0.3:
        image = image[..., rng.permutation(3)]
    if rng.random() < 0.3:
        # Half of another background: borders between textures are common in photographs.
        image, cut = image.copy(), rng.integers(len(image) // 4, 3 * len(image) // 4)
        image[cut:] = bank[rng.integers(len(bank))][cut:]
    lit = image.astype(np.float32) * rng.uniform(0.5, 1.2) + rng.uniform(-15, 15)
    return lit.clip(0, 255).astype(np.uint8)


def _prepare(
    thing: np.ndarray, label: int, size: int, rng: np.random.Generator, recipe: Recipe
) -> np.ndarray:
    """Return the thing mirrored, tinted, stretched, scaled and turned, cropped to what can be seen."""
    from PIL import Image

    if recipe.distort:
        if label not in recipe.upright and rng.random() < 0.5:
            thing = thing[:, ::-1]
        tint = rng.uniform(0.7, 1.25, 3 if rng.random() < 0.5 else 1)
        colour = thing[..., :3] * tint + rng.uniform(-20, 20)
        thing = np.concatenate([colour.clip(0, 255).astype(np.uint8), thing[..., 3:]], axis=-1)
    stretch = rng.uniform(0.75, 1.3) if recipe.distort and rng.random() < 0.5 else 1.0
    height, width = thing.shape[0], thing.shape[1] * stretch
    longest = size * np.exp(rng.uniform(*np.log(recipe.sides)))
    scale = longest / max(height, width)
    picture = Image.fromarray(np.ascontiguousarray(thing))
    picture = picture.resize(
        (max(2, round(width * scale)), max(2, round(height * scale))), Image.Resampling.BILINEAR
    )
    turn = rng.uniform(-recipe.angle, recipe.angle)
    turned = np.asarray(picture.rotate(turn, Image.Resampling.BILINEAR, expand=True))
    seen = turned[..., 3] > _VISIBLE
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return turned[:0, :0]
    return turned[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _lay(
    image: np.ndarray,
    thing: np.ndarray,
    taken: Sequence[tuple[int, int, int, int]],
    rng: np.random.Generator,
    overlap: float,
) -> tuple[int, int, int, int] | None:
    """Paint a thing into the picture at a free place and return its box in pixels; None when there is none."""
    height, width = thing.shape[:2]
    if not 4 <= height < len(image) or not 4 <= width < len(image):
        return None
    for _ in range(_TRIES):
        x, y = rng.integers(0, len(image) - width + 1), rng.integers(0, len(image) - height + 1)
        box = (int(x), int(y), int(x + width), int(y + height))
        if all(_common(box, other) < overlap for other in taken):
            alpha = thing[..., 3:].astype(np.float32) / 255
            below = image[y : y + height, x : x + width]
            below[:] = (below * (1 - alpha) + thing[..., :3] * alpha).round().astype(np.uint8)
            return box
    return None


def _common(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    """Return the share of the smaller box that both have in common."""
    sides = [max(0, min(box[i + 2], other[i + 2]) - max(box[i], other[i])) for i in (0, 1)]
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return sides[0] * sides[1] / min(areas)
