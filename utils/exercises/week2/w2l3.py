"""What lesson 3 of week 2 asks for: 1×1 convolutions, what they save, the Inception module and GoogLeNet."""

from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.keras_models import dropout_rates, probe_model


def _work_arguments(case: Case) -> tuple[tuple, dict]:
    """Pass the input shape as a tuple, which JSON does not know; the bottleneck by name, where there is one."""
    params = dict(case.params)
    return (tuple(params.pop("input_shape")), params.pop("size"), params.pop("filters")), params


def _module_arguments(case: Case) -> tuple[tuple, dict]:
    import keras

    return (keras.Input(tuple(case.params["shape"])), *case.params["filters"]), {}


def _googlenet_arguments(case: Case) -> tuple[tuple, dict]:
    params = dict(case.params)
    return (params.pop("table"), tuple(params.pop("input_shape")), params.pop("classes")), params


def probe_tensor(result: Any) -> Arrays:
    """Read a symbolic Keras tensor by the network that leads to it.

    Parameters
    ----------
    result : KerasTensor
        What a part of a functional network returned.

    Returns
    -------
    dict of str to ndarray
        As :func:`utils.exercises.keras_models.probe_model` gives them.

    Raises
    ------
    WrongKind
        When the result is something else.
    """
    import keras

    if not isinstance(result, keras.KerasTensor):
        raise WrongKind(
            "The function should return what comes out of the last layer, a Keras tensor; it returned "
            f"{'nothing' if result is None else f'a {type(result).__name__}'}."
        )
    return probe_model(keras.Model(keras.utils.get_source_inputs(result), result))


def probe_heads(result: Any) -> Arrays:
    """Read a classifier with one or several outputs.

    Parameters
    ----------
    result : keras.Model
        One input; every output is (batch, classes).

    Returns
    -------
    dict of str to ndarray
        The arrays of ``probe_model`` for all outputs side by side, without ``same_in_training``; ``heads`` (one number
        of classes for each output) and ``dropout`` (rates above 0, from small to large).

    Raises
    ------
    WrongKind
        When the result is no such model.
    """
    import keras

    if not isinstance(result, keras.Model) or not result.built:
        return probe_model(result)  # which says what is wrong
    outputs = result.outputs
    if any(len(output.shape) != 2 for output in outputs):
        shapes = ", ".join(str(output.shape) for output in outputs)
        raise WrongKind(f"Every output should have the shape (batch, classes); yours: {shapes}.")
    joined = keras.layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0]
    arrays = probe_model(keras.Model(result.inputs, joined))
    del arrays["same_in_training"]
    arrays["heads"] = np.array([output.shape[1] for output in outputs])
    arrays["dropout"] = np.array(sorted(rate for rate in dropout_rates(result) if rate), dtype=float)
    return arrays


EXERCISES = (
    Exercise(
        notebook="w2l3",
        function="conv1x1",
        signature="(x, W, b)",
        points=2,
        task="Convolve with filters of 1×1: mix the channels of every pixel, and add the biases.",
        hints=(
            "Look at one pixel only. It is a row of n_C_prev numbers, W[0, 0] is a table of n_C_prev × n_C. Which "
            "product gives n_C numbers?",
            "NumPy's `@` works on the last axis of its left side and leaves all axes before it alone, so it can take "
            "all pixels of all pictures at once.",
            "Multiply `x` by `W[0, 0]` with `@`. The biases have the shape (1, 1, 1, n_C), so adding `b` spreads them "
            "over all pixels.",
        ),
        answered_by=(
            "utils.layers.conv2d",
            "utils.layers.conv.conv2d",
            "utils.layers.dense",
            "utils.layers.dense.dense",
            "scipy.signal.correlate",
            "scipy.signal.convolve",
            "tensorflow.nn.conv2d",
            "keras.ops.conv",
        ),
    ),
    Exercise(
        notebook="w2l3",
        function="multiplications",
        signature="(input_shape, size, filters, bottleneck=None)",
        points=2,
        task="Count the multiplications of a same convolution, with or without a bottleneck before it.",
        hints=(
            "First without a bottleneck: how many numbers come out, and how many products are summed for each of them?",
            "height · width · filters numbers come out, and each takes size · size · (channels that arrive) products.",
            "With a bottleneck there are two convolutions. The first is 1×1 with `bottleneck` filters; the second gets "
            "`bottleneck` channels in place of the input's. Add the two counts.",
        ),
        build=_work_arguments,
    ),
    Exercise(
        notebook="w2l3",
        function="inception_module",
        signature="(x, n1, n3_reduce, n3, n5_reduce, n5, n_pool)",
        points=2,
        task="Lay four paths side by side, 1×1, 3×3, 5×5 and pooling, and join their channels.",
        hints=(
            "All four paths start from `x`. Give what each of them ends with a name of its own, and join the four at "
            "the end.",
            'Every convolution has `padding="same"` and `activation="relu"`, the 1×1 ones too. The 3×3 path is '
            "a 1×1 convolution with n3_reduce filters and then a 3×3 one with n3 filters.",
            'The pooling path is `layers.MaxPooling2D(3, strides=1, padding="same")(x)` and then a 1×1 convolution '
            "with n_pool filters. The joint is `layers.Concatenate()([…])`, in the picture's order, top to bottom.",
        ),
        build=_module_arguments,
        probe=probe_tensor,
        answered_by=("utils.models.inception.inception_module",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l3",
        function="googlenet",
        signature="(table, input_shape, classes, auxiliary=True)",
        points=2,
        task="Build a network of Inception modules with side classifiers from its table.",
        hints=(
            "Go through the rows with one variable `x` for what has been built so far, as you did in `layer_table`. A "
            "row of the type `side` does not change `x`: it starts a branch.",
            "Keep the outputs of the side classifiers in a list. At the end the model is "
            "`keras.Model(inputs, [main, *sides])`, or `keras.Model(inputs, main)` when the list is empty. With "
            "`auxiliary=False` the rows of the type `side` are skipped.",
            'A module is `module(x, *row["filters"])`. A side classifier: `AveragePooling2D(5, strides=3)`, '
            '`Conv2D(row["filters"], 1, activation="relu")`, `Flatten()`, `Dense(row["units"], '
            'activation="relu")`, `Dropout(0.7)`, and `Dense(classes, activation="softmax")`.',
        ),
        build=_googlenet_arguments,
        probe=probe_heads,
        answered_by=("utils.models.inception.googlenet",),
        time_limit=60,
    ),
)
