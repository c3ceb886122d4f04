"""Read a legacy PyTorch weights file (the form before 1.6) without PyTorch and without running its pickle's code."""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from utils.data.assets import AssetError

_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8", "IntStorage": "<i4"}


@dataclass(frozen=True)
class _Tensor:
    """A tensor's place in a storage that is read later: all counts in elements."""

    storage: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_file(path: str | Path) -> dict[str, np.ndarray]:
    """Return the tensors of a state dictionary by name.

    Parameters
    ----------
    path : str or Path
        A file written by ``torch.save(model.state_dict(), …)`` before PyTorch 1.6, or with the old form asked for.

    Raises
    ------
    AssetError
        When the file is of another form, is cut short, or its pickle names anything but tensors and their storages.
    """
    with open(path, "rb") as file:
        try:
            for _ in range(3):  # magic number, protocol version, byte order and sizes of the writer
                _Restricted(file).load()
            tensors = _Restricted(file).load()
            order = _Restricted(file).load()
        except (pickle.UnpicklingError, EOFError, AttributeError, ValueError) as error:
            raise AssetError(f"{Path(path).name} is no legacy PyTorch file: {error}") from error
        dtypes = {tensor.storage: np.dtype(tensor.dtype) for tensor in tensors.values()}
        storages = {key: _read_storage(file, dtypes[key]) for key in order}
    return {name: _view(storages[tensor.storage], tensor) for name, tensor in tensors.items()}


class _Restricted(pickle.Unpickler):
    """An unpickler that knows ordered dictionaries, storages by name and places of tensors; nothing else."""

    def persistent_load(self, pid: tuple) -> tuple:
        """Return the description of a storage: ("storage", dtype, key, device, elements, view)."""
        return pid

    def find_class(self, module: str, name: str) -> Any:
        """Give the few names that a file of tensors needs; refuse every other."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _place
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise AssetError(f"the pickle names {module}.{name}, which is not allowed here")


def _place(storage: tuple, offset: int, shape: tuple, strides: tuple, *_: Any) -> _Tensor:
    return _Tensor(storage[2], storage[1], offset, shape, strides)


def _read_storage(file: BinaryIO, dtype: np.dtype) -> np.ndarray:
    count = int.from_bytes(file.read(8), "little")
    data = file.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize:
        raise AssetError("the file is cut short")
    return np.frombuffer(data, dtype)


def _view(storage: np.ndarray, tensor: _Tensor) -> np.ndarray:
    """Return a copy of the tensor's part of its storage, after checking that it lies inside."""
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if min((tensor.offset, *tensor.strides, *tensor.shape), default=0) < 0 or last >= len(storage):
        raise AssetError("a tensor lies outside its storage")
    strides = [step * storage.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides).copy()
