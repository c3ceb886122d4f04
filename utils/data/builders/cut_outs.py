"""Builder of `cut-outs-6`: the things of `tux-cut-outs`, each laid on a crop of a photograph.

The pictures are composed, not taken: the thing has no shadow and does not belong where it is. In exchange its class
is certain, and things and backgrounds of the test are others than those of the training.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.data.assets import Asset
from utils.data.datasets import CUT_OUT_CLASSES, load_cut_out_objects
from utils.data.images import photograph

if TYPE_CHECKING:
    from PIL import Image

SIDE = 96
QUALITY = 85
PER_CLASS = {"train": 120, "test": 60}
SEEDS = {"train": 1, "test": 2}
# Photographs without any of the six kinds, free of conditions.
BACKGROUNDS = {
    "train": ("brick", "coffee", "coins", "grass", "hubble"),
    "test": ("camera", "gravel", "rocket"),
}
# Longest side of a thing as a share of the picture, and how far it may be turned, in degrees.
SHARE = (0.6, 0.95)
TURN = 15
UNMIRRORED = "sign"  # a mirrored text or arrow is another sign, or none


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return for both parts, `train` and `test`, four arrays; the pictures are shuffled.

    `jpeg_<part>` (bytes,), uint8, JPEG pictures of 96×96 one after another; `ends_<part>` (pictures,), int64, where
    each of them ends; `y_<part>` (pictures,), uint8, its class; `object_<part>` (pictures,), int64, which thing of
    that part of `tux-cut-outs` it shows. Things of a class are shown equally often, give or take one.
    """
    arrays = {}
    for part, (things, kinds) in zip(("train", "test"), load_cut_out_objects(), strict=True):
        rng = np.random.default_rng(SEEDS[part])
        grounds = [photograph(name) for name in BACKGROUNDS[part]]
        shown = np.concatenate([_shares(np.flatnonzero(kinds == kind), part, rng) for kind in range(6)])
        shown = rng.permutation(shown)
        files = [_compose(things[i], CUT_OUT_CLASSES[kinds[i]], grounds, rng) for i in shown]
        arrays[f"jpeg_{part}"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"ends_{part}"] = np.cumsum([len(file) for file in files]).astype(np.int64)
        arrays[f"y_{part}"] = kinds[shown]
        arrays[f"object_{part}"] = shown.astype(np.int64)
    return arrays


def _shares(things: np.ndarray, part: str, rng: np.random.Generator) -> np.ndarray:
    """Deal the class's pictures out to its things, as evenly as possible."""
    return np.resize(rng.permutation(things), PER_CLASS[part])


def _compose(thing: np.ndarray, kind: str, grounds: list[np.ndarray], rng: np.random.Generator) -> bytes:
    """Return a picture as JPEG: a crop of a random background, and on it the thing, turned, lit and mirrored."""
    from PIL import Image

    canvas = _background(grounds[rng.integers(len(grounds))], rng)
    image = Image.fromarray(thing)
    if kind != UNMIRRORED and rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image.rotate(rng.uniform(-TURN, TURN), Image.Resampling.BICUBIC, expand=True)
    image = image.crop(image.getchannel("A").getbbox())
    scale = SIDE * rng.uniform(*SHARE) / max(image.size)
    image = image.resize([max(1, round(side * scale)) for side in image.size], Image.Resampling.LANCZOS)
    light = rng.uniform(0.75, 1.15)
    colour = image.convert("RGB").point(lambda value: min(255, round(value * light)))
    corner = [int(rng.integers(SIDE - side + 1)) for side in image.size]
    canvas.paste(colour, corner, image.getchannel("A"))
    buffer = io.BytesIO()
    canvas.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def _background(ground: np.ndarray, rng: np.random.Generator) -> "Image.Image":
    """Return a square crop of a photograph at a random scale, turned by quarters, dimmed and tinted."""
    from PIL import Image

    side = int(rng.integers(SIDE, min(ground.shape[:2]) + 1))
    top, left = (int(rng.integers(length - side + 1)) for length in ground.shape[:2])
    crop = np.rot90(ground[top : top + side, left : left + side], rng.integers(4))
    tinted = crop * rng.uniform(0.7, 1.1) * rng.uniform(0.8, 1.0, 3)
    image = Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
