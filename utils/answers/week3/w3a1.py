"""The assignment of week 3, from a YOLO network's raw output to boxes: what is right, and what people get wrong."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit, softmax

from utils.answers.answer import Answer, Mistake
from utils.answers.week3.w3l3 import IOU_MISTAKES, iou_cases, iou_matrix_oracle, iou_oracle
from utils.exercises.case import Case
from utils.exercises.week3.w3a1 import OUTPUTS

Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def yolo_head_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one picture and several, square and oblong grids, and class logits that overflow a careless softmax."""
    for dtype in (np.float32, np.float64):
        side = int(rng.integers(3, 6))
        yield _head_case("one picture", rng, (side, side), dtype)
    for lead, dtype in (((), np.float64), ((2,), np.float32)):
        rows = int(rng.integers(2, 4))
        yield _head_case("oblong grids", rng, (*lead, rows, rows + int(rng.integers(1, 4))), dtype)
        yield _head_case("oblong grids", rng, (*lead, rows + int(rng.integers(1, 4)), rows), dtype)
    for dtype in (np.float32, np.float64):
        side = int(rng.integers(2, 4))
        yield _head_case("a batch of pictures", rng, (int(rng.integers(2, 4)), side, side), dtype)
    for dtype, spread in ((np.float32, 200), (np.float64, 1500)):
        yield _head_case("class logits in the hundreds", rng, (3, 2), dtype, spread)


def _head_case(
    group: str, rng: np.random.Generator, shape: tuple[int, ...], dtype, spread: float = 2
) -> Case:
    boxes, classes = int(rng.integers(2, 5)), int(rng.integers(3, 7))
    numbers = rng.normal(0, 1.2, (*shape, boxes, 5 + classes))
    numbers[..., 5:] = rng.normal(0, spread, (*shape, boxes, classes))
    anchors = rng.uniform(0.4, 3, (boxes, 2))
    arrays = {"features": numbers.reshape(*shape, -1).astype(dtype), "anchors": anchors.astype(dtype)}
    return Case(group, arrays, {"num_classes": classes})


def yolo_head_oracle(features, anchors, num_classes) -> tuple[np.ndarray, ...]:
    """Go number by number with the hyperbolic tangent and logarithms of sums, in double precision."""
    count, each = len(anchors), 5 + num_classes
    *lead, rows, columns, _ = features.shape
    shape = (*lead, rows, columns, count)
    xy, wh, confidence, probabilities = (np.empty((*shape, n)) for n in (2, 2, 1, num_classes))
    for place in np.ndindex(shape):
        *cell, box = place
        t = [float(value) for value in features[tuple(cell)][box * each : (box + 1) * each]]
        xy[place] = (cell[-1] + _half_tanh(t[0])) / columns, (cell[-2] + _half_tanh(t[1])) / rows
        width, height = (float(side) for side in anchors[box])
        wh[place] = math.exp(t[2]) * width / columns, math.exp(t[3]) * height / rows
        confidence[place] = _half_tanh(t[4])
        logits = np.array(t[5:])
        probabilities[place] = np.exp(logits - np.logaddexp.reduce(logits))
    return xy, wh, confidence, probabilities


def _half_tanh(t: float) -> float:
    return (1 + math.tanh(t / 2)) / 2


def _cells(rows: int, columns: int) -> np.ndarray:
    """Column and row of each cell, (rows, columns, 1, 2)."""
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]


def _by_box(features: np.ndarray, boxes: int) -> np.ndarray:
    return features.reshape(*features.shape[:-1], boxes, -1)


def _head(
    split: Callable = _by_box,
    xy: Callable = lambda t, cells, grid: (expit(t) + cells) / grid,
    wh: Callable = lambda t, anchors, grid: np.exp(t) * anchors / grid,
    confidence: Callable = expit,
    probabilities: Callable = lambda logits: softmax(logits, axis=-1),
    last: Callable = lambda outputs, numbers: outputs,
) -> Callable:
    """Return a `yolo_head` with one of its parts exchanged; `last` sees the four outputs and the raw numbers."""

    def wrong(features, anchors, num_classes):
        numbers = split(features, len(anchors))
        rows, columns = features.shape[-3:-1]
        grid = np.array([columns, rows])
        outputs = (
            xy(numbers[..., 0:2], _cells(rows, columns), grid),
            wh(numbers[..., 2:4], anchors, grid),
            confidence(numbers[..., 4:5]),
            probabilities(numbers[..., 5:]),
        )
        return last(outputs, numbers)

    return wrong


def _exponentials(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=-1, keepdims=True)


