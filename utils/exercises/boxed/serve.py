"""The process inside the box: runs cells and answers cases, one message at a time, until nobody asks any more."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.boxed.frames import Channel, Closed
from utils.exercises.boxed.shell import new_shell, run_cell, silence
from utils.exercises.boxed.syscalls import shut
from utils.exercises.boxed.tracing import Watch, watch_threads
from utils.exercises.case import Case
from utils.exercises.index import exercise
from utils.exercises.run import run

_FOREVER = 1e6
_MAX_CASE_BYTES = 1 << 30
_MAX_TEXT = 4000
_MAX_NAME = 200


def main() -> None:
    """Serve over what standard input and output were when the process began."""
    shut()
    serve(Channel(*silence()))


def serve(channel: Channel) -> None:
    """Answer messages until the channel is closed.

    ``{"do": "cell", "source": …}`` runs a cell; ``{"do": "case", "key": …, "group": …, "params": …, "seconds": …}``
    with the case's arrays calls the function of that exercise and sends what it returned, probed, with the names of
    listed and withheld functions that it called as ``used``. Each of these is sent before as well, as soon as it is
    called, in a message of its own: ``{"touched": name}``.
    """
    shell = new_shell()
    watch_threads()
    channel.send({"ready": True})
    while True:
        try:
            header, arrays = channel.receive(_FOREVER, _MAX_CASE_BYTES)
        except Closed:
            return
        if header["do"] == "cell":
            channel.send(run_cell(shell, header["source"]))
            _close_figures()
        else:
            channel.send(
                *answer_case(
                    shell.user_ns,
                    header,
                    arrays,
                    lambda name: channel.send_at_once({"touched": name[:_MAX_NAME]}),
                )
            )


def answer_case(
    namespace: dict[str, Any],
    header: dict[str, Any],
    arrays: dict[str, np.ndarray],
    tell: Callable[[str], None] = lambda name: None,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Call the student's function on one case.

    Returns
    -------
    header : dict
        ``trouble``, ``message``, ``error`` and ``trace`` as in :class:`utils.exercises.run.Outcome` (``trouble`` is
        ``"absent"`` where there is no such function), and ``used``.
    arrays : dict of str to ndarray
        The probed result.
    """
    entry = exercise(header["key"])
    function = namespace.get(entry.function)
    if not callable(function):
        return {"trouble": "absent", "message": "", "error": "", "trace": "", "used": []}, {}
    watch = Watch(entry.answered_by, tell)
    outcome = run(
        entry, watch.over(function), Case(header["group"], arrays, header["params"]), header["seconds"]
    )
    reply = {name: getattr(outcome, name)[:_MAX_TEXT] for name in ("trouble", "message", "error", "trace")}
    return {**reply, "used": sorted(watch.used)}, outcome.arrays


def _close_figures() -> None:
    """Let go of the figures that a cell has drawn: nobody looks at them here."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


if __name__ == "__main__":
    main()
