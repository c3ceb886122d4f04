"""Lesson 4 of week 4: what is tried, what is right by windows and finite differences in NumPy, what people get wrong.

The oracles run a network's layers in NumPy, in float64. Gradients are central differences, and a unit's field is what
single white pixels reach, so nothing here goes through TensorFlow's gradients or the arithmetic of receptive fields.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

RTOL, ATOL = 2e-3, 2e-5
_STEP = 1e-5

_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
}


# A network in NumPy -------------------------------------------------------------------------------------------


def run_layers(steps: Sequence[Any], x: np.ndarray) -> np.ndarray:
    """Send a batch through Keras layers in NumPy.

    Parameters
    ----------
    steps : sequence of keras.layers.Layer
        Convolution, pooling, activation, global average, flatten, dense; in order.
    x : ndarray, (batch, ...)

    Returns
    -------
    ndarray
        float64.
    """
    x = np.asarray(x, dtype=np.float64)
    for step in steps:
        kind = type(step).__name__
        if kind == "Conv2D":
            kernel, bias = (weight.astype(np.float64) for weight in step.get_weights())
            windows = _windows(x, step.kernel_size, step.strides, step.padding)
            x = _ACTIVATIONS[step.activation.__name__](np.einsum("nrchwk,hwkf->nrcf", windows, kernel) + bias)
        elif kind == "MaxPooling2D":
            x = _windows(x, step.pool_size, step.strides, step.padding).max(axis=(3, 4))
        elif kind == "AveragePooling2D":
            x = _windows(x, step.pool_size, step.strides, step.padding).mean(axis=(3, 4))
        elif kind == "Activation":
            x = _ACTIVATIONS[step.activation.__name__](x)
        elif kind == "GlobalAveragePooling2D":
            x = x.mean(axis=(1, 2))
        elif kind == "Flatten":
            x = x.reshape(len(x), -1)
        elif kind == "Dense":
            x = x @ step.get_weights()[0].astype(np.float64) + step.get_weights()[1]
    return x


def _windows(x: np.ndarray, size: Sequence[int], strides: Sequence[int], padding: str) -> np.ndarray:
    """Return all windows of maps, (batch, rows, columns, height, width, channels); zeros are padded for "same"."""
    if padding == "same":
        missing = [
            max(-(-n // s) * s - s + k - n, 0) for n, k, s in zip(x.shape[1:3], size, strides, strict=True)
        ]
        x = np.pad(x, [(0, 0), *((more // 2, more - more // 2) for more in missing), (0, 0)])
    windows = sliding_window_view(x, tuple(size), axis=(1, 2))[:, :: strides[0], :: strides[1]]
    return np.moveaxis(windows, 3, -1)


def reached(steps: Sequence[Any], height: int, width: int) -> np.ndarray:
    """Return which pixels reach which places of the last map, (height, width, rows, columns), booleans.

    A pixel is followed by itself: one picture for each, white there and black elsewhere, through windows that only ask
    whether anything white lies in them.
    """
    x = np.eye(height * width, dtype=bool).reshape(height * width, height, width, 1)
    for step in steps:
        if hasattr(step, "strides"):
            size = getattr(step, "kernel_size", None) or step.pool_size
            x = _windows(x, size, step.strides, step.padding).any(axis=(3, 4))
    return x[..., 0].reshape(height, width, *x.shape[1:3])


def differences(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the gradient of a function by central differences.

    Parameters
    ----------
    function : callable
        (batch, ...) → one number a sample, (batch,).
    x : ndarray
        One sample, without batch.

    Returns
    -------
    ndarray
        As `x`, float64.
    """
    steps = _STEP * np.eye(x.size).reshape(x.size, *x.shape)
    return ((function(x + steps) - function(x - steps)) / (2 * _STEP)).reshape(x.shape)


def _split(model: Any, layer: str) -> tuple[list, list]:
    """Return the model's layers up to one, that one included, and those behind it."""
    names = [step.name for step in model.layers]
    place = names.index(layer) + 1
    return model.layers[:place], model.layers[place:]


