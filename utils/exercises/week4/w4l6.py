"""Week 4, lesson 6, DeepDream: what is asked. The answers stand elsewhere."""

from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Exercise, named_results


def build_dream_loss(case: Case) -> tuple[tuple, dict]:
    """Give the arrays as a list of tensors, in order, and the weights as a list."""
    import keras

    names = sorted(case.arrays)
    return ([keras.ops.convert_to_tensor(case.arrays[name]) for name in names], case.params["weights"]), {}


def build_ascent(case: Case) -> tuple[tuple, dict]:
    """Give a picture and a loss: the weighted mean of its pixels, or of their squares, or a number."""
    from keras import ops

    weights, kind = case.arrays["weights"], case.params["kind"]

    def loss_of(image):
        image = ops.convert_to_tensor(image)
        if kind == "flat":
            return ops.sum(image * 0.0)
        return ops.mean(weights * (image if kind == "linear" else ops.square(image)))

    return (case.arrays["image"], loss_of), {"step": case.params["step"]} if "step" in case.params else {}


def resize(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize by linear interpolation, pixel middles aligned, without smoothing: linear in the picture."""
    weights = [_interpolation(old, new) for old, new in zip(image.shape[:2], shape, strict=True)]
    return np.einsum("yi,xj,ijc->yxc", *weights, np.asarray(image, np.float64))


def _interpolation(old: int, new: int) -> np.ndarray:
    """Return the (new, old) matrix that resamples one axis."""
    places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    low = np.minimum(places.astype(int), max(old - 2, 0))
    share = places - low
    matrix = np.zeros((new, old))
    matrix[np.arange(new), low] += 1 - share
    matrix[np.arange(new), np.minimum(low + 1, old - 1)] += share
    return matrix


def build_dream(case: Case) -> tuple[tuple, dict]:
    """Give a picture, shapes, and what one octave does: a pattern that depends on the size is added."""
    gain = case.params["gain"]

    def ascend(image: Any) -> np.ndarray:
        image = np.asarray(image, np.float64)
        rows, columns = np.indices(image.shape[:2])
        return image + gain * (np.sin(rows + 2 * columns) * image.mean(axis=-1))[..., None]

    shapes = [tuple(shape) for shape in case.params["shapes"]]
    return (case.arrays["image"], shapes, ascend, resize), {}


EXERCISES = (
    Exercise(
        notebook="w4l6",
        function="dream_loss",
        signature="(activations, weights)",
        points=1,
        task="Return how much several layers see: the weighted sum of their mean squared activations.",
        hints=(
            "One layer: `ops.mean(ops.square(activation))`, over all places and channels.",
            "Go through both lists together, `zip(activations, weights)`, and add weight times that mean.",
        ),
        build=build_dream_loss,
        answered_by=("utils.style.deep_dream.dream_loss",),
    ),
    Exercise(
        notebook="w4l6",
        function="gradient_ascent_step",
        signature="(image, loss_of, step=0.01)",
        points=1,
        task="Change a picture so that a loss grows, by a step whose size does not depend on the loss's scale.",
        hints=(
            "`with tf.GradientTape() as tape:` watch the image as a tensor, compute `loss = loss_of(image)`, "
            "then `tape.gradient(loss, image)`.",
            "Divide the gradient by the mean of its absolute values plus 1e-8.",
            "Uphill: image + step · gradient. Then clip to [0, 1].",
        ),
        build=build_ascent,
        probe=named_results("image", "loss"),
        answered_by=("utils.style.deep_dream.gradient_ascent_step",),
    ),
    Exercise(
        notebook="w4l6",
        function="deep_dream",
        signature="(image, shapes, ascend, resize)",
        points=1,
        task="Dream from small to large, and put back at each size what the smaller one could not hold.",
        hints=(
            "At the smallest size: shrink the image and ascend. Keep two pictures for the next size: the "
            "dreamt one, and the shrunk original.",
            "At the next size: `lost = resize(image, shape) − resize(shrunk original, shape)`, the detail "
            "that shrinking has cost.",
            "Enlarge the dreamt picture, add `lost`, ascend, and go on. Shrink from `image` each time, not "
            "from the picture before.",
        ),
        build=build_dream,
        answered_by=("utils.style.deep_dream.deep_dream",),
    ),
)
