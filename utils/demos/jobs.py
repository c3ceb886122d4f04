"""Long work beside the page, which goes on answering."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class NewestJob:
    """Does slow work in a thread of its own, so that the page answers meanwhile; only the newest job counts.

    A job that has not begun when another is started is left out; the result of one that is under way is dropped.

    Parameters
    ----------
    failed
        Called in the thread with what a job raised.
    """

    def __init__(self, failed: Callable[[Exception], None]):
        self._failed = failed
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo")
        self._newest = 0

    def start(self, work: Callable[[], Result], then: Callable[[Result], None]) -> Future:
        """Do ``work()`` soon, and ``then(result)`` after it, both in the thread.

        Returns
        -------
        Future
            Done when both are, or when the job was left out; its result is None.
        """
        self._newest += 1
        return self._pool.submit(self._do, self._newest, work, then)

    def _do(self, number: int, work: Callable[[], Result], then: Callable[[Result], None]) -> None:
        if number != self._newest:
            return
        try:
            result = work()
            if number == self._newest:
                then(result)
        except Exception as error:  # otherwise it would vanish with the thread, and the page wait for ever
            if number == self._newest:
                self._failed(error)