# Tensors, for the mistakes ------------------------------------------------------------------------------------


def _maps_of(model, layer, images) -> np.ndarray:
    import keras

    return np.asarray(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))


def _gradient(
    model, x: np.ndarray, score: Callable, layer: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a layer's maps (the picture when there is none) and the gradient of a score by them, without the batch."""
    import keras
    import tensorflow as tf

    x = tf.convert_to_tensor(x[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        if layer is None:
            maps, outputs = x, model(x)
        else:
            maps, outputs = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.outputs[0]])(x)
        value = score(outputs)
    return np.asarray(maps[0]), np.asarray(tape.gradient(value, maps)[0])


def _of_class(class_index: int) -> Callable:
    return lambda scores: scores[0, class_index]


def _softmax_of(class_index: int) -> Callable:
    def score(scores):
        import tensorflow as tf

        return tf.nn.softmax(scores)[0, class_index]

    return score


def _loss_of(class_index: int) -> Callable:
    def score(scores):
        import tensorflow as tf

        return -tf.nn.log_softmax(scores)[0, class_index]

    return score


def _strongest_class(scores):
    return scores[0, int(np.argmax(scores[0]))]


def _all_classes(scores):
    import tensorflow as tf

    return tf.reduce_sum(scores)


# top_patches --------------------------------------------------------------------------------------------------


def _patch_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(
        group: str, steps: list, layer: str, unit: int, size: tuple[int, ...], n: int, count: int
    ) -> Case:
        params = {
            "network": steps,
            "which": int(rng.integers(100)),
            "layer": layer,
            "unit": unit,
            "count": count,
        }
        return Case(group, {"images": rng.random((n, *size), dtype=np.float32)}, params)

    valid = [["conv", 4, 3, 1, "valid", "relu"], ["max", 2], ["conv", 5, 3, 1, "valid", "linear"]]
    group = "a first layer, without padding"
    yield case(group, valid, "conv_1", int(rng.integers(1, 4)), (9, 11, 3), 6, 4)
    yield case(group, [["conv", 3, 4, 1, "valid", "linear"]], "conv_1", 0, (10, 8, 1), 5, 3)
    group = "deeper layers: strides and poolings"
    yield case(group, valid, "conv_3", int(rng.integers(1, 5)), (14, 18, 3), 6, 3)
    strided = [["conv", 4, 3, 2, "valid", "linear"], ["conv", 3, 2, 1, "valid", "linear"]]
    yield case(group, strided, "conv_2", 1, (15, 12, 2), 5, 4)
    group = "padding: fields that stick out of the picture"
    padded = [["conv", 4, 3, 1, "same", "relu"], ["mean", 2], ["conv", 4, 5, 1, "same", "linear"]]
    yield case(group, padded, "conv_3", 2, (12, 16, 3), 7, 5)
    yield case(group, padded, "conv_1", 3, (7, 6, 1), 6, 5)
    yield case(group, [["conv", 3, 5, 2, "same", "linear"], *padded[2:]], "conv_2", 1, (14, 11, 2), 6, 5)
    group = "fewer pictures than patches asked for"
    yield case(group, valid, "conv_3", 0, (11, 12, 3), 4, 9)


def top_patches_oracle(model, layer, unit, images, count=9):
    """Cut out the smallest rectangle that holds every pixel which reaches the strongest place."""
    before, _ = _split(model, layer)
    maps = run_layers(before, images)[..., unit]
    fields = reached(before, *images.shape[1:3])
    found = []
    for image, answers in zip(images, maps, strict=True):
        row, column = np.argwhere(answers == answers.max())[0]
        rows, columns = (np.flatnonzero(fields[:, :, row, column].any(axis=axis)) for axis in (1, 0))
        found.append((answers.max(), image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]))
    found.sort(key=lambda pair: -pair[0])
    return np.array([value for value, _ in found[:count]]), [patch for _, patch in found[:count]]


