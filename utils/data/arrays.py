"""Named arrays in one compressed HDF5 file, and checksums of files and of array contents.

Every bundled data set and every bundled network is such a file. Its bytes depend on the HDF5 library that
wrote it, so a rebuilt asset is compared by the checksum of its *arrays* (`hash_arrays`), which depends on
nothing else.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

CHUNK_BYTES = 1 << 20


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of named arrays: sorted names, each with dtype, shape and little-endian bytes.

    Parameters
    ----------
    arrays
        Arrays of numbers, booleans or fixed-length byte strings, any shape.

    Returns
    -------
    str
        64 hexadecimal digits; the same on every machine, whatever file the arrays came from.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = _portable(name, arrays[name])
        digest.update(f"{name}\n{array.dtype.str}\n{array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays into one HDF5 file, atomically: a reader sees the whole file or none.

    Parameters
    ----------
    path
        File to write; an older one is replaced. Its folder must exist.
    arrays
        Names may hold "/" (groups). Arrays of numbers, booleans or fixed-length byte strings.

    Notes
    -----
    Arrays of more than a few values are compressed (byte shuffle, then gzip 9). The oldest form of the format is
    written, for it alone keeps no time stamps, so
    that the same arrays give the same bytes with the same HDF5 library.
    """
    import h5py

    path = Path(path)
    portable = {name: _portable(name, arrays[name]) for name in sorted(arrays)}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(part, "w", libver="earliest") as file:
            for name, array in portable.items():
                packing = {"compression": 9, "shuffle": True} if array.size > 64 else {}
                if packing:
                    packing["chunks"] = _chunks(array)
                file.create_dataset(name, data=array, track_times=False, **packing)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Return every array of an HDF5 file by its full name (`"group/array"`).

    Raises
    ------
    OSError
        When the file is missing or is no HDF5 file.
    """
    import h5py

    arrays: dict[str, np.ndarray] = {}

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return arrays


def _portable(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array C-ordered and little-endian; refuse what has no fixed bytes (objects, text)."""
    array = np.asarray(array)
    if array.dtype.kind not in "biufcS":
        raise TypeError(f"array {name!r} has dtype {array.dtype}; wanted numbers, booleans or byte strings")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _chunks(array: np.ndarray) -> tuple[int, ...]:
    """Chunk along the first axis, about a megabyte each: whole pictures or whole kernels stay together."""
    row = max(1, array.nbytes // array.shape[0])
    return (min(array.shape[0], max(1, CHUNK_BYTES // row)), *array.shape[1:])
