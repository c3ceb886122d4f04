"""Checks of what a caller hands to a layer, made before any work is done.

Every layer of this package states its demands through these few functions, so that a wrong argument gives the
same kind of sentence everywhere: the argument's name, what came, what was wanted. NumPy alone is imported.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

PICTURE_AXES = ("batch", "height", "width", "channels")


def as_floating(
    wanted_axes: dict[str, Sequence[str]] | None,
    *,
    optional: Sequence[str] = (),
    unchecked: Sequence[str] = (),
    **values: Any,
) -> list[np.ndarray | None]:
    """Turn several arguments into finite arrays of one floating-point type.

    Integers and booleans become floating point; float16 becomes float32. The common type is float64 when one
    of the floating-point arguments is float64, otherwise float32.

    Parameters
    ----------
    wanted_axes
        For every argument the names of its axes, for instance ``{"bias": ("filters",)}``; None if any
        shape will do.
    optional
        Names of the arguments that may be None; None stays None.
    unchecked
        Names of the arguments whose values the caller looks at itself, with `all_finite` and `check_finite`.
    **values
        The arguments under their own names.

    Returns
    -------
    list of numpy.ndarray or None
        The arrays, in the order of `values`.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If an argument has another number of axes, an empty axis, or holds NaN or an infinity.
    """
    arrays = {
        name: None if value is None and name in optional else _as_numeric(name, value)
        for name, value in values.items()
    }
    double = any(array is not None and array.dtype == np.float64 for array in arrays.values())
    dtype = np.dtype(np.float64 if double else np.float32)
    for name, array in arrays.items():
        if array is not None:
            _check_axes(name, array, wanted_axes[name] if wanted_axes else None)
            arrays[name] = array.astype(dtype, copy=False)
            if name not in unchecked:
                check_finite(name, arrays[name])
    return list(arrays.values())


def _as_numeric(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must be an array of numbers; got nested lists of unequal lengths") from None
    if array.dtype.kind in "biu" or array.dtype in (np.float16, np.float32, np.float64):
        return array
    came = f"{type(value).__name__} of dtype {array.dtype}"
    raise TypeError(f"{name} must hold integers, float16, float32 or float64; got {came}")


def _check_axes(name: str, array: np.ndarray, axes: Sequence[str] | None) -> None:
    if axes is None:
        if array.size == 0:
            raise ValueError(f"{name} must not be empty; got shape {array.shape}")
        return
    wanted = "(" + ", ".join(axes) + ("," if len(axes) == 1 else "") + ")"
    if array.ndim != len(axes):
        raise ValueError(f"{name} must have {len(axes)} axes {wanted}; got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty on any of its axes {wanted}; got shape {array.shape}")


def all_finite(array: np.ndarray) -> bool:
    """Tell whether an array has neither NaN nor infinities."""
    # One fast pass: a sum of squares of finite values is finite unless it overflows.
    flat = array.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(flat @ flat)) or bool(np.isfinite(array).all())


def check_finite(name: str, array: np.ndarray) -> None:
    """Refuse an array with NaN or infinities.

    Raises
    ------
    ValueError
        With how many of each there are.
    """
    if not all_finite(array):
        nans, infinities = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        raise ValueError(
            f"{name} must be finite; got {nans} NaN and {infinities} infinite values among {array.size}"
        )


def as_pair(name: str, value: Any, smallest: int = 1) -> tuple[int, int]:
    """Read one integer, or one for each of height and width.

    Parameters
    ----------
    name
        The argument's name, for the message.
    value
        An integer or a sequence of two.
    smallest
        The smallest integer allowed.

    Returns
    -------
    tuple of int
        ``(height, width)``.

    Raises
    ------
    TypeError
        If something else than integers came.
    ValueError
        If an integer is below `smallest` or there are not two.
    """
    if is_integer(value):
        pair = (value, value)
    elif isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        raise TypeError(f"{name} must be an integer or a pair of integers; got {value!r}")
    else:
        pair = tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be one integer or a pair (height, width); got {value!r}")
    if not all(is_integer(item) for item in pair):
        raise TypeError(f"{name} must be an integer or a pair of integers; got {value!r}")
    if min(pair) < smallest:
        raise ValueError(f"{name} must be at least {smallest} on both axes; got {value!r}")
    return int(pair[0]), int(pair[1])


def as_integer(name: str, value: Any, smallest: int) -> int:
    """Read one integer of at least `smallest`; `name` is the argument's name in the message.

    Raises
    ------
    TypeError
        If `value` is not an integer.
    ValueError
        If it is below `smallest`.
    """
    if not is_integer(value):
        raise TypeError(f"{name} must be an integer; got {value!r}")
    if value < smallest:
        raise ValueError(f"{name} must be at least {smallest}; got {value!r}")
    return int(value)


def is_integer(value: Any) -> bool:
    """Whether `value` is an integer of Python or NumPy; a boolean is none."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def check_shape(name: str, array: np.ndarray, wanted: tuple[int, ...], reason: str) -> None:
    """Raise a ValueError unless `array` has the shape `wanted`, which `reason` explains."""
    if array.shape != wanted:
        raise ValueError(f"{name} must have shape {wanted}, {reason}; got shape {array.shape}")
