"""What lesson 4 of week 4 asks for: strongest patches, saliency, Grad-CAM, and pictures made by gradient ascent."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import given_weights, quiet_retracing


def small_network(
    steps: Sequence[Sequence], size: Sequence[int], which: int = 0, silent: int | None = None
) -> Any:
    """Return a small network, its weights given; its layers are called ``"conv_1"``, ``"max_2"``, … in order.

    Parameters
    ----------
    steps : sequence of sequences
        In order: ``("conv", filters, size, stride, padding, activation)``, ``("max", size)``, ``("mean", size)``,
        ``("activation", name)``, ``("average",)``, ``("flatten",)``, ``("dense", units)``.
    size : sequence of int
        (height, width, channels) of its pictures.
    which : int
        Other numbers give other weights.
    silent : int, optional
        A filter of the first convolution whose bias is so low that it never answers behind a ReLU.

    Returns
    -------
    keras.Model
        With one input and one output.
    """
    import keras
    from keras import layers

    make = {
        "conv": lambda filters, size, stride, padding, activation: layers.Conv2D(
            filters, size, stride, padding, activation=activation, kernel_initializer="zeros"
        ),
        "max": layers.MaxPooling2D,
        "mean": layers.AveragePooling2D,
        "activation": layers.Activation,
        "average": layers.GlobalAveragePooling2D,
        "flatten": layers.Flatten,
        "dense": lambda units: layers.Dense(units, kernel_initializer="zeros"),
    }
    quiet_retracing()
    x = inputs = keras.Input(tuple(size))
    for number, (kind, *values) in enumerate(steps, start=1):
        layer = make[kind](*values)
        layer.name = f"{kind}_{number}"
        x = layer(x)
        layer.set_weights(
            given_weights(tuple(tuple(weight.shape) for weight in layer.weights), which + number)
        )
        if silent is not None and number == 1:
            layer.bias.assign(np.where(np.arange(layer.filters) == silent, -100, layer.bias))
    return keras.Model(inputs, x)


def _arguments(*names: str):
    """Make a `build` that puts the case's network before the named arguments."""

    def build(case: Case) -> tuple[tuple, dict]:
        known = {**case.arrays, **case.params}
        picture = next(iter(case.arrays.values()))
        model = small_network(known["network"], picture.shape[-3:], known["which"], known.get("silent"))
        return (model, *(known[name] for name in names)), {}

    return build


def probe_patches(result: Any) -> Arrays:
    """Read strengths and patches: ``values``, the patches' ``shapes``, and all their ``pixels`` in a row.

    Raises
    ------
    WrongKind
        When the result is not a pair of both.
    """
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise WrongKind("The function should return 2 values, (values, patches).")
    values, patches = result
    if patches is None:
        raise WrongKind("`patches` is None.")
    pieces = [as_array(patch, f"Patch {number}") for number, patch in enumerate(patches)]
    flat = [np.zeros(0), *(piece.ravel() for piece in pieces)]
    shapes = np.array([f"{number}: {piece.shape}" for number, piece in enumerate(pieces)], dtype=np.str_)
    return {"values": as_array(values, "`values`"), "shapes": shapes, "pixels": np.concatenate(flat)}


EXERCISES = (
    Exercise(
        notebook="w4l4",
        function="top_patches",
        signature="(model, layer, unit, images, count=9)",
        points=2,
        task="Return the pieces of pictures that excite a unit most, at most one a picture.",
        hints=(
            "Three questions, one after the other. What does the unit answer, everywhere on every picture? On which "
            "pictures is its strongest answer largest? Which pixels did it see there?",
            "`keras.Model(model.inputs[0], model.get_layer(layer).output)` gives the layer's maps, (n, rows, columns, "
            "units); `[..., unit]` takes one of them. Its maximum over the axes 1 and 2 is the strength of each "
            "picture, and `np.argsort(-strength)[:count]` are the numbers of the best.",
            "`np.unravel_index(one_map.argmax(), one_map.shape)` is the place on the *map*. On the picture, its field "
            "begins at `field.start + field.stride * np.array(place)` and ends `field.size` further on.",
            "A field may begin outside of the picture. A slice must not begin at −3, which counts from the end: begin "
            "it at `max(…, 0)`. The end needs no care, a slice stops at the border by itself.",
        ),
        build=_arguments("layer", "unit", "images", "count"),
        probe=probe_patches,
        answered_by=(
            "utils.style.patches.top_patches",
            "utils.style.patches.strongest_places",
            "utils.style.patches.patches_of",
            "utils.style.patches.cut_patch",
        ),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l4",
        function="activation_maximization",
        signature="(model, layer, unit, start, steps, step_size)",
        points=2,
        task="Change a picture, step by step, so that a unit answers to it more strongly.",
        hints=(
            "In every step the same four things happen: the unit's mean answer, its gradient by the picture, a step "
            "of a fixed length in that direction, and clipping.",
            "Gradients of deep units are tiny, those of shallow ones are not. Divide by the root mean square, "
            "`tf.sqrt(tf.reduce_mean(gradient**2)) + 1e-8`, and `step_size` means the same for all.",
            "Up the hill is *plus*: `image + step_size * gradient`. Then `tf.clip_by_value(…, 0, 1)`, in each step, "
            "and the next gradient is that of the new picture.",
        ),
        build=_arguments("layer", "unit", "start", "steps", "step_size"),
        answered_by=(
            "utils.style.visualisation.maximise",
            "utils.style.visualisation.maximise_coarse_to_fine",
            "utils.style.gradients.value_and_gradient",
        ),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l4",
        function="saliency_map",
        signature="(model, image, class_index)",
        points=1,
        task="Return how strongly a class score answers to each pixel.",
        hints=(
            "You want the gradient of *one* number, the score of one class, by the picture. `tf.GradientTape` records "
            "what you compute inside its `with`; by itself it watches weights only, not pictures.",
            "`x = tf.convert_to_tensor(image[None])`, then inside the tape `tape.watch(x)` and the score "
            "`model(x)[0, class_index]`. Outside, `tape.gradient(score, x)[0]` has the shape of the picture.",
            "Red, green and blue have a gradient each. Take magnitudes first, then the largest of the three: "
            "`np.abs(gradient).max(axis=-1)`.",
        ),
        build=_arguments("image", "class_index"),
        answered_by=(
            "utils.style.attribution.saliency_map",
            "utils.style.attribution.smooth_saliency_map",
            "utils.style.gradients.value_and_gradient",
        ),
        time_limit=60,
    ),
    Exercise(
        notebook="w4l4",
        function="grad_cam",
        signature="(model, image, class_index, layer)",
        points=2,
        task="Return the places of a layer's maps that speak for a class.",
        hints=(
            "You need two things of one pass: the layer's maps and the scores. A `keras.Model` may have both as "
            "outputs: `keras.Model(model.inputs[0], [model.get_layer(layer).output, model.outputs[0]])`.",
            "Watch the picture, so that the tape records everything, even where no weights come before the layer. Then "
            "`tape.gradient(score, maps)` has the shape of the maps, (1, rows, columns, channels).",
            "One weight a channel: the mean of its gradient over the places, `tf.reduce_mean(gradient, axis=(0, 1))` "
            "once the batch is taken off.",
            "Weigh the maps, `maps[0] * weights`, add up over the channels, and in the end keep what is positive.",
        ),
        build=_arguments("image", "class_index", "layer"),
        answered_by=("utils.style.attribution.grad_cam", "utils.style.gradients.value_and_gradient"),
        time_limit=60,
    ),
)
