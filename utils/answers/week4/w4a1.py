"""Week 4, the first assignment, face recognition with networks and picture files: what is right, what goes wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial.distance import cdist

from utils.answers.answer import Answer, Mistake
from utils.answers.week4 import w4l1
from utils.answers.week4.w4l2 import TRIPLET_LOSS_MISTAKES as NUMPY_LOSS_MISTAKES
from utils.answers.week4.w4l2 import triplet_loss_cases
from utils.exercises.case import Case

_SIDES = (6, 5)  # height and width of the small networks' pictures


def triplet_loss_oracle(y_true, y_pred, alpha=0.2):
    """Multiply out: ‖a − p‖² − ‖a − n‖² = ‖p‖² − ‖n‖² − 2 a·(p − n); and keep what is above 0 by a mask."""
    import tensorflow as tf

    a, p, n = y_pred
    x = (
        tf.einsum("bd,bd->b", p, p)
        - tf.einsum("bd,bd->b", n, n)
        - 2 * tf.einsum("bd,bd->b", a, p - n)
        + alpha
    )
    return tf.reduce_sum(tf.boolean_mask(x, x > 0))


def _loss(
    distance: Callable = lambda ops, u, v: ops.sum(ops.square(u - v), axis=-1),
    order: Callable = lambda a, p, n: (a, p, n),
    hinge: Callable = lambda ops, near, far, alpha: ops.maximum(near - far + alpha, 0.0),
    together: Callable = lambda ops, x: ops.sum(x),
) -> Callable:
    """Return a triplet loss of tensors with one of its parts exchanged."""

    def wrong(y_true, y_pred, alpha=0.2):
        from keras import ops

        a, p, n = order(*y_pred)
        return together(ops, hinge(ops, distance(ops, a, p), distance(ops, a, n), alpha))

    return wrong


def _detached(y_true, y_pred, alpha=0.2):
    from keras import ops

    a, p, n = y_pred
    n = ops.stop_gradient(n) + 0 * n
    near, far = (ops.sum(ops.square(a - other), axis=-1) for other in (p, n))
    return ops.sum(ops.maximum(near - far + alpha, 0.0))


_TENSOR_LOSSES = {
    "maximum of the sum": _loss(
        hinge=lambda ops, near, far, alpha: near - far + alpha,
        together=lambda ops, x: ops.maximum(ops.sum(x), 0.0),
    ),
    "axis missing": _loss(distance=lambda ops, u, v: ops.sum(ops.square(u - v))),
    "sum over the batch's axis": _loss(distance=lambda ops, u, v: ops.sum(ops.square(u - v), axis=0)),
    "absolute differences": _loss(distance=lambda ops, u, v: ops.sum(ops.abs(u - v), axis=-1)),
    "root taken": _loss(distance=lambda ops, u, v: ops.norm(u - v, axis=-1)),
    "mean over the places of an encoding": _loss(
        distance=lambda ops, u, v: ops.mean(ops.square(u - v), axis=-1)
    ),
    "margin subtracted": _loss(hinge=lambda ops, near, far, alpha: ops.maximum(near - far - alpha, 0.0)),
    "margin outside the maximum": _loss(
        hinge=lambda ops, near, far, alpha: ops.maximum(near - far, 0.0) + alpha
    ),
    "no margin": _loss(hinge=lambda ops, near, far, alpha: ops.maximum(near - far, 0.0)),
    "margin fixed": _loss(hinge=lambda ops, near, far, alpha: ops.maximum(near - far + 0.2, 0.0)),
    "no maximum": _loss(hinge=lambda ops, near, far, alpha: near - far + alpha),
    "minimum for maximum": _loss(hinge=lambda ops, near, far, alpha: ops.minimum(near - far + alpha, 0.0)),
    "positive and negative swapped": _loss(order=lambda a, p, n: (a, n, p)),
    "anchor and positive swapped": _loss(order=lambda a, p, n: (p, a, n)),
    "mean over the batch": _loss(together=lambda ops, x: ops.mean(x)),
    "one loss a triplet returned": _loss(together=lambda ops, x: x),
}
TRIPLET_LOSS_MISTAKES = (
    *(
        Mistake(mistake.name, mistake.says, _TENSOR_LOSSES[mistake.name])
        for mistake in NUMPY_LOSS_MISTAKES
        if mistake.name in _TENSOR_LOSSES
    ),
    Mistake(
        "negative without gradient",
        "The loss itself is right, but no gradient flows to the negative: it is cut off on the way, so that training "
        "would only pull and never push away.",
        _detached,
    ),
)


def image_to_encoding_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give pictures of the network's size, larger and smaller ones, and grey ones."""
    for units in (4, 7, 16):
        yield _file_case("a picture of the network's size", rng, (*_SIDES, 3), units)
    for shape in ((13, 9, 3), (24, 30, 3), (4, 3, 3)):
        yield _file_case("a picture of another size", rng, shape, 5)
    for shape in (_SIDES, (15, 11)):
        yield _file_case("a grey picture", rng, shape, 6)


