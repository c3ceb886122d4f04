"""Logs of long runs, kept in ``data/runs/``: what a notebook draws instead of training for hours."""

import json
from typing import Any

import numpy as np

from utils.data.assets import data_folder


def load_run(name: str) -> dict[str, Any]:
    """Return the log of a long run.

    Parameters
    ----------
    name : str
        As in ``course run NAME``.

    Returns
    -------
    dict
        ``rows`` (one a part), and what is needed to repeat the run: ``command``, ``seed``, ``backend``, ``versions``,
        ``machine``, ``finished``.

    Raises
    ------
    FileNotFoundError
        When there is no such log; the message lists those that there are.
    """
    path = data_folder() / "runs" / f"{name}.json"
    if not path.is_file():
        known = sorted(log.stem for log in path.parent.glob("*.json"))
        raise FileNotFoundError(f"no log of a run {name!r}; there are: {', '.join(known) or 'none'}")
    return json.loads(path.read_text(encoding="utf-8"))


def unpack_flags(text: str, count: int) -> np.ndarray:
    """Read back the yes-or-no of each test picture, as long runs keep it: four flags a hexadecimal digit.

    Parameters
    ----------
    text
        Hexadecimal digits, the first flag in the highest bit.
    count
        Number of flags, at most four times the digits.

    Returns
    -------
    array (count,)
        Boolean.

    Raises
    ------
    ValueError
        When the text is not hexadecimal, or too short.
    """
    flags = np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8)).astype(bool)
    if len(flags) < count:
        raise ValueError(f"text must hold {count} flags, got {len(flags)}")
    return flags[:count]
