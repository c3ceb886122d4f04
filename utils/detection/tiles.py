"""Look for small things in a large picture: tile by tile, with tiles that overlap, and, where wanted, as a whole."""

from collections.abc import Callable

import numpy as np

from utils.detection.detections import Detections, join
from utils.detection.nms import suppress


def tile_origins(length: int, tile: int, overlap: float) -> list[int]:
    """Return where tiles begin along one side, so that neighbours share at least a part and all is covered.

    Parameters
    ----------
    length : int
        Side of the picture in pixels.
    tile : int
        Side of a tile in pixels.
    overlap : float
        Smallest share of a tile that it has in common with the next, in [0, 1).
    """
    if tile < 1:
        raise ValueError(f"tile must be at least 1, got {tile!r}")
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap must be in [0, 1), got {overlap!r}")
    if length <= tile:
        return [0]
    count = int(np.ceil((length - tile) / max(1, int(tile * (1 - overlap))))) + 1
    return np.linspace(0, length - tile, count).round().astype(int).tolist()


def find_in_tiles(
    find: Callable[[np.ndarray], Detections],
    image: np.ndarray,
    tile: int,
    overlap: float = 0.25,
    iou_threshold: float = 0.45,
    whole: bool = True,
) -> Detections:
    """Detect in overlapping tiles and in the whole picture, and keep one box an object.

    Parameters
    ----------
    find : callable
        Picture → Detections in its pixels.
    image : ndarray, (height, width, 3)
        A picture; when it is not larger than a tile it is looked at once.
    tile : int
        Side of a tile in pixels.
    overlap : float
        Smallest share of a tile that it has in common with the next, in [0, 1).
    iou_threshold : float
        Suppressed is IoU > threshold.
    whole : bool
        Whether a picture larger than a tile is looked at as a whole, too. Where all things are small, it need not.

    Returns
    -------
    Detections
        In pixels of `image`, by falling score. A box that ends at a border between tiles, where its object is cut, does
        not count: the next tile or the whole picture shows the object whole.
    """
    height, width = image.shape[:2]
    tiled = max(height, width) > tile
    parts = [find(image)] if whole or not tiled else []
    if tiled:
        for top in tile_origins(height, tile, overlap):
            for left in tile_origins(width, tile, overlap):
                part = image[top : top + tile, left : left + tile]
                parts.append(_whole_ones(find(part), (left, top), part.shape[1::-1], (width, height)))
    return suppress(join(parts), iou_threshold, None)


def _whole_ones(
    found: Detections, origin: tuple[int, int], size: tuple[int, int], picture: tuple[int, int]
) -> Detections:
    """Move detections of a tile into the picture, without those that a border inside the picture cuts."""
    offset = np.array([*origin, *origin], found.boxes.dtype)
    cut = np.zeros(len(found), bool)
    for axis in (0, 1):
        if origin[axis] > 0:
            cut |= found.boxes[:, axis] <= 1
        if origin[axis] + size[axis] < picture[axis]:
            cut |= found.boxes[:, axis + 2] >= size[axis] - 1
    return Detections(found.boxes + offset, found.scores, found.classes)[~cut]