YOLO_HEAD_MISTAKES = (
    Mistake(
        "columns and rows exchanged in the offsets",
        "The cell's row is added to x and its column to y. x goes to the right, so the *column* belongs to it.",
        _head(xy=lambda t, cells, grid: (expit(t) + cells[..., ::-1]) / grid),
    ),
    Mistake(
        "offset of the cell missing",
        "All your centres lie in the upper left cell: σ(t) only says where in its own cell a centre is. Add the cell's "
        "column and row.",
        _head(xy=lambda t, cells, grid: expit(t) / grid),
    ),
    Mistake(
        "no sigmoid on the centre",
        "t_x and t_y may be any numbers, so your centres leave their cells. The sigmoid keeps them between 0 and 1.",
        _head(xy=lambda t, cells, grid: (t + cells) / grid),
    ),
    Mistake(
        "sigmoid of the sum",
        "You add the cell to t and then take the sigmoid of all of it. The sigmoid is of t alone.",
        _head(xy=lambda t, cells, grid: expit(t + cells) / grid),
    ),
    Mistake(
        "centres in cells",
        "Sizes are right. Your centres count in cells; relative to the picture means divided by the grid.",
        _head(xy=lambda t, cells, grid: expit(t) + cells),
    ),
    Mistake(
        "sizes in cells",
        "Centres are right. The anchors count in grid cells, and so do your sizes: divide them by the grid, too.",
        _head(wh=lambda t, anchors, grid: np.exp(t) * anchors),
    ),
    Mistake(
        "centres and sizes in cells",
        "Your boxes are measured in grid cells. Divide by the number of columns across and of rows down.",
        _head(xy=lambda t, cells, grid: expit(t) + cells, wh=lambda t, anchors, grid: np.exp(t) * anchors),
    ),
    Mistake(
        "divided by rows across",
        "You divide x by the number of rows and y by the number of columns. Square grids hide it.",
        _head(
            xy=lambda t, cells, grid: (expit(t) + cells) / grid[::-1],
            wh=lambda t, anchors, grid: np.exp(t) * anchors / grid[::-1],
        ),
    ),
    Mistake(
        "sigmoid on the sizes",
        "Centres are right. A sigmoid on t_w and t_h lets a box only be smaller than its anchor; take exp.",
        _head(wh=lambda t, anchors, grid: expit(t) * anchors / grid),
    ),
    Mistake(
        "no exp on the sizes",
        "Centres are right. You multiply the anchor by t itself, which makes negative sizes: exp is missing.",
        _head(wh=lambda t, anchors, grid: t * anchors / grid),
    ),
    Mistake(
        "anchors left out",
        "Centres are right. exp(t) says by how much a box differs from its anchor: multiply by the anchor.",
        _head(wh=lambda t, anchors, grid: np.exp(t) / grid),
    ),
    Mistake(
        "anchor's width and height exchanged",
        "Centres are right. An anchor is (width, height), in the order of t_w and t_h; you use it the other way round.",
        _head(wh=lambda t, anchors, grid: np.exp(t) * anchors[:, ::-1] / grid),
    ),
    Mistake(
        "sizes divided twice",
        "Centres are right. Your sizes are divided by the grid twice. Anchors count in cells, so once is enough.",
        _head(wh=lambda t, anchors, grid: np.exp(t) * anchors / grid / grid),
    ),
    Mistake(
        "confidence without sigmoid",
        "Boxes are right. The confidence is a probability: the raw number needs a sigmoid.",
        _head(confidence=lambda t: t),
    ),
    Mistake(
        "softmax missing",
        "Boxes and confidence are right. The class numbers are still logits; softmax makes probabilities of them.",
        _head(probabilities=lambda logits: logits),
    ),
    Mistake(
        "sigmoid on the classes",
        "Boxes and confidence are right. In YOLOv2 the classes exclude each other and share a softmax; sigmoids came "
        "with YOLOv3.",
        _head(probabilities=expit),
    ),
    Mistake(
        "softmax along the wrong axis",
        "Boxes and confidence are right. Your probabilities add up to 1 over the *boxes* of a cell. They should over "
        "the classes of a box, the last axis.",
        _head(probabilities=lambda logits: softmax(logits, axis=-2)),
    ),
    Mistake(
        "softmax with the confidence in it",
        "Boxes and confidence are right. Your softmax includes the objectness, the number before the classes: it "
        "begins at 5, not at 4.",
        _head(last=lambda outputs, numbers: (*outputs[:3], softmax(numbers[..., 4:], axis=-1)[..., 1:])),
    ),
    Mistake(
        "softmax overflows",
        "Right for small logits. exp of a number in the hundreds is infinite: take the largest logit of each box away "
        "first, which changes no probability, or use SciPy's softmax.",
        _head(probabilities=_exponentials),
    ),
    Mistake(
        "confidence multiplied into the classes",
        "Your class probabilities are already multiplied by the confidence. Here they stay apart; the score is made in "
        "the next step.",
        _head(last=lambda outputs, numbers: (*outputs[:3], outputs[2] * outputs[3])),
    ),
    Mistake(
        "numbers of the boxes mixed",
        "You read the last axis as (5 + classes, boxes). It holds one box after the other: (boxes, 5 + classes).",
        _head(
            split=lambda features, boxes: np.swapaxes(
                features.reshape(*features.shape[:-1], -1, boxes), -1, -2
            )
        ),
    ),
    Mistake(
        "confidence returned first",
        "All four are right, their order is another: wanted are centres, sizes, confidence, probabilities.",
        _head(last=lambda outputs, numbers: (outputs[2], outputs[0], outputs[1], outputs[3])),
    ),
)


