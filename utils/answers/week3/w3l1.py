"""Week 3, lesson 1, localisation and landmarks: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.ndimage import center_of_mass
from scipy.spatial.distance import cdist, sqeuclidean

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case


def encode_label_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give boxes in square, wide and tall pictures, of whole and half pixels, first and last kinds, and no thing."""
    for kinds, kind in ((3, 1), (2, 0)):
        side = int(rng.integers(40, 90))
        yield _label_case("square pictures", _box(rng, side, side), kind, kinds, side, side)
    for tall in (0, 1):
        sides = np.sort(rng.choice(np.arange(30, 100, 7), 2, replace=False))
        height, width = (int(side) for side in (sides[::-1] if tall else sides))
        kinds = int(rng.integers(3, 7))
        yield _label_case("wide and tall pictures", _box(rng, height, width), kinds - 1, kinds, height, width)
    height, width = 48, 64
    # The thing fills the whole picture; corners between two pixels, as detectors give them; nothing at all.
    yield _label_case("with a thing and without", np.array([0, 0, width, height]), 0, 3, height, width)
    half = _box(rng, height, width) + np.array([0.5, 0, 0, 0.5])
    yield _label_case("with a thing and without", half, 2, 4, height, width)
    empty = {"box": None, "kind": None, "kinds": int(rng.integers(2, 6)), "height": height, "width": width}
    yield Case("with a thing and without", params=empty)


