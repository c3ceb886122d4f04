"""Public half of lesson 3 of week 1: pooling, and a whole network as a table."""

from numbers import Integral
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array


def build_layer_table(case: Case) -> tuple[tuple, dict]:
    """Pass the layers as they stand and the input shape as a tuple, which JSON does not know."""
    return (case.params["layers"], tuple(case.params["input_shape"])), {}


def probe_layer_table(result: Any) -> Arrays:
    """Turn rows (name, output shape, parameters) into named arrays, one set a row.

    Raises
    ------
    WrongKind
        When the result is not a list of such rows.
    """
    if not isinstance(result, list | tuple):
        raise WrongKind(
            f"The table should be a list of rows (name, output shape, parameters); it is a {type(result).__name__}."
        )
    arrays: Arrays = {"number of rows": np.array(len(result))}
    for number, row in enumerate(result):
        if not isinstance(row, list | tuple) or len(row) != 3:
            raise WrongKind(f"Row {number} should be (name, output shape, parameters); it is {row!r}.")
        name, shape, parameters = row
        arrays[f"name in row {number}"] = np.array(str(name))
        arrays[f"output shape in row {number}"] = np.array(_shape_text(shape, number))
        arrays[f"parameters in row {number}"] = as_array(
            parameters, f"The number of parameters in row {number}"
        )
    return arrays


def _shape_text(shape: Any, number: int) -> str:
    """Write a shape as text, so that shapes of different lengths can be told apart in a message."""
    if not isinstance(shape, tuple | list | np.ndarray):
        raise WrongKind(
            f"The output shape in row {number} should be a tuple such as (14, 14, 8); it is {shape!r}."
        )
    if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in shape):
        raise WrongKind(
            f"The output shape in row {number} is {tuple(shape)!r}: sizes are whole numbers. "
            "In Python 28 / 2 is 14.0, a float."
        )
    return str(tuple(int(size) for size in shape))


EXERCISES = (
    Exercise(
        notebook="w1l3",
        function="pool_output_size",
        signature="(n, f, stride)",
        points=2,
        task="Return how many windows fit along a side of n pixels.",
        hints=(
            "Put the first window at the left edge. How many pixels are left to its right, and how many steps of "
            "`stride` pixels fit into them?",
            "There are n − f pixels beyond the first window. Whole steps only: `//` rounds down. Then count the "
            "first window too. Before all that, a window with f > n is refused with `raise ValueError(...)`.",
        ),
    ),
    Exercise(
        notebook="w1l3",
        function="layer_table",
        signature="(layers, input_shape)",
        points=6,
        task="Return one row (name, output shape, parameters) for every layer of a network.",
        hints=(
            "Walk through the layers with one variable `shape` that always holds what arrives at the next layer. Each "
            'layer changes it; append a row after each. One `if layer["type"] == …` for each of the four kinds.',
            "Write a small helper for one side: `(n - f) // stride + 1` for valid, `-(-n // stride)` (division "
            "rounded up) for same. Use it for the height and for the width: pictures need not be square.",
            "A filter of a conv layer has size · size · (channels that arrive) weights and one bias, and there are "
            "`filters` of them. A unit of a dense layer has one weight for each number that arrives and one bias.",
            "Pooling: the sizes shrink, the channels stay, 0 parameters. Flatten: `(height * width * channels,)`, 0 "
            "parameters. Where a valid window is larger than what arrives: `raise ValueError(...)`.",
        ),
        build=build_layer_table,
        probe=probe_layer_table,
    ),
)