def yolo_filter_boxes_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give thresholds that keep some boxes, all and none, the default one, and scores of exactly the threshold."""
    for dtype in (np.float32, np.float64, np.float32):
        arrays = _decoded(rng, dtype)
        best = np.sort((arrays["box_confidence"] * arrays["box_class_probs"]).max(axis=-1), axis=None)
        place = int(len(best) * rng.uniform(0.4, 0.7))
        yield Case("some boxes", arrays, {"threshold": float((best[place] + best[place + 1]) / 2)})
    for dtype in (np.float32, np.float64):
        arrays = _decoded(rng, dtype)
        # Scores around .6, some a little below, where other thresholds would change the result.
        arrays["box_confidence"][:] = rng.uniform(0.45, 0.95, arrays["box_confidence"].shape)
        sure = np.full(arrays["box_class_probs"].shape, 0.03, dtype)
        labels = rng.integers(0, sure.shape[-1], sure.shape[:-1])
        np.put_along_axis(sure, labels[..., None], 1 - 0.03 * (sure.shape[-1] - 1), axis=-1)
        yield Case("the default threshold", {**arrays, "box_class_probs": sure})
    for threshold in (0.0, 0.999):
        yield Case("all boxes, and none", _decoded(rng, np.float64), {"threshold": threshold})
    for dtype, threshold in ((np.float32, 0.375), (np.float64, 0.5)):
        arrays = _decoded(rng, dtype, classes=3)
        shape = arrays["box_confidence"].shape
        # Powers of two multiply without rounding.
        arrays["box_confidence"] = rng.permutation(
            np.resize(np.array([1, 0.75, 0.5, 1], dtype), math.prod(shape))
        ).reshape(shape)
        arrays["box_class_probs"] = rng.permuted(
            np.resize(np.array([0.5, 0.375, 0.125], dtype), (*shape[:-1], 3)), axis=-1
        )
        yield Case("scores of exactly the threshold", arrays, {"threshold": threshold})


def _decoded(rng: np.random.Generator, dtype, classes: int | None = None) -> dict[str, np.ndarray]:
    """Make boxes, confidences and class probabilities of a small grid, with more classes than boxes a cell."""
    count = 2 if classes else int(rng.integers(2, 4))
    shape = (*(int(n) for n in rng.integers(2, 5, 2)), count)
    classes = classes or count + int(rng.integers(1, 4))
    low = rng.uniform(0, 0.7, (*shape, 2))
    boxes = np.concatenate([low, low + rng.uniform(0.05, 0.5, (*shape, 2))], axis=-1)
    arrays = {
        "boxes": boxes,
        "box_confidence": rng.uniform(0.05, 0.99, (*shape, 1)),
        "box_class_probs": rng.dirichlet(np.full(classes, 0.6), shape),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def yolo_filter_boxes_oracle(boxes, box_confidence, box_class_probs, threshold=0.6) -> Found:
    """Look at one box after the other."""
    found = []
    for place in np.ndindex(boxes.shape[:-1]):
        scores = [box_confidence[place][0] * probability for probability in box_class_probs[place]]
        best = max(range(len(scores)), key=scores.__getitem__)
        if scores[best] >= threshold:
            found.append((scores[best], boxes[place], best))
    return _columns(found)


def _columns(found: list[tuple]) -> Found:
    """Turn a list of (score, box, class) into three arrays."""
    scores, boxes, classes = (list(part) for part in zip(*found, strict=True)) if found else ([], [], [])
    return np.array(scores, float), np.array(boxes, float).reshape(-1, 4), np.array(classes, int)


def _filter(
    score: Callable = lambda confidence, probs: confidence * probs,
    passes: Callable = lambda best, confidence, probs, threshold: best >= threshold,
    best: Callable = lambda scores: scores.max(axis=-1),
    label: Callable = lambda scores: scores.argmax(axis=-1),
    last: Callable = lambda scores, boxes, classes: (scores, boxes, classes),
) -> Callable:
    """Return a `yolo_filter_boxes` with one of its parts exchanged."""

    def wrong(boxes, box_confidence, box_class_probs, threshold=0.6):
        scores = score(box_confidence, box_class_probs)
        top = best(scores)
        mask = passes(top, box_confidence[..., 0], box_class_probs.max(axis=-1), threshold)
        return last(top[mask], boxes[mask], label(scores)[mask])

    return wrong


_right_filter = _filter()


def _every_class(boxes, box_confidence, box_class_probs, threshold=0.6):
    scores = box_confidence * box_class_probs
    *place, classes = np.nonzero(scores >= threshold)
    return scores[(*place, classes)], boxes[tuple(place)], classes


def _probabilities_returned(boxes, box_confidence, box_class_probs, threshold=0.6):
    best = (box_confidence * box_class_probs).max(axis=-1)
    _, kept, classes = _right_filter(boxes, box_confidence, box_class_probs, threshold)
    return box_class_probs.max(axis=-1)[best >= threshold], kept, classes


def _only_boxes_filtered(boxes, box_confidence, box_class_probs, threshold=0.6):
    scores = box_confidence * box_class_probs
    _, kept, _ = _right_filter(boxes, box_confidence, box_class_probs, threshold)
    return scores.max(axis=-1).ravel(), kept, scores.argmax(axis=-1).ravel()


YOLO_FILTER_BOXES_MISTAKES = (
    Mistake(
        "confidence left out",
        "Your scores are the class probabilities alone. They say what it is *if* there is something: multiply by the "
        "confidence.",
        _filter(score=lambda confidence, probs: probs * np.ones_like(confidence)),
    ),
    Mistake(
        "confidence squared",
        "The confidence is in your scores twice.",
        _filter(score=lambda confidence, probs: confidence**2 * probs),
    ),
    Mistake(
        "class probability left out",
        "The classes are right; your scores are the confidences alone. Multiply by the class's probability.",
        _filter(best=lambda scores: scores.sum(axis=-1)),
    ),
    Mistake(
        "exactly the threshold dropped",
        "All is right but scores of exactly the threshold: they are kept, so compare with `>=`.",
        _filter(passes=lambda best, confidence, probs, threshold: best > threshold),
    ),
    Mistake(
        "small scores kept",
        "You keep the boxes *below* the threshold.",
        _filter(passes=lambda best, confidence, probs, threshold: best < threshold),
    ),
    Mistake(
        "threshold asked of the confidence",
        "Your scores are right, your choice asks only the confidence. A box that is surely something, but nobody knows "
        "what, must not pass: compare the score.",
        _filter(passes=lambda best, confidence, probs, threshold: confidence >= threshold),
    ),
    Mistake(
        "threshold asked of the probability",
        "Your scores are right, your choice asks only the class probability. Compare the score, with the confidence in "
        "it.",
        _filter(passes=lambda best, confidence, probs, threshold: probs >= threshold),
    ),
    Mistake(
        "argmax along the boxes",
        "`argmax` runs along the boxes of a cell, so that its shape no longer fits the mask. The classes are the last "
        "axis: axis=-1.",
        _filter(label=lambda scores: scores.argmax(axis=-2)),
    ),
    Mistake(
        "every class above the threshold",
        "A box comes back once for each class that reaches the threshold. Choose its best class first.",
        _every_class,
    ),
    Mistake(
        "mean over the classes",
        "You average the scores of the classes. What counts is the best one: max.",
        _filter(best=lambda scores: scores.mean(axis=-1)),
    ),
    Mistake(
        "class probabilities returned as scores",
        "The choice is right. Returned as scores are the class probabilities, without the confidence.",
        _probabilities_returned,
    ),
    Mistake(
        "scores and classes not filtered",
        "The boxes are right. Scores and classes still hold all boxes of the grid: use the same mask three times.",
        _only_boxes_filtered,
    ),
    Mistake(
        "threshold not used",
        "You always compare with .6. The argument `threshold` says what is wanted.",
        _filter(passes=lambda best, confidence, probs, threshold: best >= 0.6),
    ),
    Mistake(
        "classes counted from 1",
        "Scores and boxes are right. Classes count from 0 here, as `argmax` does.",
        _filter(last=lambda scores, boxes, classes: (scores, boxes, classes + 1)),
    ),
    Mistake(
        "boxes returned first",
        "All three are right, their order is another: wanted are scores, boxes, classes.",
        _filter(last=lambda scores, boxes, classes: (boxes, scores, classes)),
    ),
)


def _crowd(rng: np.random.Generator, things: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (y1, x1, y2, x2) around a few things, several a thing, in any order, and scores that all differ."""
    low = rng.uniform(0, 5 * things**0.5, (things, 2))
    boxes = np.concatenate([low, low + rng.uniform(4, 8, (things, 2))], axis=1)
    boxes = np.repeat(boxes, each, axis=0) + rng.normal(0, 0.6, (things * each, 4))
    scores = rng.permutation(np.linspace(0.2, 0.95, len(boxes)))
    return boxes[rng.permutation(len(boxes))], scores


