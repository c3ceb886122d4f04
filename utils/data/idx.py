"""The IDX format, in which MNIST and Fashion-MNIST are published."""

import gzip
import zlib
from pathlib import Path

import numpy as np

UINT8 = 8


def read_idx(path: str | Path) -> np.ndarray:
    """Read a gzip-compressed IDX file of bytes.

    Returns
    -------
    array
        uint8, of the shape that the file states: (n, height, width) for pictures, (n,) for labels.

    Raises
    ------
    ValueError
        When the file is damaged or is no IDX file of unsigned bytes.

    References
    ----------
    LeCun's MNIST page: two zero bytes, the type, the number of dimensions, each dimension as a big-endian
    int32.
    """
    try:
        with gzip.open(path) as file:
            data = file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is damaged or not compressed by gzip: {error}") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != UINT8:
        raise ValueError(f"{path} is no IDX file of unsigned bytes; it begins with {data[:4]!r}")
    rank = data[3]
    shape = np.frombuffer(data, ">i4", count=min(rank, (len(data) - 4) // 4), offset=4)
    if len(shape) < rank or len(data) != 4 + 4 * rank + np.prod(shape, dtype=np.int64):
        raise ValueError(f"{path} is cut short: its header states the shape {tuple(shape.tolist())}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
