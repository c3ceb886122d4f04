"""Week 4, lesson 2, triplets, mining, and how well distances tell people apart: what is right, what goes wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import ecdf

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays


def _unit(rng: np.random.Generator, n: int, d: int, dtype=np.float64) -> np.ndarray:
    """Draw encodings (n, d) of length 1."""
    x = rng.normal(size=(n, d))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(dtype)


def _near(rng: np.random.Generator, x: np.ndarray, spread: float) -> np.ndarray:
    """Draw encodings of length 1 not far from others."""
    moved = x + spread * rng.normal(size=x.shape)
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(x.dtype)


def triplet_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give single triplets that cost something and that do not, batches of both, and several margins."""
    for spread in (0.8, 0.9):
        anchor = _unit(rng, 1, 5)
        # The negative near the anchor, the positive far: a triplet that costs much.
        yield _triplets("one triplet", anchor, _near(rng, anchor, spread), _near(rng, anchor, 0.1))
    anchor = _unit(rng, 1, 4, np.float32)
    yield _triplets("one triplet", anchor, _near(rng, anchor, 0.02), -anchor)
    for n, d, dtype in ((6, 4, np.float64), (8, 3, np.float32), (5, 7, np.float64)):
        yield _mixed("a batch, partly settled", rng, n, d, dtype)
    for alpha in (0.05, 0.5, 1.0):
        yield _mixed("other margins", rng, 6, 3, np.float64, alpha)
    # All encodings alike: every triplet costs exactly the margin.
    yield _triplets("other margins", np.zeros((4, 3)), np.zeros((4, 3)), np.zeros((4, 3)), 0.35)


def _mixed(group: str, rng: np.random.Generator, n: int, d: int, dtype, alpha: float | None = None) -> Case:
    """Draw triplets of which some are settled by far and some cost something."""
    anchor = _unit(rng, n, d, dtype)
    positive, negative = _near(rng, anchor, 0.3), _near(rng, anchor, 0.5)
    positive[0], negative[0] = anchor[0], -anchor[0]
    positive[1], negative[1] = -anchor[1], _near(rng, anchor[1:2], 0.1)[0]
    negative[2] = -anchor[2]
    return _triplets(group, anchor, positive, negative, alpha)


def _triplets(group: str, anchor, positive, negative, alpha: float | None = None) -> Case:
    arrays = {"anchor": anchor, "positive": positive, "negative": negative}
    return Case(group, arrays, {} if alpha is None else {"alpha": alpha})


def triplet_loss_oracle(y_true, y_pred, alpha=0.2) -> float:
    """Multiply out: ‖a − p‖² − ‖a − n‖² = ‖p‖² − ‖n‖² − 2 a·(p − n); and max(x, 0) = (x + |x|)/2."""
    a, p, n = (np.asarray(one, np.float64) for one in y_pred)
    x = np.einsum("bd,bd->b", p, p) - np.einsum("bd,bd->b", n, n) - 2 * np.einsum("bd,bd->b", a, p - n)
    return float(np.sum(x + alpha + np.abs(x + alpha)) / 2)


def _loss(
    distance: Callable = lambda u, v: np.sum((u - v) ** 2, axis=-1),
    order: Callable = lambda a, p, n: (a, p, n),
    hinge: Callable = lambda near, far, alpha: np.maximum(near - far + alpha, 0),
    together: Callable = np.sum,
) -> Callable:
    """Return a triplet loss with one of its parts exchanged."""

    def wrong(y_true, y_pred, alpha=0.2):
        a, p, n = order(*y_pred)
        return together(hinge(distance(a, p), distance(a, n), alpha))

    return wrong