def _wrong_patches(
    model,
    layer,
    unit,
    images,
    count=9,
    *,
    maps: Callable = _maps_of,
    take: Callable = lambda maps, unit: maps[..., unit],
    strength: Callable = lambda maps: maps.max(axis=(1, 2)),
    order: Callable = lambda strengths, count: np.argsort(-strengths)[:count],
    place: Callable = lambda answers: np.unravel_index(answers.argmax(), answers.shape),
    begin: Callable = lambda field, place: field.start + field.stride * place,
    size: Callable = lambda field: field.size,
    cut: Callable | None = None,
):
    """Find and cut patches, except for what the caller replaces."""
    from utils.style.patches import receptive_field

    answers = take(maps(model, layer, images), unit)
    field = receptive_field(model, layer)
    strengths = strength(answers)
    chosen = order(strengths, count)
    patches = []
    for number in chosen:
        first = np.asarray(begin(field, np.array(place(answers[number]))), dtype=int)
        last = first + np.asarray(size(field))
        patches.append((cut or _clipped)(images[number], first, last))
    return strengths[chosen], patches


def _clipped(image, first, last):
    (top, left), (bottom, right) = np.maximum(first, 0), last
    return image[top:bottom, left:right]


def _not_clipped(image, first, last):
    return image[first[0] : last[0], first[1] : last[1]]


def _zero_padded(image, first, last):
    before, after = np.maximum(-first, 0), np.maximum(last - image.shape[:2], 0)
    wide = np.pad(image, [*zip(before, after, strict=True), (0, 0)])
    top, left = first + before
    return wide[top : top + last[0] - first[0], left : left + last[1] - first[1]]


def _patches(**flaws) -> Callable:
    return lambda model, layer, unit, images, count=9: _wrong_patches(
        model, layer, unit, images, count, **flaws
    )


def _several_of_one_picture(model, layer, unit, images, count=9):
    from utils.style.patches import receptive_field

    answers = _maps_of(model, layer, images)[..., unit]
    field = receptive_field(model, layer)
    chosen = np.argsort(-answers.ravel())[:count]
    patches = []
    for number, *place in zip(*np.unravel_index(chosen, answers.shape), strict=True):
        first = field.start + field.stride * np.array(place)
        patches.append(_clipped(images[number], first, first + field.size))
    return answers.ravel()[chosen], patches


