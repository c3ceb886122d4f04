"""Right answers of week 4's lesson 1, written in other ways than the notebook's: all must be accepted."""

import math

import numpy as np


def l2_normalize__linalg(x):
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length == 0, 1, length)


def l2_normalize__loop(x):
    if x.ndim > 1:
        return np.array([l2_normalize__loop(row) for row in x])
    length = math.sqrt(sum(float(value) ** 2 for value in x))
    return x if length == 0 else x / length


def l2_normalize__small_number(x):
    return x / (np.sqrt((x * x).sum(-1))[..., None] + 1e-10)


def distance__linalg(a, b):
    return np.linalg.norm(a - b, axis=-1)


def distance__lists(a, b):
    a, b = np.broadcast_arrays(a, b)
    if a.ndim > 1:
        return [distance__lists(one, other) for one, other in zip(a, b, strict=True)]
    return math.dist(a, b)


def verify__dist(image_path, identity, database, model, threshold=0.7):
    names = sorted(database)
    if identity not in names:
        raise KeyError(f"I know only {names}")
    distance = math.dist(model(image_path), database[identity])
    if distance > threshold:
        return distance, False
    return distance, True


def verify__caught(image_path, identity, database, model, threshold=0.7):
    try:
        stored = database[identity]
    except KeyError:
        raise KeyError(identity, list(database)) from None
    difference = model(image_path) - stored
    distance = np.sqrt(np.sum(np.square(difference)))
    return [distance, np.less_equal(distance, threshold)]


def who_is_it__matrix(image_path, database, model, threshold=0.7):
    if len(database) == 0:
        return float("inf"), None
    distances = np.linalg.norm(np.stack(list(database.values())) - model(image_path), axis=1)
    best = int(np.argmin(distances))
    return distances[best], list(database)[best] if distances[best] <= threshold else None


def who_is_it__default(image_path, database, model, threshold=0.7):
    seen = model(image_path)
    measured = {name: math.dist(seen, encoding) for name, encoding in database.items()}
    name = min(measured, key=measured.get, default=None)
    distance = measured.get(name, math.inf)
    return (distance, name) if distance <= threshold else (distance, None)
