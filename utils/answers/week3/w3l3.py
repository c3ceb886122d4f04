"""Week 3, lesson 3, boxes, overlap and suppression: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def boxes_to_corners_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give boxes of whole and of broken numbers, one, many and none."""
    for n in (1, 4):
        boxes = np.concatenate([rng.integers(5, 20, (n, 2)), 2 * rng.integers(1, 5, (n, 2))], axis=1)
        yield Case("whole numbers", {"boxes": boxes.astype(np.float64)})
    for n, dtype in ((3, np.float32), (7, np.float64)):
        yield Case("any numbers", {"boxes": rng.random((n, 4)).astype(dtype)})
    yield Case("any numbers", {"boxes": np.zeros((0, 4))})


def boxes_to_corners_oracle(boxes: np.ndarray) -> np.ndarray:
    """Each corner is a weighted sum of the four numbers: one product of matrices."""
    return boxes @ np.array([[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]], boxes.dtype)


def _corners(x1, y1, x2, y2):
    return np.stack([x1, y1, x2, y2], axis=-1)


def _of_columns(formula: Callable) -> Callable:
    """Turn a formula of four columns into a function of boxes."""
    return lambda boxes: formula(*np.moveaxis(np.asarray(boxes), -1, 0))


BOXES_TO_CORNERS_MISTAKES = (
    Mistake(
        "whole size taken from the centre",
        "Your boxes are twice as wide and high as they should be: from the centre to an edge it is half the size.",
        _of_columns(lambda x, y, w, h: _corners(x - w, y - h, x + w, y + h)),
    ),
    Mistake(
        "centre taken for the corner",
        "You treat (b_x, b_y) as the upper left corner. It is the centre: the box reaches to both sides of it.",
        _of_columns(lambda x, y, w, h: _corners(x, y, x + w, y + h)),
    ),
    Mistake(
        "y before x",
        "The values are right, in TensorFlow's order (y1, x1, y2, x2). Here x comes first.",
        _of_columns(lambda x, y, w, h: _corners(y - h / 2, x - w / 2, y + h / 2, x + w / 2)),
    ),
    Mistake(
        "both x, then both y",
        "The values are right, in another order: wanted is one corner after the other, x1, y1, x2, y2.",
        _of_columns(lambda x, y, w, h: _corners(x - w / 2, x + w / 2, y - h / 2, y + h / 2)),
    ),
    Mistake(
        "width and height confused",
        "The width belongs to x and the height to y; you use them the other way round.",
        _of_columns(lambda x, y, w, h: _corners(x - h / 2, y - w / 2, x + h / 2, y + w / 2)),
    ),
    Mistake(
        "lower right corner first",
        "You give the lower right corner first. x1 and y1 are the smaller ones: centre *minus* half the size.",
        _of_columns(lambda x, y, w, h: _corners(x + w / 2, y + h / 2, x - w / 2, y - h / 2)),
    ),
    Mistake(
        "half sizes rounded down",
        "Whole numbers are right. `//` drops what is behind the point, and boxes relative to the picture are all "
        "behind the point: divide with `/`.",
        _of_columns(lambda x, y, w, h: _corners(x - w // 2, y - h // 2, x + w // 2, y + h // 2)),
    ),
)


def _random_boxes(rng: np.random.Generator, n: int, spread: float = 10.0) -> np.ndarray:
    """Corners (n, 4) with sides between 1 and 7 and upper left corners in a square of `spread`."""
    low = rng.uniform(0, spread, (n, 2))
    return np.concatenate([low, low + rng.uniform(1, 7, (n, 2))], axis=1)


def iou_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give pairs that overlap in every way, lie apart along one axis and along both, and have no area."""
    for _ in range(4):
        x, y = rng.uniform(0, 5, 2)
        w, h = rng.uniform(3, 6, 2)
        dx, dy = rng.uniform(0.3, 2.5, 2) * rng.choice([-1, 1], 2)
        dw, dh = rng.uniform(0.2, 1.5, 2)
        yield _pair(
            "boxes that overlap", (x, y, x + w, y + h), (x + dx, y + dy, x + dx + w + dw, y + dy + h + dh)
        )
    x, y, w, h = rng.uniform(1, 5, 4)
    outer = (x, y, x + w + 2, y + h + 3)
    yield _pair("boxes that overlap", outer, (x + 1, y + 1, x + w, y + h + 1))
    yield _pair("boxes that overlap", outer, outer)
    # Relative to the picture, as most networks count.
    yield _pair("boxes that overlap", (0.1, 0.2, 0.4, 0.5), (0.2, 0.1, 0.45, 0.45))
    a, b, c = rng.uniform(1, 3, 3)
    yield _pair("boxes that lie apart", (0, 0, a, b), (a + 1, 0.3, a + 1 + c, b + 1))
    yield _pair("boxes that lie apart", (a, b + 3, a + c, b + 5), (a + 0.2, b, a + c + 1, b + 1))
    # Apart along both axes: two negative lengths have a positive product.
    yield _pair("boxes that lie apart", (0, 0, a, b), (a + 2, b + 1, a + 2 + c, b + 1 + c))
    yield _pair("boxes that lie apart", (a + 4, b + 4, a + 6, b + 7), (0, 0, a, b))
    yield _pair("touching and empty boxes", (0, 0, a, b), (a, 0, a + c, b))
    yield _pair("touching and empty boxes", (a, b, a, b), (a, b, a, b))
    yield _pair("touching and empty boxes", (0, 0, 2, 2), (1, 1, 1, 1))


def _pair(group: str, box1, box2) -> Case:
    return Case(group, {"box1": np.array(box1, np.float64), "box2": np.array(box2, np.float64)})


def iou_oracle(box1, box2) -> float:
    """Cut the plane along all edges and count which of the pieces lie in both boxes and which in at least one."""
    common, either = _pieces(box1, box2)
    return float(common / either) if either > 0 else 0.0


def _pieces(box1, box2) -> tuple[float, float]:
    xs = np.unique([box1[0], box1[2], box2[0], box2[2]])
    ys = np.unique([box1[1], box1[3], box2[1], box2[3]])
    areas = np.diff(ys)[:, None] * np.diff(xs)[None]
    middles = (ys[:-1] + ys[1:]) / 2, (xs[:-1] + xs[1:]) / 2
    inside = [
        ((b[1] < middles[0]) & (middles[0] < b[3]))[:, None]
        & ((b[0] < middles[1]) & (middles[1] < b[2]))[None]
        for b in (box1, box2)
    ]
    return float(areas[inside[0] & inside[1]].sum()), float(areas[inside[0] | inside[1]].sum())


def _iou_variant(
    side: Callable = lambda a1, a2, b1, b2: max(0.0, min(a2, b2) - max(a1, b1)),
    union: Callable = lambda area1, area2, common: area1 + area2 - common,
    share: Callable = lambda common, union: common / union if union > 0 else 0.0,
    area: Callable = lambda w, h: w * h,
    height: Callable | None = None,
) -> Callable:
    """Return an `iou` with one of its parts exchanged."""

    def wrong(box1, box2):
        width = side(box1[0], box1[2], box2[0], box2[2])
        tall = (height or side)(box1[1], box1[3], box2[1], box2[3])
        common = area(width, tall)
        area1 = area(box1[2] - box1[0], box1[3] - box1[1])
        area2 = area(box2[2] - box2[0], box2[3] - box2[1])
        return share(common, union(area1, area2, common))

    return wrong


def _clamped_afterwards(box1, box2):
    common = (min(box1[2], box2[2]) - max(box1[0], box2[0])) * (min(box1[3], box2[3]) - max(box1[1], box2[1]))
    common = max(0.0, common)
    area1, area2 = ((b[2] - b[0]) * (b[3] - b[1]) for b in (box1, box2))
    union = area1 + area2 - common
    return common / union if union > 0 else 0.0


def _plain_length(a1, a2, b1, b2):
    return min(a2, b2) - max(a1, b1)


IOU_MISTAKES = (
    Mistake(
        "neither side clamped",
        "Boxes that overlap are right. For boxes that lie apart a width or a height comes out negative, and with it "
        "the intersection: clamp each at 0.",
        _iou_variant(side=_plain_length),
    ),
    Mistake(
        "area clamped instead of the sides",
        "Boxes that lie apart along one axis are right. Along both, width and height are negative, and their product "
        "is positive again: clamp each side before you multiply.",
        _clamped_afterwards,
    ),
    Mistake(
        "only the width clamped",
        "The width is never negative in your function, the height may be. Look at a pair of which one box lies above "
        "the other.",
        _iou_variant(height=_plain_length),
    ),
    Mistake(
        "only the height clamped",
        "The height is never negative in your function, the width may be. Look at a pair side by side.",
        _iou_variant(side=_plain_length, height=lambda a1, a2, b1, b2: max(0.0, min(a2, b2) - max(a1, b1))),
    ),
    Mistake(
        "common part counted twice",
        "The sum of both areas counts the common part twice: equal boxes come out as .5. Take it away once.",
        _iou_variant(union=lambda area1, area2, common: area1 + area2),
    ),
    Mistake(
        "area of the first box twice",
        "The union takes the first box's area twice and the second's never. Pairs of one size hide it.",
        _iou_variant(union=lambda area1, area2, common: area1 + area1 - common),
    ),
    Mistake(
        "divided by the smaller box",
        "You divide by the area of the smaller box. Then a small box inside a huge one has 1, though they differ; "
        "divide by all that the two cover together.",
        _iou_variant(union=lambda area1, area2, common: min(area1, area2)),
    ),
    Mistake(
        "smallest and largest edges confused",
        "You take the box *around* both. The common part begins at the larger of the left edges and ends at the "
        "smaller of the right ones.",
        _iou_variant(side=lambda a1, a2, b1, b2: max(a2, b2) - min(a1, b1)),
    ),
    Mistake(
        "one pixel added to each side",
        "You count x2 and y2 as belonging to the box and add 1 to each side. Here they are the first that do not "
        "belong to it: the width is x2 − x1.",
        _iou_variant(
            side=lambda a1, a2, b1, b2: max(0.0, min(a2, b2) - max(a1, b1) + 1), area=lambda w, h: w * h
        ),
    ),
    Mistake(
        "intersection only",
        "That is the common area. Divide it by the area that the two boxes cover together.",
        _iou_variant(share=lambda common, union: common),
    ),
    Mistake(
        "distance instead of overlap",
        "You return 1 − IoU, which is a distance: 0 for equal boxes. Asked for is the overlap.",
        _iou_variant(share=lambda common, union: 1 - (common / union if union > 0 else 0.0)),
    ),
    Mistake(
        "division by zero for empty boxes",
        "All is right but two boxes without area: there you divide 0 by 0. Their IoU is 0 by agreement.",
        _iou_variant(share=lambda common, union: np.float64(common) / np.float64(union)),
    ),
)


def iou_matrix_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give sets of different and of equal size, sets that overlap much and little, one box and none."""
    for n, m in ((3, 5), (6, 2)):
        yield _sets("sets of different size", _random_boxes(rng, n, 4), _random_boxes(rng, m, 4))
    for n in (4, 5):
        yield _sets("sets of one size", _random_boxes(rng, n, 3), _random_boxes(rng, n, 6).astype(np.float32))
    far = _random_boxes(rng, 3, 2)
    yield _sets("boxes that lie apart", far, far + 20)
    right, down = np.array([15, 0, 15, 0]), np.array([0, 12, 0, 12])
    yield _sets("boxes that lie apart", np.concatenate([far, far + right]), far + down)
    # Apart along both axes, but near: the product of two small negative lengths looks like an area.
    sides = rng.uniform(4, 6, 2)
    gap = sides + rng.uniform(0.5, 1.5, 2)
    first = np.concatenate([[0, 0], sides])
    yield _sets("boxes that lie apart", first[None], np.stack([first, first + np.tile(gap, 2)]))
    yield _sets("one box, or none", _random_boxes(rng, 1, 2), _random_boxes(rng, 3, 2))
    yield _sets("one box, or none", np.zeros((0, 4)), _random_boxes(rng, 2))


def _sets(group: str, boxes1: np.ndarray, boxes2: np.ndarray) -> Case:
    return Case(group, {"boxes1": boxes1, "boxes2": boxes2})


def iou_matrix_oracle(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    """Ask the oracle of `iou` for each pair."""
    return np.array([[iou_oracle(a, b) for b in boxes2] for a in boxes1]).reshape(len(boxes1), len(boxes2))


def _matrix_variant(
    clamp: Callable = lambda sides: np.maximum(sides, 0),
    union: Callable = lambda area1, area2, common: area1[:, None] + area2[None] - common,
) -> Callable:
    def wrong(boxes1, boxes2):
        low = np.maximum(boxes1[:, None, :2], boxes2[None, :, :2])
        high = np.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
        common = np.prod(clamp(high - low), axis=-1)
        area1, area2 = (np.prod(b[:, 2:] - b[:, :2], axis=-1) for b in (boxes1, boxes2))
        return common / union(area1, area2, common)

    return wrong


_right_matrix = _matrix_variant()

IOU_MATRIX_MISTAKES = (
    Mistake(
        "rows and columns swapped",
        "Your matrix is transposed: rows belong to boxes1, columns to boxes2. The new axis of each is in the other's "
        "place.",
        lambda boxes1, boxes2: _right_matrix(boxes2, boxes1),
    ),
    Mistake(
        "only boxes of equal number compared",
        "You compare box 0 with box 0, box 1 with box 1 and so on. Each is to meet each: give both arrays an axis of "
        "length 1, in different places.",
        lambda boxes1, boxes2: np.diag(_right_matrix(boxes1, boxes2)),
    ),
    Mistake(
        "sides not clamped",
        "Boxes that lie apart have negative sides in your matrix, two of which even give a positive area. "
        "`np.maximum(sides, 0)` before multiplying.",
        _matrix_variant(clamp=lambda sides: sides),
    ),
    Mistake(
        "area clamped instead of the sides",
        "Clamped is the product of width and height. Where both are negative it is positive already: clamp the sides.",
        lambda boxes1, boxes2: np.maximum(_matrix_variant(clamp=lambda sides: sides)(boxes1, boxes2), 0),
    ),
    Mistake(
        "common part counted twice",
        "The sum of both areas counts the common part twice. Take it away once.",
        _matrix_variant(union=lambda area1, area2, common: area1[:, None] + area2[None]),
    ),
    Mistake(
        "areas of the first set twice",
        "The union takes the areas of boxes1 twice, those of boxes2 never.",
        _matrix_variant(union=lambda area1, area2, common: 2 * area1[:, None] - common),
    ),
    Mistake(
        "the first set with itself",
        "Both sides of your comparison are boxes1: the result is square, whatever boxes2 holds.",
        lambda boxes1, boxes2: _right_matrix(boxes1, boxes1),
    ),
    Mistake(
        "intersections only",
        "These are the common areas. Divide them by the unions.",
        _matrix_variant(union=lambda area1, area2, common: np.ones_like(common)),
    ),
)


def _crowd(
    rng: np.random.Generator, things: int, each: int, size: float = 8.0
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes around a few things, several a thing, and scores that all differ."""
    low = rng.uniform(0, 6 * things**0.5, (things, 2))
    boxes = np.concatenate([low, low + rng.uniform(0.6 * size, size, (things, 2))], axis=1)
    boxes = np.repeat(boxes, each, axis=0) + rng.normal(0, 0.08 * size, (things * each, 4))
    scores = rng.permutation(np.linspace(0.1, 0.95, len(boxes)))
    return boxes[rng.permutation(len(boxes))], scores


def non_max_suppression_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give crowds of one class and of several, chains of boxes, overlaps of exactly the threshold, and no box."""
    for threshold in (0.3, 0.5):
        boxes, scores = _crowd(rng, 4, 4)
        yield _crowd_case("one class", boxes, scores, np.zeros(16, int), threshold)
    for classes in (2, 3):
        boxes, scores = _crowd(rng, 4, 5)
        yield _crowd_case("several classes", boxes, scores, rng.integers(0, classes, 20), 0.4)
    for _ in range(2):
        # A chain: each box overlaps the next, and not the one after. What a dropped box would drop must stay.
        n = int(rng.integers(5, 9))
        left = np.arange(n) * 2.0
        boxes = np.stack([left, np.zeros(n), left + 4, np.ones(n)], axis=1)
        order = np.sort(rng.uniform(0.2, 0.9, n))[::-1]
        mixed = rng.permutation(n)
        yield _crowd_case("chains of boxes", boxes[mixed], order[mixed], np.zeros(n, int), 0.25)
    # Intersection 2, union 4: exactly the threshold.
    boxes = np.array([(0, 0, 4, 1), (2, 0, 4, 1), (0, 3, 4, 4), (0, 3, 3, 4)], float)
    yield _crowd_case(
        "exactly the threshold, and no boxes", boxes, np.array([0.9, 0.5, 0.6, 0.8]), np.zeros(4, int), 0.5
    )
    yield _crowd_case(
        "exactly the threshold, and no boxes", np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), 0.5
    )


def _crowd_case(group: str, boxes, scores, classes, threshold: float) -> Case:
    arrays = {"boxes": np.asarray(boxes, float), "scores": np.asarray(scores, float), "classes": classes}
    return Case(group, arrays, {"iou_threshold": threshold})


def non_max_suppression_oracle(boxes, scores, classes, iou_threshold) -> np.ndarray:
    """Solve the definition: a box stays exactly when no better one of its class that stays overlaps it too much.

    Starting from "all stay", asking again and again ends with the one solution, since what the best i boxes do is
    settled after i rounds.
    """
    too_close = iou_matrix_oracle(boxes, boxes) > iou_threshold
    threatens = too_close & (classes[:, None] == classes[None]) & (scores[:, None] > scores[None])
    stays = np.ones(len(boxes), bool)
    for _ in range(len(boxes)):
        stays = ~(threatens & stays[:, None]).any(axis=0)
    rows = np.flatnonzero(stays)
    return rows[np.argsort(-scores[rows])]


def _suppression(
    order: Callable = lambda scores: np.argsort(-scores),
    beats: Callable = lambda overlap, threshold: overlap > threshold,
    same: Callable = lambda a, b: a == b,
) -> Callable:
    """Return a greedy suppression with one of its parts exchanged."""

    def wrong(boxes, scores, classes, iou_threshold):
        overlaps, waiting, kept = _right_matrix(boxes, boxes), order(scores), []
        while len(waiting):
            best, waiting = waiting[0], waiting[1:]
            kept.append(best)
            beaten = beats(overlaps[best, waiting], iou_threshold) & same(classes[waiting], classes[best])
            waiting = waiting[~beaten]
        return np.array(kept, dtype=int)

    return wrong


_right_suppression = _suppression()


def _dropped_boxes_suppress(boxes, scores, classes, iou_threshold):
    order = np.argsort(-scores)
    overlaps = _right_matrix(boxes, boxes)[np.ix_(order, order)] > iou_threshold
    same = classes[order][:, None] == classes[order][None]
    beaten = np.triu(overlaps & same, k=1).any(axis=0)
    return order[~beaten]


def _top_k(boxes, scores, classes, iou_threshold):
    wanted = len(_right_suppression(boxes, scores, classes, iou_threshold))
    return np.argsort(-scores)[:wanted]


NON_MAX_SUPPRESSION_MISTAKES = (
    Mistake(
        "best scores, overlap not asked",
        "These are simply the boxes with the best scores, doubles among them. Keep the best, then drop those that "
        "overlap it, and only then take the next.",
        _top_k,
    ),
    Mistake(
        "classes ignored",
        "A box drops boxes of other classes too. A person in front of a car must not make the car disappear: compare "
        "`classes`.",
        _suppression(same=lambda a, b: np.ones(len(a), bool)),
    ),
    Mistake(
        "only other classes suppressed",
        "Boxes of *other* classes are dropped, those of the same class stay.",
        _suppression(same=lambda a, b: a != b),
    ),
    Mistake(
        "dropped at exactly the threshold",
        "An overlap of exactly the threshold is still allowed: drop what is *greater*.",
        _suppression(beats=lambda overlap, threshold: overlap >= threshold),
    ),
    Mistake(
        "worst score first",
        "You begin with the worst score: `np.argsort` sorts upwards. Sort -scores, or reverse the order.",
        _suppression(order=lambda scores: np.argsort(scores)),
    ),
    Mistake(
        "order of arrival",
        "You take the boxes in the order in which they come. The best score goes first.",
        _suppression(order=lambda scores: np.arange(len(scores))),
    ),
    Mistake(
        "dropped boxes still suppress",
        "Look at a chain of boxes, each overlapping the next: the first drops the second, and the second must not drop "
        "the third any more. Only kept boxes suppress.",
        _dropped_boxes_suppress,
    ),
    Mistake(
        "far boxes dropped",
        "You drop the boxes that overlap *less* than the threshold and keep the doubles.",
        _suppression(beats=lambda overlap, threshold: overlap <= threshold),
    ),
    Mistake(
        "a mask returned",
        "The choice is right; returned is a mask of True and False. Wanted are the rows, the best score first.",
        lambda boxes, scores, classes, iou_threshold: np.isin(
            np.arange(len(scores)), _right_suppression(boxes, scores, classes, iou_threshold)
        ),
    ),
    Mistake(
        "rows in ascending order",
        "The choice is right, its order is not: wanted is the best score first, not the smallest row.",
        lambda boxes, scores, classes, iou_threshold: np.sort(
            _right_suppression(boxes, scores, classes, iou_threshold)
        ),
    ),
    Mistake(
        "boxes returned",
        "You return the kept boxes themselves. Wanted are their rows, so that scores and classes can be picked too.",
        lambda boxes, scores, classes, iou_threshold: boxes[
            _right_suppression(boxes, scores, classes, iou_threshold)
        ],
    ),
)


def soft_nms_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give crowds with strong and weak penalties, with and without a floor that some scores fall below, and no box."""
    for sigma in (0.3, 0.8):
        yield _soft_case("no box falls below the threshold", *_crowd(rng, 3, 3), sigma, 0.0)
    for sigma in (0.5, 0.2):
        yield _soft_case("some boxes fall below it", *_crowd(rng, 3, 4), sigma, 0.3)
    apart = np.arange(3)[:, None] * 20.0 + [[0, 0, 10, 10]]
    yield _soft_case("some boxes fall below it", apart, np.array([0.3, 0.9, 0.2]), 0.5, 0.3)
    # The second falls behind the third: the order changes on the way.
    boxes = np.array([(0, 0, 10, 10), (0, 1, 10, 11), (30, 0, 40, 10), (0, 3, 10, 13)], float)
    scores = np.array([0.9, 0.85, 0.4, 0.8]) + rng.uniform(-0.02, 0.02, 4)
    yield _soft_case("the order changes", boxes, scores, 0.5, 0.0)
    yield _soft_case("the order changes", *_crowd(rng, 2, 4), 0.25, 0.05)
    yield _soft_case("the order changes", np.zeros((0, 4)), np.zeros(0), 0.5, 0.1)


def _soft_case(group: str, boxes, scores, sigma: float, score_threshold: float) -> Case:
    return Case(
        group, {"boxes": boxes, "scores": scores}, {"sigma": sigma, "score_threshold": score_threshold}
    )


def soft_nms_oracle(boxes, scores, sigma, score_threshold) -> tuple[np.ndarray, np.ndarray]:
    """Work with logarithms: a box's new score is its own less the sum of IoU² / σ over all boxes chosen before it."""
    penalties = iou_matrix_oracle(boxes, boxes) ** 2 / sigma
    logs, chosen, values = np.log(scores), [], []
    while len(chosen) < len(scores):
        now = logs - penalties[chosen].sum(axis=0)
        now[chosen] = -np.inf
        best = int(now.argmax())
        if np.exp(now[best]) < score_threshold:
            break
        chosen.append(best)
        values.append(np.exp(now[best]))
    return np.array(chosen, int), np.array(values)


def _soft(
    decay: Callable = lambda overlap, sigma: np.exp(-(overlap**2) / sigma),
    greedy: bool = True,
    initial: bool = False,
    original: bool = False,
    enough: Callable = lambda score, floor: score >= floor,
) -> Callable:
    """Return a soft suppression with one of its parts exchanged.

    `greedy` chooses by new scores, else in the order of the old ones; `initial` compares the old score with the
    threshold; `original` returns the old scores.
    """

    def wrong(boxes, scores, sigma, score_threshold):
        overlaps, now = _right_matrix(boxes, boxes), scores.copy()
        waiting, rows, values = list(range(len(scores))), [], []
        while waiting:
            best = max(waiting, key=lambda row: (now if greedy else scores)[row])
            if not enough((scores if initial else now)[best], score_threshold):
                if greedy or initial:
                    break
                waiting.remove(best)
                continue
            waiting.remove(best)
            rows.append(best)
            values.append((scores if original else now)[best])
            now[waiting] *= decay(overlaps[best, waiting], sigma)
        return np.array(rows, int), np.array(values)

    return wrong


SOFT_NMS_MISTAKES = (
    Mistake(
        "overlap not squared",
        "The penalty is exp(−IoU² / σ); yours has the IoU without the square, which punishes small overlaps too much.",
        _soft(decay=lambda overlap, sigma: np.exp(-overlap / sigma)),
    ),
    Mistake(
        "linear penalty",
        "You multiply by 1 − IoU. That is the paper's other, linear form; asked for is the Gaussian one with σ.",
        _soft(decay=lambda overlap, sigma: 1 - overlap),
    ),
    Mistake(
        "twice sigma",
        "You divide by 2σ, as in a normal distribution. The formula has σ alone.",
        _soft(decay=lambda overlap, sigma: np.exp(-(overlap**2) / (2 * sigma))),
    ),
    Mistake(
        "sigma squared",
        "You divide by σ². The formula has σ alone.",
        _soft(decay=lambda overlap, sigma: np.exp(-(overlap**2) / sigma**2)),
    ),
    Mistake(
        "sign of the exponent",
        "Scores grow where boxes overlap: the exponent needs a minus.",
        _soft(decay=lambda overlap, sigma: np.exp(overlap**2 / sigma)),
    ),
    Mistake(
        "old order kept",
        "You choose in the order of the old scores. A box that was lowered may fall behind another: take the best of "
        "the *new* scores each time.",
        _soft(greedy=False),
    ),
    Mistake(
        "old scores returned",
        "Rows and order are right. Returned are the scores that came in; wanted are the lowered ones.",
        _soft(original=True),
    ),
    Mistake(
        "threshold asked of the old scores",
        "You compare the threshold with the score that came in. The lowered one decides.",
        _soft(initial=True),
    ),
    Mistake(
        "threshold ignored",
        "All boxes come back. Stop when the best new score is below score_threshold.",
        _soft(enough=lambda score, floor: True),
    ),
    Mistake(
        "overlapping boxes dropped",
        "Boxes that overlap at all lose everything. They keep a part of their score: multiply by exp(−IoU² / σ).",
        _soft(decay=lambda overlap, sigma: np.where(overlap > 0, 0.0, 1.0)),
    ),
)

ANSWERS = {
    "boxes_to_corners": Answer(
        boxes_to_corners_cases, boxes_to_corners_oracle, mistakes=BOXES_TO_CORNERS_MISTAKES
    ),
    "iou": Answer(iou_cases, iou_oracle, mistakes=IOU_MISTAKES),
    "iou_matrix": Answer(iou_matrix_cases, iou_matrix_oracle, mistakes=IOU_MATRIX_MISTAKES),
    "non_max_suppression": Answer(
        non_max_suppression_cases, non_max_suppression_oracle, mistakes=NON_MAX_SUPPRESSION_MISTAKES
    ),
    "soft_nms": Answer(soft_nms_cases, soft_nms_oracle, mistakes=SOFT_NMS_MISTAKES),
}