TRIPLET_LOSS_MISTAKES = (
    Mistake(
        "maximum of the sum",
        "You sum over the batch first and take the maximum with 0 last. Then settled triplets, which are negative, pay "
        "for those that are wrong: the maximum belongs to each triplet.",
        _loss(hinge=lambda near, far, alpha: near - far + alpha, together=lambda x: np.maximum(np.sum(x), 0)),
    ),
    Mistake(
        "axis missing",
        "Your distances are sums over the whole batch, one number each, so that the margin is added once and one "
        "maximum is taken. Sum over the last axis only: one distance a triplet.",
        _loss(distance=lambda u, v: np.sum((u - v) ** 2)),
    ),
    Mistake(
        "sum over the batch's axis",
        "Your distances have one number for each of the d places of an encoding, not for each triplet: you sum over "
        "axis 0. A distance adds up the places of one encoding.",
        _loss(distance=lambda u, v: np.sum((u - v) ** 2, axis=0)),
    ),
    Mistake(
        "absolute differences",
        "You add up absolute differences, the L1 distance. The formula has squared ones.",
        _loss(distance=lambda u, v: np.sum(np.abs(u - v), axis=-1)),
    ),
    Mistake(
        "root taken",
        "Your distances are Euclidean. In the loss they are squared: leave the root away.",
        _loss(distance=lambda u, v: np.linalg.norm(u - v, axis=-1)),
    ),
    Mistake(
        "mean over the places of an encoding",
        "You average the squared differences over the places of an encoding. A squared distance is their sum; with the "
        "mean the margin would be d times too large.",
        _loss(distance=lambda u, v: np.mean((u - v) ** 2, axis=-1)),
    ),
    Mistake(
        "margin subtracted",
        "The margin has the wrong sign: you let the negative be *nearer* by α at no cost. It should be farther by α.",
        _loss(hinge=lambda near, far, alpha: np.maximum(near - far - alpha, 0)),
    ),
    Mistake(
        "margin outside the maximum",
        "You add α after the maximum, so that every triplet costs at least α, settled or not. It belongs inside.",
        _loss(hinge=lambda near, far, alpha: np.maximum(near - far, 0) + alpha),
    ),
    Mistake(
        "no margin",
        "α does not appear. Without it, all encodings equal would cost nothing.",
        _loss(hinge=lambda near, far, alpha: np.maximum(near - far, 0)),
    ),
    Mistake(
        "margin fixed",
        "With a margin of .2 all is right; with another one it is not. Use the argument `alpha`, not the number.",
        _loss(hinge=lambda near, far, alpha: np.maximum(near - far + 0.2, 0)),
    ),
    Mistake(
        "no maximum",
        "The maximum with 0 is missing: triplets that are settled by far make your sum smaller, and negatives would be "
        "pushed away for ever.",
        _loss(hinge=lambda near, far, alpha: near - far + alpha),
    ),
    Mistake(
        "minimum for maximum",
        "You keep what is *below* 0. It is the triplets above 0 that are not yet settled.",
        _loss(hinge=lambda near, far, alpha: np.minimum(near - far + alpha, 0)),
    ),
    Mistake(
        "positive and negative swapped",
        "Positive and negative have changed places: your loss pulls strangers together. Near is the distance to the "
        "positive.",
        _loss(order=lambda a, p, n: (a, n, p)),
    ),
    Mistake(
        "anchor and positive swapped",
        "You measure the negative's distance from the *positive*. Both distances start at the anchor; check the order "
        "in which you unpack.",
        _loss(order=lambda a, p, n: (p, a, n)),
    ),
    Mistake(
        "mean over the batch",
        "You return the mean over the batch. Asked for is the sum, as in the paper; a training loop may divide later.",
        _loss(together=np.mean),
    ),
    Mistake(
        "one loss a triplet returned",
        "You return one number for each triplet. Add them up.",
        _loss(together=lambda x: x),
    ),
)


_BELOW_ZERO = (
    "All is right but for rounding: some of your squared distances are a little below 0, and their root would not be a "
    "number. Lift them to 0."
)


def pairwise_distances_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give sets of unit and other length, more rows than columns and fewer, one row, and rows that nearly agree."""
    yield Case("encodings of length 1", {"encodings": _unit(rng, 5, 3)})
    yield Case("encodings of length 1", {"encodings": _unit(rng, 4, 9, np.float32)})
    yield Case("encodings of length 1", {"encodings": _unit(rng, 1, 4)})
    for n, d in ((6, 4), (4, 4), (3, 6)):
        scale = rng.uniform(0.5, 2, (n, 1))
        yield Case("encodings of any length", {"encodings": scale * _unit(rng, n, d)})
    for n, d in ((60, 24), (50, 31)):
        twice = np.repeat(_unit(rng, n // 2, d, np.float32), 2, axis=0)
        yield Case("encodings that agree", {"encodings": twice})


def pairwise_distances_oracle(encodings) -> np.ndarray:
    """Return SciPy's, in double precision."""
    return cdist(np.float64(encodings), np.float64(encodings), "sqeuclidean")