def _row_of_things(rng: np.random.Generator, things: int) -> tuple[np.ndarray, np.ndarray]:
    """Two boxes a thing, an IoU of about .8 within a thing and none between them."""
    left = np.repeat(np.arange(things) * 10.0, 2) + np.tile([0, 0.7], things)
    shape = rng.uniform(4, 8, things).repeat(2)
    boxes = np.stack([np.zeros(2 * things), left, shape, left + 6.5], axis=1)
    mixed = rng.permutation(2 * things)
    return boxes[mixed], rng.permutation(np.linspace(0.2, 0.95, 2 * things))


def yolo_non_max_suppression_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give crowds of one class and of several, chains, more things than may stay, and the exact threshold."""
    for dtype, options in ((np.float32, {}), (np.float64, {"iou_threshold": 0.3})):
        boxes, scores = _crowd(rng, 4, 4)
        yield _suppression_case("one class", boxes, scores, np.zeros(16, int), options, dtype)
    for dtype, threshold in ((np.float64, 0.4), (np.float32, 0.2)):
        boxes, scores = _crowd(rng, 3, 6)
        options = {"iou_threshold": threshold, "max_boxes": 20}
        yield _suppression_case("several classes", boxes, scores, rng.integers(0, 3, 18), options, dtype)
    for things, options in ((14, {}), (7, {"max_boxes": 2, "iou_threshold": 0.4})):
        boxes, scores = _row_of_things(rng, things)
        # The two boxes of a thing are of one class or of two, as chance wills.
        classes = rng.integers(0, 2, 2 * things)
        yield _suppression_case("more things than max_boxes", boxes, scores, classes, options)
    for _ in range(2):
        # Each box overlaps the next by a third, and not the one after: what a dropped box would drop must stay.
        n = int(rng.integers(5, 9))
        top = np.arange(n) * 2.0
        boxes = np.stack([top, np.zeros(n), top + 4, np.ones(n)], axis=1)
        scores, mixed = np.sort(rng.uniform(0.3, 0.9, n))[::-1], rng.permutation(n)
        options = {"iou_threshold": 0.25}
        yield _suppression_case("chains of boxes", boxes[mixed], scores[mixed], np.zeros(n, int), options)
    # Intersection 2, union 4: exactly the default threshold.
    boxes = np.array([(0, 0, 1, 4), (0, 2, 1, 4), (3, 0, 4, 4), (3, 0, 4, 3)], float)
    group = "exactly the threshold, and no boxes"
    yield _suppression_case(group, boxes, np.array([0.9, 0.5, 0.6, 0.8]), np.ones(4, int), {})
    yield _suppression_case(group, np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), {})


def _suppression_case(group: str, boxes, scores, classes, options: dict, dtype=np.float64) -> Case:
    arrays = {"scores": scores.astype(dtype), "boxes": boxes.astype(dtype), "classes": classes}
    return Case(group, arrays, options)


def yolo_non_max_suppression_oracle(scores, boxes, classes, max_boxes=10, iou_threshold=0.5) -> Found:
    """Solve the definition: a box stays exactly when no better one of its class that stays overlaps it too much.

    Starting from "all stay", asking again and again ends with the one solution. Overlaps are counted by pieces of the
    plane, for which it is all the same which axis comes first.
    """
    too_close = iou_matrix_oracle(boxes, boxes) > iou_threshold
    threatens = too_close & (classes[:, None] == classes[None]) & (scores[:, None] > scores[None])
    stays = np.ones(len(boxes), bool)
    for _ in range(len(boxes)):
        stays = ~(threatens & stays[:, None]).any(axis=0)
    rows = np.flatnonzero(stays)
    rows = rows[np.argsort(-scores[rows])][:max_boxes]
    return scores[rows], boxes[rows], classes[rows]


def _overlaps(boxes: np.ndarray) -> np.ndarray:
    first, second = boxes[:, None], boxes[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    common = np.prod(np.maximum(sides, 0), axis=-1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1)
    return common / (areas[:, None] + areas[None] - common)


def _rows(
    scores: np.ndarray,
    boxes: np.ndarray,
    classes: np.ndarray,
    iou_threshold: float,
    order: Callable = lambda scores: np.argsort(-scores),
    beats: Callable = lambda overlap, threshold: overlap > threshold,
    same: Callable = lambda a, b: a == b,
    asked: Callable = lambda kept: kept,
) -> np.ndarray:
    """Return the kept rows, not limited in number, with one part exchanged; `asked`: which kept rows suppress."""
    overlaps, kept = _overlaps(boxes), []
    for row in order(scores):
        if not any(
            beats(overlaps[k, row], iou_threshold) and same(classes[k], classes[row]) for k in asked(kept)
        ):
            kept.append(row)
    return np.array(kept, dtype=int)


def _suppression(
    last: Callable = lambda rows, scores, most: rows[:most], threshold=None, **parts
) -> Callable:
    """Return a `yolo_non_max_suppression` with a part of the choice, of what follows it, or the threshold exchanged."""

    def wrong(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
        rows = _rows(scores, boxes, classes, threshold or iou_threshold, **parts)
        rows = last(rows, scores, max_boxes)
        return scores[rows], boxes[rows], classes[rows]

    return wrong


_right_suppression = _suppression()


def _best_scores(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    rows = np.argsort(-scores)[:max_boxes]
    return scores[rows], boxes[rows], classes[rows]


def _dropped_boxes_suppress(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    order = np.argsort(-scores)
    beats = (_overlaps(boxes) > iou_threshold) & (classes[:, None] == classes[None])
    rows = order[~np.triu(beats[np.ix_(order, order)], k=1).any(axis=0)][:max_boxes]
    return scores[rows], boxes[rows], classes[rows]


def _limit_for_each_class(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    rows = _rows(scores, boxes, classes, iou_threshold)
    rank = [int((classes[rows[:i]] == classes[row]).sum()) for i, row in enumerate(rows)]
    rows = rows[np.array(rank, dtype=int) < max_boxes]
    return scores[rows], boxes[rows], classes[rows]


def _class_after_class(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    rows = _rows(scores, boxes, classes, iou_threshold)
    rows = rows[np.argsort(classes[rows], kind="stable")][:max_boxes]
    return scores[rows], boxes[rows], classes[rows]


def _limit_first(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    best = _best_scores(scores, boxes, classes, max_boxes)
    return _right_suppression(*best, max_boxes, iou_threshold)


def _boxes_first(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    scores, boxes, classes = _right_suppression(scores, boxes, classes, max_boxes, iou_threshold)
    return boxes, scores, classes


YOLO_NON_MAX_SUPPRESSION_MISTAKES = (
    Mistake(
        "best scores, overlap not asked",
        "These are simply the boxes with the best scores, doubles among them. A box may stay only when no kept one of "
        "its class overlaps it too much.",
        _best_scores,
    ),
    Mistake(
        "classes ignored",
        "A box drops boxes of other classes too. A person in front of a car must not make the car disappear: compare "
        "`classes`.",
        _suppression(same=lambda a, b: True),
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
        "far boxes dropped",
        "You drop the boxes that overlap *less* than the threshold and keep the doubles.",
        _suppression(beats=lambda overlap, threshold: overlap <= threshold),
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
        "only the last kept box asked",
        "You compare a box with the one kept last. Every kept box may suppress it, so ask all of them.",
        _suppression(asked=lambda kept: kept[-1:]),
    ),
    Mistake(
        "limit for each class",
        "You allow max_boxes for each class. It is the limit of all classes together.",
        _limit_for_each_class,
    ),
    Mistake(
        "limit ignored",
        "The choice is right, but more than max_boxes come back.",
        _suppression(last=lambda rows, scores, most: rows),
    ),
    Mistake(
        "limit before suppression",
        "You take the max_boxes best boxes first and suppress among them, so that doubles use up the places. Suppress "
        "first, then count.",
        _limit_first,
    ),
    Mistake(
        "class after class",
        "You return the boxes class by class. Wanted is the best score first, whatever its class; the limit depends on "
        "it.",
        _class_after_class,
    ),
    Mistake(
        "rows in ascending order",
        "The choice is right, its order is that of the input. Wanted is the best score first.",
        _suppression(last=lambda rows, scores, most: np.sort(rows[:most])),
    ),
    Mistake(
        "threshold not used",
        "You always compare with .5. The argument `iou_threshold` says what is wanted.",
        _suppression(threshold=0.5),
    ),
    Mistake(
        "boxes returned first",
        "All three are right, their order is another: wanted are scores, boxes, classes.",
        _boxes_first,
    ),
)


def scale_boxes_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give landscapes and portraits, boxes that reach over the edge, one box and none."""
    for dtype in (np.float32, np.float64):
        short, long = int(rng.integers(90, 400)), int(rng.integers(450, 1300))
        yield _scale_case("landscape pictures", rng, int(rng.integers(2, 7)), (short, long), dtype)
        yield _scale_case("portrait pictures", rng, int(rng.integers(2, 7)), (long, short + 11), dtype)
    beyond = _scale_case("boxes over the edge", rng, 4, (240, 375), np.float64)
    beyond.arrays["boxes"][:] = beyond.arrays["boxes"] * 1.6 - 0.3
    yield beyond
    outside = _scale_case("boxes over the edge", rng, 1, (333, 222), np.float32)
    outside.arrays["boxes"][:] = rng.uniform(0.1, 0.3, 4) * (-1, -1, 1, 1) + (0, 0, 1, 1)
    yield outside
    for count in (1, 0):
        yield _scale_case("one box, and none", rng, count, (480, 640), np.float64)


