"""A database of people that stores encodings, not pictures, in one SQLite file.

Every change is one transaction, so a crash leaves what was there before it or what is there after it. Who is forgotten
is overwritten on disk, not only unlinked.
"""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from utils.faces.nearest import Search, exact_search

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS encodings (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    encoding BLOB NOT NULL,
    added TEXT NOT NULL,
    consent TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS encodings_by_name ON encodings (name);
"""
_DTYPE = np.dtype("<f4")


@dataclass(frozen=True)
class Entry:
    """One stored encoding, without its numbers.

    Attributes
    ----------
    id : int
        By which :meth:`FaceDatabase.remove` takes it out.
    name : str
        Who it is.
    added : str
        When, ISO 8601 in UTC.
    consent : str
        How this person agreed.
    """

    id: int
    name: str
    added: str
    consent: str


@dataclass(frozen=True)
class Match:
    """A stored encoding near to the one asked for: whose it is, and the Euclidean distance."""

    name: str
    distance: float


class FaceDatabase:
    """People and their encodings in a file.

    Parameters
    ----------
    path : str or Path
        The file; made when it is not there. ``":memory:"`` keeps nothing.
    length : int
        Of an encoding; a file made for another length is refused.

    Raises
    ------
    ValueError
        When the file is no such database, or one for another length.
    """

    def __init__(self, path: str | Path, length: int = 128):
        if length < 1:
            raise ValueError(f"length must be at least 1, got {length!r}")
        self.length = length
        # Statements outside a transaction are none: `_change` begins and ends each one.
        self._connection = sqlite3.connect(str(path), isolation_level=None, timeout=10)
        try:
            self._prepare(path)
        except BaseException:
            self._connection.close()
            raise
        self._known: tuple[tuple[int, int], list[str], np.ndarray, Search | None] | None = None

    def __enter__(self) -> "FaceDatabase":
        """Return the database; it is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def __len__(self) -> int:
        """Return the number of encodings."""
        return self._connection.execute("SELECT count(*) FROM encodings").fetchone()[0]

    def close(self) -> None:
        """Close the file; committed changes are in it already."""
        self._connection.close()

    def add(self, name: str, encoding: ArrayLike, consent: str) -> int:
        """Store one more encoding of a person.

        Parameters
        ----------
        name : str
            Who it is; not empty.
        encoding : array_like, (length,)
            Finite; kept as float32.
        consent : str
            How this person agreed to be stored; not empty.

        Returns
        -------
        int
            The entry's id.
        """
        for what, text in (("name", name), ("consent", consent)):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{what} must be a text that is not empty, got {text!r}")
        values = self._checked(encoding).tobytes()
        added = datetime.now(UTC).isoformat(timespec="seconds")
        with self._change() as connection:
            return connection.execute(
                "INSERT INTO encodings (name, encoding, added, consent) VALUES (?, ?, ?, ?)",
                (name, values, added, consent),
            ).lastrowid

    def remove(self, entry: int) -> None:
        """Take out one encoding by its id.

        Raises
        ------
        KeyError
            When there is none.
        """
        with self._change() as connection:
            if not connection.execute("DELETE FROM encodings WHERE id = ?", (entry,)).rowcount:
                raise KeyError(f"there is no entry {entry!r}")

    def forget(self, name: str) -> int:
        """Take out all that is known of a person, overwriting it on disk; returns how many encodings it were.

        Raises
        ------
        KeyError
            When nobody has this name; the message tells the names that there are.
        """
        with self._change() as connection:
            count = connection.execute("DELETE FROM encodings WHERE name = ?", (name,)).rowcount
            if not count:
                raise KeyError(f"nobody is called {name!r}; there are: {', '.join(self.names()) or 'nobody'}")
        return count

    def names(self) -> list[str]:
        """Return everybody's name, sorted."""
        rows = self._connection.execute("SELECT DISTINCT name FROM encodings ORDER BY name")
        return [name for (name,) in rows]

    def entries(self) -> list[Entry]:
        """Return all entries in the order in which they came."""
        rows = self._connection.execute("SELECT id, name, added, consent FROM encodings ORDER BY id")
        return [Entry(*row) for row in rows]

    def encodings(self, name: str | None = None) -> np.ndarray:
        """Return the encodings of a person, or of everybody, (n, length) float32, in the order in which they came."""
        if name is None:
            return self._all()[1].copy()
        rows = self._connection.execute(
            "SELECT encoding FROM encodings WHERE name = ? ORDER BY id", (name,)
        ).fetchall()
        if not rows:
            raise KeyError(f"nobody is called {name!r}; there are: {', '.join(self.names()) or 'nobody'}")
        return self._matrix([values for (values,) in rows])

    def search(self, encoding: ArrayLike, k: int = 1) -> list[Match]:
        """Return the nearest k stored encodings, nearest first; fewer when there are fewer.

        Parameters
        ----------
        encoding : array_like, (length,)
            Finite.
        k : int
            At least 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k!r}")
        wanted = self._checked(encoding)
        names, known, search = self._searchable()
        if search is None:
            return []
        best = search(wanted, min(k, len(names))).tolist()
        # Python's own arithmetic for so few: NumPy's functions, which reading all encodings has driven out of the
        # cache, take longer here.
        here = wanted.tolist()
        return [Match(names[row], math.dist(known[row].tolist(), here)) for row in best]

    def _prepare(self, path: str | Path) -> None:
        try:
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("INSERT OR IGNORE INTO about VALUES ('length', ?)", (str(self.length),))
            found = self._connection.execute("SELECT value FROM about WHERE key = 'length'").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} cannot be used as a database of faces: {error}") from None
        if int(found) != self.length:
            raise ValueError(f"{path} holds encodings of length {found}, length is {self.length}")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Make everything inside one transaction, undone by an error."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _checked(self, encoding: ArrayLike) -> np.ndarray:
        values = np.asarray(encoding, _DTYPE)
        if values.shape != (self.length,):
            raise ValueError(f"encoding must have shape ({self.length},), got {values.shape}")
        if not math.isfinite(np.dot(values, values)):  # values of 1e20 would make each distance infinite
            raise ValueError("encoding must have a finite length, got NaN, infinity or too large values")
        return values

    def _matrix(self, rows: list[bytes]) -> np.ndarray:
        return np.frombuffer(b"".join(rows), _DTYPE).reshape(-1, self.length).astype(np.float32)

    def _all(self) -> tuple[list[str], np.ndarray]:
        rows = self._connection.execute("SELECT name, encoding FROM encodings ORDER BY id").fetchall()
        return [name for name, _ in rows], self._matrix([values for _, values in rows])

    def _searchable(self) -> tuple[list[str], np.ndarray, Search | None]:
        """Return names, encodings and their search, made again only when somebody changed the file; None for nobody."""
        version = (
            self._connection.execute("PRAGMA data_version").fetchone()[0],
            self._connection.total_changes,
        )
        if self._known is None or self._known[0] != version:
            names, known = self._all()
            self._known = version, names, known, exact_search(known) if names else None
        return self._known[1:]
