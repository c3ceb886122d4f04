"""Week 4, lesson 1, face verification: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial.distance import cdist

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

_NAMES = ("Amara", "Bjarne", "Chiyo", "Dara", "Emre", "Farah")
_PATHS = ("camera/0712.jpg", "camera/front door.png", "guest.jpg", "frames/17.png")


def _directions(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Return n encodings of length 1, (n, d)."""
    x = rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def l2_normalize_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one vector, many, as many as they are long, and zeros."""
    for d, dtype in ((3, np.float64), (128, np.float32)):
        yield Case("one encoding", {"x": (rng.normal(size=d) * rng.uniform(0.5, 3)).astype(dtype)})
    for n, d, dtype in ((4, 6, np.float64), (5, 5, np.float64), (3, 128, np.float32)):
        x = rng.normal(size=(n, d)) * rng.uniform(0.5, 3, (n, 1))
        yield Case("many encodings, one a row", {"x": x.astype(dtype)})
    yield Case("many encodings, one a row", {"x": rng.normal(size=(2, 3, 4))})
    yield Case("a vector of zeros", {"x": np.zeros(4)})
    x = rng.normal(size=(3, 5))
    x[1] = 0
    yield Case("a vector of zeros", {"x": x})


def l2_normalize_oracle(x: np.ndarray) -> np.ndarray:
    """Divide each number by the hypotenuse of all of its row, two sides at a time."""
    flat = x.reshape(-1, x.shape[-1])
    result = np.zeros_like(flat)
    for row, out in zip(flat, result, strict=True):
        length = np.hypot.reduce(row)
        if length > 0:
            out[:] = row / length
    return result.reshape(x.shape)


def _divided_by(size: Callable) -> Callable:
    """Return a wrong `l2_normalize` that divides by another size than the length; zeros stay zeros."""

    def wrong(x):
        s = size(np.asarray(x))
        return x / np.where(s == 0, 1, s)

    return wrong


def _of_rows(size: Callable) -> Callable:
    return _divided_by(lambda x: size(x, axis=-1, keepdims=True))


def _axis_not_kept(x):
    return x / np.maximum(np.sqrt(np.sum(x**2, axis=-1)), 1e-12)


def _unguarded(x):
    return x / np.sqrt(np.sum(x**2, axis=-1, keepdims=True))


def _standardised(x):
    spread = x.std(axis=-1, keepdims=True)
    return (x - x.mean(axis=-1, keepdims=True)) / np.where(spread == 0, 1, spread)


def _to_the_unit_interval(x):
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    return (x - low) / np.where(high == low, 1, high - low)


L2_NORMALIZE_MISTAKES = (
    Mistake(
        "no square root",
        "You divide by the sum of squares. That is the length squared: its square root is missing.",
        _of_rows(lambda x, **how: np.sum(x**2, **how)),
    ),
    Mistake(
        "divided by the sum",
        "You divide by the sum of the numbers, which may be small or negative for a long vector. The length is the "
        "root of the sum of their *squares*.",
        _of_rows(np.sum),
    ),
    Mistake(
        "sum of absolute values (L1)",
        "You divide by the sum of absolute values, the L1 norm. Asked for is L2: squares, and a square root.",
        _of_rows(lambda x, **how: np.sum(np.abs(x), **how)),
    ),
    Mistake(
        "divided by the largest value",
        "Your largest number becomes 1. It is the *length* of the whole vector that should become 1.",
        _of_rows(lambda x, **how: np.max(np.abs(x), **how)),
    ),
    Mistake(
        "mean of squares",
        "You take the mean of the squares for their sum, so the length comes out as the root of d, not as 1.",
        _of_rows(lambda x, **how: np.sqrt(np.mean(x**2, **how))),
    ),
    Mistake(
        "one length for all rows",
        "One encoding is right. Of many you take one length for the whole array; each row has its own: sum along the "
        "last axis.",
        _divided_by(lambda x: np.sqrt(np.sum(x**2))),
    ),
    Mistake(
        "along the first axis",
        "You sum along the first axis, over different people. An encoding lies along the *last* axis.",
        _divided_by(lambda x: np.sqrt(np.sum(x**2, axis=0, keepdims=True))),
    ),
    Mistake(
        "summed axis not kept",
        "For one encoding this is right. For (n, d) the lengths have the shape (n,), which does not fit beside (n, d), "
        "or fits the wrong axis: keep the axis that you sum over.",
        _axis_not_kept,
    ),
    Mistake(
        "division by zero",
        "All is right but a vector of zeros: 0 divided by 0 is NaN. Its length must not be let down to 0.",
        _unguarded,
    ),
    Mistake(
        "standardised instead",
        "You subtract the mean and divide by the standard deviation. That moves the vector; wanted is the same "
        "direction with length 1.",
        _standardised,
    ),
    Mistake(
        "squeezed between 0 and 1",
        "You bring the smallest number to 0 and the largest to 1, as one does with pictures. Here the length is asked, "
        "and the direction stays.",
        _to_the_unit_interval,
    ),
    Mistake(
        "length returned",
        "You return how long the vectors are. Divide them by it.",
        lambda x: np.sqrt(np.sum(np.asarray(x) ** 2, axis=-1)),
    ),
)


def distance_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give encodings of length 1 and other vectors, one with one and one with many."""
    for d, dtype in ((2, np.float64), (128, np.float32), (7, np.float64)):
        a, b = _directions(rng, 2, d).astype(dtype)
        yield Case("two encodings", {"a": a, "b": b})
    yield Case("two encodings", {"a": rng.normal(size=4) * 2, "b": rng.normal(size=4)})
    a = rng.normal(size=5)
    yield Case("two encodings", {"a": a, "b": a})
    for n, d in ((3, 6), (4, 4)):
        yield Case("one encoding and many", {"a": _directions(rng, 1, d)[0], "b": _directions(rng, n, d)})
    yield Case("one encoding and many", {"a": rng.normal(size=(2, 3)), "b": rng.normal(size=3)})