def _scale_case(group: str, rng: np.random.Generator, count: int, shape: tuple[int, int], dtype) -> Case:
    low = rng.uniform(0, 0.6, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(0.05, 0.4, (count, 2))], axis=1)
    return Case(group, {"boxes": boxes.astype(dtype)}, {"image_shape": list(shape)})


def scale_boxes_oracle(boxes: np.ndarray, image_shape: tuple[int, int]) -> np.ndarray:
    """Multiply by a diagonal matrix, which is what a scaling is."""
    height, width = image_shape
    return boxes @ np.diag([height, width, height, width]).astype(float)


def _scale(factors: Callable) -> Callable:
    """Return a `scale_boxes` that multiplies the columns by other factors, made of height and width."""
    return lambda boxes, image_shape: boxes * np.array(factors(*image_shape), dtype=float)


_right_scale = _scale(lambda height, width: (height, width, height, width))

SCALE_BOXES_MISTAKES = (
    Mistake(
        "not scaled",
        "The boxes come back as they were, between 0 and 1. Multiply by the picture's height and width.",
        _scale(lambda height, width: (1, 1, 1, 1)),
    ),
    Mistake(
        "height and width exchanged",
        "You multiply y by the width and x by the height. An image_shape is (height, width), and y comes first in "
        "these boxes.",
        _scale(lambda height, width: (width, height, width, height)),
    ),
    Mistake(
        "x first in the result",
        "The numbers are right, their order is not: y1, x1, y2, x2 go in and y1, x1, y2, x2 come out.",
        lambda boxes, image_shape: _right_scale(boxes, image_shape)[:, [1, 0, 3, 2]],
    ),
    Mistake(
        "height for all",
        "All four numbers are multiplied by the height. Those that go across need the width.",
        _scale(lambda height, width: (height,) * 4),
    ),
    Mistake(
        "width for all",
        "All four numbers are multiplied by the width. Those that go down need the height.",
        _scale(lambda height, width: (width,) * 4),
    ),
    Mistake(
        "both numbers of a corner alike",
        "Your factors are height, height, width, width. A corner has a y and an x, so height and width take turns.",
        _scale(lambda height, width: (height, height, width, width)),
    ),
    Mistake(
        "first corner only",
        "The first corner is right, the second is still relative.",
        _scale(lambda height, width: (height, width, 1, 1)),
    ),
    Mistake(
        "last pixel taken for the size",
        "You multiply by height − 1 and width − 1. The right edge of a picture lies at x = width, after the last "
        "pixel.",
        _scale(lambda height, width: (height - 1, width - 1, height - 1, width - 1)),
    ),
    Mistake(
        "divided",
        "You divide. From pixels to shares of the picture that would be right; here it is the way back.",
        _scale(lambda height, width: (1 / height, 1 / width, 1 / height, 1 / width)),
    ),
    Mistake(
        "rounded",
        "Your boxes are rounded to whole pixels. Edges may lie between pixels: leave them as they are.",
        lambda boxes, image_shape: np.rint(_right_scale(boxes, image_shape)),
    ),
    Mistake(
        "cut to whole pixels",
        "What is behind the point is cut off. Edges may lie between pixels: leave them as they are.",
        lambda boxes, image_shape: _right_scale(boxes, image_shape).astype(int),
    ),
    Mistake(
        "clipped",
        "What lies outside the picture is cut off. That is useful, but not asked for: how far a box reaches beyond the "
        "edge would be lost.",
        lambda boxes, image_shape: _right_scale(np.clip(boxes, 0, 1), image_shape),
    ),
)


