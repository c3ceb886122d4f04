"""Tiles that cover a picture, and objects on their borders that are found once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from utils.detection.detections import Detections
from utils.detection.tiles import find_in_tiles, tile_origins


@given(st.integers(1, 500), st.integers(1, 200), st.floats(0, 0.9))
def test_tiles_cover_a_side_and_overlap(length, tile, overlap):
    origins = tile_origins(length, tile, overlap)
    covered = np.zeros(length, int)
    for origin in origins:
        assert origin >= 0
        covered[origin : origin + tile] += 1
    assert covered.min() >= 1
    assert max(length, tile) - origins[-1] >= tile or length <= tile
    for one, other in itertools.pairwise(origins):
        assert tile - (other - one) >= int(tile * overlap) - 1


def bright_things(image: np.ndarray) -> Detections:
    """A detector that knows its business: a box around each bright thing, scored by its size."""
    labels, _ = ndimage.label(image[..., 0] > 0.5)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return Detections(boxes, (areas / 1e4).astype(np.float32), np.zeros(len(boxes), int))


def only_small_pictures(image: np.ndarray) -> Detections:
    """The same, but blind on pictures as large as the whole."""
    found = bright_things(image)
    return found if image.shape[0] < 200 else found[:0]


@pytest.mark.parametrize(
    ("find", "whole"), [(bright_things, True), (only_small_pictures, True), (only_small_pictures, False)]
)
def test_each_thing_is_found_once_and_whole(find, whole):
    image = np.zeros((250, 330, 3), np.float32)
    things = [
        (5, 5, 20, 25),
        (90, 90, 115, 108),
        (180, 40, 210, 70),
        (300, 230, 330, 250),
        (95, 200, 105, 215),
    ]
    for x1, y1, x2, y2 in things:
        image[y1:y2, x1:x2] = 1
    found = find_in_tiles(find, image, 100, overlap=0.4, whole=whole)
    assert sorted(map(tuple, found.boxes.astype(int).tolist())) == sorted(things)


def test_a_small_picture_is_looked_at_once():
    seen = []

    def find(image):
        seen.append(image.shape)
        return bright_things(image)

    find_in_tiles(find, np.zeros((50, 60, 3), np.float32), 100)
    assert seen == [(50, 60, 3)]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="tile must be"):
        tile_origins(10, 0, 0.1)
    with pytest.raises(ValueError, match="overlap must be"):
        tile_origins(10, 5, 1.0)
