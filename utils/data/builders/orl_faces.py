"""Builder of `orl-faces`: 400 grey pictures, ten of each of forty people."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.images import read_image

PEOPLE, PICTURES_EACH, TRAIN_PEOPLE = 40, 10, 30


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return x_train (300, 112, 92), x_test (100, 112, 92), uint8, and the person of each, uint8.

    Nobody is in both sets: the first thirty people (labels 0…29) train, the last ten (30…39) test.
    """
    folder = get_file(asset.origin[0], work)
    images = np.stack(
        [
            read_image(folder / f"s{person}" / f"{picture}.pgm")[..., 0]
            for person in range(1, PEOPLE + 1)
            for picture in range(1, PICTURES_EACH + 1)
        ]
    )
    people = np.repeat(np.arange(PEOPLE, dtype=np.uint8), PICTURES_EACH)
    train = people < TRAIN_PEOPLE
    return {
        "x_train": images[train],
        "y_train": people[train],
        "x_test": images[~train],
        "y_test": people[~train],
    }