def _file_case(group: str, rng: np.random.Generator, shape: tuple[int, ...], units: int) -> Case:
    arrays = {"picture": rng.integers(0, 256, shape, dtype=np.uint8), **_weights(rng, units)}
    return Case(group, arrays, {"model_input": [*_SIDES, 3]})


def _weights(rng: np.random.Generator, units: int) -> dict[str, np.ndarray]:
    """Draw a dense layer whose outputs are neither all small nor all at their limits, on pictures in [0, 1]."""
    inputs = 3 * _SIDES[0] * _SIDES[1]
    kernel = rng.normal(0, 0.25, (inputs, units)).astype(np.float32)
    return {"kernel": kernel, "bias": rng.normal(0, 0.8, units).astype(np.float32)}


def file_in_double(image_path: str, height: int, width: int) -> np.ndarray:
    """Read a picture file by Pillow alone, (height, width, 3) in [0, 1]."""
    from PIL import Image

    with Image.open(image_path) as image:
        image = image.convert("RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.LANCZOS)
        return np.asarray(image, np.float64) / 255


def image_to_encoding_oracle(image_path, model) -> np.ndarray:
    """Compute the network's one layer by hand, in double precision."""
    kernel, bias = (np.asarray(value, np.float64) for value in model.get_weights())
    x = file_in_double(image_path, *model.input_shape[1:3]).reshape(-1) @ kernel + bias
    code = x / (1 + np.abs(x))
    return code / np.sqrt(np.einsum("d,d", code, code))


def _encoding(
    read: Callable = file_in_double,
    prepare: Callable = lambda picture: picture,
    finish: Callable = lambda codes: codes[0] / np.linalg.norm(codes[0]),
) -> Callable:
    """Return an `image_to_encoding` with one of its parts exchanged."""

    def wrong(image_path, model):
        picture = prepare(read(image_path, *model.input_shape[1:3]))
        return finish(np.asarray(model.predict_on_batch(np.asarray(picture, np.float32)[None])))

    return wrong


def _read_with(resample: str) -> Callable:
    def read(image_path, height, width):
        from PIL import Image

        with Image.open(image_path) as image:
            small = image.convert("RGB").resize((width, height), Image.Resampling[resample])
            return np.asarray(small, np.float64) / 255

    return read


def _corner(image_path, height, width):
    from PIL import Image

    with Image.open(image_path) as image:
        picture = np.asarray(image.convert("RGB"), np.float64) / 255
    full = np.zeros((height, width, 3))
    part = picture[:height, :width]
    full[: len(part), : part.shape[1]] = part
    return full


IMAGE_TO_ENCODING_MISTAKES = (
    Mistake(
        "pictures in [0, 255]",
        "You hand the network numbers from 0 to 255. It takes pictures in [0, 1]: divide by 255.",
        _encoding(prepare=lambda picture: picture * 255),
    ),
    Mistake(
        "divided by 255 twice",
        "Your pictures are nearly black: the numbers are divided by 255 twice. Once is what brings them into [0, 1].",
        _encoding(prepare=lambda picture: picture / 255),
    ),
    Mistake(
        "pictures in [-1, 1]",
        "You bring the picture into [−1, 1]. Some networks want that; this one takes [0, 1].",
        _encoding(prepare=lambda picture: 2 * picture - 1),
    ),
    Mistake(
        "picture standardised",
        "You subtract the picture's mean and divide by its spread. What the network needs of that it does itself: give "
        "it the picture in [0, 1].",
        _encoding(prepare=lambda picture: (picture - picture.mean()) / picture.std()),
    ),
    Mistake(
        "colours in BGR order",
        "Red and blue are exchanged, as OpenCV reads them. The network takes red, green, blue.",
        _encoding(prepare=lambda picture: picture[..., ::-1]),
    ),
    Mistake(
        "length not 1",
        "You return the network's output as it is. Divide it by its length: distances and thresholds are for encodings "
        "of length 1.",
        _encoding(finish=lambda codes: codes[0]),
    ),
    Mistake(
        "divided by the sum of absolute values",
        "You divide by the sum of absolute values. The length is the root of the sum of squares.",
        _encoding(finish=lambda codes: codes[0] / np.abs(codes[0]).sum()),
    ),
    Mistake(
        "divided by the squared length",
        "You divide by the sum of squares. That is the length squared: the root is missing.",
        _encoding(finish=lambda codes: codes[0] / np.sum(codes[0] ** 2)),
    ),
    Mistake(
        "divided by the largest number",
        "Your largest number becomes 1. It is the length of the whole encoding that should.",
        _encoding(finish=lambda codes: codes[0] / np.abs(codes[0]).max()),
    ),
    Mistake(
        "a batch of one returned",
        "You return (1, d), the whole batch. Asked for is the one encoding in it, (d,).",
        _encoding(finish=lambda codes: codes / np.linalg.norm(codes)),
    ),
    Mistake(
        "nearest pixels",
        "Pictures of the network's size are right. Others you shrink by taking single pixels, as `load_img` of Keras "
        "does; `read_image(path, size)` averages over all of them.",
        _encoding(read=_read_with("NEAREST")),
    ),
    Mistake(
        "upper left corner",
        "Pictures of the network's size are right. Of a larger one you take the upper left corner: shrink it, the face "
        "is in the middle.",
        _encoding(read=_corner),
    ),
)


def _encode(image_path, model) -> np.ndarray:
    """Read, predict and scale, for answers whose faults lie elsewhere."""
    codes = model.predict_on_batch(
        file_in_double(image_path, *model.input_shape[1:3]).astype(np.float32)[None]
    )
    return np.asarray(codes[0], np.float64) / np.linalg.norm(codes[0])


def _from_file(function: Callable) -> Callable:
    """Turn an answer of lesson 1, whose model reads the path itself, into one for a Keras model."""

    def answer(image_path, *people, threshold=0.7):
        *people, model = people
        return function(image_path, *people, lambda path: _encode(path, model), threshold)

    return answer


def _with_pictures(cases: Callable) -> Callable:
    """Give lesson 1's cases with a picture and a network that makes of it the encoding that is wanted."""

    def drawn(rng: np.random.Generator) -> Iterator[Case]:
        for case in cases(rng):
            seen, people = case.arrays["seen"], case.arrays["encodings"]
            params = dict(case.params)
            if "exactly at the threshold" in case.group:
                seen, people, params["threshold"] = _exactly(len(people), params["threshold"])
            picture = rng.integers(0, 256, (*_SIDES, 3), dtype=np.uint8)
            weights = _network_for(seen, picture, rng, blind="exactly" in case.group)
            arrays = {"picture": picture, "encodings": people.astype(np.float32), **weights}
            yield Case(case.group, arrays, params)

    return drawn


def _exactly(people: int, threshold: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return an encoding that float32 holds exactly, with people at distances of exactly 1 and 2, and a threshold."""
    seen = np.full(4, 0.5)
    known = np.array([seen * (1, 1, 1, -1), -seen])[:people]
    return seen, known, 1.0 if threshold < 1.45 else threshold


def _network_for(
    seen: np.ndarray, picture: np.ndarray, rng: np.random.Generator, blind: bool
) -> dict[str, np.ndarray]:
    """Choose a dense layer that gives `seen`, at another length, for this picture in [0, 1]."""
    length = 1.0 if blind else rng.uniform(0.5, 0.9)
    wanted = np.asarray(seen, np.float64) * length
    kernel = rng.normal(0, 0.0 if blind else 0.05, (picture.size, len(seen))).astype(np.float32)
    before = wanted / (1 - np.abs(wanted))  # softsign's inverse
    bias = before - picture.reshape(-1) / 255 @ kernel.astype(np.float64)
    return {"kernel": kernel, "bias": bias.astype(np.float32)}


def _raw(image_path, model) -> np.ndarray:
    picture = file_in_double(image_path, *model.input_shape[1:3])
    return np.asarray(model.predict_on_batch(picture.astype(np.float32)[None]))[0]


def _verify_raw(image_path, identity, database, model, threshold=0.7):
    if identity not in database:
        raise KeyError(f"{identity!r} is not in the database; there are: {', '.join(database)}")
    distance = np.linalg.norm(_raw(image_path, model) - database[identity])
    return distance, bool(distance <= threshold)


def _who_raw(image_path, database, model, threshold=0.7):
    if not database:
        return np.inf, None
    distances = {name: np.linalg.norm(_raw(image_path, model) - code) for name, code in database.items()}
    name = min(distances, key=distances.get)
    return distances[name], name if distances[name] <= threshold else None


_RAW_SAYS = (
    "You compare the network's raw output with encodings of length 1. Take `encode_file`, which scales it to length 1 "
    "too."
)


def verify_oracle(image_path, identity, database, model, threshold=0.7):
    """Take the encoding from arithmetic by hand, the distance from SciPy."""
    names = list(database)
    if identity not in names:
        raise KeyError(f"{identity} is unknown; known are {', '.join(names)}")
    seen = image_to_encoding_oracle(image_path, model)
    distance = cdist(seen[None], np.asarray(database[identity], np.float64)[None])[0, 0]
    return distance, not distance > threshold


def who_is_it_oracle(image_path, database, model, threshold=0.7):
    """As `verify_oracle`; all distances at once, sorted."""
    if not database:
        return np.inf, None
    seen = image_to_encoding_oracle(image_path, model)
    found = cdist(seen[None], np.array(list(database.values()), np.float64))[0]
    distance, name = sorted(zip(found.tolist(), database, strict=True))[0]
    return (distance, None) if distance > threshold else (distance, name)


def _from_lesson(mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    return tuple(Mistake(mistake.name, mistake.says, _from_file(mistake.function)) for mistake in mistakes)


VERIFY_MISTAKES = (
    *_from_lesson(w4l1.VERIFY_MISTAKES),
    Mistake("encoding not of length 1", _RAW_SAYS, _verify_raw),
)
WHO_IS_IT_MISTAKES = (
    *_from_lesson(w4l1.WHO_IS_IT_MISTAKES),
    Mistake("encoding not of length 1", _RAW_SAYS, _who_raw),
)

ANSWERS = {
    "triplet_loss": Answer(
        triplet_loss_cases, triplet_loss_oracle, mistakes=TRIPLET_LOSS_MISTAKES, rtol=1e-4, atol=1e-5
    ),
    "image_to_encoding": Answer(
        image_to_encoding_cases,
        image_to_encoding_oracle,
        mistakes=IMAGE_TO_ENCODING_MISTAKES,
        rtol=1e-4,
        atol=1e-5,
    ),
    "verify": Answer(
        _with_pictures(w4l1.verify_cases), verify_oracle, mistakes=VERIFY_MISTAKES, rtol=1e-4, atol=1e-5
    ),
    "who_is_it": Answer(
        _with_pictures(w4l1.who_is_it_cases),
        who_is_it_oracle,
        mistakes=WHO_IS_IT_MISTAKES,
        rtol=1e-4,
        atol=1e-5,
    ),
}
