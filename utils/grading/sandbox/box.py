"""One box with a process inside that runs cells and answers cases; everything that comes out of it is suspect."""

from collections.abc import Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Self

from utils.exercises.boxed.frames import Closed, Late, Malformed
from utils.exercises.case import Case
from utils.exercises.run import Outcome
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.cold import ColdProcess
from utils.grading.sandbox.usage import usage
from utils.grading.sandbox.warm import NoWarmParent, WarmProcess

_START_SECONDS = 60.0
_LISTEN_SECONDS = 10.0
_MAX_RESULT_BYTES = 64 << 20
# What the in-process limit needs to stop a function before the box is given up.
_GRACE_SECONDS = 2.0
_MAX_NAME, _MOST_NAMES = 200, 50
_TROUBLES = ("", "not done", "raised", "time", "kind", "changed", "absent")


class BoxLost(Exception):
    """The box had to be given up.

    Attributes
    ----------
    status : {"timeout", "crashed"}
        Why, for a row of grades.
    used : list of str
        Functions that answer an exercise and that were called in the case that ended it.
    """

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status = status
        self.used: list[str] = []


class Box:
    """A running box.

    Parameters
    ----------
    notebook : str
        Id of the notebook whose exercises are judged in it.
    limits : Limits
        What the tree of processes may use.
    hidden : iterable of str
        Installed packages that must not be there.
    unsafe : bool
        Run the process without a sandbox: it can do whatever the grader can.
    warm : bool
        Let a warm parent bear the process where there is one; else it is started from the beginning.
    """

    def __init__(
        self,
        notebook: str,
        limits: Limits,
        hidden: Iterable[str] = (),
        unsafe: bool = False,
        warm: bool = True,
    ):
        self.limits = limits
        self._process = _start(notebook, limits, tuple(hidden), unsafe, warm)
        self._receive(_START_SECONDS, 0)

    @property
    def is_warm(self) -> bool:
        """Whether a warm parent bore the process."""
        return isinstance(self._process, WarmProcess)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def run_cell(self, source: str, seconds: float) -> dict[str, Any]:
        """Run a cell.

        Returns
        -------
        dict
            ``ok``, and where it is False ``error``, ``message`` and ``trace``: texts by the student's process.

        Raises
        ------
        BoxLost
            When it takes longer, or the box is gone; the box is closed then.
        """
        self._send({"do": "cell", "source": source})
        reply, _ = self._receive(seconds, 0)
        return {
            "ok": reply.get("ok") is True,
            **{name: _text(reply, name) for name in ("error", "message", "trace")},
        }

    def run_case(self, key: str, case: Case, seconds: float) -> tuple[Outcome, list[str]]:
        """Call the student's function of an exercise on a case.

        Returns
        -------
        outcome : Outcome
            With ``trouble`` ``"absent"`` where no cell defined the function.
        used : list of str
            Library functions that would answer the exercise and that it called, and withheld functions of ours.

        Raises
        ------
        BoxLost
            With what was called until then.
        """
        header = {
            "do": "case",
            "key": key,
            "group": case.group,
            "params": dict(case.params),
            "seconds": seconds,
        }
        touched: list[str] = []
        try:
            self._send(header, dict(case.arrays))
            reply, arrays = self._receive_answer(seconds + _GRACE_SECONDS, touched)
        except BoxLost as lost:
            lost.used = touched
            raise
        trouble = _text(reply, "trouble")
        if trouble not in _TROUBLES:
            raise self._lost("crashed", "The process sent an answer that is none.")
        used = reply.get("used")
        used = [str(name)[:_MAX_NAME] for name in used[:_MOST_NAMES]] if isinstance(used, list) else []
        texts = {name: _text(reply, name) for name in ("message", "error", "trace")}
        outcome = Outcome(arrays={} if trouble else arrays, trouble=trouble, **texts)
        return outcome, list(dict.fromkeys([*touched, *used]))

    def close(self) -> None:
        """End every process of the box; its files vanish with it."""
        self._process.end()

    def _send(self, header: dict[str, Any], arrays: dict | None = None) -> None:
        try:
            self._process.channel.send(header, arrays, _LISTEN_SECONDS, self._look)
        except Closed:
            raise self._ended() from None
        except Late:
            raise self._lost("crashed", "The process no longer listened.") from None

    def _receive(
        self, seconds: float, max_bytes: int, limit: float | None = None
    ) -> tuple[dict[str, Any], dict]:
        """Wait for an answer and look after the box's use of memory and processes meanwhile."""
        try:
            return self._process.channel.receive(seconds, max_bytes, self._look)
        except Late:
            self._look()
            raise self._lost(
                "timeout", f"It was still running after {limit or seconds:.3g} seconds and was stopped."
            ) from None
        except Closed:
            raise self._ended() from None
        except Malformed:  # how, is for nobody: sizes that a process chooses are a way out for values
            raise self._lost("crashed", "The process sent an answer that is none.") from None

    def _receive_answer(self, seconds: float, touched: list[str]) -> tuple[dict[str, Any], dict]:
        """Wait for a case's answer; names that come before it are put into ``touched``."""
        deadline = monotonic() + seconds
        while True:
            reply, arrays = self._receive(max(deadline - monotonic(), 0.0), _MAX_RESULT_BYTES, seconds)
            if "touched" not in reply:
                return reply, arrays
            touched.append(_text(reply, "touched")[:_MAX_NAME])
            if len(touched) > _MOST_NAMES:
                raise self._lost("crashed", "The process sent an answer that is none.")

    def _look(self) -> None:
        """Give the box up where its tree of processes uses more than it may."""
        many = self._many_processes()
        processes, memory = usage(self._process.pid, many)
        if processes >= many:
            raise self._too_many_processes()
        if memory > self.limits.memory_mb << 20:
            raise self._out_of_memory()

    def _ended(self) -> BoxLost:
        if self._process.group and self._process.group.out_of_memory():
            return self._out_of_memory()
        return self._lost(
            "crashed", "The Python process ended, as after os._exit or a crash in compiled code."
        )

    def _refused(self) -> bool:
        """Tell whether the kernel refused the box a process."""
        return bool(self._process.group and self._process.group.refused_processes())

    def _many_processes(self) -> int:
        """Return how many processes are too many.

        Where the kernel itself counts them there are never more than it allows, threads among them, and it notes that
        it refused one. Where only each process's own limit does, nothing is noted, and one or two are the box's own.
        """
        limit = self.limits.processes
        if self._process.group:
            return limit // 2 + 1 if self._refused() else limit + 1
        return max(limit - 2, 1) + 1

    def _too_many_processes(self) -> BoxLost:
        says = f"It started too many processes (there may be {self.limits.processes}) and was stopped."
        return self._lost("crashed", says)

    def _out_of_memory(self) -> BoxLost:
        """Say that there was no memory left; of many processes if these were too many."""
        if self._refused():
            return self._too_many_processes()
        says = f"It used more than {self.limits.memory_mb:,} MB of memory and was stopped."
        return self._lost("crashed", says)

    def _lost(self, status: str, message: str) -> BoxLost:
        self.close()
        return BoxLost(status, message)


def _start(
    notebook: str, limits: Limits, hidden: tuple[str, ...], unsafe: bool, warm: bool
) -> ColdProcess | WarmProcess:
    """Start the process of a box: warm where that is wanted and there is a warm parent."""
    if warm and not unsafe:
        with suppress(NoWarmParent):
            return WarmProcess(notebook, limits, hidden)
    return ColdProcess(notebook, limits, hidden, unsafe)


def _text(reply: dict[str, Any], name: str) -> str:
    value = reply.get(name, "")
    return value[:4000] if isinstance(value, str) else ""