def yolo_eval_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give heads with a crowd of sure boxes, by the defaults and by other thresholds, shapes and limits."""
    for dtype in (np.float32, np.float64):
        yield Case("the defaults", _head_outputs(rng, dtype))
    for score_threshold, iou_threshold in ((0.4, 0.3), (0.75, 0.7)):
        options = {"score_threshold": score_threshold, "iou_threshold": iou_threshold, "max_boxes": 30}
        yield Case("other thresholds, and nothing found", _head_outputs(rng, np.float64), options)
    options = {"score_threshold": 0.999, "image_shape": [300, 200]}
    yield Case("other thresholds, and nothing found", _head_outputs(rng, np.float32), options)
    for shape in ((500, 330), (333, 444)):
        yield Case("pictures of other shapes", _head_outputs(rng, np.float64), {"image_shape": list(shape)})
    for most in (1, 3):
        options = {"max_boxes": most, "score_threshold": 0.5}
        yield Case("more things than max_boxes", _head_outputs(rng, np.float64), options)


def _head_outputs(rng: np.random.Generator, dtype) -> dict[str, np.ndarray]:
    """Make a decoded head: most boxes unsure, a few crowds of sure ones, now and then of two classes in a crowd.

    In two opposite corners, the surest boxes of all are pairs with an IoU of .6 and of .4.
    """
    rows, columns, count, classes = (*(int(n) for n in rng.integers(4, 6, 2)), 3, 4)
    shape = (rows, columns, count)
    xy = (_cells(rows, columns) + rng.uniform(0.05, 0.95, (*shape, 2))) / (columns, rows)
    wh = rng.uniform(0.1, 0.45, (*shape, 2))
    confidence = rng.uniform(0.01, 0.3, (*shape, 1))
    labels = rng.integers(0, classes, shape)
    for _ in range(5):
        cell = int(rng.integers(rows)), int(rng.integers(columns))
        centre, size, label = xy[cell][0], rng.uniform(0.15, 0.5, 2), rng.integers(0, classes)
        xy[cell] = centre + rng.normal(0, 0.02, (count, 2))
        wh[cell] = size * rng.uniform(0.75, 1.3, (count, 2))
        confidence[cell] = rng.uniform(0.5, 0.97, (count, 1))
        labels[cell] = np.where(rng.random(count) < 0.75, label, labels[cell])
    sure = rng.uniform(0.8, 0.97, shape)
    for cell, shift in (((0, 0), 0.25), ((rows - 1, columns - 1), 3 / 7)):
        wh[cell][:2] = rng.uniform(0.15, 0.3, 2)
        xy[cell][:2] = (np.array(cell[::-1]) + 0.5) / (columns, rows)
        xy[cell][1, 0] += shift * wh[cell][0, 0]
        labels[cell][:2] = rng.integers(0, classes)
        confidence[cell][:2, 0] = sure[cell][:2] = rng.uniform(0.98, 0.99, 2)
    probabilities = np.repeat(((1 - sure) / (classes - 1))[..., None], classes, axis=-1)
    np.put_along_axis(probabilities, labels[..., None], sure[..., None], axis=-1)
    arrays = dict(zip(OUTPUTS, (xy, wh, confidence, probabilities), strict=True))
    return {name: array.astype(dtype) for name, array in arrays.items()}


def yolo_eval_oracle(
    yolo_outputs, image_shape=(720, 1280), max_boxes=10, score_threshold=0.6, iou_threshold=0.5
) -> Found:
    """Measure in pixels from the start, and let the oracles of the single steps choose."""
    xy, wh, confidence, probabilities = yolo_outputs
    height, width = image_shape
    half = wh / 2
    edges = (
        xy[..., 1] - half[..., 1],
        xy[..., 0] - half[..., 0],
        xy[..., 1] + half[..., 1],
        xy[..., 0] + half[..., 0],
    )
    boxes = np.stack(edges, axis=-1) * np.array([height, width, height, width], float)
    found = yolo_filter_boxes_oracle(boxes, confidence, probabilities, score_threshold)
    return yolo_non_max_suppression_oracle(*found, max_boxes, iou_threshold)


def _corners(xy: np.ndarray, wh: np.ndarray) -> np.ndarray:
    return np.concatenate([(xy - wh / 2)[..., ::-1], (xy + wh / 2)[..., ::-1]], axis=-1)


def _eval(
    corners: Callable = _corners,
    keep: Callable = _right_filter,
    suppress: Callable = _right_suppression,
    scale: Callable = _right_scale,
    hand_on: Callable = lambda image_shape, max_boxes, score_threshold, iou_threshold: (
        image_shape,
        max_boxes,
        score_threshold,
        iou_threshold,
    ),
) -> Callable:
    """Return a `yolo_eval` with a step exchanged, or with other arguments handed on to the steps."""

    def wrong(yolo_outputs, image_shape=(720, 1280), max_boxes=10, score_threshold=0.6, iou_threshold=0.5):
        shape, most, score, overlap = hand_on(image_shape, max_boxes, score_threshold, iou_threshold)
        xy, wh, confidence, probabilities = yolo_outputs
        scores, boxes, classes = keep(corners(xy, wh), confidence, probabilities, score)
        scores, boxes, classes = suppress(scores, boxes, classes, most, overlap)
        return scores, scale(boxes, shape), classes

    return wrong


YOLO_EVAL_MISTAKES = (
    Mistake(
        "boxes not scaled",
        "The boxes are still relative to the picture. The last step brings them into pixels.",
        _eval(scale=lambda boxes, shape: boxes),
    ),
    Mistake(
        "height and width exchanged",
        "y is multiplied by the width and x by the height: image_shape is (height, width).",
        _eval(scale=lambda boxes, shape: _right_scale(boxes, shape[::-1])),
    ),
    Mistake(
        "x first in the boxes",
        "Your boxes are (x1, y1, x2, y2) when they are scaled, and x and y get each other's factor. Here y comes "
        "first.",
        _eval(corners=lambda xy, wh: np.concatenate([xy - wh / 2, xy + wh / 2], axis=-1)),
    ),
    Mistake(
        "centres and sizes taken for corners",
        "You put centre and size side by side and go on as if they were two corners. Turn them into corners first.",
        _eval(corners=lambda xy, wh: np.concatenate([xy[..., ::-1], wh[..., ::-1]], axis=-1)),
    ),
    Mistake(
        "suppression left out",
        "Each thing still has all its boxes, in the order of the cells: non-max suppression is missing.",
        _eval(suppress=lambda scores, boxes, classes, most, overlap: (scores, boxes, classes)),
    ),
    Mistake(
        "filter left out",
        "Boxes with any score come through: the score threshold has not been applied.",
        _eval(keep=lambda boxes, confidence, probs, threshold: _right_filter(boxes, confidence, probs, 0.0)),
    ),
    Mistake(
        "score_threshold not handed on",
        "With the defaults all is right. Your filter is called without score_threshold and takes its own .6.",
        _eval(hand_on=lambda shape, most, score, overlap: (shape, most, 0.6, overlap)),
    ),
    Mistake(
        "iou_threshold not handed on",
        "With the defaults all is right. Your suppression is called without iou_threshold and takes its own .5.",
        _eval(hand_on=lambda shape, most, score, overlap: (shape, most, score, 0.5)),
    ),
    Mistake(
        "max_boxes not handed on",
        "With the defaults all is right. Your suppression is called without max_boxes and takes its own 10.",
        _eval(hand_on=lambda shape, most, score, overlap: (shape, 10, score, overlap)),
    ),
    Mistake(
        "thresholds exchanged",
        "The filter gets the IoU threshold and the suppression the score threshold.",
        _eval(hand_on=lambda shape, most, score, overlap: (shape, most, overlap, score)),
    ),
    Mistake(
        "image_shape not used",
        "All pictures are treated as if they were 720 × 1280. Hand image_shape on.",
        _eval(hand_on=lambda shape, most, score, overlap: ((720, 1280), most, score, overlap)),
    ),
    Mistake(
        "classes ignored in the suppression",
        "Boxes of one class drop boxes of another. Hand the classes on to the suppression.",
        _eval(suppress=_suppression(same=lambda a, b: True)),
    ),
)

ANSWERS = {
    "yolo_head": Answer(yolo_head_cases, yolo_head_oracle, mistakes=YOLO_HEAD_MISTAKES),
    "yolo_filter_boxes": Answer(
        yolo_filter_boxes_cases, yolo_filter_boxes_oracle, mistakes=YOLO_FILTER_BOXES_MISTAKES
    ),
    "iou": Answer(iou_cases, iou_oracle, mistakes=IOU_MISTAKES),
    "yolo_non_max_suppression": Answer(
        yolo_non_max_suppression_cases,
        yolo_non_max_suppression_oracle,
        mistakes=YOLO_NON_MAX_SUPPRESSION_MISTAKES,
    ),
    "scale_boxes": Answer(scale_boxes_cases, scale_boxes_oracle, mistakes=SCALE_BOXES_MISTAKES),
    "yolo_eval": Answer(yolo_eval_cases, yolo_eval_oracle, mistakes=YOLO_EVAL_MISTAKES),
}
