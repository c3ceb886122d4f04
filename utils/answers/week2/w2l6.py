"""Lesson 6 of week 2: what is tried, what is right by SciPy on the networks' own weights, and what people get wrong."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import affine_transform
from scipy.special import softmax

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

# How Keras' BatchNormalization protects itself from a variance of 0.
_EPSILON = 1e-3


def _probabilities(model: Any, x: np.ndarray) -> np.ndarray:
    """Work out, without the model, what :func:`utils.exercises.week2.w2l6.probability_network` gives."""
    mean, variance, kernel, bias = (weight.astype(np.float64) for weight in model.get_weights())
    z = ((x - mean) / np.sqrt(variance + _EPSILON)).reshape(len(x), -1)
    return softmax(z @ kernel + bias, axis=1)


def _in_training(model: Any, x: np.ndarray) -> np.ndarray:
    """Return what the model gives in training mode: normalised by the batch in place of what it has learned."""
    _, _, kernel, bias = model.get_weights()
    z = (x - x.mean(axis=(0, 1, 2))) / np.sqrt(x.var(axis=(0, 1, 2)) + _EPSILON)
    return softmax(z.reshape(len(x), -1) @ kernel + bias, axis=1)


# ensemble_predict ---------------------------------------------------------------------------------------------


def _ensemble_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, networks: int, m: int, classes: int) -> Case:
        x = rng.random((m, 4, 3, 2), dtype=np.float32)
        return Case(
            group,
            {"x": x},
            {"networks": networks, "classes": classes, "seed": int(rng.integers(1, 10_000))},
        )

    group = "two networks"
    yield case(group, 2, 6, 5)
    yield case(group, 2, 4, 3)
    group = "three networks and more"
    yield case(group, 3, 7, 4)
    yield case(group, 5, 6, 3)
    group = "more pictures than one batch holds, and an ensemble of one network"
    yield case(group, 3, 40, 4)
    yield case(group, 1, 5, 3)


def _mean_of_softmax(models, x):
    total = np.zeros(())
    for model in models:
        total = total + _probabilities(model, x)
    return total / len(models)


def _all(models: Sequence[Any], x: np.ndarray) -> np.ndarray:
    """Return (networks, m, classes)."""
    return np.stack([_probabilities(model, x) for model in models])


def _votes(opinions: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.eye(opinions.shape[-1])[opinions.argmax(axis=-1)].mean(axis=axis)


def _running_mean(models, x):
    mean = _probabilities(models[0], x)
    for model in models[1:]:
        mean = (mean + _probabilities(model, x)) / 2
    return mean


def _most_confident(models, x):
    opinions = _all(models, x)
    best = opinions.max(axis=2).argmax(axis=0)
    return opinions[best, np.arange(len(x))]


def _mean_weights(models, x):
    class Soup:
        def get_weights(self):
            together = zip(*(model.get_weights() for model in models), strict=True)
            return [np.mean(weights, axis=0) for weights in together]

    return _probabilities(Soup(), x)


ENSEMBLE_MISTAKES = (
    Mistake(
        "votes in place of probabilities",
        "You let each network vote for one class and average the votes. A network that is 51 % sure then "
        "counts as much as one that is 99 % sure. Average what the networks give, before any argmax.",
        lambda models, x: _votes(_all(models, x)),
    ),
    Mistake(
        "class numbers averaged",
        "You average the numbers of the classes. Half way between class 2 (a pullover) and class 8 (a bag) "
        "lies class 5 (a sandal), which nobody said. The probabilities are what can be averaged.",
        lambda models, x: _all(models, x).argmax(axis=2).mean(axis=0),
    ),
    Mistake(
        "argmax at the end",
        "Your average is right, but then you keep only the best class. Asked for are the probabilities: who "
        "calls the function may want to know how sure the ensemble is.",
        lambda models, x: _all(models, x).mean(axis=0).argmax(axis=1),
    ),
    Mistake(
        "summed, not averaged",
        "You add the probabilities up and do not divide by the number of networks: a row should sum to 1.",
        lambda models, x: _all(models, x).sum(axis=0),
    ),
    Mistake(
        "mean over the pictures",
        "You average over the pictures: one row for each network is left. Which axis of (networks, m, "
        "classes) should disappear?",
        lambda models, x: _all(models, x).mean(axis=1),
    ),
    Mistake(
        "mean over the classes",
        "You average over the classes, and the probabilities of all classes have always the same mean. "
        "Which axis of (networks, m, classes) should disappear?",
        lambda models, x: _all(models, x).mean(axis=2),
    ),
    Mistake(
        "mean over everything",
        "A mean without an axis is one number for all networks, pictures and classes. Say which axis you "
        "mean.",
        lambda models, x: _all(models, x).mean(),
    ),
    Mistake(
        "not averaged at all",
        "You return the answers of all networks. One axis too many: it counts the networks, and should "
        "disappear.",
        _all,
    ),
    Mistake(
        "softmax once more",
        "You apply a softmax to probabilities. The networks end with one already; a second makes all "
        "classes nearly alike.",
        lambda models, x: softmax(_all(models, x).mean(axis=0), axis=1),
    ),
    Mistake(
        "softmax once more for every network",
        "You apply a softmax to each network's answer, which went through one already, and average what "
        "comes out.",
        lambda models, x: softmax(_all(models, x), axis=2).mean(axis=0),
    ),
    Mistake(
        "only the last network",
        "Your result is the last network's alone. Look at what the loop does with the answers of those "
        "before it.",
        lambda models, x: _probabilities(models[-1], x),
    ),
    Mistake(
        "only the first network",
        "Your result is the first network's alone. Is there a `return` inside the loop?",
        lambda models, x: _probabilities(models[0], x),
    ),
    Mistake(
        "running mean of two",
        "You take the mean of what you have and the next network, again and again. So the last network "
        "counts one half, the one before it a quarter. Add all up first and divide once.",
        _running_mean,
    ),
    Mistake(
        "divided by the number of pictures",
        "You divide by the number of pictures. It is the networks that are averaged.",
        lambda models, x: _all(models, x).sum(axis=0) / len(x),
    ),
    Mistake(
        "largest probability",
        "You take the largest probability that any network gives, class by class. Rows then sum to more "
        "than 1, and a single overconfident network decides.",
        lambda models, x: _all(models, x).max(axis=0),
    ),
    Mistake(
        "most confident network",
        "For each picture you follow the network that is most sure of itself. Asked for is the mean of all; "
        "the surest is not always right.",
        _most_confident,
    ),
    Mistake(
        "geometric mean",
        "You average logarithms. That is a way too, but another one: a class that one network rules out is "
        "ruled out for all. Asked for is the plain mean of the probabilities.",
        lambda models, x: softmax(np.log(_all(models, x)).mean(axis=0), axis=1),
    ),
    Mistake(
        "product",
        "You multiply the probabilities. Asked for is their mean; products of many numbers below 1 also "
        "vanish.",
        lambda models, x: _all(models, x).prod(axis=0),
    ),
    Mistake(
        "weights averaged",
        "You average the networks' weights and ask the one network that comes out. Its units were trained "
        "in none of them. Ask every network, then average the answers.",
        _mean_weights,
    ),
    Mistake(
        "training mode",
        "You call the networks in training mode, so they normalise by this batch, and a picture's answer "
        "depends on the pictures beside it. `predict`, or `training=False`, is what you want here.",
        lambda models, x: np.mean([_in_training(model, x) for model in models], axis=0),
    ),
)

# ten_crop -----------------------------------------------------------------------------------------------------


def _crop_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, int, int, int], size: int, dtype: type = np.float32) -> Case:
        return Case(group, {"images": rng.random(shape).astype(dtype)}, {"size": size})

    n = int(rng.integers(6, 9))
    group = "square pictures, the margin even"
    yield case(group, (2, n, n, 3), n - 2)
    yield case(group, (3, n + 1, n + 1, 3), n - 3, np.float64)
    group = "square pictures, the margin odd"
    yield case(group, (2, 6, 6, 3), 3)
    yield case(group, (3, 7, 7, 3), 4, np.float64)
    yield case(group, (2, n, n, 1), n - 3)
    group = "pictures that are wider than high, or higher than wide"
    yield case(group, (2, 5, 9, 3), 4)
    yield case(group, (3, 10, 6, 3), 3, np.float64)
    yield case(group, (2, 8, 5, 2), 5)


def _ten_by_scipy(images, size):
    height, width = images.shape[1:3]
    low, right = height - size, width - size
    places = [(0, 0), (0, right), (low, 0), (low, right), (low // 2, right // 2)]
    result = np.empty((len(images), 10, size, size, images.shape[3]), images.dtype)
    for index in np.ndindex(len(images), 10, images.shape[3]):
        picture, (top, left) = images[index[0], :, :, index[2]], places[index[1] % 5]
        mirrored = index[1] >= 5
        # Row i comes from row top + i; column j from left + j, or counted back from the crop's last column.
        scale, start = ([1, -1], [top, left + size - 1]) if mirrored else ([1, 1], [top, left])
        result[index[0], index[1], :, :, index[2]] = affine_transform(
            picture, scale, start, output_shape=(size, size), order=0
        )
    return result


def _places(images: np.ndarray, size: int) -> list[tuple[int, int]]:
    low, right = images.shape[1] - size, images.shape[2] - size
    return [(0, 0), (0, right), (low, 0), (low, right), (low // 2, right // 2)]


def _cut(images: np.ndarray, size: int, places: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return the crops at these places, (m, places, size, size, channels); those that stick out are too small."""
    return np.stack([images[:, t : t + size, x : x + size] for t, x in places], axis=1)


