"""Keep what TensorFlow's libraries write while they are loaded off the terminal, unless loading fails."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what this process writes to stderr, C++ libraries included; an exception brings it out.

    TensorFlow's first lines come before it reads ``TF_CPP_MIN_LOG_LEVEL``, so that no variable turns them off.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        terminal = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
