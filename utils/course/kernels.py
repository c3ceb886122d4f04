"""How tests and `course execute` reach their kernels: through socket files of their own instead of TCP ports.

A TCP port is picked by the parent, freed, and bound by the kernel a moment later; when many kernels start side by side,
another process may take it in between, and the kernel dies before it answers. A socket file in a folder of its own can
be nobody else's.
"""

import itertools
import os
import tempfile
from functools import cache

_numbers = itertools.count()


def private_connection() -> dict[str, str]:
    """Return the traits of a ``jupyter_client`` kernel manager that give one kernel a connection of its own.

    Returns
    -------
    dict
        ``transport`` and ``ip``, for ``KernelManager(**…)`` or for its section of a traitlets configuration; empty on
        Windows, which has no socket files. Call it once a kernel.
    """
    if os.name == "nt":
        return {}
    # Short, since the path of a socket may have some hundred characters at most.
    return {"transport": "ipc", "ip": os.path.join(_folder().name, str(next(_numbers)))}


@cache
def _folder() -> tempfile.TemporaryDirectory:
    """Return this process's folder of sockets; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="kernels-")
