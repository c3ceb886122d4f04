"""Week 4, lesson 9, deep one-class classification: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial import KDTree

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def compactness_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give batches of several sizes, the smallest possible, vectors far from 0, and a point without any spread."""
    for n, d in ((5, 3), (8, 2)):
        yield Case("batches", {"features": _features(rng, n, d)})
    yield Case("small batches", {"features": _features(rng, 2, 4)})
    yield Case("small batches", {"features": _features(rng, 3, 1)})
    yield Case("far from zero", {"features": _features(rng, 6, 4) + np.float32(5)})
    yield Case("far from zero", {"features": np.tile(_features(rng, 1, 4), (5, 1))})


def _features(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(0.5, 1, (n, d)).astype(np.float32)


def compactness_loss_oracle(features) -> float:
    """Return n² / (n − 1)² times the variance of each column, averaged: what the definition comes to."""
    features = np.asarray(features, np.float64)
    n = len(features)
    return (n / (n - 1)) ** 2 * np.var(features, axis=0).mean()


def _compactness(
    others: Callable = lambda x: (x.sum(axis=0) - x) / (len(x) - 1),
    differ: Callable = np.square,
    combine: Callable = np.mean,
):
    """Return a `compactness_loss` with one of its parts exchanged."""

    def wrong(features):
        x = np.asarray(features, np.float64)
        return combine(differ(x - others(x)))

    return wrong


COMPACTNESS_MISTAKES = (
    Mistake(
        "mean of all",
        "You compare each vector with the mean of all, itself included. In a batch of two that halves every "
        "difference. Leave it out of its own mean.",
        _compactness(others=lambda x: x.mean(axis=0)),
    ),
    Mistake(
        "divided by n",
        "The sum of the others is right, but there are only n − 1 of them.",
        _compactness(others=lambda x: (x.sum(axis=0) - x) / len(x)),
    ),
    Mistake(
        "mean over the wrong axis",
        "Your mean runs along the features of one vector. It should run over the vectors of the batch, "
        "feature by feature: axis 0.",
        _compactness(others=lambda x: x.mean(axis=1, keepdims=True)),
    ),
    Mistake(
        "not squared",
        "Positive and negative differences cancel. Square them.",
        _compactness(differ=lambda x: x),
    ),
    Mistake(
        "absolute values",
        "You take absolute values. Squares are asked for: far outliers are to cost more.",
        _compactness(differ=np.abs),
    ),
    Mistake(
        "sum",
        "You sum. Then the loss grows with the batch and with the number of features; it is averaged over "
        "both.",
        _compactness(combine=np.sum),
    ),
    Mistake(
        "averaged over the batch only",
        "You sum over the features. The definition divides by n and by d.",
        _compactness(combine=lambda each: each.sum(axis=1).mean()),
    ),
    Mistake(
        "root taken",
        "There is a root too much.",
        _compactness(combine=lambda each: np.sqrt(each.mean())),
    ),
    Mistake(
        "distance from zero",
        "You measure how far the vectors are from 0. Compact means close to each other, wherever that is.",
        _compactness(others=lambda x: 0),
    ),
    Mistake(
        "sign turned",
        "Yours is smallest where the vectors lie farthest apart. A loss falls towards what is wanted.",
        _compactness(combine=lambda each: -each.mean()),
    ),
)


def anomaly_score_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give the default, one neighbour, all of them, a vector that is known, and more vectors than known ones."""
    for n, m in ((4, 9), (10, 6)):
        yield _score_case("the default", rng, n, m, 3)
    for n, m, k in ((5, 7, 1), (3, 8, 3)):
        yield _score_case("other numbers of neighbours", rng, n, m, 4, k=k)
    known = rng.normal(size=(7, 3))
    yield Case("special vectors", {"features": known[:3].copy(), "known": known}, {"k": 2})
    yield _score_case("special vectors", rng, 2, 4, 2, k=4)


def _score_case(group: str, rng: np.random.Generator, n: int, m: int, d: int, **params: int) -> Case:
    return Case(group, {"features": rng.normal(size=(n, d)), "known": rng.normal(size=(m, d))}, params)


def anomaly_score_oracle(features, known, k=5) -> np.ndarray:
    """Ask SciPy's tree for the neighbours, one after the other."""
    found = KDTree(known).query(features, list(range(1, k + 1)))[0]
    return found.mean(axis=1)


def _score(
    measure: Callable = lambda difference: np.sqrt((difference**2).sum(axis=-1)),
    choose: Callable = lambda every, k: np.sort(every, axis=1)[:, :k],
    combine: Callable = lambda nearest: nearest.mean(axis=1),
    swap: bool = False,
):
    """Return an `anomaly_score` with one of its parts exchanged."""

    def wrong(features, known, k=5):
        if swap:
            features, known = known, features
        return combine(choose(measure(features[:, None] - known[None]), k))

    return wrong


ANOMALY_MISTAKES = (
    Mistake(
        "squared distances",
        "Your distances are squared, so one far neighbour outweighs the others. Take the root before the "
        "mean.",
        _score(measure=lambda difference: (difference**2).sum(axis=-1)),
    ),
    Mistake(
        "city blocks",
        "You sum absolute differences. The Euclidean distance is the root of the summed squares.",
        _score(measure=lambda difference: np.abs(difference).sum(axis=-1)),
    ),
    Mistake(
        "farthest instead of nearest",
        "You keep the largest distances. Even a normal vector is far from *some* known one; the nearest tell.",
        _score(choose=lambda every, k: np.sort(every, axis=1)[:, -k:]),
    ),
    Mistake(
        "the k-th alone",
        "You return the distance to the k-th neighbour. Asked for is the mean over the first k.",
        _score(choose=lambda every, k: np.sort(every, axis=1)[:, k - 1 : k]),
    ),
    Mistake(
        "the nearest alone",
        "Only the nearest counts in your version. One odd known example could then make an anomaly look "
        "normal.",
        _score(choose=lambda every, k: np.sort(every, axis=1)[:, :1]),
    ),
    Mistake(
        "mean over all known ones",
        "You average over all known vectors. k does not enter.",
        _score(choose=lambda every, k: every),
    ),
    Mistake(
        "not sorted",
        "You take the first k known vectors as they come. Sort the distances of each row first.",
        _score(choose=lambda every, k: every[:, :k]),
    ),
    Mistake(
        "one neighbour too many",
        "You take k + 1 neighbours.",
        _score(choose=lambda every, k: np.sort(every, axis=1)[:, : k + 1]),
    ),
    Mistake(
        "the vector itself left out",
        "You drop the nearest neighbour, as one does when a set is compared with itself. Here known vectors "
        "and judged ones are different sets.",
        _score(choose=lambda every, k: np.sort(every, axis=1)[:, 1 : k + 1]),
    ),
    Mistake(
        "sum for the mean",
        "You sum the k distances. Then scores of different k cannot be compared.",
        _score(combine=lambda nearest: nearest.sum(axis=1)),
    ),
    Mistake(
        "roles exchanged",
        "You return one score for each *known* vector. The features are what is to be judged.",
        _score(swap=True),
    ),
    Mistake(
        "sign turned",
        "Your scores are negative: an anomaly is to have a large score.",
        _score(combine=lambda nearest: -nearest.mean(axis=1)),
    ),
)

ANSWERS = {
    "compactness_loss": Answer(
        compactness_loss_cases, compactness_loss_oracle, mistakes=COMPACTNESS_MISTAKES
    ),
    "anomaly_score": Answer(anomaly_score_cases, anomaly_score_oracle, mistakes=ANOMALY_MISTAKES),
}
