"""Week 3, lesson 4, anchors and training YOLO: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays

# From two of seven starts with four different ones of these, an anchor loses all its boxes on the way.
_LOSING_SIZES = np.array(
    [(0.42, 1.08), (2.71, 0.21), (0.35, 1.18), (3.94, 0.24), (0.4, 0.99), (1.88, 2.62), (2.23, 4.78)]
)


def kmeans_anchors_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give sizes in cells, in pixels and in shares of a picture, sizes that come often, and many starts."""
    for n, k in ((60, 5), (40, 3), (25, 1)):
        yield _sizes_case("sizes in grid cells", rng, np.exp(rng.normal(0.3, 0.7, (n, 2))), k)
    yield _sizes_case("sizes in pixels or shares", rng, np.exp(rng.normal(4, 0.8, (50, 2))), 4)
    yield _sizes_case("sizes in pixels or shares", rng, np.exp(rng.uniform(-3.5, -0.4, (50, 2))), 4)
    different = np.exp(rng.uniform(-0.5, 1.5, (7, 2)))
    # As many anchors as different sizes, most sizes many times: a start from equal ones would lose some.
    often = rng.permutation(np.repeat(different, [12, 9, 1, 1, 7, 2, 10], axis=0))
    yield _sizes_case("many boxes of equal size", rng, often, 7, seeds=6)
    other = np.exp(rng.normal(0, 0.8, (12, 2)))
    yield _sizes_case("many boxes of equal size", rng, np.repeat(other, rng.integers(1, 6, 12), axis=0), 4)
    # Overlap of sizes does not change when widths, or heights, are all measured in another unit.
    lost = _LOSING_SIZES * rng.uniform(0.5, 2, 2)
    yield _sizes_case("many starts", rng, lost, 4, seeds=60)


def _sizes_case(group: str, rng: np.random.Generator, wh: np.ndarray, k: int, seeds: int = 2) -> Case:
    chosen = rng.choice(10_000, seeds, replace=False)
    return Case(group, {"wh": wh}, {"k": k, "seed": [int(seed) for seed in chosen]})