def pairwise_distances_invariant(case: Case, arrays: Arrays) -> str:
    """No squared distance is below 0."""
    return _BELOW_ZERO if (arrays["result"] < 0).any() else ""


def _squares(x):
    return np.sum(x**2, axis=1)


def _by_product(formula: Callable) -> Callable:
    """Turn a formula of squared lengths and the product of all pairs into a function of encodings."""
    return lambda encodings: formula(encodings, _squares(encodings), encodings @ encodings.T)


PAIRWISE_DISTANCES_MISTAKES = (
    Mistake(
        "below zero by rounding",
        _BELOW_ZERO,
        _by_product(lambda x, s, product: s[:, None] + s - 2 * product),
    ),
    Mistake(
        "root taken",
        "You take the root. Losses and mining work with squared distances.",
        _by_product(lambda x, s, product: np.sqrt(np.maximum(s[:, None] + s - 2 * product, 0))),
    ),
    Mistake(
        "product counted once",
        "The product of a pair counts twice: (a − b)² = a² + b² − **2**ab. Look at the diagonal, which should be 0.",
        _by_product(lambda x, s, product: np.maximum(s[:, None] + s - product, 0)),
    ),
    Mistake(
        "product added",
        "You add the product of a pair. Encodings that point the same way are *near* each other: it is taken away.",
        _by_product(lambda x, s, product: s[:, None] + s + 2 * product),
    ),
    Mistake(
        "length 1 taken for granted",
        "For encodings of length 1 all is right: there ‖a‖² + ‖b‖² is 2. Your function is also asked about others; add "
        "up their squared lengths.",
        _by_product(lambda x, s, product: np.maximum(2 - 2 * product, 0)),
    ),
    Mistake(
        "lengths not squared",
        "You add lengths. In ‖a‖² + ‖b‖² − 2 a·b they are squared; for encodings of length 1 that hides.",
        _by_product(lambda x, s, product: np.maximum(np.sqrt(s)[:, None] + np.sqrt(s) - 2 * product, 0)),
    ),
    Mistake(
        "own length twice",
        "You add each row's own squared length twice, ‖a‖² + ‖a‖². The other one's belongs there too: once as a "
        "column, once as a row.",
        _by_product(lambda x, s, product: np.maximum(2 * s[:, None] - 2 * product, 0)),
    ),
    Mistake(
        "similarity returned",
        "That is the table of products a·b: large for encodings that agree. A distance is 0 there.",
        _by_product(lambda x, s, product: product),
    ),
    Mistake(
        "cosine distance",
        "That is 1 − a·b, the cosine distance: half of what is asked for encodings of length 1, and something else for "
        "all others.",
        _by_product(lambda x, s, product: np.maximum(1 - product, 0)),
    ),
    Mistake(
        "absolute differences",
        "You add up absolute differences. Square them.",
        lambda encodings: np.abs(encodings[:, None] - encodings).sum(axis=-1),
    ),
    Mistake(
        "mean over the places of an encoding",
        "You average the squared differences over the d places. A squared distance is their sum.",
        lambda encodings: ((encodings[:, None] - encodings) ** 2).mean(axis=-1),
    ),
    Mistake(
        "one half of the table",
        "Half of the table is empty: the distance from b to a is that from a to b, and both places are wanted.",
        lambda encodings: np.triu(((encodings[:, None] - encodings) ** 2).sum(axis=-1)),
    ),
)


def _people(rng: np.random.Generator, counts: list[int], spread: float = 0.35, d: int = 4):
    """Draw squared distances and labels of people with so many pictures each, shuffled; labels do not begin at 0."""
    centres = _unit(rng, len(counts), d)
    labels = rng.permutation(np.repeat(rng.permutation(np.arange(3, 3 + len(counts))), counts))
    x = _near(rng, centres[labels - 3], spread)
    return cdist(x, x, "sqeuclidean"), labels


def _mining(group: str, distances, labels, alpha: float | None = None) -> Case:
    return Case(group, {"distances": distances, "labels": labels}, {} if alpha is None else {"alpha": alpha})


