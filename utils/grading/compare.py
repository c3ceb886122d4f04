"""Compare what came back with what is right: the half of judging that happens where the answer key is."""

import numpy as np

from utils.exercises.entry import Arrays
from utils.exercises.run import Outcome

_KIND_WORDS = {
    "b": "booleans",
    "i": "whole numbers",
    "u": "whole numbers",
    "f": "numbers",
    "c": "complex numbers",
    "U": "text",
}


def difference(expected: Arrays, got: Arrays, rtol: float, atol: float) -> str:
    """Say in a sentence how two probed results differ; an empty string means that they agree.

    A result of the right value in another harmless form agrees: float64 for float32, whole numbers where numbers are
    asked. Whole numbers and booleans must come as such.

    Parameters
    ----------
    expected, got : dict of str to ndarray
        Probed results, by name.
    rtol, atol : float
        Tolerances of floating-point values, as :func:`numpy.isclose` means them.
    """
    for name, want in expected.items():
        if name not in got:
            return f"`{name}` is missing from your result."
        sentence = _array_difference(_subject(name), np.asarray(want), np.asarray(got[name]), rtol, atol)
        if sentence:
            return sentence
    return ""


def _subject(name: str) -> str:
    return "Your result" if name == "result" else f"Your `{name}`"


def _array_difference(who: str, want: np.ndarray, got: np.ndarray, rtol: float, atol: float) -> str:
    if got.shape != want.shape:
        return f"{who} has shape {_shape(got)}; it should be {_shape(want)}."
    if want.size == 0:
        return ""
    if not _kind_fits(want.dtype.kind, got.dtype.kind):
        return f"{who} holds {_kind(got)} ({got.dtype}); it should hold {_kind(want)}."
    if want.dtype.kind in "US":
        wrong = want != got
    else:
        if got.dtype.kind in "fc" and np.isnan(got).any() and not np.isnan(want).any():
            place = _place(np.isnan(got))
            return f"{who} holds {int(np.isnan(got).sum())} NaN of {got.size} values, the first{place}."
        wrong = ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return ""
    if want.ndim == 0:
        return f"{who} is {_number(got[()])}; it should be {_number(want[()])}."
    if want.dtype.kind in "USb":
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        return f"{who} is wrong at {_index(index)}: {_number(got[index])} in place of {_number(want[index])}."
    with np.errstate(all="ignore"):
        gap = np.where(wrong, np.abs(got.astype(np.complex128) - want.astype(np.complex128)), 0)
    index = tuple(
        int(i) for i in np.unravel_index(int(np.nanargmax(np.nan_to_num(gap, nan=np.inf))), gap.shape)
    )
    return (
        f"{who} has the right shape, but {int(wrong.sum())} of {want.size} values differ. The largest difference is at "
        f"{_index(index)}: {_number(got[index])} in place of {_number(want[index])}."
    )


def _kind_fits(want: str, got: str) -> bool:
    if want in "iu":
        return got in "iu"
    if want == "f":
        return got in "fiu"
    if want in "US":
        return got in "US"
    return want == got


def _kind(array: np.ndarray) -> str:
    return _KIND_WORDS.get(array.dtype.kind, str(array.dtype))


def _shape(array: np.ndarray) -> str:
    return "() (a single number)" if array.ndim == 0 else str(array.shape)


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _place(mask: np.ndarray) -> str:
    return f" at {_index(tuple(int(i) for i in np.argwhere(mask)[0]))}" if mask.ndim else ""


def _number(value) -> str:
    if isinstance(value, str | np.str_):
        return repr(str(value))
    if isinstance(value, np.bool_ | bool):
        return str(bool(value))
    if isinstance(value, np.integer | int):
        return str(int(value))
    return f"{value:.6g}"


def same_outcome(one: Outcome, other: Outcome, rtol: float, atol: float) -> bool:
    """Tell whether two functions behaved alike on a case: equal arrays, or the same kind of trouble."""
    if one.trouble != other.trouble:
        return False
    if one.trouble == "raised":
        return one.error == other.error
    if one.trouble:
        return one.message == other.message
    return set(one.arrays) == set(other.arrays) and not difference(one.arrays, other.arrays, rtol, atol)
