"""Week 3, lesson 5, region proposals: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.ndimage import find_objects

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def _segmentation(rng: np.random.Generator, height: int, width: int, regions: int) -> np.ndarray:
    """Give each pixel the number of the nearest of some random points, (height, width); all numbers occur."""
    while True:
        points = rng.uniform(0, 1, (regions, 2)) * (height, width)
        places = np.stack(np.indices((height, width)), axis=-1)[:, :, None] + 0.5
        nearest = np.square(places - points).sum(axis=-1).argmin(axis=-1)
        if len(np.unique(nearest)) == regions:
            return nearest


def propose_regions_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one scale and several, regions of one pixel, numbers that are missing, and scales that agree."""
    for height, width, regions in ((9, 14, 4), (16, 7, 5)):
        yield _proposal_case("one scale", rng, [_segmentation(rng, height, width, regions)])
    # Regions of a single row, column and pixel, and a region in two parts.
    thin = np.zeros((6, 8), int)
    thin[2], thin[:, 5], thin[4, 1], thin[0, 0], thin[5, 7] = 1, 2, 3, 4, 4
    yield _proposal_case("one scale", rng, [thin])
    yield _proposal_case(
        "several scales", rng, [_segmentation(rng, 11, 13, regions) for regions in (7, 4, 2)]
    )
    two = _segmentation(rng, 10, 8, 5)
    # The coarser joins regions 1 and 2, so that a number is missing; the other boxes come twice.
    yield _proposal_case("several scales", rng, [two, np.where(two == 2, 1, two)])
    whole = np.zeros((5, 9), int)
    yield _proposal_case("several scales", rng, [_segmentation(rng, 5, 9, 3), whole, whole])


def _proposal_case(group: str, rng: np.random.Generator, segmentations: list[np.ndarray]) -> Case:
    image = rng.random((*segmentations[0].shape, 3))
    scales = [50 * 3**i for i in range(len(segmentations))]
    return Case(group, {"image": image, "segmentations": np.stack(segmentations)}, {"scales": scales})


def propose_regions_oracle(image, segment, scales) -> np.ndarray:
    """Ask SciPy for the slices of each region."""
    found = set()
    for scale in scales:
        for rows, columns in filter(None, find_objects(segment(image, scale) + 1)):
            found.add((columns.start, rows.start, columns.stop, rows.stop))
    return np.array(sorted(found))


def _proposals(
    numbers: Callable = lambda regions: np.unique(regions),
    box: Callable = lambda y, x: (x.min(), y.min(), x.max() + 1, y.max() + 1),
    scales_used: Callable = lambda scales: scales,
    once: Callable = lambda boxes: np.unique(boxes, axis=0),
) -> Callable:
    """Return a `propose_regions` with one of its parts exchanged."""

    def wrong(image, segment, scales):
        boxes = []
        for scale in scales_used(scales):
            regions = segment(image, scale)
            boxes += [box(*np.nonzero(regions == number)) for number in numbers(regions)]
        return once(np.array(boxes))

    return wrong


PROPOSE_REGIONS_MISTAKES = (
    Mistake(
        "last pixel left out",
        "Your boxes end *at* the last pixel of a region. x2 and y2 are the first that do not belong to it any more: "
        "one further.",
        _proposals(box=lambda y, x: (x.min(), y.min(), x.max(), y.max())),
    ),
    Mistake(
        "rows taken for x",
        "The first index of an array is its row, and that is y. Your boxes have x and y swapped.",
        _proposals(box=lambda y, x: (y.min(), x.min(), y.max() + 1, x.max() + 1)),
    ),
    Mistake(
        "width and height instead of corners",
        "You give the upper left corner and the sides. Asked for are two corners.",
        _proposals(box=lambda y, x: (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)),
    ),
    Mistake(
        "region 0 forgotten",
        "The region with the number 0 is missing. (`regionprops` takes 0 for background: add 1 to all numbers.)",
        _proposals(numbers=lambda regions: np.unique(regions)[1:]),
    ),
    Mistake(
        "last region forgotten",
        "The region with the largest number is missing: `range(n)` ends before n.",
        _proposals(numbers=lambda regions: np.unique(regions)[:-1]),
    ),
    Mistake(
        "only the first scale",
        "Your boxes are those of the first scale. Go through all of them, and return after the loop.",
        _proposals(scales_used=lambda scales: scales[:1]),
    ),
    Mistake(
        "only the last scale",
        "Your boxes are those of the last scale: the list begins anew in each round.",
        _proposals(scales_used=lambda scales: scales[-1:]),
    ),
    Mistake(
        "repetitions kept",
        "All boxes are there, some more than once, since a region may look the same at two scales. Each would be "
        "classified again: drop repetitions.",
        _proposals(once=lambda boxes: boxes),
    ),
)


