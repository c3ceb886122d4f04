"""Messages between the box and the grader: a JSON header and plain arrays over two pipes.

There is no pickle and no archive: an array is its dtype, its shape and its bytes, checked against each other and
against a limit before anything is allocated. Either side may be slow, silent or hostile, so every call has a deadline.
"""

import json
import math
import os
import re
import select
import struct
from collections.abc import Mapping
from time import monotonic
from typing import Any

import numpy as np

_SIZES = struct.Struct("<IQ")
_MAX_HEADER = 1 << 20
_DTYPE = re.compile(r"[<>|=](?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[SU]\d{1,5})")
_MAX_DIMENSIONS = 32


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """The other side did not answer in time."""


class Malformed(Exception):
    """What came is no message, or one that exceeds the limits; the message says how."""


class Channel:
    """Two file descriptors, one to read from and one to write to; both are made non-blocking and owned.

    Parameters
    ----------
    reading, writing : int
        File descriptors of pipes or sockets.
    """

    def __init__(self, reading: int, writing: int):
        self.reading, self.writing = reading, writing
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)

    def send(
        self, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None, seconds: float = 60.0
    ) -> None:
        """Send a message.

        Parameters
        ----------
        header : mapping
            JSON values; the name ``arrays`` is taken.
        arrays : mapping of str to ndarray, optional
            Arrays of numbers, booleans or text.
        seconds : float
            How long the other side may take to read it.

        Raises
        ------
        Closed, Late
            When the other side is gone, or does not read.
        """
        parts = {name: np.asarray(value) for name, value in (arrays or {}).items()}
        table = [[name, value.dtype.str, list(value.shape)] for name, value in parts.items()]
        text = json.dumps({**header, "arrays": table}).encode()
        body = b"".join(np.ascontiguousarray(value).tobytes() for value in parts.values())
        self._write(_SIZES.pack(len(text), len(body)) + text + body, monotonic() + seconds)

    def wait(self, seconds: float) -> None:
        """Wait until something can be read, or the other side is gone.

        Raises
        ------
        Late
        """
        if not select.select([self.reading], [], [], max(seconds, 0))[0]:
            raise Late

    def receive(self, seconds: float, max_bytes: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Wait for a message.

        Parameters
        ----------
        seconds : float
            How long.
        max_bytes : int
            How many bytes all its arrays together may have.

        Returns
        -------
        header : dict
            Without ``arrays``.
        arrays : dict of str to ndarray

        Raises
        ------
        Closed, Late, Malformed
        """
        deadline = monotonic() + seconds
        header_size, body_size = _SIZES.unpack(self._read(_SIZES.size, deadline))
        if header_size > _MAX_HEADER:
            raise Malformed(f"a header of {header_size:,} bytes; at most {_MAX_HEADER:,} are read")
        if body_size > max_bytes:
            raise Malformed(f"arrays of {body_size:,} bytes; at most {max_bytes:,} are read")
        try:
            header = json.loads(self._read(header_size, deadline))
            table = [(str(name), dtype, shape) for name, dtype, shape in header.pop("arrays")]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Malformed(f"a header that cannot be read ({type(error).__name__})") from None
        return header, _arrays(table, self._read(body_size, deadline))

    def close(self) -> None:
        """Close both ends."""
        for descriptor in {self.reading, self.writing}:
            os.close(descriptor)

    def _read(self, size: int, deadline: float) -> bytes:
        pieces, missing = [], size
        while missing:
            self.wait(deadline - monotonic())
            try:
                piece = os.read(self.reading, min(missing, 1 << 20))
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                raise Closed
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            if not select.select([], [self.writing], [], max(deadline - monotonic(), 0))[1]:
                raise Late
            try:
                rest = rest[os.write(self.writing, rest[: 1 << 16]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None


def _arrays(table: list[tuple[str, Any, Any]], body: bytes) -> dict[str, np.ndarray]:
    """Cut the bytes into arrays, each checked against what is left."""
    arrays, start = {}, 0
    for name, dtype, shape in table:
        if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
            raise Malformed("an array of a kind that is not read")
        if (
            not isinstance(shape, list)
            or len(shape) > _MAX_DIMENSIONS
            or not all(type(side) is int and side >= 0 for side in shape)
        ):
            raise Malformed("an array whose shape is none")
        kind = np.dtype(dtype)
        size = kind.itemsize * math.prod(shape)
        if size > len(body) - start:
            raise Malformed("an array that is larger than what came")
        flat = np.frombuffer(body, np.uint8, size, start)
        # A copy: aligned, writable, and nothing keeps the whole message alive.
        arrays[name] = np.frombuffer(flat.tobytes(), kind).reshape(shape).copy()
        start += size
    if start != len(body):
        raise Malformed("bytes that belong to no array")
    return arrays