def distance_oracle(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Ask SciPy for every distance, row by row."""
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    rows = zip(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]), strict=True)
    found = [cdist(one[None], other[None])[0, 0] for one, other in rows]
    return np.array(found).reshape(a.shape[:-1])


DISTANCE_MISTAKES = (
    Mistake(
        "squared distance",
        "That is the squared distance, as losses use it. For a threshold the plain one is asked: the square root is "
        "missing.",
        lambda a, b: np.sum((a - b) ** 2, axis=-1),
    ),
    Mistake(
        "L1 distance",
        "You add up absolute differences. The Euclidean distance adds up their squares and takes the root.",
        lambda a, b: np.sum(np.abs(a - b), axis=-1),
    ),
    Mistake(
        "largest difference",
        "You return the largest difference of two numbers. All of them count: the root of the sum of squares.",
        lambda a, b: np.max(np.abs(a - b), axis=-1),
    ),
    Mistake(
        "mean of squares",
        "You take the mean of the squares, not their sum. The distances come out smaller by the root of d, and no "
        "known threshold fits them.",
        lambda a, b: np.sqrt(np.mean((a - b) ** 2, axis=-1)),
    ),
    Mistake(
        "mean squared error",
        "That is the mean squared error. A distance has the sum for the mean, and a square root.",
        lambda a, b: np.mean((a - b) ** 2, axis=-1),
    ),
    Mistake(
        "similarity instead of distance",
        "You return the inner product, which is *large* for similar encodings. A distance is 0 for equal ones.",
        lambda a, b: np.sum(a * b, axis=-1),
    ),
    Mistake(
        "cosine distance",
        "You return 1 − a·b. For encodings of length 1 it puts pairs into the same order, but it is half the squared "
        "distance, not the distance.",
        lambda a, b: 1 - np.sum(a * b, axis=-1),
    ),
    Mistake(
        "all rows in one sum",
        "Two encodings are right. Of one with many you add up all rows; there is a distance to each: sum along the "
        "last axis only.",
        lambda a, b: np.sqrt(np.sum((a - b) ** 2)),
    ),
    Mistake(
        "along the first axis",
        "Two encodings are right. For many you sum over the people; sum over the numbers of an encoding, the last "
        "axis.",
        lambda a, b: np.sqrt(np.sum((a - b) ** 2, axis=0)),
    ),
    Mistake(
        "difference of the lengths",
        "You compare how long the two vectors are. All encodings have length 1, so that says nothing: take the length "
        "of the difference.",
        lambda a, b: np.abs(np.linalg.norm(a, axis=-1) - np.linalg.norm(b, axis=-1)),
    ),
    Mistake(
        "differences not squared",
        "You add up the differences themselves, and those above 0 cancel those below. Square them before you sum.",
        lambda a, b: np.abs(np.sum(a - b, axis=-1)),
    ),
    Mistake(
        "differences returned",
        "You return a difference for each number. Square them, add them up, take the root: one distance a pair.",
        lambda a, b: a - b,
    ),
)


def _encoding_at(rng: np.random.Generator, base: np.ndarray, distance: float) -> np.ndarray:
    """Return an encoding of length 1 at a distance from another: on the sphere, at the angle 2 arcsin(distance / 2)."""
    aside = rng.normal(size=base.shape)
    aside -= aside @ base * base
    aside /= np.linalg.norm(aside)
    angle = 2 * np.arcsin(distance / 2)
    return np.cos(angle) * base + np.sin(angle) * aside


def _door(
    rng: np.random.Generator,
    group: str,
    n: int,
    near: int | None,
    distance: float,
    dtype: type = np.float64,
    **params: object,
) -> Case:
    """Lay a case: n people far from each other, and somebody at a distance from one of them."""
    people = _directions(rng, n, 16) if n else np.zeros((0, 16))
    seen = _encoding_at(rng, people[near], distance) if near is not None else _directions(rng, 1, 16)[0]
    names = [str(name) for name in rng.permutation(_NAMES)[:n]]
    who = params.pop("who", None)
    if who is not None:
        params["identity"] = names[who] if isinstance(who, int) else who
    return Case(
        group,
        {"encodings": people.astype(dtype), "seen": seen.astype(dtype)},
        {"image_path": str(rng.choice(_PATHS)), "names": names, **params},
    )


def _right_angle(names: list[str], **params: object) -> Case:
    """Lay a case in which the somebody seen is at a distance of exactly √2 from the first person, 2 from the second."""
    encodings = np.array([[0.0, 1.0], [-1.0, 0.0]])[: len(names)]
    return Case(
        "exactly at the threshold",
        {"encodings": encodings, "seen": np.array([1.0, 0.0])},
        {"image_path": _PATHS[0], "names": names, **params},
    )


def verify_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give the right person near and too far, somebody else, and names that are not in the database."""
    known = "the right person, near and too far away"
    for near, distance, dtype in ((2, 0.35, np.float64), (0, 0.66, np.float32), (3, 0.92, np.float64)):
        yield _door(rng, known, 4, near, distance, dtype, who=near)
    for distance, threshold in ((0.35, 0.3), (0.48, 0.55), (0.9, 1.0)):
        yield _door(rng, known, 3, 1, distance, who=1, threshold=threshold)
    other = "somebody else, in the name of a person of the database"
    for near, who in ((0, 3), (2, 0)):
        yield _door(rng, other, 4, near, 0.2, who=who)
    yield _door(rng, other, 5, 4, 0.4, np.float32, who=1, threshold=0.5)
    # An impostor for whom the threshold is loose: near enough to the named person, nearer to another.
    yield _door(rng, other, 3, 1, 0.3, who=2, threshold=1.95)
    yield _right_angle(["Amara", "Bjarne"], identity="Amara", threshold=float(np.sqrt(2)))
    yield _right_angle(["Chiyo"], identity="Chiyo", threshold=float(np.sqrt(2)))
    unknown = "a name that is not in the database, and the stored picture itself"
    yield _door(rng, unknown, 3, 0, 0.2, who="Zeno")
    yield _door(rng, unknown, 4, 2, 0.1, np.float32, who="nobody", threshold=1.2)
    yield _door(rng, unknown, 1, 0, 0.0, who="amara", threshold=0.9)
    yield _door(rng, unknown, 3, 1, 0.0, who=1, threshold=0.5)


def verify_oracle(image_path, identity, database, model, threshold=0.7):
    """Take the distance from SciPy, and let a dictionary of distances answer for the name."""
    names = list(database)
    if identity not in names:
        raise KeyError(f"{identity} is unknown; known are {', '.join(names)}")
    seen = np.asarray(model(image_path), np.float64)
    found = cdist(seen[None], np.array([database[name] for name in names], np.float64))[0]
    distance = dict(zip(names, found, strict=True))[identity]
    return distance, not distance > threshold


def _refuse_unknown(identity, database):
    if identity not in database:
        raise KeyError(f"{identity!r} is not in the database; there are: {', '.join(database)}")


def _verify_variant(
    measure: Callable = lambda a, b: np.linalg.norm(a - b),
    decide: Callable = lambda distance, threshold: distance <= threshold,
    answer: Callable = lambda distance, same: (distance, same),
) -> Callable:
    """Return a `verify` with one of its parts exchanged."""

    def wrong(image_path, identity, database, model, threshold=0.7):
        _refuse_unknown(identity, database)
        distance = measure(model(image_path), database[identity])
        return answer(distance, bool(decide(distance, threshold)))

    return wrong


def _nearest(image_path, database, model):
    """Return (distance, name) of the nearest person."""
    seen = model(image_path)
    return min((float(np.linalg.norm(seen - encoding)), name) for name, encoding in database.items())


def _recognises(image_path, identity, database, model, threshold=0.7):
    _refuse_unknown(identity, database)
    distance, _ = _nearest(image_path, database, model)
    return distance, distance <= threshold


def _same_if_nearest(image_path, identity, database, model, threshold=0.7):
    _refuse_unknown(identity, database)
    distance = np.linalg.norm(model(image_path) - database[identity])
    return distance, _nearest(image_path, database, model)[1] == identity


def _mean_of_all(image_path, identity, database, model, threshold=0.7):
    _refuse_unknown(identity, database)
    seen = model(image_path)
    distance = np.mean([np.linalg.norm(seen - encoding) for encoding in database.values()])
    return distance, distance <= threshold


def _first_person(image_path, identity, database, model, threshold=0.7):
    _refuse_unknown(identity, database)
    distance = np.linalg.norm(model(image_path) - next(iter(database.values())))
    return distance, distance <= threshold


def _unknown_refused_quietly(image_path, identity, database, model, threshold=0.7):
    if identity not in database:
        return np.inf, False
    distance = np.linalg.norm(model(image_path) - database[identity])
    return distance, distance <= threshold


def _bare_key_error(image_path, identity, database, model, threshold=0.7):
    distance = np.linalg.norm(model(image_path) - database[identity])
    return distance, distance <= threshold


def _value_error(image_path, identity, database, model, threshold=0.7):
    if identity not in database:
        raise ValueError(f"{identity} is unknown; there are {', '.join(database)}")
    distance = np.linalg.norm(model(image_path) - database[identity])
    return distance, distance <= threshold


def _unknown_let_in(image_path, identity, database, model, threshold=0.7):
    seen = model(image_path)
    distance = np.linalg.norm(seen - database.setdefault(identity, seen))
    return distance, distance <= threshold


VERIFY_MISTAKES = (
    Mistake(
        "squared distance",
        "Your distance is squared. The threshold is for the plain Euclidean distance: .6 squared is .36, which opens "
        "the door for many more.",
        _verify_variant(measure=lambda a, b: np.sum((a - b) ** 2)),
    ),
    Mistake(
        "L1 distance",
        "You add up absolute differences (`ord=1`). The threshold is for the Euclidean distance.",
        _verify_variant(measure=lambda a, b: np.linalg.norm(a - b, ord=1)),
    ),
    Mistake(
        "similarity instead of distance",
        "You compare the inner product with the threshold. It is largest for the *same* person; a distance is "
        "smallest.",
        _verify_variant(measure=lambda a, b: a @ b),
    ),
    Mistake(
        "threshold on the squared distance",
        "The distance that you return is right, but you compare its square with the threshold.",
        _verify_variant(decide=lambda distance, threshold: distance**2 <= threshold),
    ),
    Mistake(
        "comparison the wrong way round",
        "Your door opens for people who are *far* from the encoding of that name. Small distance: same person.",
        _verify_variant(decide=lambda distance, threshold: distance > threshold),
    ),
    Mistake(
        "distance equal to the threshold refused",
        "All is right but a distance exactly at the threshold: here it is still the same person, ≤.",
        _verify_variant(decide=lambda distance, threshold: distance < threshold),
    ),
    Mistake(
        "threshold ignored",
        "You compare with .7 whatever `threshold` is. Use the argument.",
        _verify_variant(decide=lambda distance, threshold: distance <= 0.7),
    ),
    Mistake(
        "results in the other order",
        "Both values are there, in the other order: the distance comes first.",
        _verify_variant(answer=lambda distance, same: (same, distance)),
    ),
    Mistake(
        "only the decision returned",
        "You return the decision alone. Whoever watches the door also wants to know how close it was: "
        "(distance, is_same).",
        _verify_variant(answer=lambda distance, same: same),
    ),
    Mistake(
        "anybody of the database is let in",
        "You take the nearest person of the database, whoever that is. The question was about *one* name: is it this "
        "person?",
        _recognises,
    ),
    Mistake(
        "same when nobody is nearer",
        "You say yes when nobody else is nearer. A stranger is nearest to somebody, too: the threshold decides.",
        _same_if_nearest,
    ),
    Mistake(
        "mean over the database",
        "You average over everybody. Only the encoding stored under this name counts.",
        _mean_of_all,
    ),
    Mistake(
        "always the first person",
        "You compare with the first encoding of the database, whatever the name: look it up by `identity`.",
        _first_person,
    ),
    Mistake(
        "unknown name answered with no",
        "An unknown name gets the answer “not the same person” from you, as if somebody had been compared. It is a "
        "mistake in the question: raise a KeyError that says who there is.",
        _unknown_refused_quietly,
    ),
    Mistake(
        "error without the names",
        "Looking up an unknown name raises a KeyError by itself, but one that only repeats the name. Ask before you "
        "look up, and raise your own that lists the names that there are.",
        _bare_key_error,
    ),
    Mistake(
        "another kind of error",
        "You raise a ValueError for an unknown name. For a key that a dictionary lacks the custom is KeyError.",
        _value_error,
    ),
    Mistake(
        "unknown name stored",
        "An unknown name is stored with the face at the door, and then let in. Checking must not change the database.",
        _unknown_let_in,
    ),
)


def who_is_it_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give known people in every place of the database, strangers, and databases of one person and of none."""
    known = "somebody of the database"
    for n, near, distance, dtype in (
        (4, 0, 0.3, np.float64),
        (5, 4, 0.2, np.float64),
        (6, 2, 0.66, np.float32),
    ):
        yield _door(rng, known, n, near, distance, dtype)
    for n, near, distance, threshold in ((4, 1, 0.9, 1.0), (5, 3, 0.4, 0.45)):
        yield _door(rng, known, n, near, distance, threshold=threshold)
    # Several within the threshold: the nearest of them, not the first and not the last.
    yield _several_near(rng, (0.5, 0.2, 0.4), 0.7)
    yield _several_near(rng, (1.05, 0.6, 0.35, 0.62), 0.7)
    stranger = "a stranger"
    for n, distance in ((4, 0.95), (3, 0.8)):
        yield _door(rng, stranger, n, n - 2, distance)
    yield _door(rng, stranger, 5, 0, 0.5, np.float32, threshold=0.4)
    yield _door(rng, stranger, 1, 0, 0.75)
    yield _right_angle(["Amara", "Bjarne"], threshold=float(np.sqrt(2)))
    yield _right_angle(["Chiyo", "Dara"], threshold=1.5)
    empty = "an empty database, and one with a single person"
    for threshold in (0.7, 5.0):
        yield _door(rng, empty, 0, None, 0.0, threshold=threshold)
    yield _door(rng, empty, 1, 0, 0.0, threshold=0.5)


def _several_near(rng: np.random.Generator, near: tuple[float, ...], threshold: float) -> Case:
    seen = _directions(rng, 1, 16)[0]
    people = np.stack([_encoding_at(rng, seen, distance) for distance in near])
    names = [str(name) for name in rng.permutation(_NAMES)[: len(near)]]
    params = {"image_path": str(rng.choice(_PATHS)), "names": names, "threshold": threshold}
    return Case("somebody of the database", {"encodings": people, "seen": seen}, params)


def who_is_it_oracle(image_path, database, model, threshold=0.7):
    """Let SciPy measure all distances and sort them."""
    if not database:
        return np.inf, None
    names = np.array(list(database))
    seen = np.asarray(model(image_path), np.float64)
    found = cdist(seen[None], np.array(list(database.values()), np.float64))[0]
    distance, name = sorted(zip(found.tolist(), names.tolist(), strict=True))[0]
    return (distance, None) if distance > threshold else (distance, name)


def _who_variant(
    measure: Callable = lambda a, b: float(np.linalg.norm(a - b)),
    choose: Callable = min,
    name: Callable = lambda distance, name, threshold: name if distance <= threshold else None,
    answer: Callable = lambda distance, name: (distance, name),
    empty: Callable = lambda: (np.inf, None),
) -> Callable:
    """Return a `who_is_it` with one of its parts exchanged."""

    def wrong(image_path, database, model, threshold=0.7):
        if not database:
            return answer(*empty())
        seen = model(image_path)
        distance, nearest = choose((measure(seen, code), who) for who, code in database.items())
        return answer(distance, name(distance, nearest, threshold))

    return wrong


def _first_within(image_path, database, model, threshold=0.7):
    seen = model(image_path)
    best = np.inf
    for name, encoding in database.items():
        distance = np.linalg.norm(seen - encoding)
        best = min(best, distance)
        if distance <= threshold:
            return distance, name
    return best, None


def _last_within(image_path, database, model, threshold=0.7):
    seen, best, who = model(image_path), np.inf, None
    for name, encoding in database.items():
        distance = np.linalg.norm(seen - encoding)
        best = min(best, distance)
        if distance <= threshold:
            who = name
    return best, who


def _name_of_the_last(image_path, database, model, threshold=0.7):
    seen, best, name = model(image_path), np.inf, None
    for name, encoding in database.items():  # noqa: B007
        best = min(best, np.linalg.norm(seen - encoding))
    return best, name if best <= threshold else None


def _starts_at_threshold(image_path, database, model, threshold=0.7):
    seen, best, who = model(image_path), threshold, None
    for name, encoding in database.items():
        distance = np.linalg.norm(seen - encoding)
        if distance <= best:
            best, who = distance, name
    return best, who


def _empty_raises(image_path, database, model, threshold=0.7):
    distance, name = _nearest(image_path, database, model)
    return distance, name if distance <= threshold else None


def _stranger_raises(image_path, database, model, threshold=0.7):
    if not database:
        return np.inf, None
    distance, name = _nearest(image_path, database, model)
    if distance > threshold:
        raise KeyError("nobody")
    return distance, name


def _stranger_stored(image_path, database, model, threshold=0.7):
    if not database:
        return np.inf, None
    distance, name = _nearest(image_path, database, model)
    if distance > threshold:
        database["unknown"] = model(image_path)
        name = None
    return distance, name


def _compared_with_the_mean(image_path, database, model, threshold=0.7):
    if not database:
        return np.inf, None
    distance, name = _nearest(image_path, database, model)
    seen = model(image_path)
    mean = np.mean([np.linalg.norm(seen - encoding) for encoding in database.values()])
    return distance, name if mean <= threshold else None


WHO_IS_IT_MISTAKES = (
    Mistake(
        "nearest but too far accepted",
        "People of the database are right. A stranger is told the name of whoever is nearest: ask whether the nearest "
        "is near enough.",
        _who_variant(name=lambda distance, name, threshold: name),
    ),
    Mistake(
        "farthest person",
        "You choose the person who is farthest away. A *small* distance means a similar face.",
        _who_variant(choose=max),
    ),
    Mistake(
        "similarity instead of distance",
        "You take the inner product for a distance. It is large for similar faces, so its smallest value is the least "
        "similar person.",
        _who_variant(measure=lambda a, b: float(a @ b)),
    ),
    Mistake(
        "squared distance",
        "Your distances are squared. The order is the same, but the threshold is for the plain distance.",
        _who_variant(measure=lambda a, b: float(np.sum((a - b) ** 2))),
    ),
    Mistake(
        "L1 distance",
        "You add up absolute differences. The threshold is for the Euclidean distance.",
        _who_variant(measure=lambda a, b: float(np.abs(a - b).sum())),
    ),
    Mistake(
        "first one near enough",
        "You stop at the first person within the threshold. Somebody later in the database may be nearer: look at all "
        "of them.",
        _first_within,
    ),
    Mistake(
        "last one near enough",
        "Everybody within the threshold overwrites the name, so the last of them stays. Change the name only when the "
        "distance is smaller than the best so far.",
        _last_within,
    ),
    Mistake(
        "name of the last in the loop",
        "The distance is that of the nearest person, the name is that of the last one in the database. Remember both "
        "in the same step.",
        _name_of_the_last,
    ),
    Mistake(
        "search begins at the threshold",
        "Your search begins at the threshold, so for a stranger, and for an empty database, you return the threshold "
        "as the distance. Begin with infinity, and let the threshold decide at the end.",
        _starts_at_threshold,
    ),
    Mistake(
        "search begins at 100",
        "For an empty database you return 100, the number your search begins with. Nobody is infinitely far away: "
        "begin with np.inf.",
        _who_variant(empty=lambda: (100.0, None)),
    ),
    Mistake(
        "empty database raises",
        "An empty database raises an error in your function: the minimum of nothing does not exist. At a new door "
        "everybody is a stranger: (inf, None).",
        _empty_raises,
    ),
    Mistake(
        "no distance for an empty database",
        "For an empty database you return no distance. Infinity is one, and every comparison with it works.",
        _who_variant(empty=lambda: (None, None)),
    ),
    Mistake(
        "threshold ignored",
        "You compare with .7 whatever `threshold` is. Use the argument.",
        _who_variant(name=lambda distance, name, threshold: name if distance <= 0.7 else None),
    ),
    Mistake(
        "distance equal to the threshold refused",
        "All is right but a distance exactly at the threshold: here that is still the person, ≤.",
        _who_variant(name=lambda distance, name, threshold: name if distance < threshold else None),
    ),
    Mistake(
        "distance of a stranger lost",
        "For a stranger you return infinity. The distance to the nearest person is worth knowing, how close it was: "
        "only the name becomes None.",
        _who_variant(
            answer=lambda distance, name: (distance if name is not None else np.inf, name),
        ),
    ),
    Mistake(
        "a text for nobody",
        "A stranger is called “nobody” by your function. Somebody might be stored under that name: the answer is None.",
        _who_variant(answer=lambda distance, name: (distance, "nobody" if name is None else name)),
    ),
    Mistake(
        "stranger raises an error",
        "A stranger raises an error in your function. Strangers are what a door is for: return the distance, and None.",
        _stranger_raises,
    ),
    Mistake(
        "stranger stored",
        "You store strangers in the database. Nobody is stored without having agreed; and checking must not change it.",
        _stranger_stored,
    ),
    Mistake(
        "results in the other order",
        "Both values are there, in the other order: the distance comes first.",
        _who_variant(answer=lambda distance, name: (name, distance)),
    ),
    Mistake(
        "mean distance against the threshold",
        "You compare the mean distance to everybody with the threshold. What counts is the nearest one.",
        _compared_with_the_mean,
    ),
)

ANSWERS = {
    "l2_normalize": Answer(
        l2_normalize_cases, l2_normalize_oracle, mistakes=L2_NORMALIZE_MISTAKES, rtol=1e-4, atol=1e-6
    ),
    "distance": Answer(distance_cases, distance_oracle, mistakes=DISTANCE_MISTAKES, rtol=1e-4, atol=1e-6),
    "verify": Answer(verify_cases, verify_oracle, mistakes=VERIFY_MISTAKES, rtol=1e-4, atol=1e-6),
    "who_is_it": Answer(who_is_it_cases, who_is_it_oracle, mistakes=WHO_IS_IT_MISTAKES, rtol=1e-4, atol=1e-6),
}
