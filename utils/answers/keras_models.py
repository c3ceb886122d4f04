"""Say how a learner's Keras model differs from the one that was asked for: numbers decide, the graph explains."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from utils.exercises.entry import Arrays

RTOL, ATOL = 1e-4, 1e-5


def model_difference(expected: Arrays, got: Arrays) -> str:
    """Compare two models as :func:`utils.exercises.keras_models.probe_model` describes them.

    A model passes when shapes, weights and outputs agree, whichever layers it is written with; ``steps`` only serves to
    say where to look.

    Parameters
    ----------
    expected, got : dict of str to ndarray
        The arrays of ``probe_model``. ``expected["steps"]`` lists what was asked for.

    Returns
    -------
    str
        One or two sentences; empty when the models agree.
    """
    problem = _numbers_differ(expected, got)
    return f"{problem} {_where_to_look(expected, got)}".strip() if problem else ""


def _numbers_differ(expected: Arrays, got: Arrays) -> str:
    for name, words in (("input_shape", "takes pictures"), ("output_shape", "gives results")):
        if not np.array_equal(expected[name], got[name]):
            return f"Your model {words} of shape {_shape(got[name])}; asked for is {_shape(expected[name])}."
    if not np.array_equal(expected["weights"], got["weights"]):
        return f"Your model has other weights than the one asked for. {_weights_differ(expected, got)}"
    if expected["trainable"] != got["trainable"]:
        return f"{int(got['trainable'])} of your parameters are trainable; it should be {int(expected['trainable'])}."
    if not got["same_in_training"]:
        return (
            "Your model computes something else while it is trained than afterwards, which was not asked for."
        )
    if not np.allclose(expected["outputs"], got["outputs"], rtol=RTOL, atol=ATOL):
        return f"With equal weights your model gives other outputs. {_outputs_differ(expected, got)}"
    return ""


def _weights_differ(expected: Arrays, got: Arrays) -> str:
    missing, extra = _list_differences(expected["weights"], got["weights"])
    parts = [f"missing: {', '.join(missing)}"] if missing else []
    parts += [f"not asked for: {', '.join(extra)}"] if extra else []
    return f"Shapes {'; '.join(parts)}."


def _outputs_differ(expected: Arrays, got: Arrays) -> str:
    want, have = expected["outputs"], got["outputs"]
    sums = have.sum(axis=-1)
    if np.allclose(want.sum(axis=-1), 1, atol=1e-4) and not np.allclose(sums, 1, atol=1e-4):
        return f"Its outputs for one picture sum to {sums.flat[0]:.4g} in place of 1."
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(have - want))), want.shape))
    return f"The largest difference is at {list(place)}: {have[place]:.4g} in place of {want[place]:.4g}."


def _where_to_look(expected: Arrays, got: Arrays) -> str:
    """Name the steps that are missing or too many; if there are none, the order or the connections are wrong."""
    if not len(got["steps"]):
        return ""
    missing, extra = _list_differences(
        *([step.split(" (from")[0] for step in m["steps"]] for m in (expected, got))
    )
    parts = [f"Missing in your network: {'; '.join(missing)}."] if missing else []
    parts += [f"Not asked for: {'; '.join(extra)}."] if extra else []
    if not parts and np.array_equal(expected["input_shape"], got["input_shape"]):
        return "The steps are the right ones: look at their order, and at what feeds what."
    return " ".join(parts)


def _list_differences(expected: Sequence[str], got: Sequence[str]) -> tuple[list[str], list[str]]:
    want, have = Counter(map(str, expected)), Counter(map(str, got))
    return _counted(want - have), _counted(have - want)


def _counted(items: Counter) -> list[str]:
    return [name if count == 1 else f"{count} × {name}" for name, count in items.items()]


def _shape(sizes: np.ndarray) -> str:
    return str(tuple(None if n < 0 else int(n) for n in sizes))