def _covered(wh: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """IoU of sizes laid corner on corner, (n, k)."""
    common = np.minimum(wh[:, None, 0], anchors[None, :, 0]) * np.minimum(wh[:, None, 1], anchors[None, :, 1])
    return common / (wh[:, None].prod(axis=2) + anchors[None].prod(axis=2) - common)


def _euclidean(wh: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    return -np.square(wh[:, None] - anchors[None]).sum(axis=2)


def _mean(sizes: np.ndarray) -> np.ndarray:
    return sizes.mean(axis=0)


def _median(sizes: np.ndarray) -> np.ndarray:
    return np.median(sizes, axis=0)


def _rests(
    wh: np.ndarray, anchors: np.ndarray, nearness: Callable = _covered, centre: Callable = _mean
) -> bool:
    """Tell whether one more round of k-means would leave the anchors where they are."""
    owner = nearness(wh, anchors).argmax(axis=1)
    return all(
        np.allclose(centre(wh[owner == i]), anchor, rtol=1e-4, atol=0)
        for i, anchor in enumerate(anchors)
        if (owner == i).any()
    )


def kmeans_anchors_invariant(case: Case, arrays: Arrays) -> str:
    """Ask what k-means promises wherever it started: anchors that another round would not move, in order."""
    wh, k, draws = case.arrays["wh"], case.params["k"], np.asarray(arrays["draws"])
    if draws.shape[1:] != (k, 2):
        return f"Your anchors have shape {draws.shape[1:]}; they should have shape {(k, 2)}: a width and a height "
        "each."
    if draws.dtype.kind not in "iuf" or not np.isfinite(draws).all():
        return EMPTIED if draws.dtype.kind == "f" else "Your anchors should be numbers."
    draws = draws.astype(np.float64)
    if not (draws > 0).all():
        return "Your anchors are not all greater than 0: no box has such a size."
    if not np.allclose(draws[0], draws[1], rtol=1e-6, atol=0):
        return (
            "The same seed gave other anchors at a second call. Draw only from np.random.default_rng(seed)."
        )
    areas = draws.prod(axis=2)
    if (np.diff(areas, axis=1) < -1e-9 * areas.max()).any():
        if (np.diff(draws[..., 0], axis=1) >= 0).all():
            return WIDTHS
        return FALLING if (np.diff(areas, axis=1) <= 0).all() else UNSORTED
    for anchors in draws:
        if not _rests(wh, anchors):
            if _rests(wh, anchors, _euclidean):
                return EUCLIDEAN
            if _rests(wh, anchors, centre=_median):
                return MEDIANS
            return UNSETTLED
    best = np.array([_covered(wh, anchors).max(axis=1) for anchors in draws])
    if k == len(np.unique(wh, axis=0)) and not np.allclose(best, 1, atol=1e-6):
        return TWINS
    if case.group == "many starts" and np.allclose(draws, draws[0]):
        return SEEDLESS
    return ""


EUCLIDEAN = (
    "Your boxes go to the anchor at the smallest *Euclidean* distance, where a cell's difference counts as much for "
    "large boxes as for small ones. Nearness here is overlap: the largest IoU."
)
MEDIANS = "Your anchors are the medians of their boxes. Asked for are the means."
UNSORTED = "These are good anchors, in another order than asked: sort them by area, the smallest first."
FALLING = "These are good anchors, the largest first. Wanted is the smallest first."
EMPTIED = (
    "An anchor that has lost all its boxes becomes NaN in your function, the mean of nothing. Leave such an anchor "
    "where it was."
)
TWINS = (
    "Two of your anchors began at boxes of equal size: one of them gets all the boxes, the other never any. Start "
    "from k *different* sizes; `np.unique(wh, axis=0)` lists them."
)
WIDTHS = "You sort by width. Wanted is by area, width times height."
UNSETTLED = (
    "One more round would still move your anchors: they are not yet the means of the boxes that overlap them most. "
    "Repeat both steps until nothing changes."
)
SEEDLESS = "Every seed gives the same anchors: your start does not depend on `seed`."


def _kmeans(
    nearness: Callable = _covered,
    centre: Callable = _mean,
    rounds: int = 100,
    order: Callable = lambda anchors: np.argsort(anchors.prod(axis=1)),
    start: Callable = lambda wh, k, rng: rng.choice(np.unique(wh, axis=0), k, replace=False),
    emptied: Callable = lambda anchor: anchor,
) -> Callable:
    """Return a `kmeans_anchors` with one of its parts exchanged."""

    def wrong(wh, k, seed):
        anchors = start(wh, k, np.random.default_rng(seed))
        for _ in range(rounds):
            owner = nearness(wh, anchors).argmax(axis=1)
            moved = [centre(wh[owner == i]) if (owner == i).any() else emptied(anchors[i]) for i in range(k)]
            if np.array_equal(moved, anchors):
                break
            anchors = np.array(moved)
        return anchors[order(anchors)]

    return wrong


def _any_rows(wh: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    return wh[rng.choice(len(wh), k, replace=False)]


def _in_pictures(wh, k, seed):
    return _kmeans()(wh, k, seed) / wh.max(axis=0)


def _whole_cells(wh, k, seed):
    return _by_area(np.maximum(1, _kmeans()(wh, k, seed).round()))


def _by_area(anchors: np.ndarray) -> np.ndarray:
    return anchors[np.argsort(anchors.prod(axis=1), kind="stable")]


KMEANS_ANCHORS_MISTAKES = (
    Mistake("Euclidean distance", EUCLIDEAN, _kmeans(nearness=_euclidean)),
    Mistake(
        "nearest by the smallest overlap",
        "Each box goes to the anchor that it overlaps *least*. Smallest distance 1 − IoU means largest IoU.",
        _kmeans(nearness=lambda wh, anchors: -_covered(wh, anchors)),
    ),
    Mistake(
        "nearest by common area",
        "Your nearness is the common area alone, and then the largest anchor wins nearly every box. Divide by the "
        "union.",
        _kmeans(nearness=lambda wh, anchors: np.minimum(wh[:, None], anchors[None]).prod(axis=2)),
    ),
    Mistake(
        "nearest by area",
        "You compare areas. A tall box and a wide one of the same area are different shapes: compare by overlap.",
        _kmeans(nearness=lambda wh, anchors: -np.abs(wh.prod(axis=1)[:, None] - anchors.prod(axis=1)[None])),
    ),
    Mistake("medians", MEDIANS, _kmeans(centre=_median)),
    Mistake(
        "one round only",
        "You move the anchors once. Then other boxes are nearest to them: repeat both steps until nothing changes.",
        _kmeans(rounds=1),
    ),
    Mistake(
        "anchors never moved",
        "You return boxes that were drawn at random. That is the start; move each anchor to the mean of its boxes.",
        _kmeans(rounds=0),
    ),
    Mistake("not sorted", UNSORTED, _kmeans(order=lambda anchors: np.arange(len(anchors)))),
    Mistake(
        "sorted by width",
        WIDTHS,
        _kmeans(order=lambda anchors: np.argsort(anchors[:, 0])),
    ),
    Mistake("largest first", FALLING, _kmeans(order=lambda anchors: np.argsort(-anchors.prod(axis=1)))),
    Mistake(
        "seed ignored",
        SEEDLESS,
        _kmeans(
            start=lambda wh, k, rng: np.random.default_rng(0).choice(np.unique(wh, axis=0), k, replace=False)
        ),
    ),
    Mistake("start from equal boxes", TWINS, _kmeans(start=_any_rows)),
    Mistake("lost anchors become NaN", EMPTIED, _kmeans(emptied=lambda anchor: np.full(2, np.nan))),
    Mistake(
        "anchors in the wrong unit",
        "Your anchors are divided by the largest size. They should come in the unit of `wh`, as the boxes do.",
        _in_pictures,
    ),
    Mistake(
        "rounded to whole cells",
        "You round the anchors. A size of 1.4 cells is as good as any; no cell has to be filled.",
        _whole_cells,
    ),
)


def encode_targets_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one object and several, square and oblong grids, objects that share a cell, and no object."""
    yield _targets_case("one object", rng, 1, (5, 5))
    yield _targets_case("one object", rng, 1, (4, 7))
    yield _targets_case("several objects", rng, 4, (6, 6))
    yield _targets_case("several objects", rng, 5, (7, 4))
    yield _targets_case("objects that share a cell", rng, 2, (4, 6), shared=True, alike=True)
    yield _targets_case("objects that share a cell", rng, 3, (5, 3), shared=True)
    yield _targets_case("objects that share a cell", rng, 5, (3, 5), shared=True)
    yield _targets_case("objects that share a cell", rng, 3, (4, 4), shared=True, alike=True)
    empty = {"boxes": np.zeros((0, 4), np.float32), "classes": np.zeros(0, np.int64), "anchors": _ANCHORS}
    yield Case("several objects", empty, {"grid": [3, 4]})


_ANCHORS = np.array([(0.6, 0.7), (2.6, 0.9), (1.1, 2.8)], np.float32)


def _targets_case(
    group: str,
    rng: np.random.Generator,
    n: int,
    grid: tuple[int, int],
    shared: bool = False,
    alike: bool = False,
) -> Case:
    """Draw boxes whose cells, order of sizes and order of fitting anchors are clear beyond rounding."""
    cells = np.array(grid[::-1])
    anchors = rng.permutation(_ANCHORS * rng.uniform(0.9, 1.1, (3, 2)).astype(np.float32))
    while True:
        if shared:
            inside = rng.integers(0, cells) + rng.uniform(0.1, 0.9, (n, 2))
        else:
            corner = rng.choice(cells.prod(), n, replace=False)
            inside = np.stack([corner % cells[0], corner // cells[0]], axis=1) + rng.uniform(
                0.05, 0.95, (n, 2)
            )
        sizes = np.exp(rng.uniform(-0.8, 1.1, (n, 2)))
        if alike:  # all want the same anchor
            sizes = anchors[rng.integers(3)] * np.linspace(0.8, 1.25, n)[rng.permutation(n), None]
            sizes = sizes * rng.uniform(0.97, 1.03, (n, 2))
        areas, fits = np.sort(sizes.prod(axis=1)), np.sort(_covered(sizes, anchors), axis=1)
        by_arrival = n > 1 and (np.diff(sizes.prod(axis=1)) < 0).all()
        if (np.diff(areas) > 0.02).all() and (np.diff(fits, axis=1) > 0.005).all() and not by_arrival:
            break
    boxes = np.concatenate([inside - sizes / 2, inside + sizes / 2], axis=1) / np.tile(cells, 2)
    classes = rng.choice(np.arange(1, 9), n, replace=False)
    if alike:
        # The first to choose is of class 0: a place is free when nothing is marked there, whatever its class.
        classes[sizes.prod(axis=1).argmax()] = 0
    arrays = {"boxes": boxes.astype(np.float32), "classes": classes, "anchors": anchors}
    return Case(group, arrays, {"grid": list(grid)})


def encode_targets_oracle(boxes, classes, anchors, grid) -> np.ndarray:
    """Ask every cell in turn which centres lie between its borders, then let these choose."""
    rows, columns = grid
    target = np.zeros((rows, columns, len(anchors), 6))
    for row, column in np.ndindex(rows, columns):
        mine = []
        for (x1, y1, x2, y2), label in zip(boxes.astype(np.float64), classes, strict=True):
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
            if column / columns <= x < (column + 1) / columns and row / rows <= y < (row + 1) / rows:
                mine.append((x * columns, y * rows, (x2 - x1) * columns, (y2 - y1) * rows, 1, label))
        free = list(range(len(anchors)))
        for thing in sorted(mine, key=lambda thing: -thing[2] * thing[3])[: len(anchors)]:
            best = max(free, key=lambda anchor: _size_overlap(thing[2:4], anchors[anchor]))
            target[row, column, best] = thing
            free.remove(best)
    return target


def _size_overlap(size: Sequence[float], other: Sequence[float]) -> float:
    common = min(size[0], other[0]) * min(size[1], other[1])
    return common / (size[0] * size[1] + other[0] * other[1] - common)


def _encoding(
    place: Callable = lambda box: (box[0], box[1]),
    written: Callable = lambda box, column, row, anchor, grid: tuple(box),
    fits: Callable = lambda size, anchors, grid: _covered(size[None], anchors)[0],
    first: Callable = lambda boxes: np.argsort(-boxes[:, 2:].prod(axis=1), kind="stable"),
    full: str = "next",
    marked: Callable = lambda label: (1, label),
    scale: Callable = lambda grid: np.array([grid[1], grid[0], grid[1], grid[0]]),
    swapped: bool = False,
) -> Callable:
    """Return an `encode_targets` with one of its parts exchanged.

    `place` gives the point whose cell is taken, `written` the four numbers that are written, `fits` how well a size
    fits each anchor, `first` the order of the boxes, `full` what happens when the best anchor is taken ("next", "
    ""drop"
    or "overwrite"), `marked` the last two numbers, `swapped` indexes the target by column first.
    """

    def wrong(boxes, classes, anchors, grid):
        rows, columns = grid
        target = np.zeros((rows, columns, len(anchors), 6), np.float32)
        boxes = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
        boxes = boxes * scale(grid)
        for one in first(boxes):
            column, row = (int(value) for value in place(boxes[one]))
            if swapped:
                row, column = column, row
            row, column = max(0, row) % rows, max(0, column) % columns
            wishes = np.argsort(-fits(boxes[one, 2:], anchors, grid), kind="stable")
            for anchor in wishes if full == "next" else wishes[:1]:
                if full == "overwrite" or not target[row, column, anchor].any():
                    numbers = written(boxes[one], column, row, anchors[anchor], grid)
                    target[row, column, anchor] = (*numbers, *marked(classes[one]))
                    break
        return target

    return wrong


def _swapped_scale(grid: tuple[int, int]) -> np.ndarray:
    return np.array([grid[0], grid[1], grid[0], grid[1]])


def _all_anchors(boxes, classes, anchors, grid):
    target = _encoding()(boxes, classes, anchors[:1], grid)
    return np.repeat(target, len(anchors), axis=2)


ENCODE_TARGETS_MISTAKES = (
    Mistake(
        "row and column swapped",
        "The objects lie in the wrong cells: x counts columns and y counts rows, but an array is indexed row first.",
        _encoding(swapped=True),
    ),
    Mistake(
        "rows and columns swapped in the scale",
        "Square grids are right. In an oblong one x is to be multiplied by the number of *columns* and y by that of "
        "rows.",
        _encoding(scale=_swapped_scale),
    ),
    Mistake(
        "left in picture units",
        "The cells and anchors are right; the box is written in shares of the picture. Wanted are grid cells, "
        "centre and size alike.",
        _encoding(
            written=lambda box, column, row, anchor, grid: box / [grid[1], grid[0], grid[1], grid[0]],
        ),
    ),
    Mistake(
        "size left in picture units",
        "The centre is in grid cells, the size still in shares of the picture: multiply it by columns and rows, too.",
        _encoding(
            written=lambda box, column, row, anchor, grid: (*box[:2], box[2] / grid[1], box[3] / grid[0]),
        ),
    ),
    Mistake(
        "centre counted from the cell",
        "You write the centre as seen from its cell's corner. Wanted is the distance from the *picture's* corner, in "
        "cells; the loss takes the cell off by itself.",
        _encoding(
            written=lambda box, column, row, anchor, grid: (box[0] - column, box[1] - row, box[2], box[3]),
        ),
    ),
    Mistake(
        "logarithms of the size written",
        "You write the logarithm of size over anchor, what the network's t_w and t_h should be. Here the size "
        "itself is wanted, in cells; the loss takes the logarithm.",
        _encoding(
            written=lambda box, column, row, anchor, grid: (*box[:2], *np.log(box[2:] / anchor)),
        ),
    ),
    Mistake(
        "corners written",
        "You write the corners. Wanted are centre, width and height.",
        _encoding(
            written=lambda box, column, row, anchor, grid: (
                *(box[:2] - box[2:] / 2),
                *(box[:2] + box[2:] / 2),
            ),
        ),
    ),
    Mistake(
        "cell of the corner",
        "The cell is that of the box's upper left corner. The cell that holds the *centre* is responsible.",
        _encoding(place=lambda box: box[:2] - box[2:] / 2),
    ),
    Mistake(
        "cell rounded to the nearest",
        "You round the centre. A centre at 2.7 lies in cell 2, which reaches from 2 to 3: round down.",
        _encoding(place=lambda box: np.round(box[:2])),
    ),
    Mistake(
        "anchor chosen by order",
        "Each object takes the first free anchor of its cell. It should take the free one that fits its shape best.",
        _encoding(fits=lambda size, anchors, grid: -np.arange(len(anchors))),
    ),
    Mistake(
        "anchor chosen by area",
        "You choose the anchor of the nearest area. Wide and tall boxes of one area need different anchors: compare "
        "by IoU.",
        _encoding(fits=lambda size, anchors, grid: -np.abs(size.prod() - anchors.prod(axis=1))),
    ),
    Mistake(
        "anchors in the wrong unit",
        "You compare box sizes in shares of the picture with anchors in grid cells; the smallest anchor then always "
        "fits best. Bring both into cells first.",
        _encoding(fits=lambda size, anchors, grid: _covered((size / [grid[1], grid[0]])[None], anchors)[0]),
    ),
    Mistake(
        "worst anchor chosen",
        "Each object takes the anchor that fits it *worst*. `np.argsort` sorts upwards: sort the negative IoU.",
        _encoding(fits=lambda size, anchors, grid: -_covered(size[None], anchors)[0]),
    ),
    Mistake(
        "taken anchor overwritten",
        "When two objects of a cell want the same anchor, the later one replaces the earlier. Ask whether the place "
        "is free, and go on to the next best anchor.",
        _encoding(full="overwrite"),
    ),
    Mistake(
        "second object dropped",
        "When the best anchor is taken, the object disappears. It may still have the next best one of its cell.",
        _encoding(full="drop"),
    ),
    Mistake(
        "order of arrival",
        "You go through the boxes in the order in which they come. The larger one chooses first.",
        _encoding(first=lambda boxes: np.arange(len(boxes))),
    ),
    Mistake(
        "smallest first",
        "You let the smallest box choose first. The largest does.",
        _encoding(first=lambda boxes: np.argsort(boxes[:, 2:].prod(axis=1), kind="stable")),
    ),
    Mistake(
        "object not marked",
        "Boxes and classes are right; the fifth number, which says that an object is here, is still 0.",
        _encoding(marked=lambda label: (0, label)),
    ),
    Mistake(
        "class before the mark",
        "The fifth number says whether an object is here, the sixth says which class. Yours come the other way "
        "round.",
        _encoding(marked=lambda label: (label, 1)),
    ),
    Mistake(
        "every anchor of the cell",
        "The object stands at every anchor of its cell. One anchor is responsible, the one that fits best.",
        _all_anchors,
    ),
)


def yolo_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give pictures without objects, with one and with several, batches, and predictions that are good already."""
    yield _loss_case("pictures without objects", rng, 2, (2, 3), 0)
    yield _loss_case("one object", rng, 1, (3, 3), 1)
    yield _loss_case("one object", rng, 1, (2, 4), 1)
    yield _loss_case("a batch with several objects", rng, 3, (3, 4), 3)
    yield _loss_case("a batch with several objects", rng, 2, (4, 2), 2)
    yield _loss_case("empty places whose boxes are good", rng, 2, (3, 3), 2, good=True)
    yield _loss_case("empty places whose boxes are good", rng, 1, (2, 3), 1, good=True)


def _loss_case(
    group: str, rng: np.random.Generator, batch: int, grid: tuple[int, int], objects: int, good: bool = False
) -> Case:
    rows, columns = grid
    anchors = np.array([(0.8, 0.7), (1.3, 1.9)], np.float32) * rng.uniform(0.9, 1.1, (2, 2)).astype(
        np.float32
    )
    while True:
        y_true = np.zeros((batch, rows, columns, 2, 6), np.float32)
        y_pred = rng.normal(0, 1, (batch, rows, columns, 2, 8)).astype(np.float32)
        for picture in range(batch):
            places = rng.choice(rows * columns * 2, objects, replace=False)
            for place in places:
                row, column, anchor = (int(i) for i in np.unravel_index(place, (rows, columns, 2)))
                offset, size = rng.uniform(0.1, 0.9, 2), anchors[anchor] * np.exp(rng.uniform(-0.6, 0.6, 2))
                thing = (column + offset[0], row + offset[1], *size, 1, rng.integers(3))
                y_true[picture, row, column, anchor] = thing
                if good:
                    # The other anchor of the cell is empty, and its box lies nearly on the object.
                    other = y_pred[picture, row, column, 1 - anchor]
                    other[:2] = np.log(offset / (1 - offset))
                    other[2:4] = np.log(size / anchors[1 - anchor]) + rng.choice([-1, 1], 2) * rng.uniform(
                        0.02, 0.1, 2
                    )
                    other[4] = rng.uniform(0.5, 1.5)
        best = [_best_overlap(picture, raw, anchors) for picture, raw in zip(y_true, y_pred, strict=True)]
        empty = np.array(best)[y_true[..., 4] == 0]
        # The threshold must be clear beyond rounding, and where it is not asked for, no matter.
        near = np.abs(empty - 0.6) < 0.02
        if not near.any() and (good == bool((empty > 0.6).any())):
            return Case(group, {"y_true": y_true, "y_pred": y_pred, "anchors": anchors})


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _box(row: int, column: int, raw: np.ndarray, anchor: np.ndarray) -> tuple[float, float, float, float]:
    return (
        column + _sigmoid(raw[0]),
        row + _sigmoid(raw[1]),
        anchor[0] * np.exp(raw[2]),
        anchor[1] * np.exp(raw[3]),
    )


def _overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """IoU of two boxes given by centre and size."""
    sides = [
        max(0.0, min(a + u / 2, b + v / 2) - max(a - u / 2, b - v / 2))
        for a, u, b, v in ((first[i], first[i + 2], second[i], second[i + 2]) for i in (0, 1))
    ]
    common = sides[0] * sides[1]
    return common / (first[2] * first[3] + second[2] * second[3] - common)


def _best_overlap(true: np.ndarray, raw: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Best IoU of each predicted box of one picture with any object, (rows, columns, k)."""
    objects = true[true[..., 4] == 1].astype(np.float64)
    best = np.zeros(true.shape[:3])
    for row, column, anchor in np.ndindex(best.shape):
        box = _box(row, column, raw[row, column, anchor].astype(np.float64), anchors[anchor])
        best[row, column, anchor] = max((_overlap(box, thing) for thing in objects), default=0.0)
    return best


def _place_error(
    raw: np.ndarray, thing: np.ndarray, anchor: np.ndarray, overlap: float, blamed: bool, cells: int
):
    """Error of one place of one picture, its target overlap and whether it is blamed being given."""
    confidence = _sigmoid(raw[4])
    if thing[4] == 0:
        return float(blamed) * confidence**2
    x, y, w, h = thing[:4]
    error = (_sigmoid(raw[0]) - x % 1) ** 2 + (_sigmoid(raw[1]) - y % 1) ** 2
    error += (raw[2] - np.log(w / anchor[0])) ** 2 + (raw[3] - np.log(h / anchor[1])) ** 2
    surprise = np.log(np.exp(raw[5:]).sum()) - raw[5 + int(thing[5])]
    return (2 - w * h / cells) * error + 5 * (confidence - overlap) ** 2 + surprise


def yolo_loss_oracle(y_true, y_pred, anchors):
    """Count the errors place by place; the gradient by finite differences with the overlaps held where they are."""
    import tensorflow as tf

    y_true, anchors = np.asarray(y_true, np.float64), np.asarray(anchors, np.float64)

    @tf.custom_gradient
    def loss(y_pred):
        raw = np.asarray(y_pred, np.float64)
        value, gradient = _value_and_slopes(y_true, raw, anchors)
        return tf.constant(
            value, y_pred.dtype
        ), lambda upstream: upstream * tf.constant(gradient, y_pred.dtype)

    return loss(y_pred)


def _value_and_slopes(
    y_true: np.ndarray, y_pred: np.ndarray, anchors: np.ndarray
) -> tuple[float, np.ndarray]:
    value, slopes, step = 0.0, np.zeros(y_pred.shape), 1e-5
    cells = y_true.shape[1] * y_true.shape[2]
    for picture in range(len(y_true)):
        best = _best_overlap(y_true[picture], y_pred[picture], anchors)
        for place in np.ndindex(best.shape):
            raw, thing, anchor = y_pred[picture][place], y_true[picture][place], anchors[place[2]]
            overlap = _overlap(_box(*place[:2], raw, anchor), thing) if thing[4] else 0.0
            given = (thing, anchor, overlap, best[place] <= 0.6, cells)
            value += _place_error(raw, *given)
            for i in range(len(raw)):
                up, down = raw.copy(), raw.copy()
                up[i] += step
                down[i] -= step
                slopes[picture][place][i] = (_place_error(up, *given) - _place_error(down, *given)) / (
                    2 * step
                )
    return value / len(y_true), slopes / len(y_true)


def _loss_parts(
    offset: Callable | None = None,
    wanted_offset: Callable | None = None,
    size: Callable | None = None,
    wanted_size: Callable | None = None,
    small: Callable | None = None,
    mask: Callable = lambda there: there,
    detached: bool = True,
    object_target: Callable = lambda found: found,
    confidence: Callable | None = None,
    ignored: bool = True,
    empty_mask: Callable = lambda there: 1 - there,
    weights: tuple[float, float, float, float] = (1, 5, 1, 1),
    from_logits: bool = True,
    total: Callable | None = None,
) -> Callable:
    """Return a `yolo_loss` with some of its parts exchanged; the parts are functions of tensors."""

    def wrong(y_true, y_pred, anchors):
        import keras
        from keras import ops

        there, boxes = y_true[..., 4], _predicted(y_pred, anchors)
        found = _tensor_overlap(boxes, y_true[..., :4])
        found = ops.stop_gradient(found) if detached else found
        sure = (confidence or ops.sigmoid)(y_pred[..., 4])
        xy = (offset or ops.sigmoid)(y_pred[..., :2])
        wh = (size or (lambda raw: raw))(y_pred[..., 2:4])
        want_xy = (wanted_offset or (lambda xy: xy - ops.floor(xy)))(y_true[..., :2])
        want_wh = (wanted_size or (lambda wh, anchors: ops.log(ops.maximum(wh, 1e-3) / anchors)))(
            y_true[..., 2:4], anchors
        )
        cells = y_true.shape[1] * y_true.shape[2]
        scale = (small or (lambda share: 2 - share))(y_true[..., 2] * y_true[..., 3] / cells)
        place = scale * (
            ops.sum(ops.square(xy - want_xy), axis=-1) + ops.sum(ops.square(wh - want_wh), axis=-1)
        )
        labels = ops.cast(y_true[..., 5], "int32")
        surprise = keras.losses.sparse_categorical_crossentropy(
            labels, y_pred[..., 5:], from_logits=from_logits
        )
        empty = empty_mask(there)
        if ignored:
            near = ops.stop_gradient(_tensor_best_overlap(boxes, y_true)) > 0.6
            empty = empty * (1 - ops.cast(near, "float32"))
        masked = mask(there)
        errors = (
            weights[0] * masked * place
            + weights[1] * there * ops.square(sure - object_target(found))
            + weights[2] * empty * ops.square(sure)
            + weights[3] * masked * surprise
        )
        return (total or (lambda errors: ops.mean(ops.sum(errors, axis=(1, 2, 3)))))(errors)

    return wrong


def _predicted(y_pred, anchors):
    from keras import ops

    row, column = np.mgrid[: y_pred.shape[1], : y_pred.shape[2]]
    corner = np.stack([column, row], axis=-1)[:, :, None].astype("float32")
    return ops.concatenate(
        [ops.sigmoid(y_pred[..., :2]) + corner, ops.exp(y_pred[..., 2:4]) * anchors], axis=-1
    )


def _tensor_overlap(first, second):
    from keras import ops

    low = ops.maximum(first[..., :2] - first[..., 2:] / 2, second[..., :2] - second[..., 2:] / 2)
    high = ops.minimum(first[..., :2] + first[..., 2:] / 2, second[..., :2] + second[..., 2:] / 2)
    side = ops.maximum(high - low, 0)
    common = side[..., 0] * side[..., 1]
    return common / ops.maximum(
        first[..., 2] * first[..., 3] + second[..., 2] * second[..., 3] - common, 1e-9
    )


def _tensor_best_overlap(boxes, y_true):
    from keras import ops

    objects = ops.reshape(y_true[..., :4] * y_true[..., 4:5], (y_true.shape[0], 1, 1, 1, -1, 4))
    return ops.max(_tensor_overlap(boxes[..., None, :], objects), axis=-1)


def _with_ops(formula: Callable) -> Callable:
    """Turn a formula ``(ops, *tensors)`` into a function of tensors, so that Keras is imported when it is called."""

    def apply(*tensors):
        from keras import ops

        return formula(ops, *tensors)

    return apply


YOLO_LOSS_MISTAKES = (
    Mistake(
        "loss not masked",
        "Places without an object pay for coordinates and classes, too. There is nothing there to be right or wrong "
        "about: multiply by y_true[..., 4].",
        _loss_parts(mask=_with_ops(lambda ops, there: ops.ones_like(there))),
    ),
    Mistake(
        "overlap not detached",
        "The value is right, the gradient is not: it also flows through the overlap, and so the network could lower "
        "its loss by making boxes worse until they fit the confidence. The overlap is a target: `ops.stop_gradient`.",
        _loss_parts(detached=False),
    ),
    Mistake(
        "objectness target 1",
        "Where an object is, you want a confidence of 1. In YOLOv2 the target is the overlap of the predicted box "
        "with the object, so that the confidence says how good the box is.",
        _loss_parts(object_target=_with_ops(lambda ops, found: ops.ones_like(found))),
    ),
    Mistake(
        "ignore threshold left out",
        "Empty places whose box overlaps an object by more than .6 are blamed as well. They are good boxes that "
        "another anchor answers for: leave them out of the no-object term.",
        _loss_parts(ignored=False),
    ),
    Mistake(
        "no-object term left out",
        "Nothing is asked of the empty places, and the network would call everything an object: their confidence "
        "should be 0.",
        _loss_parts(weights=(1, 5, 0, 1)),
    ),
    Mistake(
        "object weight left out",
        "The confidence at objects counts 5 times: there are few objects and many empty places.",
        _loss_parts(weights=(1, 1, 1, 1)),
    ),
    Mistake(
        "the weights of YOLO's first version",
        "You weight coordinates by 5 and empty places by .5, as the paper of 2015 did. Here it is 1, 5, 1, 1: "
        "coordinates, object, no object, class.",
        _loss_parts(weights=(5, 1, 0.5, 1)),
    ),
    Mistake(
        "coordinates left out",
        "Where the box lies costs nothing in your loss: the errors of centre and size are missing.",
        _loss_parts(weights=(0, 5, 1, 1)),
    ),
    Mistake(
        "classes left out",
        "Which class it is costs nothing in your loss: the cross-entropy is missing.",
        _loss_parts(weights=(1, 5, 1, 0)),
    ),
    Mistake(
        "sigmoid on w and h",
        "You put t_w and t_h through a sigmoid. They are logarithms, which may be any number: compare them as they "
        "are.",
        _loss_parts(size=_with_ops(lambda ops, raw: ops.sigmoid(raw))),
    ),
    Mistake(
        "sigmoid forgotten for x and y",
        "t_x and t_y are compared as they are. The place within the cell is their sigmoid, between 0 and 1.",
        _loss_parts(offset=lambda raw: raw),
    ),
    Mistake(
        "centre not taken relative to its cell",
        "You compare a place within a cell, between 0 and 1, with the centre's distance from the picture's corner. "
        "Take off the whole part first.",
        _loss_parts(wanted_offset=lambda xy: xy),
    ),
    Mistake(
        "sizes without logarithm",
        "You compare t_w and t_h with size over anchor. e to the power of t_w is that ratio: compare with its "
        "logarithm.",
        _loss_parts(wanted_size=lambda wh, anchors: wh / anchors),
    ),
    Mistake(
        "anchors left out",
        "You compare t_w and t_h with the logarithm of the size itself. Divide by the anchor first: the network "
        "says how much larger than its anchor a box is.",
        _loss_parts(wanted_size=_with_ops(lambda ops, wh, anchors: ops.log(ops.maximum(wh, 1e-3)))),
    ),
    Mistake(
        "small boxes not weighted up",
        "The coordinates' errors lack the factor 2 − w·h / cells, which makes small boxes count up to twice.",
        _loss_parts(small=_with_ops(lambda ops, share: ops.ones_like(share))),
    ),
    Mistake(
        "confidence without sigmoid",
        "You compare the raw fifth number. The confidence is its sigmoid.",
        _loss_parts(confidence=lambda raw: raw),
    ),
    Mistake(
        "raw numbers taken for probabilities",
        "The cross-entropy takes the network's raw class numbers for probabilities. Say that they are not, with "
        "from_logits=True.",
        _loss_parts(from_logits=False),
    ),
    Mistake(
        "empty places not masked",
        "The no-object term is charged to places with an object as well, which are pulled to 0 and to the overlap at "
        "once. Multiply it by 1 − y_true[..., 4].",
        _loss_parts(ignored=False, empty_mask=_with_ops(lambda ops, there: ops.ones_like(there))),
    ),
    Mistake(
        "sum over the batch",
        "One picture is right. For several, take the mean over the pictures; yours is their sum.",
        _loss_parts(total=_with_ops(lambda ops, errors: ops.sum(errors))),
    ),
    Mistake(
        "mean over the places",
        "You take the mean over all places, of which nearly all are empty. Sum over rows, columns and anchors, then "
        "take the mean over the pictures.",
        _loss_parts(total=_with_ops(lambda ops, errors: ops.mean(errors))),
    ),
)


def average_precision_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one picture and several, objects found twice, overlaps of exactly the threshold, and nothing found."""
    for threshold in (0.5, 0.3):
        yield _found_case("one picture", rng, 1, 5, 2, threshold)
    for pictures in (3, 4):
        yield _found_case("several pictures", rng, pictures, 3, 3, 0.5)
    for _ in range(2):
        yield _found_case("objects found twice", rng, 2, 4, 2, 0.4, twice=4)
    # Two objects near each other, and two detections nearest to the same of them.
    row = np.array([0, 0, 10, 10.0])
    right = np.array([1, 0, 1, 0.0])
    yield _ap_case(
        "objects found twice",
        [row + 0.4 * right, row + 1.2 * right, row + 30, row + 31],
        [0.8, 0.9, 0.7, 0.3],
        [0, 0, 0, 1],
        [row + right, row - 1.5 * right, row + 30],
        [0, 0, 0],
        0.5,
    )
    # Intersection 2, union 4: exactly the threshold.
    wide, half = np.array([0, 0, 4, 1.0]), np.array([2, 0, 4, 1.0])
    yield _ap_case("the limits", [half, wide], [0.9, 0.4], [1, 0], [wide, wide + 9], [1, 0], 0.5)
    yield _ap_case("the limits", [wide + 5, half], [0.9, 0.6], [0, 0], [wide], [0], 0.5)
    yield _ap_case("the limits", np.zeros((0, 4)), [], [], [wide, half], [0, 1], 0.5)
    yield _ap_case("the limits", [wide, half + 9], [0.9, 0.8], [0, 1], [wide, wide + 9, half], [0, 0, 1], 0.5)


def _ap_case(group: str, boxes, scores, pictures, true_boxes, true_pictures, threshold: float) -> Case:
    arrays = {
        "boxes": np.array(boxes, np.float64).reshape(-1, 4),
        "scores": np.array(scores, np.float64),
        "pictures": np.array(pictures, np.int64),
        "true_boxes": np.array(true_boxes, np.float64).reshape(-1, 4),
        "true_pictures": np.array(true_pictures, np.int64),
    }
    return Case(group, arrays, {"iou_threshold": threshold})


def _found_case(
    group: str,
    rng: np.random.Generator,
    pictures: int,
    each: int,
    wrong: int,
    threshold: float,
    twice: int = 0,
) -> Case:
    """Draw objects, a shaken box for most of them, boxes elsewhere, and a second box for `twice` of them.

    The curve is neither perfect nor without teeth, and the place of a detection in another picture would often be
    right.
    """
    while True:
        low = rng.uniform(0, 12, (each * pictures, 2))
        true = np.concatenate([low, low + rng.uniform(3, 7, (each * pictures, 2))], axis=1)
        owner = np.repeat(np.arange(pictures), each)
        seen = np.flatnonzero(rng.random(len(true)) < 0.85)
        again = rng.choice(seen, min(twice, len(seen)), replace=False) if len(seen) else seen
        boxes = np.concatenate([true[seen], true[again], true[rng.choice(len(true), wrong)] + 2.5])
        boxes = boxes + rng.normal(0, 0.25, boxes.shape)
        where = np.concatenate([owner[seen], owner[again], rng.integers(0, pictures, wrong)])
        scores = rng.permutation(np.linspace(0.1, 0.9, len(boxes)))
        mixed, order = rng.permutation(len(boxes)), rng.permutation(len(true))
        case = _ap_case(
            group, boxes[mixed], scores[mixed], where[mixed], true[order], owner[order], threshold
        )
        if _telling(case, several=pictures > 1, twice=twice > 0):
            return case


def _telling(case: Case, several: bool, twice: bool) -> bool:
    """Tell whether a case sets the usual mistakes apart from the right answer."""
    arguments = (*case.arrays.values(), case.params["iou_threshold"])
    right = average_precision_oracle(*arguments)
    others = [_ap(envelope=False), _ap(order=lambda scores: np.argsort(scores)), _ap(order=_as_they_come)]
    others += [_ap(same_picture=False)] * several + [_ap(free=False)] * twice
    return 0.2 < right < 0.95 and all(abs(other(*arguments) - right) > 1e-3 for other in others)


def average_precision_oracle(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold) -> float:
    """For each score as a limit, match anew what reaches it; then integrate the best precision over recall."""
    points = []
    for limit in np.unique(scores):
        taken = np.flatnonzero(scores >= limit)
        points.append(
            (_hits(taken, boxes, scores, pictures, true_boxes, true_pictures, iou_threshold), len(taken))
        )
    area = 0.0
    for hits in range(1, len(true_boxes) + 1):
        # The step of recall that needs this many hits counts with the best precision of all limits that reach it.
        area += max((found / taken for found, taken in points if found >= hits), default=0.0)
    return area / len(true_boxes)


def _hits(taken, boxes, scores, pictures, true_boxes, true_pictures, threshold: float) -> int:
    """Count the objects that the chosen detections find, the surest first."""
    free, hits = list(range(len(true_boxes))), 0
    for row in sorted(taken, key=lambda row: -scores[row]):
        pairs = [
            (_corner_overlap(boxes[row], true_boxes[one]), one)
            for one in free
            if true_pictures[one] == pictures[row]
        ]
        overlap, best = max(pairs, default=(0.0, -1))
        if best >= 0 and overlap >= threshold:
            free.remove(best)
            hits += 1
    return hits


def _corner_overlap(first: np.ndarray, second: np.ndarray) -> float:
    sides = [max(0.0, min(first[i + 2], second[i + 2]) - max(first[i], second[i])) for i in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return sides[0] * sides[1] / (sum(areas) - sides[0] * sides[1])


def _as_they_come(scores: np.ndarray) -> np.ndarray:
    return np.arange(len(scores))


def _all_points(recall: np.ndarray, precision: np.ndarray) -> float:
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _ap(
    order: Callable = lambda scores: np.argsort(-scores),
    same_picture: bool = True,
    free: bool = True,
    nearest_first: bool = False,
    reaches: Callable = lambda overlap, threshold: overlap >= threshold,
    envelope: bool = True,
    recall: Callable = lambda found, hits, objects: found / objects,
    precision: Callable = lambda found, objects: found / np.arange(1, len(found) + 1),
    area: Callable = _all_points,
) -> Callable:
    """Return an `average_precision` with one of its parts exchanged.

    `free` lets an object be found only once; `nearest_first` chooses the nearest object before asking whether it is
    free.
    """

    def wrong(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold):
        overlaps = np.array([[_corner_overlap(a, b) for b in true_boxes] for a in boxes])
        overlaps = overlaps.reshape(len(boxes), len(true_boxes))
        if same_picture:
            overlaps = np.where(pictures[:, None] == true_pictures[None], overlaps, 0)
        taken, hits = np.zeros(len(true_boxes), bool), []
        for row in order(scores):
            seen = np.where(taken & (free and not nearest_first), 0, overlaps[row])
            best = int(seen.argmax())
            hit = reaches(seen[best], iou_threshold) and not (nearest_first and taken[best])
            taken[best] |= hit
            hits.append(float(hit))
        found = np.cumsum(hits)
        if not len(found):
            return 0.0
        share = precision(found, len(true_boxes))
        if envelope:
            share = np.maximum.accumulate(share[::-1])[::-1]
        return area(recall(found, hits, len(true_boxes)), share)

    return wrong


def _eleven_points(recall: np.ndarray, precision: np.ndarray) -> float:
    return float(np.mean([max(precision[recall >= t], default=0.0) for t in np.linspace(0, 1, 11)]))


def _trapezoids(recall: np.ndarray, precision: np.ndarray) -> float:
    return float(np.trapezoid(np.append(precision[0], precision), np.append(0.0, recall)))


AVERAGE_PRECISION_MISTAKES = (
    Mistake(
        "no envelope",
        "You add up the precision as it is, with its teeth. At each recall the best precision at *this or a higher* "
        "recall counts.",
        _ap(envelope=False),
    ),
    Mistake(
        "doubles counted as hits",
        "An object that is found twice counts twice in your function. The second detection of an object is wrong: "
        "mark the object as taken.",
        _ap(free=False),
    ),
    Mistake(
        "worst score first",
        "You begin with the worst score: `np.argsort` sorts upwards. Sort -scores.",
        _ap(order=lambda scores: np.argsort(scores)),
    ),
    Mistake(
        "detections not sorted",
        "You take the detections in the order in which they come. The surest goes first.",
        _ap(order=_as_they_come),
    ),
    Mistake(
        "pictures ignored",
        "A detection may find an object of *another* picture in your function. Compare `pictures` with "
        "`true_pictures`.",
        _ap(same_picture=False),
    ),
    Mistake(
        "more than the threshold wanted",
        "An overlap of exactly the threshold is a hit.",
        _ap(reaches=lambda overlap, threshold: overlap > threshold),
    ),
    Mistake(
        "nearest object first, free or not",
        "When the nearest object is taken, your detection gives up. It may still find another one that is free and "
        "overlaps it enough: look among the free ones only.",
        _ap(nearest_first=True),
    ),
    Mistake(
        "recall divided by the objects found",
        "Your recall always ends at 1, for you divide by the objects that were found. Divide by all that there are.",
        _ap(recall=lambda found, hits, objects: found / max(found[-1], 1)),
    ),
    Mistake(
        "recall divided by the detections",
        "You divide by the number of detections. Recall is the part of the *objects* that is found.",
        _ap(recall=lambda found, hits, objects: found / len(found)),
    ),
    Mistake(
        "precision divided by the objects",
        "You divide the hits by the number of objects, which is recall. Precision divides by the detections taken "
        "so far.",
        _ap(precision=lambda found, objects: found / objects),
    ),
    Mistake(
        "eleven points",
        "You take the mean at eleven recalls, as was usual until 2009. Asked for is the whole area.",
        _ap(area=_eleven_points),
    ),
    Mistake(
        "trapezoids",
        "You join the points of the curve, teeth and all, by slanted lines. The area is made of rectangles: each "
        "step of recall times the best precision from there on.",
        _ap(area=_trapezoids, envelope=False),
    ),
    Mistake(
        "last precision returned",
        "That is the precision when all detections are taken. Asked for is the area under the whole curve.",
        _ap(area=lambda recall, precision: float(precision[-1]), envelope=False),
    ),
    Mistake(
        "last recall returned",
        "That is the recall when all detections are taken. Asked for is the area under the whole curve.",
        _ap(area=lambda recall, precision: float(recall[-1])),
    ),
)


ANSWERS = {
    "kmeans_anchors": Answer(
        kmeans_anchors_cases, invariant=kmeans_anchors_invariant, mistakes=KMEANS_ANCHORS_MISTAKES
    ),
    "encode_targets": Answer(encode_targets_cases, encode_targets_oracle, mistakes=ENCODE_TARGETS_MISTAKES),
    "yolo_loss": Answer(yolo_loss_cases, yolo_loss_oracle, mistakes=YOLO_LOSS_MISTAKES, rtol=1e-3, atol=2e-4),
    "average_precision": Answer(
        average_precision_cases, average_precision_oracle, mistakes=AVERAGE_PRECISION_MISTAKES
    ),
}