def hardest_triplets_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give people with equally many pictures, with one only, and batches without any triplet."""
    for counts in ([3, 3, 3], [2, 4, 3, 2]):
        yield _mining("everybody several times", *_people(rng, counts, 0.6))
    yield _mining("everybody several times", *_people(rng, [4, 4], 0.2))
    for counts in ([3, 1, 2], [1, 1, 4]):
        yield _mining("some people once", *_people(rng, counts, 0.6))
    yield _mining("some people once", *_people(rng, [1, 3, 1, 1, 2], 0.3))
    # Nobody to be told from, and nobody twice.
    yield _mining("some people once", *_people(rng, [4], 0.5))
    yield _mining("some people once", *_people(rng, [1, 1, 1], 0.5))


def _every_triplet(labels) -> list[tuple[int, int, int]]:
    rows = range(len(labels))
    pairs = [(a, p) for a in rows for p in rows if a != p and labels[a] == labels[p]]
    return [(a, p, n) for a, p in pairs for n in rows if labels[n] != labels[a]]


def hardest_triplets_oracle(distances, labels) -> np.ndarray:
    """Of all triplets of an anchor, return the one with the largest loss."""
    best: dict[int, tuple[int, int, int]] = {}
    for a, p, n in _every_triplet(labels):
        kept = best.setdefault(a, (a, p, n))
        if distances[a, p] - distances[a, n] > distances[a, kept[1]] - distances[a, kept[2]]:
            best[a] = (a, p, n)
    return np.array([best[a] for a in sorted(best)], int).reshape(-1, 3)


def _masks(labels, diagonal: bool = False):
    same = labels[:, None] == labels
    different = ~same
    if not diagonal:
        np.fill_diagonal(same, False)
    return same, different


def _farthest(distances, allowed):
    return np.where(allowed, distances, -np.inf).argmax(axis=1)


def _nearest(distances, allowed):
    return np.where(allowed, distances, np.inf).argmin(axis=1)


def _hardest(
    positive: Callable = lambda d, same, different: _farthest(d, same),
    negative: Callable = lambda d, same, different: _nearest(d, different),
    diagonal: bool = False,
    keep: Callable = lambda same, different: same.any(axis=1) & different.any(axis=1),
    result: Callable = lambda a, p, n, d: np.stack([a, p, n], axis=1),
) -> Callable:
    """Return a batch-hard mining with one of its parts exchanged."""

    def wrong(distances, labels):
        same, different = _masks(labels, diagonal)
        anchors = np.flatnonzero(keep(same, different))
        p, n = positive(distances, same, different), negative(distances, same, different)
        return result(anchors, p[anchors], n[anchors], distances)

    return wrong


def _negative_nearest_to_positive(distances, labels):
    same, different = _masks(labels)
    anchors = np.flatnonzero(same.any(axis=1) & different.any(axis=1))
    positive = _farthest(distances, same)[anchors]
    negative = np.where(different[anchors], distances[positive], np.inf).argmin(axis=1)
    return np.stack([anchors, positive, negative], axis=1)


def _one_triplet_of_all(distances, labels):
    same, different = _masks(labels)
    if not (same.any(axis=1) & different.any(axis=1)).any():
        return np.zeros((0, 3), int)
    loss = np.where(same, distances, -np.inf).max(axis=1) - np.where(different, distances, np.inf).min(axis=1)
    a = loss.argmax()
    return np.array([[a, _farthest(distances, same)[a], _nearest(distances, different)[a]]])


HARDEST_TRIPLETS_MISTAKES = (
    Mistake(
        "nearest positive",
        "You take the *nearest* picture of the same person, the easiest positive. Hard is the farthest.",
        _hardest(positive=lambda d, same, different: _nearest(d, same)),
    ),
    Mistake(
        "farthest negative",
        "You take the *farthest* stranger, the easiest negative. Hard is the nearest.",
        _hardest(negative=lambda d, same, different: _farthest(d, different)),
    ),
    Mistake(
        "easiest of both",
        "Nearest positive and farthest negative are the *easiest* triplets: both comparisons are the wrong way round.",
        _hardest(
            positive=lambda d, same, different: _nearest(d, same),
            negative=lambda d, same, different: _farthest(d, different),
        ),
    ),
    Mistake(
        "mask multiplied",
        "Multiplying with a mask puts a 0 wherever nobody may be chosen, and a minimum falls for the zeros: your "
        "negatives show the anchor's own person. Fill these places with something that never wins.",
        _hardest(
            positive=lambda d, same, different: (d * same).argmax(axis=1),
            negative=lambda d, same, different: (d * different).argmin(axis=1),
        ),
    ),
    Mistake(
        "farthest of all",
        "Your positive is the farthest of *all* pictures. Only those of the anchor's own person may be chosen.",
        _hardest(positive=lambda d, same, different: _farthest(d, np.ones_like(same))),
    ),
    Mistake(
        "nearest of all others",
        "Your negative is the nearest of all *other pictures*, those of the same person among them. It must show "
        "somebody else.",
        _hardest(
            negative=lambda d, same, different: _nearest(d, ~np.eye(len(d), dtype=bool)),
        ),
    ),
    Mistake(
        "anchor counted as its own positive",
        "People with one picture come back as their own positive, at a distance of 0. A picture is no positive of "
        "itself: clear the diagonal of the mask, then such anchors drop out.",
        _hardest(diagonal=True),
    ),
    Mistake(
        "impossible anchors kept",
        "An anchor without any positive, or without any negative, has no triplet; you return one for it all the same, "
        "with the row that `argmax` names when nothing may be chosen.",
        _hardest(keep=lambda same, different: np.ones(len(same), bool)),
    ),
    Mistake(
        "anchors without a negative kept",
        "When all pictures show one person there is no negative and no triplet. Ask for both before you keep an "
        "anchor.",
        _hardest(keep=lambda same, different: same.any(axis=1)),
    ),
    Mistake(
        "columns in another order",
        "The rows are right, their order is anchor, negative, positive. Wanted is anchor, positive, negative.",
        _hardest(result=lambda a, p, n, d: np.stack([a, n, p], axis=1)),
    ),
    Mistake(
        "anchors missing",
        "You return positives and negatives; the anchors' own rows belong in front of them.",
        _hardest(result=lambda a, p, n, d: np.stack([p, n], axis=1)),
    ),
    Mistake(
        "distances returned",
        "You return how far positives and negatives are. Wanted is *who* they are: their rows.",
        _hardest(result=lambda a, p, n, d: np.stack([a, d[a, p], d[a, n]], axis=1)),
    ),
    Mistake(
        "transposed",
        "The triplets stand in columns, (3, anchors). Wanted is one triplet a row.",
        _hardest(result=lambda a, p, n, d: np.stack([a, p, n])),
    ),
    Mistake(
        "negative nearest to the positive",
        "Your negatives are nearest to the *positive*. The loss compares distances from the anchor.",
        _negative_nearest_to_positive,
    ),
    Mistake(
        "one triplet for the whole batch",
        "You return the hardest triplet of the whole batch. Wanted is one for each anchor.",
        _one_triplet_of_all,
    ),
)


def semi_hard_triplets_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give crowds with many and few semi-hard triplets, several margins, borders met exactly, and none at all."""
    yield _mining("the usual margin", *_people(rng, [3, 3, 3], 0.4))
    yield _mining("the usual margin", *_people(rng, [2, 4, 3, 1], 0.5))
    yield _mining("the usual margin", *_people(rng, [3, 3, 2], 0.6))
    for alpha in (0.05, 0.6, 1.5):
        yield _mining("other margins", *_people(rng, [3, 2, 4], 0.5), alpha)
    for _ in range(3):
        yield _mining("negatives exactly on a border", *_on_borders(rng), 0.25)
    # People so far apart, and people so much alike, that there is none.
    yield _mining("other margins", *_people(rng, [2, 2], 0.01, d=2), 0.01)
    yield _mining("negatives exactly on a border", *_people(rng, [1, 1, 1], 0.5), 0.25)


