"""Where something might be: boxes around the regions of a picture that hang together, and a detector built on them.

Uijlings et al. 2013, "Selective search for object recognition", for the idea: segment a picture finely and coarsely, in
more than one colour space, and take a box around each region. The segmentation is scikit-image's (Felzenszwalb and
Huttenlocher 2004). Girshick et al. 2014, "R-CNN" (arXiv:1311.2524), section 2: cut out each box, resize it, classify
it, and keep one box an object.
"""

from collections.abc import Callable, Sequence

import numpy as np

from utils.data.images import to_float
from utils.detection.detections import Detections
from utils.detection.nms import suppress

SCALES = (50, 150, 400)
COLOUR_SPACES = ("rgb", "lab", "hsv")


def propose_regions(
    image: np.ndarray,
    scales: Sequence[float] = SCALES,
    colour_spaces: Sequence[str] = COLOUR_SPACES,
    smallest: float = 0.05,
    largest: float = 0.9,
) -> np.ndarray:
    """Return boxes around the regions of segmentations from fine to coarse, and around pairs that touch.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        RGB, uint8 in [0, 255] or floating in [0, 1].
    scales : sequence of float
        Felzenszwalb's k: the larger, the larger the regions.
    colour_spaces : sequence of {"rgb", "lab", "hsv"}
        Each gives segmentations of its own.
    smallest, largest : float
        Kept are boxes whose longer side is between these shares of the picture's longer side.

    Returns
    -------
    ndarray, (n, 4)
        Corners in pixels, float32, without repetitions, the largest first.

    Raises
    ------
    ValueError
        For an empty picture, another shape, an unknown colour space and shares out of order.
    """
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"image must have shape (height, width, 3) and pixels, got {image.shape}")
    if not 0 <= smallest < largest <= 1:
        raise ValueError(f"shares must be 0 ≤ smallest < largest ≤ 1, got {smallest!r} and {largest!r}")
    unknown = set(colour_spaces) - set(COLOUR_SPACES)
    if unknown:
        raise ValueError(
            f"colour_spaces must be of {', '.join(COLOUR_SPACES)}, got {', '.join(sorted(unknown))}"
        )
    image = to_float(image)
    found = [_boxes_of_regions(_segment(image, space, scale)) for space in colour_spaces for scale in scales]
    boxes = np.unique(np.concatenate([np.zeros((0, 4), np.float32), *found]), axis=0)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / max(image.shape[:2])
    boxes = boxes[(sides >= smallest) & (sides <= largest)]
    return boxes[np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")]


def cut_out(image: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut boxes out of a picture and resize each, with bilinear interpolation.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        Floating.
    boxes : ndarray, (n, 4)
        Corners in pixels, inside the picture.
    size : tuple of int
        (height, width) of the results.

    Returns
    -------
    ndarray, (n, *size, channels)
        Float32.
    """
    from skimage.transform import resize

    crops = [
        resize(image[int(y1) : max(int(y2), int(y1) + 1), int(x1) : max(int(x2), int(x1) + 1)], size)
        for x1, y1, x2, y2 in boxes
    ]
    return np.stack(crops).astype(np.float32) if crops else np.zeros((0, *size, image.shape[2]), np.float32)


def rcnn_detect(
    image: np.ndarray,
    classify: Callable[[np.ndarray], np.ndarray],
    size: tuple[int, int],
    background: int,
    boxes: np.ndarray | None = None,
    score_threshold: float = 0.5,
    iou_threshold: float = 0.3,
) -> Detections:
    """Detect as R-CNN does: classify the content of every proposed box, then keep one box an object.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        uint8 in [0, 255] or floating in [0, 1].
    classify : callable
        Crops (n, *size, 3), float32 in [0, 1] → probabilities (n, classes), one of the classes being background.
    size : tuple of int
        (height, width) that the classifier wants.
    background : int
        Which class is none.
    boxes : ndarray, (n, 4), or None
        Proposals in pixels; those of :func:`propose_regions` by default.
    score_threshold, iou_threshold : float
        Kept is score ≥ the first; suppressed is IoU > the second.

    Returns
    -------
    Detections
        Boxes in pixels, by falling score.
    """
    image = to_float(image)
    boxes = propose_regions(image) if boxes is None else np.asarray(boxes, np.float32)
    if not len(boxes):
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    probabilities = np.asarray(classify(cut_out(image, boxes, size)))
    classes = probabilities.argmax(axis=1)
    scores = probabilities.max(axis=1).astype(np.float32)
    keep = (classes != background) & (scores >= score_threshold)
    return suppress(Detections(boxes[keep], scores[keep], classes[keep]), iou_threshold)


def _segment(image: np.ndarray, space: str, scale: float) -> np.ndarray:
    """Return a region number for each pixel, (height, width)."""
    from skimage.color import rgb2hsv, rgb2lab
    from skimage.segmentation import felzenszwalb

    # All spaces are brought to the spread of RGB, so that one scale means the same in each.
    convert = {"rgb": lambda x: x, "lab": lambda x: rgb2lab(x) / 100, "hsv": rgb2hsv}[space]
    return felzenszwalb(convert(image), scale=scale, sigma=0.8, min_size=20, channel_axis=-1)


def _boxes_of_regions(regions: np.ndarray) -> np.ndarray:
    """Return a box around each region and around each pair of regions that touch, (n, 4)."""
    count = regions.max() + 1
    rows, columns = np.indices(regions.shape)
    low = np.full((count, 2), np.iinfo(np.int64).max)
    high = np.zeros((count, 2), np.int64)
    for axis, place in enumerate((columns, rows)):
        np.minimum.at(low[:, axis], regions.ravel(), place.ravel())
        np.maximum.at(high[:, axis], regions.ravel(), place.ravel() + 1)
    pairs = _touching(regions)
    single = np.concatenate([low, high], axis=1)
    both = np.concatenate(
        [np.minimum(low[pairs[:, 0]], low[pairs[:, 1]]), np.maximum(high[pairs[:, 0]], high[pairs[:, 1]])],
        axis=1,
    )
    return np.concatenate([single, both]).astype(np.float32)


def _touching(regions: np.ndarray) -> np.ndarray:
    """Return the pairs of regions with a common border, (n, 2)."""
    beside = np.stack([regions[:, :-1].ravel(), regions[:, 1:].ravel()], axis=1)
    below = np.stack([regions[:-1].ravel(), regions[1:].ravel()], axis=1)
    pairs = np.concatenate([beside, below])
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0)