def _five(images: np.ndarray, size: int) -> np.ndarray:
    return _cut(images, size, _places(images, size))


def _both(five: np.ndarray, axis: int | tuple[int, ...] = 3) -> np.ndarray:
    return np.concatenate([five, np.flip(five, axis)], axis=1)


def _with_centre(top_and_left):
    def crop(images, size):
        return _both(_cut(images, size, [*_places(images, size)[:4], top_and_left(images.shape, size)]))

    return crop


def _interleaved(images, size):
    five = _five(images, size)
    return np.stack([five, np.flip(five, 3)], axis=2).reshape(len(images), 10, *five.shape[2:])


def _one_short(images, size):
    height, width = images.shape[1:3]
    low, right = height - size - 1, width - size - 1
    places = [(0, 0), (0, max(right, 0)), (max(low, 0), 0), (max(low, 0), max(right, 0))]
    return _both(_cut(images, size, [*places, _places(images, size)[4]]))


CROP_MISTAKES = (
    Mistake(
        "same crop ten times",
        "All your crops are the top left one, or its mirror image. Look at where the five squares begin.",
        lambda images, size: _both(_cut(images, size, [(0, 0)] * 5)),
    ),
    Mistake(
        "mirror missing",
        "The last five crops are the first five once more. They should be their mirror images.",
        lambda images, size: np.concatenate([_five(images, size)] * 2, axis=1),
    ),
    Mistake(
        "five crops only",
        "You return the five crops without their mirror images: ten are wanted for each picture.",
        _five,
    ),
    Mistake(
        "mirrored up-down",
        "Your mirror images stand on their heads. Left and right should change places, and width is the "
        "axis after height.",
        lambda images, size: _both(_five(images, size), 2),
    ),
    Mistake(
        "turned by 180°",
        "You reverse rows and columns, which turns a crop by 180°. Only left and right should change places.",
        lambda images, size: _both(_five(images, size), (2, 3)),
    ),
    Mistake(
        "channels mirrored",
        "Your “mirror images” have their colours reversed: the last axis holds the channels, not the "
        "columns.",
        lambda images, size: _both(_five(images, size), 4),
    ),
    Mistake(
        "centre rounded up",
        "Where the margin is odd, your centre is one pixel too far down and to the right. The task says "
        "which way to round.",
        _with_centre(lambda s, size: ((s[1] - size + 1) // 2, (s[2] - size + 1) // 2)),
    ),
    Mistake(
        "centre from two rounded halves",
        "You take half the side minus half the size and round both. Where the picture's side is even and "
        "the size is odd, that is a pixel too far. Halve the difference, once.",
        _with_centre(lambda s, size: (s[1] // 2 - size // 2, s[2] // 2 - size // 2)),
    ),
    Mistake(
        "centre begins in the middle",
        "Your centre crop begins at the picture's middle. It should have its own middle there, so it begins "
        "half a size earlier.",
        _with_centre(lambda s, size: (min(s[1] // 2, s[1] - size), min(s[2] // 2, s[2] - size))),
    ),
    Mistake(
        "centre by the height alone",
        "In pictures that are not square your centre crop is off: its left margin comes from the width.",
        _with_centre(lambda s, size: ((s[1] - size) // 2, min((s[1] - size) // 2, s[2] - size))),
    ),
    Mistake(
        "bottom and right one pixel short",
        "Your crops at the bottom and on the right leave out the last row or column. Where does a square of "
        "this size have to begin to end with the picture?",
        _one_short,
    ),
    Mistake(
        "top right and bottom left exchanged",
        "You have the right crops, but the second and the third have changed places: the order is top left, "
        "top right, bottom left, bottom right.",
        lambda images, size: _both(_five(images, size)[:, [0, 2, 1, 3, 4]]),
    ),
    Mistake(
        "centre first",
        "You have the right crops, but the centre comes first. It is the last of the five.",
        lambda images, size: _both(_five(images, size)[:, [4, 0, 1, 2, 3]]),
    ),
    Mistake(
        "each mirror image beside its crop",
        "You have the right crops in another order: first all five as they are, then the five mirror images.",
        _interleaved,
    ),
    Mistake(
        "crops of the mirrored picture",
        "You mirror the picture first and then take corners, so your sixth crop is the mirror image of the "
        "top right one. Here crop 5 + i is the mirror image of crop i.",
        lambda images, size: np.concatenate([_five(images, size), _five(images[:, :, ::-1], size)], axis=1),
    ),
    Mistake(
        "crops before pictures",
        "Your first axis counts the crops and the second the pictures. It should be the other way round.",
        lambda images, size: np.moveaxis(_both(_five(images, size)), 1, 0),
    ),
    Mistake(
        "pictures mixed by a reshape",
        "Your crops are right, but they stand with the wrong pictures. A reshape does not exchange axes: it "
        "only breaks the row of numbers elsewhere.",
        lambda images, size: np.moveaxis(_both(_five(images, size)), 1, 0).reshape(
            len(images), 10, size, size, images.shape[3]
        ),
    ),
    Mistake(
        "one long batch",
        "Your crops of all pictures stand in one row, (m · 10, size, size, channels). Keep an axis for the "
        "pictures and one for their crops.",
        lambda images, size: _both(_five(images, size)).reshape(-1, size, size, images.shape[3]),
    ),
    Mistake(
        "only the first picture",
        "Every picture of your batch has the crops of the first one. Look at where you index the first axis.",
        lambda images, size: np.repeat(_both(_five(images, size))[:1], len(images), axis=0),
    ),
)

# multi_crop_predict -------------------------------------------------------------------------------------------


def _multi_crop_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, int, int, int], size: int, classes: int) -> Case:
        images = rng.random(shape, dtype=np.float32)
        params = {"size": size, "classes": classes, "seed": int(rng.integers(1, 10_000))}
        return Case(group, {"images": images}, params)

    group = "one picture"
    yield case(group, (1, 7, 7, 2), 4, 4)
    yield case(group, (1, 8, 6, 1), 5, 3)
    group = "several pictures"
    yield case(group, (3, 7, 7, 2), 5, 4)
    yield case(group, (4, 6, 9, 1), 4, 5)
    group = "ten pictures, as many as crops"
    yield case(group, (10, 6, 6, 2), 4, 3)


def _crop_opinions(model: Any, images: np.ndarray, size: int) -> np.ndarray:
    """Return (m, 10, classes)."""
    crops = _ten_by_scipy(images, size)
    return np.stack([_probabilities(model, picture) for picture in crops])


def _mean_over_crops(model, images, size):
    total = np.zeros(())
    for i in range(10):
        total = total + _probabilities(model, _ten_by_scipy(images, size)[:, i])
    return total / 10


def _crops_mixed_after(model, images, size):
    flat = _crop_opinions(model, images, size).reshape(-1, model.output_shape[-1])
    return flat.reshape(10, len(images), -1).mean(axis=0)


def _crops_mixed_before(model, images, size):
    flat = np.moveaxis(_crop_opinions(model, images, size), 1, 0).reshape(-1, model.output_shape[-1])
    return flat.reshape(len(images), 10, -1).mean(axis=1)


def _crops_in_training(model, images, size):
    crops = _ten_by_scipy(images, size)
    flat = _in_training(model, crops.reshape(-1, *crops.shape[2:]))
    return flat.reshape(len(images), 10, -1).mean(axis=1)


MULTI_CROP_MISTAKES = (
    Mistake(
        "crops of different pictures mixed",
        "For several pictures your means mix crops of one with crops of another. The reshape put the crops "
        "of a picture next to each other; the reshape back has to group them the same way, pictures first.",
        _crops_mixed_after,
    ),
    Mistake(
        "crops mixed before the network",
        "For several pictures your means mix pictures: you made one row of crop 0 of all pictures, crop 1 "
        "of all pictures, …, and then read it as ten crops of one picture after another.",
        _crops_mixed_before,
    ),
    Mistake(
        "centre crop only",
        "You ask the network about the centre alone. Nine more crops are waiting.",
        lambda model, images, size: _crop_opinions(model, images, size)[:, 4],
    ),
    Mistake(
        "only the first crop",
        "Your result is that of the top left crop alone.",
        lambda model, images, size: _crop_opinions(model, images, size)[:, 0],
    ),
    Mistake(
        "mirror images left out",
        "You average over the first five crops. The mirror images belong to the ten.",
        lambda model, images, size: _crop_opinions(model, images, size)[:, :5].mean(axis=1),
    ),
    Mistake(
        "crops averaged before the network",
        "You average the ten crops and show the network that one blurred picture. Ask it about each crop, "
        "and average its answers.",
        lambda model, images, size: _probabilities(model, _ten_by_scipy(images, size).mean(axis=1)),
    ),
    Mistake(
        "votes in place of probabilities",
        "You let each crop vote for one class. A crop that shows nothing then counts as much as one that "
        "shows all. Average the probabilities, before any argmax.",
        lambda model, images, size: _votes(_crop_opinions(model, images, size), axis=1),
    ),
    Mistake(
        "argmax at the end",
        "Your average is right, but then you keep only the best class. Asked for are the probabilities.",
        lambda model, images, size: _crop_opinions(model, images, size).mean(axis=1).argmax(axis=1),
    ),
    Mistake(
        "summed, not averaged",
        "You add up the ten answers: a row then sums to 10 in place of 1.",
        lambda model, images, size: _crop_opinions(model, images, size).sum(axis=1),
    ),
    Mistake(
        "largest probability",
        "You take the largest probability that any crop gives, class by class: rows then sum to more than "
        "1. Asked for is the mean.",
        lambda model, images, size: _crop_opinions(model, images, size).max(axis=1),
    ),
    Mistake(
        "mean over the pictures",
        "You average over the pictures and keep an axis of ten crops. It should be the other way round.",
        lambda model, images, size: _crop_opinions(model, images, size).mean(axis=0),
    ),
    Mistake(
        "not averaged",
        "You return the answers for all crops. The mean over a picture's ten crops is still to be taken.",
        _crop_opinions,
    ),
    Mistake(
        "one answer for all pictures",
        "You average over all crops of all pictures: there is one row in place of one for each picture.",
        lambda model, images, size: _crop_opinions(model, images, size).mean(axis=(0, 1)),
    ),
    Mistake(
        "softmax once more",
        "You apply a softmax to probabilities. The network ends with one already; a second makes all "
        "classes nearly alike.",
        lambda model, images, size: softmax(_crop_opinions(model, images, size).mean(axis=1), axis=1),
    ),
    Mistake(
        "training mode",
        "You call the network in training mode, so it normalises by this batch of crops. `predict`, or "
        "`training=False`, is what you want here.",
        _crops_in_training,
    ),
)

ANSWERS = {
    "ensemble_predict": Answer(_ensemble_cases, oracle=_mean_of_softmax, mistakes=ENSEMBLE_MISTAKES),
    "ten_crop": Answer(_crop_cases, oracle=_ten_by_scipy, mistakes=CROP_MISTAKES),
    "multi_crop_predict": Answer(_multi_crop_cases, oracle=_mean_over_crops, mistakes=MULTI_CROP_MISTAKES),
}
