"""Legacy PyTorch files are read without PyTorch, and their pickles get no free hands."""

import io
import os
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest

from utils.data.assets import AssetError
from utils.data.builders.torch_file import read_torch_file


class Storage:
    """A storage as the pickler sees it: its persistent id stands for it."""

    def __init__(self, kind, key, values):
        self.kind, self.key, self.values = kind, key, values


class Tensor:
    """A tensor that pickles itself as PyTorch's do."""

    def __init__(self, storage, offset, shape, strides):
        self.parts = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


@pytest.fixture(autouse=True)
def torch_names(monkeypatch):
    """Modules with the names that PyTorch's pickles use, so that the files can be written without it."""
    torch, helpers = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    helpers._rebuild_tensor_v2 = _rebuild_tensor_v2
    for name in ("FloatStorage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch", "__qualname__": name}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", helpers)


def saved(tensors, storages) -> bytes:
    """The five pickles of the legacy form, then each storage: its count, then its values."""
    file = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(part, file, 2)

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if not isinstance(item, Storage):
                return None
            kind = getattr(sys.modules["torch"], item.kind)
            return "storage", kind, item.key, "cpu", len(item.values), None

    Pickler(file, 2).dump(tensors)
    pickle.dump([storage.key for storage in storages], file, 2)
    for storage in storages:
        file.write(len(storage.values).to_bytes(8, "little") + storage.values.tobytes())
    return file.getvalue()


def example() -> bytes:
    floats = Storage("FloatStorage", "1", np.arange(12, dtype="<f4"))
    counts = Storage("LongStorage", "2", np.array([7], dtype="<i8"))
    tensors = OrderedDict(
        rows=Tensor(floats, 0, (3, 4), (4, 1)),
        columns=Tensor(floats, 2, (2, 3), (1, 4)),
        number=Tensor(counts, 0, (), ()),
    )
    return saved(tensors, [floats, counts])


def test_shapes_strides_and_offsets(tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(example())
    tensors = read_torch_file(path)
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(tensors["rows"], values)
    np.testing.assert_array_equal(tensors["columns"], values[:, 2:].T)
    assert tensors["number"] == 7
    assert tensors["rows"].dtype == np.float32


def test_a_pickle_that_runs_something_is_refused(tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "came-in"),)

    path = tmp_path / "net.pth"
    path.write_bytes(saved({"a": Attack()}, []))
    with pytest.raises(AssetError, match=r"mkdir, which is not allowed"):
        read_torch_file(path)
    assert not (tmp_path / "came-in").exists()


def test_a_tensor_outside_its_storage_is_refused(tmp_path):
    path, storage = tmp_path / "net.pth", Storage("FloatStorage", "1", np.zeros(4, "<f4"))
    for tensor in (Tensor(storage, 1, (2, 2), (2, 1)), Tensor(storage, 3, (2,), (-1,))):
        path.write_bytes(saved({"a": tensor}, [storage]))
        with pytest.raises(AssetError, match="outside its storage"):
            read_torch_file(path)


@pytest.mark.parametrize("cut", [0, 5, 60, 200, -60, -1])
def test_a_file_that_is_cut_short_is_told(tmp_path, cut):
    path = tmp_path / "net.pth"
    path.write_bytes(example()[:cut])
    with pytest.raises(AssetError):
        read_torch_file(path)


@pytest.mark.parametrize(
    "content", [b"<html></html>", b"PK\x03\x04" + bytes(100), b"\x89HDF\r\n", b"hello\n"]
)
def test_another_file_is_told(tmp_path, content):
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(AssetError):
        read_torch_file(path)
