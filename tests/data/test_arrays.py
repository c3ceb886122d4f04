"""Files of arrays: exact round trips, checksums that depend on the content alone, whole files or none."""

import hashlib
import multiprocessing
import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, boolean_dtypes, floating_dtypes, integer_dtypes

from utils.data.arrays import hash_arrays, hash_file, read_arrays, write_arrays

names = st.from_regex(r"[a-z][a-z0-9_]{0,6}(/[a-z][a-z0-9]{0,4})?", fullmatch=True)
dtypes = st.one_of(integer_dtypes(endianness="="), floating_dtypes(endianness="="), boolean_dtypes())
values = dtypes.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, max_side=6)))


def _distinct(content: dict) -> bool:
    """No name may be both an array and a group."""
    return not any(a != b and b.startswith(a + "/") for a in content for b in content)


@given(content=st.dictionaries(names, values, max_size=4).filter(_distinct))
@settings(max_examples=60, deadline=None)
def test_round_trip(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("h5") / "a.h5"
    write_arrays(path, content)
    back = read_arrays(path)
    assert back.keys() == content.keys()
    for name, array in content.items():
        assert back[name].dtype == array.dtype
        assert back[name].tobytes() == np.ascontiguousarray(array).tobytes()
        assert back[name].shape == array.shape
    assert hash_arrays(back) == hash_arrays(content)


def test_same_content_gives_the_same_bytes(tmp_path):
    content = {"b": np.arange(5000.0), "a/x": np.eye(3, dtype=np.float32), "empty": np.zeros((0, 4), np.int8)}
    write_arrays(tmp_path / "1.h5", content)
    time.sleep(1.1)  # HDF5's time stamps count seconds
    write_arrays(tmp_path / "2.h5", dict(reversed(content.items())))
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()


def test_hash_is_the_documented_one():
    array = np.array([[1, 2], [3, 4]], np.uint8)
    assert hash_arrays({"x": array}) == hashlib.sha256(b"x\n|u1\n(2, 2)\n\x01\x02\x03\x04").hexdigest()


def test_hash_sees_every_change_and_no_layout():
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    base = hash_arrays({"x": array})
    assert hash_arrays({"x": np.asfortranarray(array)}) == base
    assert hash_arrays({"x": array.astype(">i4")}) == base
    changed = array.copy()
    changed[2, 3] += 1
    others = [
        {"y": array},
        {"x": changed},
        {"x": array.T},
        {"x": array.reshape(4, 3)},
        {"x": array.astype("i8")},
    ]
    assert len({base, *map(hash_arrays, others)}) == 6


@pytest.mark.parametrize("wrong", [np.array(["text"]), np.array([{}]), [object()]])
def test_refuses_what_has_no_fixed_bytes(tmp_path, wrong):
    with pytest.raises(TypeError, match=r"array 'x' has dtype"):
        write_arrays(tmp_path / "x.h5", {"x": wrong})
    assert list(tmp_path.iterdir()) == []


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    write_arrays(path, {"x": np.arange(3)})
    before = path.read_bytes()
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space"):
        write_arrays(path, {"x": np.arange(4)})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _write(path, value):
    for _ in range(20):
        write_arrays(path, {"x": np.full(50_000, value)})


def test_two_writers_and_a_reader(tmp_path):
    path = tmp_path / "x.h5"
    write_arrays(path, {"x": np.zeros(50_000)})
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(path, value)) for value in (1.0, 2.0)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert len(np.unique(read_arrays(path)["x"])) == 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert list(tmp_path.iterdir()) == [path]


def test_file_hash_and_bad_files(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert hash_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    with pytest.raises(OSError, match="file signature not found"):
        read_arrays(path)