def rcnn_detect_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give a few boxes that lie apart, crowds of boxes, thresholds that some scores hit, and no box."""
    for boxes in (_grid_boxes(rng, 12, 9, 4), _grid_boxes(rng, 9, 15, 5)):
        yield _detect_case("boxes that lie apart", rng, (30, 45), boxes, 0.4)
    for n, threshold in ((12, 0.3), (18, 0.5)):
        yield _detect_case("boxes that overlap", rng, (24, 36), _crowd(rng, n, 24, 36), 0.3, threshold)
    yield _detect_case("boxes that overlap", rng, (40, 28), _crowd(rng, 25, 40, 28), 0.25, 0.4)
    for quantile in (0.5, 0.8):
        yield _detect_case(
            "scores at and below the threshold", rng, (26, 26), _crowd(rng, 10, 26, 26), -quantile, 0.6
        )
    yield _detect_case("scores at and below the threshold", rng, (20, 20), _crowd(rng, 6, 20, 20), 0.999)


def _grid_boxes(rng: np.random.Generator, width: int, height: int, n: int) -> np.ndarray:
    columns = 45 // width
    places = rng.permutation(columns * (30 // height))[:n]
    low = np.stack([places % columns * width, places // columns * height], axis=1)
    return np.concatenate([low, low + rng.integers(3, [width, height], (n, 2), endpoint=True)], axis=1)


def _crowd(rng: np.random.Generator, n: int, height: int, width: int) -> np.ndarray:
    sides = rng.integers(6, 13, (n, 2))
    low = rng.integers(0, np.array([width, height]) - sides)
    return np.concatenate([low, low + sides], axis=1)


def _detect_case(
    group: str, rng: np.random.Generator, size: tuple[int, int], boxes, score: float, iou: float = 0.4
) -> Case:
    """Give a case whose classifier says background now and then; a negative score is a quantile of the scores."""
    from utils.exercises.week3.w3l5 import EXERCISES

    image = np.kron(rng.random((size[0] // 4 + 1, size[1] // 4 + 1, 3)), np.ones((4, 4, 1)))
    image = image[: size[0], : size[1]]
    params = {"score_threshold": score, "iou_threshold": iou}
    for _ in range(200):
        weights = rng.normal(0, 14, (6, 4))
        weights[-1] = -0.5 * weights[:-1].sum(axis=0)
        arrays = {"image": image, "boxes": boxes, "weights": weights}
        (_, _, classify, _, _), _ = EXERCISES[1].arguments(Case(group, arrays, params))
        p = np.array([classify(image[y1:y2, x1:x2]) for x1, y1, x2, y2 in boxes])
        seen = np.bincount(p.argmax(axis=1), minlength=4)
        scores = np.sort(p.max(axis=1))
        if seen[3] and (seen[:3] > 0).sum() >= 2 and np.diff(scores).min() > 1e-6:
            break
    if score < 0:
        things = np.sort(p.max(axis=1)[p.argmax(axis=1) != 3])
        # Exactly the score of one of the boxes.
        params["score_threshold"] = float(things[int(-score * (len(things) - 1))])
    return Case(group, arrays, params)


def rcnn_detect_oracle(image, boxes, classify, score_threshold, iou_threshold):
    """Solve the definition of what stays: no better box of its class that stays overlaps it too much."""
    answers = [classify(image[slice(y1, y2), slice(x1, x2)]) for x1, y1, x2, y2 in boxes]
    rows = [
        (-max(p), int(np.argmax(p)), tuple(box))
        for p, box in zip(answers, boxes.tolist(), strict=True)
        if np.argmax(p) < len(p) - 1 and max(p) >= score_threshold
    ]
    kept: list = []
    for row in sorted(rows):
        if all(row[1] != other[1] or _counted_iou(row[2], other[2]) <= iou_threshold for other in kept):
            kept.append(row)
    found = np.array([row[2] for row in kept], float).reshape(-1, 4)
    return found, np.array([-row[0] for row in kept]), np.array([row[1] for row in kept], int)


def _counted_iou(first, second) -> float:
    """Count the pixels that two whole boxes have in common and those that at least one has."""
    painted = np.zeros((2, 64, 64), bool)
    for layer, (x1, y1, x2, y2) in zip(painted, (first, second), strict=True):
        layer[y1:y2, x1:x2] = True
    return painted.all(axis=0).sum() / painted.any(axis=0).sum()


def _detect(
    crop: Callable = lambda image, x1, y1, x2, y2: image[y1:y2, x1:x2],
    thing: Callable = lambda p: p.argmax(axis=1) != p.shape[1] - 1,
    best: Callable = lambda p: (p.argmax(axis=1), p.max(axis=1)),
    enough: Callable = lambda scores, threshold: scores >= threshold,
    same: Callable = lambda a, b: a == b,
    suppressed: bool = True,
    first_suppress: bool = False,
) -> Callable:
    """Return an `rcnn_detect` with one of its parts exchanged.

    `first_suppress`: background and low scores suppress too, and are dropped afterwards.
    """

    def wrong(image, boxes, classify, score_threshold, iou_threshold):
        p = np.array([classify(crop(image, *box)) for box in boxes])
        classes, scores = best(p)
        good = thing(p) & enough(scores, score_threshold)
        kept = []
        for row in np.argsort(-scores):
            if not good[row] and not first_suppress:
                continue
            beaten = any(
                same(classes[row], classes[k]) and _counted_iou(boxes[row], boxes[k]) > iou_threshold
                for k in kept
            )
            if not (beaten and suppressed):
                kept.append(row)
        kept = np.array([row for row in kept if good[row]], int)
        return boxes[kept], scores[kept], classes[kept]

    return wrong


def _rows_of_all_boxes(image, boxes, classify, score_threshold, iou_threshold):
    """Take the rows that suppression gives for the chosen boxes as rows of all of them."""
    p = np.array([classify(image[y1:y2, x1:x2]) for x1, y1, x2, y2 in boxes])
    chosen = np.flatnonzero((p.argmax(axis=1) != p.shape[1] - 1) & (p.max(axis=1) >= score_threshold))
    found, scores, _ = _detect()(image, boxes, classify, score_threshold, iou_threshold)
    everything = [(tuple(b), s) for b, s in zip(boxes[chosen].tolist(), p.max(axis=1)[chosen], strict=True)]
    rows = [everything.index((tuple(b), s)) for b, s in zip(found.tolist(), scores, strict=True)]
    return boxes[rows], p.max(axis=1)[rows], p.argmax(axis=1)[rows]


def _order_of_proposals(image, boxes, classify, score_threshold, iou_threshold):
    p = np.array([classify(image[y1:y2, x1:x2]) for x1, y1, x2, y2 in boxes])
    found = _detect()(image, boxes, classify, score_threshold, iou_threshold)
    places = [int(np.flatnonzero(p.max(axis=1) == score)[0]) for score in found[1]]
    order = np.argsort(places)
    return tuple(part[order] for part in found)


RCNN_DETECT_MISTAKES = (
    Mistake(
        "background kept",
        "Boxes whose best class is the last one come back too. That class means: there is nothing here.",
        _detect(thing=lambda p: np.ones(len(p), bool)),
    ),
    Mistake(
        "best class among the things only",
        "You look for the best class among the things and never ask whether background is more probable. Take the "
        "maximum over all classes first, and drop the box if that is background.",
        _detect(
            thing=lambda p: np.ones(len(p), bool),
            best=lambda p: (p[:, :-1].argmax(axis=1), p[:, :-1].max(axis=1)),
        ),
    ),
    Mistake(
        "class 0 taken for background",
        "You drop the boxes of class 0 and keep those of the last one. Here background is the last class.",
        _detect(thing=lambda p: p.argmax(axis=1) != 0),
    ),
    Mistake(
        "x and y swapped in the crop",
        "Rows come first in an array, and rows are y: `image[y1:y2, x1:x2]`.",
        _detect(crop=lambda image, x1, y1, x2, y2: image[x1:x2, y1:y2]),
    ),
    Mistake(
        "width and height taken for corners",
        "Your crops begin rightly and have the wrong size: x2 and y2 are a corner, not width and height.",
        _detect(crop=lambda image, x1, y1, x2, y2: image[y1 : y1 + y2, x1 : x1 + x2]),
    ),
    Mistake(
        "whole picture classified",
        "The classifier sees the same picture for each box. Cut the box out first.",
        _detect(crop=lambda image, x1, y1, x2, y2: image),
    ),
    Mistake(
        "score of exactly the threshold dropped",
        "A score of exactly the threshold is enough: ≥.",
        _detect(enough=lambda scores, threshold: scores > threshold),
    ),
    Mistake(
        "threshold ignored",
        "Boxes with scores below the threshold come back.",
        _detect(enough=lambda scores, threshold: np.ones(len(scores), bool)),
    ),
    Mistake(
        "nothing suppressed",
        "One thing has several boxes in your result. Suppress those that overlap a better one of their class.",
        _detect(suppressed=False),
    ),
    Mistake(
        "classes ignored when suppressing",
        "A box suppresses boxes of other classes too. Hand the classes over to the suppression.",
        _detect(same=lambda a, b: True),
    ),
    Mistake(
        "rows of another array",
        "You pick rows of *all* boxes, but the suppression numbered only those that the mask had left. Use the same "
        "arrays before and after.",
        _rows_of_all_boxes,
    ),
    Mistake(
        "order of the proposals",
        "The choice is right; the best score comes first.",
        _order_of_proposals,
    ),
)

ANSWERS = {
    "propose_regions": Answer(
        propose_regions_cases, propose_regions_oracle, mistakes=PROPOSE_REGIONS_MISTAKES
    ),
    "rcnn_detect": Answer(rcnn_detect_cases, rcnn_detect_oracle, mistakes=RCNN_DETECT_MISTAKES),
}
