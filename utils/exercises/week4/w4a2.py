"""What the second assignment of week 4 asks for: the costs of style transfer, and the step that paints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array
from utils.exercises.keras_models import quiet_retracing

STEPS = 2
_CUT = (
    "No gradient reaches {what}, so nothing could be painted with it. Somewhere your numbers leave TensorFlow, through "
    "`.numpy()`, `np` or `float`, or the result does not depend on it at all."
)


def layer_outputs(case: Case, name: str) -> list[np.ndarray]:
    """Return the arrays ``"name 0"``, ``"name 1"``, … of a case, in order."""
    return [case.arrays[f"{name} {i}"] for i in range(sum(key.startswith(f"{name} ") for key in case.arrays))]


def _tensors(arrays: Sequence[np.ndarray]) -> list:
    import tensorflow as tf

    return [tf.constant(array) for array in arrays]


def _two_networks_outputs(case: Case) -> tuple[tuple, dict]:
    """Give two lists of layer outputs; what else the case holds follows, arrays as lists of numbers."""
    first, second = ("content", "generated") if "content 0" in case.arrays else ("style", "generated")
    outputs = tuple(_tensors(layer_outputs(case, name)) for name in (first, second))
    return outputs + tuple(case.params.values()), {}


def _one_array_each(case: Case) -> tuple[tuple, dict]:
    return tuple(_tensors(list(case.arrays.values()))), dict(case.params)


def _costs(case: Case) -> tuple[tuple, dict]:
    """Give the two costs as tensors, or as plain numbers where the case says so."""
    options = {name: value for name, value in case.params.items() if name != "plain"}
    if case.params["plain"]:
        return tuple(float(value) for value in case.arrays.values()), options
    return tuple(_tensors(list(case.arrays.values()))), options


def differentiate(last: bool, what: str) -> Callable:
    """Make a `call` that returns the result and its gradient.

    Parameters
    ----------
    last : bool
        Whether the gradient is by the last array argument (or list of arrays) alone; else by all of them.
    what : str
        What that argument is, for the message when no gradient reaches it.

    Returns
    -------
    callable
        ``(function, args, kwargs) → {"result": …, "gradient": …}``; the gradient is that of the sum of all numbers of
        the result, each times its place counted from 1, laid out in one row. Without tensors among the arguments there
        is only a result.
    """

    def call(function: Callable, args: tuple, kwargs: dict) -> Arrays:
        import tensorflow as tf

        quiet_retracing()
        watched = [a for a in args if tf.is_tensor(a) or (isinstance(a, list) and tf.is_tensor(a[0]))]
        watched = tf.nest.flatten(watched[-1:] if last else watched)
        with tf.GradientTape() as tape:
            tape.watch(watched)
            result = function(*args, **kwargs)
            if tf.is_tensor(result) and result.dtype.is_floating:
                places = tf.range(1, tf.size(result) + 1)
                total = tf.reduce_sum(tf.reshape(result, [-1]) * tf.cast(places, result.dtype))
        if not watched:
            return {"result": as_array(result)}
        if not tf.is_tensor(result):
            as_array(result)  # says by itself when there is nothing at all
            raise WrongKind(
                f"The result should be a tensor, so that it can be differentiated; it is a {type(result).__name__}. "
                "Compute with `tf` or `ops`, not with `np`, `float` or `.numpy()`."
            )
        if not result.dtype.is_floating:
            return {"result": as_array(result)}
        slopes = tape.gradient(total, watched)
        if all(slope is None for slope in slopes):
            raise WrongKind(_CUT.format(what=what))
        slopes = [
            np.zeros(w.shape) if s is None else np.asarray(s) for s, w in zip(slopes, watched, strict=True)
        ]
        return {"result": as_array(result), "gradient": np.concatenate([s.ravel() for s in slopes])}

    return call


def probe_differentiated(result: Arrays) -> Arrays:
    """Pass on what the calls of this module collected."""
    return result


def small_network(weights: Mapping[str, np.ndarray]) -> Any:
    """Return something small that is called as VGG-19 is.

    Parameters
    ----------
    weights : mapping of str to ndarray
        ``"kernel i"`` (channels in, channels out) and ``"bias i"`` (channels out) for i = 1, 2, 3, ….

    Returns
    -------
    tf.Module
        Called with pictures (batch, height, width, channels) in [0, 1], it gives a list of outputs, one a layer. The
        pictures are brought to [−1, 1], then each layer is a convolution of 1 × 1 with softplus, with average pooling
        of 2 × 2 before the second.
    """
    import tensorflow as tf

    class SmallNetwork(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [
                [tf.Variable(weights[f"{part} {i}"]) for part in ("kernel", "bias")]
                for i in range(1, sum(name.startswith("kernel ") for name in weights) + 1)
            ]

        @property
        def trainable_weights(self) -> tuple:
            return self.trainable_variables

        def get_weights(self) -> list[np.ndarray]:
            return [np.asarray(weight) for layer in self.layers for weight in layer]

        def __call__(self, pictures, training=None) -> list:
            x, outputs = 2 * tf.convert_to_tensor(pictures) - 1, []
            for number, (kernel, bias) in enumerate(self.layers):
                x = tf.nn.avg_pool2d(x, 2, 2, "VALID") if number == 1 else x
                x = tf.nn.softplus(tf.matmul(x, kernel) + bias)
                outputs.append(x)
            return outputs

    return SmallNetwork()


def make_optimizer(name: str, rate: float) -> Any:
    """Return Adam with an epsilon that keeps rounding small, or gradient descent with momentum."""
    import keras

    if name == "adam":
        return keras.optimizers.Adam(rate, epsilon=1e-3)
    return keras.optimizers.SGD(rate, momentum=0.9)


def _step_arguments(case: Case) -> tuple[tuple, dict]:
    """Build picture, network, targets and optimizer."""
    import tensorflow as tf

    network = small_network({name: case.arrays[name] for name in case.arrays if name[-1].isdigit()})
    a_C, a_S = (list(network(tf.constant(case.arrays[name]))) for name in ("content", "style"))
    picture = tf.Variable(case.arrays["start"])
    optimizer = make_optimizer(case.params["optimizer"], case.params["rate"])
    options = {name: case.params[name] for name in ("alpha", "beta") if name in case.params}
    return (picture, network, a_C, a_S, optimizer), options


def call_steps(function: Callable, args: tuple, kwargs: dict) -> Arrays:
    """Take two steps of painting; return both costs, the picture after them, and whether all else stayed as it was.

    Raises
    ------
    WrongKind
        When what a step returns is not one number.
    """
    picture, network, *_ = args
    costs = []
    for _ in range(STEPS):
        cost = as_array(function(*args, **kwargs), "The cost that your step returns")
        if cost.shape != ():
            raise WrongKind(
                f"The cost that your step returns should be one number; it has shape {cost.shape}."
            )
        costs.append(cost)
    return {
        "costs": np.array(costs),
        "picture": np.asarray(picture),
        "weights of the network": np.concatenate([np.ravel(w) for w in network.get_weights()]),
    }


_COSTS = "utils.style.costs"

EXERCISES = (
    Exercise(
        notebook="w4a2",
        function="compute_content_cost",
        signature="(content_output, generated_output)",
        points=5,
        task="Return how far the generated picture is from the content picture, measured at the content layer.",
        hints=(
            "The content layer is the last of the list: `content_output[-1]`, and likewise for the generated picture. "
            "The others are for the style.",
            "`tf.reduce_sum(tf.square(…))` adds up the squared differences of all numbers.",
            "The number to divide by is 4 · n_H · n_W · n_C. `_, n_H, n_W, n_C = a_C.shape` gives all three; mind the "
            "brackets around the product.",
        ),
        build=_two_networks_outputs,
        call=differentiate(True, "the generated picture"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.content_cost",),
        time_limit=30,
    ),
    Exercise(
        notebook="w4a2",
        function="gram_matrix",
        signature="(A)",
        points=4,
        task="Return the inner products of all pairs of rows.",
        hints=(
            "Every entry is a sum over the positions of a product of two rows. All of them together are one matrix "
            "product.",
            "A matrix product of A with its own transpose. A is (n_C, n_H·n_W) and the result (n_C, n_C): which of the "
            "two has to come first?",
            "`tf.matmul(A, tf.transpose(A))`, or `tf.matmul(A, A, transpose_b=True)`.",
        ),
        build=_one_array_each,
        call=differentiate(False, "A"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.gram_matrix",),
        time_limit=30,
    ),
    Exercise(
        notebook="w4a2",
        function="compute_layer_style_cost",
        signature="(a_S, a_G)",
        points=5,
        task="Return how far apart the Gram matrices of two pictures are at one layer.",
        hints=(
            "First bring each output from (1, n_H, n_W, n_C) to (n_C, n_H·n_W), so that a row holds one channel. Then "
            "`style_matrix` makes the Gram matrix.",
            "A reshape cannot exchange axes. Reshape to (n_H·n_W, n_C), which only joins the two axes of the picture, "
            "and transpose then.",
            "The sum of the squared differences is divided by 4 · n_C² · (n_H·n_W)². n_C is the number of channels of "
            "this layer, whatever the picture has.",
        ),
        build=_one_array_each,
        call=differentiate(True, "the generated picture"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.layer_style_cost",),
        time_limit=30,
    ),
    Exercise(
        notebook="w4a2",
        function="compute_style_cost",
        signature="(style_output, generated_output, weights)",
        points=4,
        task="Add up the style costs of all layers but the content layer, each times its weight.",
        hints=(
            "A loop over the layers that adds to a sum, or `sum(…)` of a generator expression. `zip` walks along "
            "several lists at a time.",
            "The last output of both lists is the content layer: `style_output[:-1]`, `generated_output[:-1]`.",
            "`for weight, a_S, a_G in zip(weights, style_output[:-1], generated_output[:-1]):` and in it "
            "`weight * layer_style_cost(a_S, a_G)`.",
        ),
        build=_two_networks_outputs,
        call=differentiate(True, "the generated picture"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.style_cost",),
        time_limit=30,
    ),
    Exercise(
        notebook="w4a2",
        function="total_cost",
        signature="(J_content, J_style, alpha=10, beta=40)",
        points=2,
        task="Return α times the content cost plus β times the style cost.",
        hints=(
            "One line, two products, one sum.",
            "α belongs to the content, β to the style; both are arguments, so no number stands in your line.",
        ),
        build=_costs,
        call=differentiate(False, "the two costs"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.total_cost",),
        time_limit=30,
    ),
    Exercise(
        notebook="w4a2",
        function="train_step",
        signature="(generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40)",
        points=7,
        task="Change the picture by one step of the optimizer, so that the total cost falls, and keep it in [0, 1].",
        hints=(
            "Three things happen: under a tape, the picture goes through the network and becomes a cost; the tape "
            "gives the gradient of the cost *by the picture*; the optimizer changes the picture. Then you clip.",
            "Under `with tf.GradientTape() as tape:` stand `a_G = network(generated_image)` and the three costs. A "
            "`tf.Variable` is watched by the tape without being told.",
            "`gradient = tape.gradient(J, generated_image)`, then "
            "`optimizer.apply_gradients([(gradient, generated_image)])`.",
            "`tf.clip_by_value` returns a new tensor; only `generated_image.assign(…)` brings it into the picture. "
            "Return J as it was before the step.",
        ),
        build=_step_arguments,
        call=call_steps,
        probe=probe_differentiated,
        time_limit=60,
    ),
    Exercise(
        notebook="w4a2",
        function="total_variation_cost",
        signature="(image)",
        points=3,
        task="Return the mean absolute difference of neighbours below each other plus that of neighbours side by side.",
        hints=(
            "The picture is (1, height, width, channels). All pixels but the first row, minus all but the last row: "
            "that is every difference downwards at once.",
            "`image[:, 1:] - image[:, :-1]` goes downwards. Which axis holds the columns?",
            "`tf.reduce_mean(tf.abs(…))` for each of the two directions, then the sum of both.",
        ),
        build=_one_array_each,
        call=differentiate(False, "the picture"),
        probe=probe_differentiated,
        answered_by=(f"{_COSTS}.total_variation", "tensorflow.image.total_variation"),
        time_limit=30,
    ),
)