def _on_borders(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw distances in 64ths; some negatives are exactly as far as a positive, some by exactly 1/4 farther."""
    labels = rng.permutation(np.repeat([4, 5, 6], [3, 3, 2]))
    n = len(labels)
    same = labels[:, None] == labels
    while True:
        above = np.triu(rng.integers(8, 72, (n, n)), 1)
        d = (above + above.T) / 64
        different = ~same
        inner = outer = 0
        ties = any(len(set(row[~mine])) < (~mine).sum() for row, mine in zip(d, same, strict=True))
        for a, p in np.argwhere(same & ~np.eye(n, dtype=bool)):
            row = d[a][different[a]]
            between = (row > d[a, p]) & (row < d[a, p] + 0.25)
            inner += int((row == d[a, p]).any())
            outer += int((row == d[a, p] + 0.25).any() and not between.any())
        if inner and outer and not ties:
            return d, labels


def semi_hard_triplets_oracle(distances, labels, alpha=0.2) -> np.ndarray:
    """Of all triplets of a pair that are settled but cost something, return the one with the largest loss."""
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    for a, p, n in _every_triplet(labels):
        if not distances[a, p] < distances[a, n] < distances[a, p] + alpha:
            continue
        kept = best.setdefault((a, p), (a, p, n))
        if distances[a, n] < distances[a, kept[2]]:
            best[a, p] = (a, p, n)
    return np.array([best[pair] for pair in sorted(best)], int).reshape(-1, 3)


def _semi(
    zone: Callable = lambda near, row, alpha: (row > near) & (row < near + alpha),
    choose: Callable = lambda row, allowed: [int(np.where(allowed, row, np.inf).argmin())],
    diagonal: bool = False,
    otherwise: Callable | None = None,
    pairs: Callable = lambda d, same: np.argwhere(same),
    order: Callable = lambda a, p, n: (a, p, n),
) -> Callable:
    """Return a semi-hard mining with one of its parts exchanged."""

    def wrong(distances, labels, alpha=0.2):
        same, different = _masks(labels, diagonal)
        found = []
        for a, p in pairs(distances, same):
            allowed = different[a] & zone(distances[a, p], distances[a], alpha)
            if allowed.any():
                found += [order(a, p, n) for n in choose(distances[a], allowed)]
            elif otherwise is not None and different[a].any():
                found.append(order(a, p, otherwise(distances[a], different[a])))
        return np.array(found, int).reshape(-1, 3)

    return wrong


def _farthest_positive_only(distances, same):
    return [(a, _farthest(distances, same)[a]) for a in np.flatnonzero(same.any(axis=1))]


SEMI_HARD_TRIPLETS_MISTAKES = (
    Mistake(
        "hard ones too",
        "Your negatives may be *nearer* than the positive: those are the hard ones. Semi-hard begins beyond the "
        "positive.",
        _semi(zone=lambda near, row, alpha: row < near + alpha),
    ),
    Mistake(
        "easy ones too",
        "You keep pairs whose nearest farther negative is beyond the margin. Such a triplet costs nothing and teaches "
        "nothing: it is an easy one.",
        _semi(zone=lambda near, row, alpha: row > near),
    ),
    Mistake(
        "zone before the positive",
        "You look *before* the positive, between d − α and d. The zone begins at the positive and ends α beyond it.",
        _semi(zone=lambda near, row, alpha: (row < near) & (row > near - alpha)),
    ),
    Mistake(
        "hard ones only",
        "Those are the hard negatives, nearer than the positive. Semi-hard ones are farther, by less than the margin.",
        _semi(zone=lambda near, row, alpha: row < near),
    ),
    Mistake(
        "margin fixed",
        "With a margin of .2 all is right, with another one it is not: use the argument `alpha`.",
        _semi(zone=lambda near, row, alpha: (row > near) & (row < near + 0.2)),
    ),
    Mistake(
        "inner border included",
        "A negative exactly as far as the positive is not farther: the comparison is strict.",
        _semi(zone=lambda near, row, alpha: (row >= near) & (row < near + alpha)),
    ),
    Mistake(
        "outer border included",
        "A negative farther by exactly the margin costs nothing any more: the comparison is strict.",
        _semi(zone=lambda near, row, alpha: (row > near) & (row <= near + alpha)),
    ),
    Mistake(
        "farthest of the zone",
        "Of the negatives in the zone you take the farthest. Wanted is the nearest, which costs most.",
        _semi(choose=lambda row, allowed: [int(np.where(allowed, row, -np.inf).argmax())]),
    ),
    Mistake(
        "first of the zone",
        "Of the negatives in the zone you take the first that you meet. Wanted is the nearest.",
        _semi(choose=lambda row, allowed: [int(allowed.argmax())]),
    ),
    Mistake(
        "all of the zone",
        "You return every negative of the zone. Wanted is one a pair, the nearest.",
        _semi(choose=lambda row, allowed: np.flatnonzero(allowed).tolist()),
    ),
    Mistake(
        "pairs of a picture with itself",
        "An anchor is paired with itself, at a distance of 0, and then strangers nearer than α count. Clear the "
        "diagonal of the mask.",
        _semi(diagonal=True),
    ),
    Mistake(
        "each pair once",
        "You take each pair of pictures once. As (a, p) and as (p, a) it makes two triplets, with negatives of their "
        "own: the anchor is another one.",
        _semi(pairs=lambda d, same: np.argwhere(np.triu(same))),
    ),
    Mistake(
        "farthest positive only",
        "You pair each anchor with its farthest positive only. Here every positive has its turn.",
        _semi(pairs=_farthest_positive_only),
    ),
    Mistake(
        "hardest where there is none",
        "Where a pair has no semi-hard negative you return the nearest of all. Such a pair is left out.",
        _semi(otherwise=lambda row, different: int(np.where(different, row, np.inf).argmin())),
    ),
    Mistake(
        "columns in another order",
        "The rows are right, their order is anchor, negative, positive. Wanted is anchor, positive, negative.",
        _semi(order=lambda a, p, n: (a, n, p)),
    ),
)


def roc_and_equal_error_rate_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give pairs well and badly told apart, far more strangers than friends, and thresholds that are met exactly."""
    for gap, thresholds in ((0.3, np.linspace(0, 2, 21)), (0.6, np.linspace(0.6, 2.2, 17))):
        yield _pairs(rng, "pairs of both kinds", 20, 20, gap, thresholds)
    for friends, strangers in ((8, 60), (40, 11)):
        yield _pairs(rng, "more of one kind", friends, strangers, 0.4, np.linspace(0.05, 1.95, 20))
    for _ in range(2):
        yield _pairs(rng, "distances equal to a threshold", 15, 24, 0.4, np.arange(33) / 16, rounded=True)


def _pairs(rng, group: str, friends: int, strangers: int, gap: float, thresholds, rounded=False) -> Case:
    """Draw pairs until it is clear which threshold the equal error rate belongs to."""
    while True:
        distances = np.concatenate([rng.normal(0.8, 0.3, friends), rng.normal(0.8 + gap, 0.3, strangers)])
        distances = np.clip(distances, 0.02, 1.98)
        if rounded:
            distances = np.round(distances * 16) / 16
        order = rng.permutation(friends + strangers)
        same = (np.arange(friends + strangers) < friends)[order]
        false_accept, true_accept = _rates(distances[order], same, thresholds)
        gaps = np.abs(false_accept + true_accept - 1)
        nearest = (false_accept + 1 - true_accept)[gaps < gaps.min() + 1e-9]
        if gaps.min() > 1e-6 and np.ptp(nearest) < 1e-9:
            arrays = {"distances": distances[order], "same": same, "thresholds": thresholds}
            return Case(group, arrays)


def _rates(distances, same, thresholds) -> tuple[np.ndarray, np.ndarray]:
    false_accept, true_accept = (ecdf(distances[kind]).cdf.evaluate(thresholds) for kind in (~same, same))
    return false_accept, true_accept


def roc_and_equal_error_rate_oracle(distances, same, thresholds) -> tuple[np.ndarray, np.ndarray, float]:
    """Take the rates of accepts for empirical distribution functions, SciPy's."""
    false_accept, true_accept = _rates(distances, same, thresholds)
    best = np.abs(false_accept - (1 - true_accept)).argmin()
    return false_accept, true_accept, float((false_accept[best] + 1 - true_accept[best]) / 2)


def _roc(
    accept: Callable = lambda d, t: d <= t,
    rates: Callable = lambda accepted, same: (
        accepted[:, ~same].mean(axis=1),
        accepted[:, same].mean(axis=1),
    ),
    best: Callable = lambda far, frr: int(np.abs(far - frr).argmin()),
    error: Callable = lambda far, frr, i, t: (far[i] + frr[i]) / 2,
    result: Callable = lambda far, tar, eer: (far, tar, eer),
) -> Callable:
    """Return a ROC with one of its parts exchanged."""

    def wrong(distances, same, thresholds):
        far, tar = rates(accept(distances, thresholds[:, None]), same)
        return result(far, tar, error(far, 1 - tar, best(far, 1 - tar), thresholds))

    return wrong


def _shares_of_accepted(accepted, same):
    total = np.maximum(accepted.sum(axis=1), 1)
    return (accepted & ~same).sum(axis=1) / total, (accepted & same).sum(axis=1) / total


ROC_MISTAKES = (
    Mistake(
        "far pairs accepted",
        "You accept pairs whose distance is *above* the threshold. These are distances, not similarities: near means "
        "the same person.",
        _roc(accept=lambda d, t: d >= t),
    ),
    Mistake(
        "threshold itself refused",
        "A distance exactly at the threshold is accepted; you refuse it.",
        _roc(accept=lambda d, t: d < t),
    ),
    Mistake(
        "shares of all pairs",
        "You divide by the number of all pairs. Each rate is a share of its own kind: false accepts of the pairs of "
        "different people, true accepts of the pairs of one person.",
        _roc(rates=lambda accepted, same: ((accepted & ~same).mean(axis=1), (accepted & same).mean(axis=1))),
    ),
    Mistake(
        "shares of the accepted",
        "You divide by the number of accepted pairs, which tells how far an accept can be believed (precision). Each "
        "rate is a share of its own kind of pairs.",
        _roc(rates=_shares_of_accepted),
    ),
    Mistake(
        "counts",
        "You count pairs. The rates are shares: divide by how many pairs of that kind there are.",
        _roc(rates=lambda accepted, same: (accepted[:, ~same].sum(axis=1), accepted[:, same].sum(axis=1))),
    ),
    Mistake(
        "the two curves swapped",
        "False and true accepts have changed places. False are accepts of pairs of *different* people.",
        _roc(result=lambda far, tar, eer: (tar, far, eer)),
    ),
    Mistake(
        "false rejects returned",
        "In the second place you return false *rejects*. Wanted are true accepts, 1 minus that.",
        _roc(result=lambda far, tar, eer: (far, 1 - tar, eer)),
    ),
    Mistake(
        "kinds swapped",
        "You take the pairs of one person for pairs of strangers: `same` is True where both pictures show one person.",
        _roc(rates=lambda accepted, same: (accepted[:, same].mean(axis=1), accepted[:, ~same].mean(axis=1))),
    ),
    Mistake(
        "false accepts equal to true accepts",
        "Both curves are right. For the equal error rate you look where false accepts equal *true accepts*. Equal are "
        "the two errors: false accepts and false rejects.",
        _roc(best=lambda far, frr: int(np.abs(far - (1 - frr)).argmin())),
    ),
    Mistake(
        "difference without its sign dropped",
        "Both curves are right. The smallest difference of the two errors is the most *negative* one, at the first "
        "threshold: you want the one nearest to 0.",
        _roc(best=lambda far, frr: int((far - frr).argmin())),
    ),
    Mistake(
        "smallest total error",
        "Both curves are right. You look where the two errors add up to the least. Equal error rate: where they come "
        "nearest to each other.",
        _roc(best=lambda far, frr: int((far + frr).argmin())),
    ),
    Mistake(
        "threshold returned",
        "Both curves are right, and so is the place. Returned is the threshold there; wanted is the error rate.",
        _roc(error=lambda far, frr, i, t: t[i]),
    ),
    Mistake(
        "row returned",
        "Both curves are right, and so is the place. Returned is its row; wanted is the error rate there.",
        _roc(error=lambda far, frr, i, t: i),
    ),
    Mistake(
        "difference returned",
        "Both curves are right, and so is the place. Returned is how much the two errors differ there; wanted is how "
        "large they are, the mean of the two.",
        _roc(error=lambda far, frr, i, t: abs(far[i] - frr[i])),
    ),
    Mistake(
        "false accepts alone",
        "Both curves are right. As the equal error rate you return the false accepts; the two errors are seldom "
        "exactly equal, so the mean of both is wanted.",
        _roc(error=lambda far, frr, i, t: far[i]),
    ),
    Mistake(
        "sum of both errors",
        "Both curves are right. You add the two errors; wanted is their mean.",
        _roc(error=lambda far, frr, i, t: far[i] + frr[i]),
    ),
)

ANSWERS = {
    "triplet_loss": Answer(triplet_loss_cases, triplet_loss_oracle, mistakes=TRIPLET_LOSS_MISTAKES),
    "pairwise_distances": Answer(
        pairwise_distances_cases,
        pairwise_distances_oracle,
        pairwise_distances_invariant,
        mistakes=PAIRWISE_DISTANCES_MISTAKES,
    ),
    "hardest_triplets": Answer(
        hardest_triplets_cases, hardest_triplets_oracle, mistakes=HARDEST_TRIPLETS_MISTAKES
    ),
    "semi_hard_triplets": Answer(
        semi_hard_triplets_cases, semi_hard_triplets_oracle, mistakes=SEMI_HARD_TRIPLETS_MISTAKES
    ),
    "roc_and_equal_error_rate": Answer(
        roc_and_equal_error_rate_cases, roc_and_equal_error_rate_oracle, mistakes=ROC_MISTAKES
    ),
}
