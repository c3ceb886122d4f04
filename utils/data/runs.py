"""Logs of long runs, kept in ``data/runs/``: what a notebook draws instead of training for hours."""

import json
from typing import Any

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