PATCH_MISTAKES = (
    Mistake(
        "smallest in place of largest",
        "These are the pictures that excite the unit *least*. `np.argsort` puts the smallest first.",
        _patches(order=lambda strengths, count: np.argsort(strengths)[:count]),
    ),
    Mistake(
        "smallest of the best first",
        "The right patches, in the wrong order: the one with the strongest answer comes first.",
        _patches(order=lambda strengths, count: np.argsort(strengths)[-count:]),
    ),
    Mistake(
        "pictures not sorted",
        "You take the first pictures, not those with the strongest answers.",
        _patches(order=lambda strengths, count: np.arange(len(strengths))[:count]),
    ),
    Mistake(
        "stride ignored",
        "You take a place on the map for a pixel of the picture. In deeper layers one step on the map is several "
        "pixels: look at `field.stride`.",
        _patches(begin=lambda field, place: field.start + place),
    ),
    Mistake(
        "start ignored",
        "Without padding your patches are right. With padding, the field of the place (0, 0) begins *outside* of the "
        "picture: look at `field.start`.",
        _patches(begin=lambda field, place: field.stride * place),
    ),
    Mistake(
        "field not clipped at the border",
        "Where a field begins outside of the picture, your slice begins at a negative number, and Python counts those "
        "from the other end.",
        _patches(cut=_not_clipped),
    ),
    Mistake(
        "padding left in the patch",
        "You fill what lies outside of the picture with zeros. Asked for are the pixels of the picture only, so "
        "patches at the border are smaller.",
        _patches(cut=_zero_padded),
    ),
    Mistake(
        "field centred at its beginning",
        "`field.start` and `field.stride` say where the field *begins*. You put its middle there.",
        _patches(begin=lambda field, place: field.start + field.stride * place - np.array(field.size) // 2),
    ),
    Mistake(
        "one pixel too many",
        "Your patches are a row and a column too large: a slice from a to a + size holds size pixels already.",
        _patches(size=lambda field: np.array(field.size) + 1),
    ),
    Mistake(
        "rows and columns exchanged",
        "You have exchanged row and column. `np.unravel_index` gives the row first, as arrays do.",
        _patches(place=lambda answers: np.unravel_index(answers.argmax(), answers.shape)[::-1]),
    ),
    Mistake(
        "several places of one picture",
        "One picture gives you several patches, all from nearly the same place. Take each picture's strongest place, "
        "then the best pictures.",
        _several_of_one_picture,
    ),
    Mistake(
        "mean in place of the strongest answer",
        "You rank the pictures by the unit's *mean* answer. A small thing in a large picture hardly moves the mean: "
        "rank by the maximum.",
        _patches(strength=lambda answers: answers.mean(axis=(1, 2))),
    ),
    Mistake(
        "always the first unit",
        "Whatever `unit` is, you look at unit 0.",
        _patches(take=lambda maps, unit: maps[..., 0]),
    ),
    Mistake(
        "magnitude of the answers",
        "You take magnitudes, so that a strongly negative answer counts as excitement. Look for the largest answer.",
        _patches(take=lambda maps, unit: np.abs(maps[..., unit])),
    ),
    Mistake(
        "whole pictures returned",
        "You return whole pictures. Wanted is the piece that the unit saw at its strongest place.",
        _patches(cut=lambda image, first, last: image),
    ),
)


# saliency_map -------------------------------------------------------------------------------------------------


def _saliency_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, steps: list, image: np.ndarray, which: int, class_index: int) -> Case:
        params = {"network": steps, "which": which, "class_index": class_index}
        return Case(group, {"image": image}, params)

    def picture(*size: int) -> np.ndarray:
        return rng.random(size, dtype=np.float32)

    head = [["average"], ["dense", 4]]
    group = "one convolution and a dense layer"
    image, which = picture(6, 7, 3), int(rng.integers(100))
    for class_index in (0, 3):
        yield case(group, [["conv", 5, 3, 1, "valid", "tanh"], *head], image, which, class_index)
    group = "deeper networks"
    deep = [["conv", 4, 3, 1, "same", "relu"], ["max", 2], ["conv", 5, 3, 1, "same", "relu"], ["flatten"]]
    image, which = picture(8, 6, 3), int(rng.integers(100))
    for class_index in (1, 2):
        yield case(group, [*deep, ["dense", 3]], image, which, class_index)
    group = "grey pictures"
    image, which = picture(7, 8, 1), int(rng.integers(100))
    for class_index in (0, 2):
        yield case(group, [["conv", 4, 3, 2, "valid", "tanh"], *head], image, which, class_index)


def saliency_oracle(model, image, class_index):
    """Change every number of the picture a little, up and down, and look at the score."""
    gradient = differences(lambda x: run_layers(model.layers, x)[:, class_index], image)
    return np.abs(gradient).max(axis=-1)


def _saliency(reduce: Callable = lambda g: np.abs(g).max(axis=-1), score: Callable = _of_class) -> Callable:
    return lambda model, image, class_index: reduce(_gradient(model, image, score(class_index))[1])


def _times_picture(model, image, class_index):
    return np.abs(image * _gradient(model, image, _of_class(class_index))[1]).max(axis=-1)


