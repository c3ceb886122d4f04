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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import numpy as np

_SIZES = struct.Struct("<IQ")
_MAX_HEADER = 1 << 20
_DTYPE = re.compile(r"[<>|=](?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[SU][1-9]\d{0,4})")
_MAX_DIMENSIONS = 32
_LOOK_SECONDS = 0.1


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
        self,
        header: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
        seconds: float = 60.0,
        look: Callable[[], None] | None = None,
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
        look : callable, optional
            Called some ten times a second meanwhile; what it raises ends the sending.

        Raises
        ------
        Closed, Late
            When the other side is gone, or does not read.
        """
        parts = {name: np.asarray(value) for name, value in (arrays or {}).items()}
        table = [[name, value.dtype.str, list(value.shape)] for name, value in parts.items()]
        text = json.dumps({**header, "arrays": table}).encode()
        body = b"".join(np.ascontiguousarray(value).tobytes() for value in parts.values())
        self._write(_SIZES.pack(len(text), len(body)) + text + body, _Waiting(seconds, look))

    def send_at_once(self, header: Mapping[str, Any]) -> None:
        """Send a short header in one piece, or not at all where the pipe is full or the other side gone.

        Whatever ends this process, or the calling function, the other side never has half of the message.

        Parameters
        ----------
        header : mapping
            JSON values of at most ``select.PIPE_BUF`` bytes together, 512 on every system.
        """
        text = json.dumps({**header, "arrays": []}).encode()
        message = _SIZES.pack(len(text), 0) + text
        if len(message) > select.PIPE_BUF:
            raise ValueError(
                f"header must have at most {select.PIPE_BUF} bytes as a message, got {len(message)}"
            )
        with suppress(OSError):
            os.write(self.writing, message)

    def receive(
        self, seconds: float, max_bytes: int, look: Callable[[], None] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Wait for a message.

        Parameters
        ----------
        seconds : float
            How long.
        max_bytes : int
            How many bytes all its arrays together may have.
        look : callable, optional
            Called some ten times a second meanwhile, however much or little comes; what it raises ends the waiting.

        Returns
        -------
        header : dict
            Without ``arrays``.
        arrays : dict of str to ndarray

        Raises
        ------
        Closed, Late, Malformed
        """
        waiting = _Waiting(seconds, look)
        header_size, body_size = _SIZES.unpack(self._read(_SIZES.size, waiting))
        if header_size > _MAX_HEADER:
            raise Malformed(f"a header of {header_size:,} bytes; at most {_MAX_HEADER:,} are read")
        if body_size > max_bytes:
            raise Malformed(f"arrays of {body_size:,} bytes; at most {max_bytes:,} are read")
        try:
            header = json.loads(self._read(header_size, waiting))
            table = [(str(name), dtype, shape) for name, dtype, shape in header.pop("arrays")]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Malformed(f"a header that cannot be read ({type(error).__name__})") from None
        return header, _arrays(table, self._read(body_size, waiting))

    def close(self) -> None:
        """Close both ends."""
        for descriptor in {self.reading, self.writing}:
            os.close(descriptor)

    def _read(self, size: int, waiting: "_Waiting") -> bytes:
        pieces, missing = [], size
        while missing:
            waiting.until(read=self.reading)
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

    def _write(self, data: bytes, waiting: "_Waiting") -> None:
        rest = memoryview(data)
        while rest:
            waiting.until(write=self.writing)
            try:
                rest = rest[os.write(self.writing, rest[: 1 << 16]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Closed from None


class _Waiting:
    """Waits for a descriptor until a deadline and looks after something else meanwhile.

    Parameters
    ----------
    seconds : float
        From now to the deadline.
    look : callable or None
        What is called at intervals, also while bytes trickle or pour.
    """

    def __init__(self, seconds: float, look: Callable[[], None] | None):
        self._deadline, self._look = monotonic() + seconds, look
        self._next_look = monotonic() + _LOOK_SECONDS

    def until(self, read: int | None = None, write: int | None = None) -> None:
        """Return when there is something to read, room to write, or nobody at the other end.

        Raises
        ------
        Late
            At the deadline.
        """
        reading, writing = [one for one in (read,) if one is not None], [w for w in (write,) if w is not None]
        while True:
            now = monotonic()
            if self._look and now >= self._next_look:
                self._look()
                now = monotonic()
                self._next_look = now + _LOOK_SECONDS
            if now >= self._deadline:  # first, or a trickle would go on for ever
                raise Late
            stop = min(self._deadline, self._next_look) if self._look else self._deadline
            if any(select.select(reading, writing, [], stop - now)):
                return


@contextmanager
def new_channel() -> Iterator[tuple[Channel, int, int]]:
    """Make a channel and the ends of its pipes for another process, in which that process is to be started.

    Yields
    ------
    channel : Channel
        Closed where the block raises.
    reading, writing : int
        The other side's descriptors; closed here when the block ends.
    """
    inside_reads, outside_writes = os.pipe()
    outside_reads, inside_writes = os.pipe()
    channel = Channel(outside_reads, outside_writes)
    try:
        yield channel, inside_reads, inside_writes
    except BaseException:
        channel.close()
        raise
    finally:
        os.close(inside_reads)
        os.close(inside_writes)


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
        # A copy: aligned, writable, and nothing keeps the whole message alive.
        try:
            arrays[name] = np.frombuffer(body[start : start + size], kind).reshape(shape).copy()
        except (ValueError, OverflowError):  # sides that NumPy cannot count, beside one of 0
            raise Malformed("an array whose shape is none") from None
        start += size
    if start != len(body):
        raise Malformed("bytes that belong to no array")
    return arrays