def _box(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return whole corners of a box whose sides differ, and whose sums of corners are odd."""
    while True:
        x1, x2 = np.sort(rng.choice(width, 2, replace=False))
        y1, y2 = np.sort(rng.choice(height, 2, replace=False))
        odd = (x1 + x2) % 2 and (y1 + y2) % 2
        if odd and min(x2 - x1, y2 - y1) >= 3 and x2 - x1 != y2 - y1 and 0 < y1 != x1 > 0:
            return np.array([x1, y1, x2, y2])


def _label_case(group: str, box: np.ndarray, kind: int, kinds: int, height: int, width: int) -> Case:
    params = {"kind": kind, "kinds": kinds, "height": height, "width": width}
    return Case(group, {"box": box}, params)


def encode_label_oracle(box, kind, kinds, height, width) -> np.ndarray:
    """Paint the box, four pixels for one, and measure the painted area: its centre of mass, its rows and columns."""
    if box is None:
        return np.zeros(5 + kinds)
    painted = np.zeros((2 * height, 2 * width))
    x1, y1, x2, y2 = np.round(2 * np.asarray(box)).astype(int)
    painted[y1:y2, x1:x2] = 1
    centre_y, centre_x = (np.array(center_of_mass(painted)) + 0.5) / painted.shape
    tall, wide = painted.any(axis=1).mean(), painted.any(axis=0).mean()
    return np.concatenate([[1, centre_x, centre_y, tall, wide], np.eye(kinds)[kind]])


def _label(
    numbers: Callable = lambda x, y, h, w: (x, y, h, w),
    relative: Callable = lambda x, y, h, w, height, width: (x / width, y / height, h / height, w / width),
    centre: Callable = lambda low, high: (low + high) / 2,
    size: Callable = lambda low, high: high - low,
    kind_part: Callable = lambda kind, kinds: np.eye(kinds)[kind],
    empty: Callable = lambda kinds: np.zeros(5 + kinds),
) -> Callable:
    """Return an `encode_label` with one of its parts exchanged."""

    def wrong(box, kind, kinds, height, width):
        if box is None:
            return empty(kinds)
        x1, y1, x2, y2 = box
        shares = relative(centre(x1, x2), centre(y1, y2), size(y1, y2), size(x1, x2), height, width)
        return np.concatenate([[1], numbers(*shares), np.atleast_1d(kind_part(kind, kinds))])

    return wrong


_right_label = _label()


def _kinds_from_four(box, kind, kinds, height, width):
    y = _right_label(box, kind, kinds, height, width)
    if box is not None:
        y[5:] = 0
        y[4 + kind] = 1
    return y


def _corners_in_the_label(box, kind, kinds, height, width):
    y = _right_label(box, kind, kinds, height, width)
    if box is not None:
        y[1:5] = np.asarray(box) / [width, height, width, height]
    return y


def _emptiness_not_handled(box, kind, kinds, height, width):
    x1, y1, x2, y2 = box
    return _right_label([x1, y1, x2, y2], kind, kinds, height, width)


ENCODE_LABEL_MISTAKES = (
    Mistake(
        "pixels left as they are",
        "Your box is in pixels. Divide by the sides of the picture, so that a network sees numbers from 0 to 1 "
        "whatever the picture's size.",
        _label(relative=lambda x, y, h, w, height, width: (x, y, h, w)),
    ),
    Mistake(
        "sides of the picture confused",
        "Square pictures are right. What runs to the right is to be divided by the picture's width, what runs down by "
        "its height; yours is the other way round.",
        _label(
            relative=lambda x, y, h, w, height, width: (x / height, y / width, h / width, w / height),
        ),
    ),
    Mistake(
        "divided by the width only",
        "x and the width are right. y and the height run down: divide those by the picture's height.",
        _label(relative=lambda x, y, h, w, height, width: (x / width, y / width, h / width, w / width)),
    ),
    Mistake(
        "corner taken for the centre",
        "b_x and b_y are those of the upper left corner in your label. Wanted is the centre, halfway between the "
        "corners.",
        _label(centre=lambda low, high: low),
    ),
    Mistake(
        "corners in the label",
        "Your label holds two corners. The label of this lesson holds centre, height and width.",
        _corners_in_the_label,
    ),
    Mistake(
        "width before height",
        "All numbers are right, two of them in each other's place: b_h comes before b_w.",
        _label(numbers=lambda x, y, h, w: (x, y, w, h)),
    ),
    Mistake(
        "y before x",
        "All numbers are right, two of them in each other's place: b_x comes before b_y.",
        _label(numbers=lambda x, y, h, w: (y, x, h, w)),
    ),
    Mistake(
        "half sizes",
        "Height and width are half of what they should be. b_h and b_w are whole sides; half a side is what lies "
        "between the centre and an edge.",
        _label(size=lambda low, high: (high - low) / 2),
    ),
    Mistake(
        "centre rounded down",
        "Your centre falls on whole pixels: `//` drops the half. Divide with `/`.",
        _label(centre=lambda low, high: (low + high) // 2),
    ),
    Mistake(
        "label of whole numbers",
        "Your label is an array of whole numbers, and NumPy cuts off what does not fit: shares between 0 and 1 become "
        "0. Make it an array of floats, `np.zeros(5 + kinds)`.",
        lambda box, kind, kinds, height, width: _right_label(box, kind, kinds, height, width).astype(int),
    ),
    Mistake(
        "number of the kind instead of one place each",
        "You write the kind as one number. Each kind has its own place in the label: 1 for the right one, 0 for the "
        "others.",
        _label(kind_part=lambda kind, kinds: float(kind)),
    ),
    Mistake(
        "kinds one place too early",
        "Your kinds begin at place 4, which is b_w's. Five numbers come before them, places 0 to 4.",
        _kinds_from_four,
    ),
    Mistake(
        "p_c left out",
        "Your label lacks its first number, p_c: 1 where there is a thing.",
        lambda box, kind, kinds, height, width: _right_label(box, kind, kinds, height, width)[1:],
    ),
    Mistake(
        "p_c of 1 without a thing",
        "Pictures with a thing are right. In a picture without one, p_c is 0.",
        _label(empty=lambda kinds: np.eye(5 + kinds)[0]),
    ),
    Mistake(
        "pictures without a thing not handled",
        "In a picture without a thing `box` is None, and None has no corners. Ask for it first.",
        _emptiness_not_handled,
    ),
)


def localization_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one picture, batches with things only, mixed ones and empty ones; what does not count holds anything."""
    yield _loss_case(rng, "one picture", [1], 3)
    yield _loss_case(rng, "one picture", [0], 2)
    yield _loss_case(rng, "a thing in each picture", [1] * 4, 3)
    yield _loss_case(rng, "a thing in each picture", [1] * 7, 5, np.float32)
    yield _loss_case(rng, "pictures with and without a thing", [1, 0, 0, 1, 0], 3)
    yield _loss_case(rng, "pictures with and without a thing", [0, 1, 1, 0, 1, 1, 1], 6, np.float32)
    yield _loss_case(rng, "pictures with and without a thing", [0, 0, 0], 2)


def _loss_case(rng: np.random.Generator, group: str, things: list[int], kinds: int, dtype=np.float64) -> Case:
    m = len(things)
    y_true = rng.uniform(0.1, 0.9, (m, 5 + kinds))
    y_true[:, 0] = things
    has = y_true[:, 0] == 1
    y_true[has, 5:] = np.eye(kinds)[rng.integers(0, kinds, has.sum())]
    y_pred = rng.uniform(0.02, 0.98, (m, 5 + kinds))
    # Of both predictions, sure and unsure ones, some are wrong.
    y_pred[:, 0] = rng.permutation(np.linspace(0.15, 0.85, m)) if m > 1 else 0.5 + 0.3 * rng.choice([-1, 1])
    return Case(group, {"y_true": y_true.astype(dtype), "y_pred": y_pred.astype(dtype)})


def localization_loss_oracle(y_true, y_pred) -> float:
    """Ask SciPy for the squared distance of each pair of rows, the weight of what does not count being 0."""
    weights = [np.concatenate([[1], np.full(y_true.shape[1] - 1, row[0])]) for row in y_true]
    return float(np.mean([sqeuclidean(t, p, w) for t, p, w in zip(y_true, y_pred, weights, strict=True)]))


def _loss(
    error: Callable = np.square,
    first: Callable = lambda y_true, y_pred: 1.0,
    rest: Callable = lambda y_true, y_pred: y_true[:, 0],
    box: float = 1.0,
    kinds: float = 1.0,
    inner: Callable = np.sum,
    outer: Callable = np.mean,
) -> Callable:
    """Return a `localization_loss` with one of its parts exchanged.

    `first` and `rest` weight each picture's p_c and its other numbers; `box` and `kinds` weight their two parts.
    """

    def wrong(y_true, y_pred):
        errors = error(y_true - y_pred)
        errors[:, 1:5] *= box
        errors[:, 5:] *= kinds
        errors[:, 0] *= first(y_true, y_pred)
        errors[:, 1:] *= np.reshape(rest(y_true, y_pred), (-1, 1))
        return outer(inner(errors, axis=1))

    return wrong


def _first_picture_decides(y_true, y_pred):
    return _loss(rest=lambda t, p: np.full(len(t), t[0, 0]))(y_true, y_pred)


def _kinds_always(y_true, y_pred):
    errors = np.square(y_true - y_pred)
    errors[:, 1:5] *= y_true[:, :1]
    return errors.sum(axis=1).mean()


def _one_decision(y_true, y_pred):
    errors = np.square(y_true - y_pred)
    if y_true[:, 0] == 1:
        return errors.sum(axis=1).mean()
    return errors[:, 0].mean()


def _parts_averaged_apart(y_true, y_pred):
    errors, has = np.square(y_true - y_pred), y_true[:, 0] == 1
    rest = errors[has, 1:].sum(axis=1).mean() if has.any() else 0.0
    return errors[:, 0].mean() + rest


LOCALIZATION_LOSS_MISTAKES = (
    Mistake(
        "everything counts everywhere",
        "Pictures with a thing are right. Where there is none, only p_c counts: nobody knows the box of a thing that "
        "is not there, and what the label holds there is chance.",
        _loss(rest=lambda t, p: np.ones(len(t))),
    ),
    Mistake(
        "pictures without a thing cost nothing",
        "You leave pictures without a thing out altogether. Their p_c counts: otherwise a network that says 1 to "
        "everything is never corrected.",
        _loss(first=lambda t, p: t[:, 0]),
    ),
    Mistake(
        "the prediction decides what counts",
        "You ask the *predicted* p_c whether there is a thing. Then a network gets rid of its errors by saying no. The "
        "true label decides.",
        _loss(rest=lambda t, p: p[:, 0] >= 0.5),
    ),
    Mistake(
        "weighted by the predicted p_c",
        "You multiply by the *predicted* p_c. Then a network gets rid of its errors by saying no. The true label "
        "decides.",
        _loss(rest=lambda t, p: p[:, 0]),
    ),
    Mistake(
        "counted where there is no thing",
        "Box and kind count in the wrong pictures, those without a thing: your mask is the wrong way round.",
        _loss(rest=lambda t, p: 1 - t[:, 0]),
    ),
    Mistake(
        "kinds count everywhere",
        "The box is masked, the kinds are not. A picture without a thing has no kind either.",
        _kinds_always,
    ),
    Mistake(
        "one decision for the whole batch",
        "`y_true[:, 0] == 1` holds one answer a picture, and `if` wants a single one. Multiply by the mask, or loop "
        "over the pictures.",
        _one_decision,
    ),
    Mistake(
        "the first picture decides for all",
        "You ask the first picture whether there is a thing, and treat all of them alike. Each picture has its own "
        "p_c: y_true[:, 0].",
        _first_picture_decides,
    ),
    Mistake(
        "p_c left out",
        "Box and kind are right. The error of p_c itself is missing; it counts in every picture.",
        _loss(first=lambda t, p: 0.0),
    ),
    Mistake(
        "kinds left out",
        "p_c and box are right. The kinds, from column 5 on, count as well where there is a thing.",
        _loss(kinds=0.0),
    ),
    Mistake(
        "box left out",
        "p_c and kinds are right. The box, columns 1 to 4, counts as well where there is a thing.",
        _loss(box=0.0),
    ),
    Mistake(
        "absolute differences",
        "You add up absolute differences. Asked for are squares.",
        _loss(error=np.abs),
    ),
    Mistake(
        "root of the sum",
        "You take the root of each picture's sum, its distance. Asked for is the sum of the squares itself.",
        _loss(inner=lambda errors, axis: np.sqrt(errors.sum(axis=axis))),
    ),
    Mistake(
        "mean over the numbers of a label",
        "You average the numbers of a label. Within a picture the squares are added up; the mean is over pictures.",
        _loss(inner=np.mean),
    ),
    Mistake(
        "sum over the pictures",
        "You add up the pictures. Take their mean, or the loss grows with the size of the batch.",
        _loss(outer=np.sum),
    ),
    Mistake(
        "one loss a picture",
        "These are the losses picture by picture. Return their mean, one number.",
        _loss(outer=lambda losses: losses),
    ),
    Mistake(
        "box and kind averaged over pictures with a thing",
        "You divide the errors of box and kind by the number of pictures that have a thing. Here all is divided by the "
        "number of pictures, m.",
        _parts_averaged_apart,
    ),
)


def landmark_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give landmarks that are all visible, some hidden at random places, unequally many, whole pictures of them."""
    for m, n, dtype in ((1, 5, np.float64), (3, 4, np.float32)):
        yield _landmark_case(rng, "all landmarks visible", np.ones((m, n), bool), dtype)
    for m, n in ((1, 6), (4, 5)):
        visible = rng.random((m, n)) < 0.6
        visible[:, 0], visible[0, -1] = True, False
        yield _landmark_case(rng, "some landmarks hidden", visible)
    # Pictures with very different numbers of visible landmarks; and some with none.
    visible = np.arange(4)[None] < np.array([4, 1, 2])[:, None]
    yield _landmark_case(rng, "some landmarks hidden", visible, np.float32)
    visible = rng.random((3, 4)) < 0.7
    visible[1], visible[0, 0], visible[2] = False, True, [True, False, True, True]
    yield _landmark_case(rng, "pictures with no visible landmark", visible)
    yield _landmark_case(rng, "pictures with no visible landmark", np.zeros((2, 3), bool))


def _landmark_case(rng: np.random.Generator, group: str, visible: np.ndarray, dtype=np.float64) -> Case:
    true = rng.random((*visible.shape, 2))
    near = true + rng.normal(0, 0.15, true.shape)
    # What stands at a hidden landmark is chance.
    true[~visible] = rng.uniform(-1, 2, (int((~visible).sum()), 2))
    return Case(
        group,
        {"landmarks_true": true.astype(dtype), "landmarks_pred": near.astype(dtype), "visible": visible},
    )


def landmark_loss_oracle(landmarks_true, landmarks_pred, visible) -> float:
    """Ask SciPy for the distance of each visible point to each, of which the diagonal belongs together."""
    if not visible.any():
        return 0.0
    places = np.argwhere(visible)
    first, second = (np.array([a[i, j] for i, j in places]) for a in (landmarks_true, landmarks_pred))
    return float(np.trace(cdist(first, second, "sqeuclidean")) / len(places))


def _landmarks(
    error: Callable = lambda gaps: np.square(gaps).sum(axis=-1),
    mean: Callable = lambda errors, visible: errors[visible].sum() / max(visible.sum(), 1),
) -> Callable:
    """Return a `landmark_loss` with one of its parts exchanged."""
    return lambda true, pred, visible: mean(error(true - pred), visible)


_right_landmarks = _landmarks()


def _picture_by_picture(errors, visible):
    seen = visible.any(axis=1)
    if not seen.any():
        return 0.0
    return np.mean([e[v].mean() for e, v in zip(errors[seen], visible[seen], strict=True)])


def _hidden_predictions_zeroed(landmarks_true, landmarks_pred, visible):
    return _right_landmarks(landmarks_true, landmarks_pred * visible[..., None], np.ones_like(visible))


LANDMARK_LOSS_MISTAKES = (
    Mistake(
        "hidden landmarks counted",
        "Where all landmarks are visible you are right. Hidden ones must not count: what the data hold there is "
        "chance.",
        _landmarks(mean=lambda errors, visible: errors.mean()),
    ),
    Mistake(
        "divided by all landmarks",
        "Hidden landmarks add nothing to your sum, but you divide by their number too. Divide by the number of "
        "visible ones.",
        _landmarks(mean=lambda errors, visible: (errors * visible).mean()),
    ),
    Mistake(
        "only predictions masked",
        "You set hidden *predictions* to 0 and still compare them with the true places. Leave hidden landmarks out on "
        "both sides, from the sum and from the count.",
        _hidden_predictions_zeroed,
    ),
    Mistake(
        "hidden landmarks instead of visible ones",
        "You count the hidden landmarks and leave out the visible ones: the mask is the wrong way round.",
        lambda true, pred, visible: _right_landmarks(true, pred, ~visible),
    ),
    Mistake(
        "mean over coordinates",
        "Your result is half of the right one: you average over x and y too. A distance has (Δx)² + (Δy)²; the mean is "
        "over landmarks.",
        _landmarks(error=lambda gaps: np.square(gaps).mean(axis=-1)),
    ),
    Mistake(
        "distances not squared",
        "You average the distances. Asked for are their squares: leave out the root.",
        _landmarks(error=lambda gaps: np.linalg.norm(gaps, axis=-1)),
    ),
    Mistake(
        "absolute differences",
        "You add |Δx| and |Δy|. Asked for are squares.",
        _landmarks(error=lambda gaps: np.abs(gaps).sum(axis=-1)),
    ),
    Mistake(
        "differences added before squaring",
        "You add Δx and Δy and square the sum: an error to the right and one upwards cancel. Square first.",
        _landmarks(error=lambda gaps: np.square(gaps.sum(axis=-1))),
    ),
    Mistake(
        "sum instead of mean",
        "You add the squared distances up. Divide by the number of visible landmarks.",
        _landmarks(mean=lambda errors, visible: errors[visible].sum()),
    ),
    Mistake(
        "divided by the pictures",
        "You divide by the number of pictures. Divide by the number of visible landmarks in all of them.",
        _landmarks(mean=lambda errors, visible: errors[visible].sum() / len(errors)),
    ),
    Mistake(
        "mean of the pictures' means",
        "You average picture by picture first. Then the only landmark of one picture weighs as much as all of another: "
        "take all visible landmarks together.",
        _landmarks(mean=_picture_by_picture),
    ),
    Mistake(
        "one loss a picture",
        "These are the losses picture by picture. Asked for is one number for all.",
        _landmarks(
            mean=lambda errors, visible: (errors * visible).sum(axis=1) / np.maximum(visible.sum(axis=1), 1)
        ),
    ),
    Mistake(
        "no visible landmark, no number",
        "All is right but the case in which nothing is visible: the mean of no numbers is NaN. Return 0 there.",
        _landmarks(mean=lambda errors, visible: errors[visible].sum() / np.float64(visible.sum())),
    ),
)

ANSWERS = {
    "encode_label": Answer(encode_label_cases, encode_label_oracle, mistakes=ENCODE_LABEL_MISTAKES),
    "localization_loss": Answer(
        localization_loss_cases, localization_loss_oracle, mistakes=LOCALIZATION_LOSS_MISTAKES
    ),
    "landmark_loss": Answer(landmark_loss_cases, landmark_loss_oracle, mistakes=LANDMARK_LOSS_MISTAKES),
}