SALIENCY_MISTAKES = (
    Mistake(
        "magnitude missing",
        "Your map has negative numbers. A pixel that must become darker matters as much as one that must become "
        "brighter: take the magnitude before the maximum.",
        _saliency(lambda g: g.max(axis=-1)),
    ),
    Mistake(
        "magnitude after the maximum",
        "You take the magnitude too late. Of the gradients −5 and 1, the maximum is 1; of their magnitudes it is 5.",
        _saliency(lambda g: np.abs(g.max(axis=-1))),
    ),
    Mistake(
        "maximum over rows",
        "Your maximum runs over the rows of the picture, and its place is lost. It should run over the channels, the "
        "last axis.",
        _saliency(lambda g: np.abs(g).max(axis=0)),
    ),
    Mistake(
        "sum over the channels",
        "You add the channels up. Asked for is the largest of them.",
        _saliency(lambda g: np.abs(g).sum(axis=-1)),
    ),
    Mistake(
        "mean over the channels",
        "You average over the channels. Asked for is the largest of them.",
        _saliency(lambda g: np.abs(g).mean(axis=-1)),
    ),
    Mistake(
        "channels not joined",
        "Your map still has the channels. One number a pixel is wanted.",
        _saliency(np.abs),
    ),
    Mistake(
        "gradient of the strongest class",
        "You explain the class that the network prefers, whatever `class_index` says.",
        _saliency(score=lambda class_index: _strongest_class),
    ),
    Mistake(
        "gradient of all scores",
        "You differentiate all scores together: `tape.gradient` adds them up without a word. Take one of them first.",
        _saliency(score=lambda class_index: _all_classes),
    ),
    Mistake(
        "gradient of the probability",
        "You put a softmax behind the scores. A probability also rises when other classes' scores fall; asked for is "
        "the score as the model gives it.",
        _saliency(score=_softmax_of),
    ),
    Mistake(
        "gradient of the loss",
        "You differentiate the cross-entropy, as in training. Here no label is compared with anything: asked for is "
        "the gradient of the score.",
        _saliency(score=_loss_of),
    ),
    Mistake(
        "gradient times picture",
        "You multiply the gradient by the picture, so dark pixels cannot matter. Asked for is the gradient alone.",
        _times_picture,
    ),
    Mistake(
        "scaled to 1",
        "You divide by the largest value. That is good for drawing; here the numbers themselves are asked for.",
        _saliency(lambda g: np.abs(g).max(axis=-1) / np.abs(g).max()),
    ),
    Mistake(
        "batch not taken off",
        "The map is right, in a batch of one. Wanted is (height, width).",
        _saliency(lambda g: np.abs(g).max(axis=-1)[None]),
    ),
)


# grad_cam -----------------------------------------------------------------------------------------------------


def _cam_cases(rng: np.random.Generator) -> Iterator[Case]:
    def cases(group: str, steps: list, size: tuple[int, ...], layer: str, classes) -> Iterator[Case]:
        image, which = rng.random(size, dtype=np.float32), int(rng.integers(100))
        for class_index in classes:
            params = {"network": steps, "which": which, "class_index": class_index, "layer": layer}
            yield Case(group, {"image": image}, params)

    plain = [
        ["conv", 4, 3, 1, "valid", "relu"],
        ["conv", 6, 3, 1, "valid", "relu"],
        ["average"],
        ["dense", 4],
    ]
    deep = [
        *(["conv", 4, 3, 1, "same", "tanh"], ["mean", 2], ["conv", 5, 3, 1, "same", "linear"]),
        *(["activation", "relu"], ["flatten"], ["dense", 3]),
    ]
    yield from cases("maps before a global average", plain, (8, 9, 3), "conv_2", (0, 3))
    yield from cases("maps before a flattening", deep, (8, 10, 3), "activation_4", (0, 1))
    yield from cases("layers in the middle", deep, (8, 6, 1), "conv_1", (2,))
    yield from cases("layers in the middle", plain, (9, 8, 2), "conv_1", (3,))
    yield from cases("a layer before any weights", [["mean", 2], *plain], (14, 12, 3), "mean_1", (0, 2))


def cam_oracle(model, image, class_index, layer):
    """Change every number of the maps a little, up and down, and look at the score."""
    before, after = _split(model, layer)
    maps = run_layers(before, image[None])[0]
    gradient = differences(lambda x: run_layers(after, x)[:, class_index], maps)
    return np.maximum(np.einsum("rck,k->rc", maps, gradient.mean(axis=(0, 1))), 0)


