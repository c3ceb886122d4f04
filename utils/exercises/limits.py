"""A stop for endless loops in a notebook: the same process, so a signal rather than a kill."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# A bare `except:` in a learner's loop swallows the first stop; the signal therefore comes again.
_REPEAT_SECONDS = 0.2


class TimeLimitReached(BaseException):
    """Raised inside the learner's function; a BaseException, so that `except Exception` does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeLimitReached` in the block after so many seconds.

    Without POSIX signals, or outside the main thread, the block runs unlimited: Jupyter's stop button is left.

    Parameters
    ----------
    seconds : float
        Positive wall-clock limit.
    """
    if seconds <= 0:
        raise ValueError(f"seconds must be positive, got {seconds!r}")
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum, frame):
        raise TimeLimitReached

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
