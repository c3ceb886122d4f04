"""A case: one set of inputs for an exercise, as arrays plus JSON, never code, so that it may cross into a sandbox."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_PARAMS = "__params__"


@dataclass(frozen=True)
class Case:
    """Inputs of one call.

    Attributes
    ----------
    group : str
        What this case tests, in the learner's words (``"strides of 2 and more"``). Points are shared out by group.
    arrays : mapping of str to ndarray
        Array arguments by name.
    params : mapping of str to JSON value
        Everything else by name: numbers, strings, lists, dicts.
    """

    group: str
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        """Return the inputs in a line: shapes and dtypes of arrays, values of the rest."""
        parts = [_describe_array(name, value) for name, value in self.arrays.items()]
        parts += [f"{name} = {value!r}" for name, value in self.params.items()]
        return ", ".join(parts)


def _describe_array(name: str, value: np.ndarray) -> str:
    if value.ndim == 0:
        return f"{name} = {value.item()!r}"
    if value.size <= 9 and value.ndim <= 2:
        return f"{name} = {np.array2string(value, separator=', ', precision=3).replace(chr(10), '')}"
    return f"{name}: {value.dtype} array of shape {value.shape}"


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Serialise named arrays as npz bytes without pickle.

    Raises
    ------
    ValueError
        When an array holds Python objects, which cannot cross a process border safely.
    """
    for name, value in arrays.items():
        if np.asarray(value).dtype.hasobject:
            raise ValueError(f"{name}: arrays of Python objects cannot be packed")
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Read npz bytes back; pickled content is refused by NumPy with a ``ValueError``."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def pack_case(case: Case) -> bytes:
    """Serialise a case; :func:`unpack_case` reads it back."""
    text = json.dumps({"group": case.group, "params": dict(case.params)})
    return pack_arrays({**case.arrays, _PARAMS: np.array(text)})


def unpack_case(data: bytes) -> Case:
    """Read a case written by :func:`pack_case`."""
    arrays = unpack_arrays(data)
    rest = json.loads(str(arrays.pop(_PARAMS)))
    return Case(rest["group"], arrays, rest["params"])