def _cam(
    weigh: Callable = lambda g: g.mean(axis=(0, 1)),
    join: Callable = lambda maps, weights: (maps * weights).sum(axis=-1),
    end: Callable = lambda cam: np.maximum(cam, 0),
    score: Callable = _of_class,
) -> Callable:
    def function(model, image, class_index, layer):
        maps, gradient = _gradient(model, image, score(class_index), layer)
        return end(join(maps, weigh(gradient)))

    return function


def _one_layer_early(model, image, class_index, layer):
    names = [step.name for step in model.layers]
    return _cam()(model, image, class_index, names[names.index(layer) - 1])


def _weights_only_watched(model, image, class_index, layer):
    """Let the tape watch what it watches by itself."""
    import keras
    import tensorflow as tf

    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, scores = both(image[None])
        score = scores[0, class_index]
    gradient = tape.gradient(score, maps)
    if gradient is None:
        raise TypeError("'NoneType' object is not subscriptable")
    return np.maximum((maps[0] * tf.reduce_mean(gradient[0], axis=(0, 1))).numpy().sum(axis=-1), 0)


def _enlarged(model, image, class_index, layer):
    cam = _cam()(model, image, class_index, layer)
    rows, columns = (np.arange(n) * small // n for n, small in zip(image.shape[:2], cam.shape, strict=True))
    return cam[rows][:, columns]


CAM_MISTAKES = (
    Mistake(
        "no ReLU at the end",
        "Your map has negative numbers: places that speak *against* the class. Grad-CAM keeps what speaks for it.",
        _cam(end=lambda cam: cam),
    ),
    Mistake(
        "magnitude in place of the ReLU",
        "You take the magnitude, so what speaks against the class lights up like what speaks for it. Negative sums "
        "become 0.",
        _cam(end=np.abs),
    ),
    Mistake(
        "ReLU on the weights",
        "You drop the channels with negative weights. They belong to the sum; the ReLU comes after it.",
        _cam(weigh=lambda g: np.maximum(g.mean(axis=(0, 1)), 0)),
    ),
    Mistake(
        "sum of the gradient in place of its mean",
        "Every number is too large by the same factor, the number of places. A channel's weight is the *mean* of its "
        "gradient.",
        _cam(weigh=lambda g: g.sum(axis=(0, 1))),
    ),
    Mistake(
        "mean over the channels in the end",
        "Every number is too small by the same factor, the number of channels. Add the weighted maps up.",
        _cam(join=lambda maps, weights: (maps * weights).mean(axis=-1)),
    ),
    Mistake(
        "gradient not averaged",
        "You multiply maps and gradient place by place. In Grad-CAM each channel has *one* weight, the mean over all "
        "places. (Without the mean it is another method, HiResCAM.)",
        _cam(weigh=lambda g: g),
    ),
    Mistake(
        "averaged over the channels",
        "Your mean runs over the channels and leaves a weight for each place. The other way round: one weight for each "
        "channel, from all places.",
        _cam(weigh=lambda g: g.mean(axis=-1, keepdims=True)),
    ),
    Mistake(
        "magnitude of the gradient",
        "You average the gradient's magnitude. Its sign says whether a channel speaks for or against the class.",
        _cam(weigh=lambda g: np.abs(g).mean(axis=(0, 1))),
    ),
    Mistake(
        "gradient of the strongest class",
        "You explain the class that the network prefers, whatever `class_index` says.",
        _cam(score=lambda class_index: _strongest_class),
    ),
    Mistake(
        "gradient of all scores",
        "You differentiate all scores together: `tape.gradient` adds them up without a word. Take one of them first.",
        _cam(score=lambda class_index: _all_classes),
    ),
    Mistake(
        "gradient of the probability",
        "You put a softmax behind the scores. Asked for is the score as the model gives it.",
        _cam(score=_softmax_of),
    ),
    Mistake(
        "one layer too early",
        "You take the maps that go *into* the layer, before its ReLU or filter. Asked for is its output.",
        _one_layer_early,
    ),
    Mistake(
        "picture not watched",
        "A tape watches trainable weights by itself. Before this layer there are none, so its maps are not recorded "
        "and the gradient is None: let the tape watch the picture.",
        _weights_only_watched,
    ),
    Mistake(
        "scaled to 1",
        "You divide by the largest value. That is good for drawing; here the numbers themselves are asked for.",
        _cam(end=lambda cam: np.maximum(cam, 0) / (np.maximum(cam, 0).max() + 1e-9)),
    ),
    Mistake(
        "enlarged to the picture",
        "You enlarge the map to the picture. That is good for drawing; asked for is a number for each place of the "
        "layer's maps.",
        _enlarged,
    ),
)


# activation_maximization --------------------------------------------------------------------------------------


def _ascent_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(
        group: str, steps: list, size, layer: str, unit: int, many: int, step_size: float, **more
    ) -> Case:
        params = {"network": steps, "which": int(rng.integers(100)), "layer": layer, "unit": unit, **more}
        start = rng.uniform(0.1, 0.9, size).astype(np.float32)
        return Case(group, {"start": start}, {**params, "steps": many, "step_size": step_size})

    one = [["conv", 4, 3, 1, "valid", "tanh"], ["average"], ["dense", 3]]
    two = [["conv", 4, 3, 1, "same", "relu"], ["mean", 2], ["conv", 5, 3, 1, "valid", "tanh"]]
    yield case("a single step", one, (6, 7, 3), "conv_1", int(rng.integers(1, 4)), 1, 0.03)
    yield case("a single step", two, (8, 6, 3), "conv_3", int(rng.integers(1, 5)), 1, 0.01)
    group = "several steps"
    yield case(group, one, (7, 6, 3), "conv_1", int(rng.integers(1, 4)), 4, 0.02)
    yield case(group, two, (8, 8, 1), "conv_3", int(rng.integers(1, 5)), 3, 0.05)
    group = "steps so long that pixels reach black and white"
    yield case(group, two, (7, 8, 3), "conv_3", int(rng.integers(1, 5)), 4, 0.3)
    yield case(group, one, (6, 6, 1), "conv_1", int(rng.integers(1, 4)), 3, 0.6)
    group = "a unit that says nothing yet, and one that does"
    yield case(group, two, (6, 6, 3), "conv_1", 2, 3, 0.1, silent=2)
    yield case(group, two, (6, 6, 3), "conv_1", 1, 3, 0.1, silent=2)


def ascent_oracle(model, layer, unit, start, steps, step_size):
    """Take each step along a gradient by central differences."""
    before, _ = _split(model, layer)
    image = start.astype(np.float64)
    for _ in range(steps):
        gradient = differences(lambda x: run_layers(before, x)[..., unit].mean(axis=(1, 2)), image)
        image = np.clip(image + step_size * gradient / (np.sqrt((gradient**2).mean()) + 1e-8), 0, 1)
    return image


def _root_mean_square(gradient):
    return np.sqrt(np.square(gradient).mean()) + 1e-8


def _ascent(
    *,
    take: Callable = lambda maps, unit: maps[..., unit],
    length: Callable = _root_mean_square,
    direction: Callable = lambda gradient: gradient,
    sign: int = 1,
    clip: Callable = lambda image: np.clip(image, 0, 1),
    end: Callable = lambda image: image,
    more_steps: int = 0,
    gradient_once: bool = False,
) -> Callable:
    def function(model, layer, unit, start, steps, step_size):
        import keras

        network = keras.Model(model.inputs[0], model.get_layer(layer).output)

        def score(maps):
            import tensorflow as tf

            return tf.reduce_mean(take(maps, unit))

        image, gradient = start, None
        for _ in range(steps + more_steps):
            if gradient is None or not gradient_once:
                gradient = _gradient(network, image, score)[1]
            image = clip(image + sign * step_size * direction(gradient) / length(gradient)).astype(np.float32)
        return end(image)

    return function


ASCENT_MISTAKES = (
    Mistake(
        "descent for ascent",
        "You go *down* the hill: the unit answers less with each step. In training the loss should fall; here the "
        "answer should rise.",
        _ascent(sign=-1),
    ),
    Mistake(
        "gradient not normalised",
        "You add the gradient as it is, so the length of a step depends on the layer. Divide by its root mean square.",
        _ascent(length=lambda gradient: 1),
    ),
    Mistake(
        "divided by the Euclidean norm",
        "You divide by the root of the *sum* of squares, so your steps are too short by the root of the number of "
        "pixels. Asked for is the root of their mean.",
        _ascent(length=lambda gradient: np.sqrt(np.square(gradient).sum()) + 1e-8),
    ),
    Mistake(
        "divided by the largest",
        "You divide by the largest magnitude. Asked for is the root mean square.",
        _ascent(length=lambda gradient: np.abs(gradient).max() + 1e-8),
    ),
    Mistake(
        "divided by zero",
        "Where a unit says nothing at all, the gradient is zero everywhere, and you divide by zero: the picture "
        "becomes NaN. That is what the 1e-8 is for.",
        _ascent(length=lambda gradient: np.sqrt(np.square(gradient).mean())),
    ),
    Mistake(
        "sign of the gradient only",
        "You step by the sign of the gradient: every pixel as far as every other. Its size matters too.",
        _ascent(direction=np.sign, length=lambda gradient: 1),
    ),
    Mistake(
        "no clipping",
        "Your pixels leave [0, 1]: no screen can show them, and the network never saw such.",
        _ascent(clip=lambda image: image),
    ),
    Mistake(
        "clipped once at the end",
        "You clip after the last step only. In between, the gradient is that of a picture which cannot exist. Clip in "
        "every step.",
        _ascent(clip=lambda image: image, end=lambda image: np.clip(image, 0, 1)),
    ),
    Mistake(
        "clipped to −1…1",
        "You clip to [−1, 1]. Pictures are in [0, 1] here.",
        _ascent(clip=lambda image: np.clip(image, -1, 1)),
    ),
    Mistake(
        "gradient of the first picture only",
        "You compute the gradient once and follow it all the way. The hill has another slope at every place: compute "
        "it anew in each step.",
        _ascent(gradient_once=True),
    ),
    Mistake(
        "one step too few",
        "You take a step less than asked for.",
        _ascent(more_steps=-1),
    ),
    Mistake(
        "all units of the layer",
        "You excite the whole layer. One unit is asked for.",
        _ascent(take=lambda maps, unit: maps),
    ),
    Mistake(
        "always the first unit",
        "Whatever `unit` is, you excite unit 0.",
        _ascent(take=lambda maps, unit: maps[..., 0]),
    ),
    Mistake(
        "one place only",
        "You excite the unit at a single place of its map. Asked for is its mean over all places.",
        _ascent(take=lambda maps, unit: maps[:, maps.shape[1] // 2, maps.shape[2] // 2, unit]),
    ),
    Mistake(
        "batch not taken off",
        "The picture is right, in a batch of one. Wanted is (height, width, channels).",
        _ascent(end=lambda image: image[None]),
    ),
)

ANSWERS = {
    "top_patches": Answer(_patch_cases, top_patches_oracle, mistakes=PATCH_MISTAKES, rtol=RTOL, atol=ATOL),
    "saliency_map": Answer(
        _saliency_cases, saliency_oracle, mistakes=SALIENCY_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "grad_cam": Answer(_cam_cases, cam_oracle, mistakes=CAM_MISTAKES, rtol=RTOL, atol=ATOL),
    "activation_maximization": Answer(
        _ascent_cases, ascent_oracle, mistakes=ASCENT_MISTAKES, rtol=RTOL, atol=ATOL
    ),
}
