"""A process that judges one job after the other, and the station that keeps one alive.

Judging happens in a process of its own, locally and on a cluster alike: when it dies (killed, out of memory, a fault
in a library), the job it held is tried once more in a new one, and nothing else notices. Each has its own pair of
sockets, so that a death leaves no shared lock taken and no half a message in anybody else's way; what comes back is
JSON, which cannot carry code.
"""

import importlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import utils
from utils.exercises.index import exercise
from utils.grading.classroom.records import Job, NotebookResult
from utils.grading.classroom.store import CannotGrade
from utils.grading.classroom.unjudged import unjudged
from utils.grading.sandbox.bubblewrap import NoSandbox
from utils.grading.sandbox.cgroups import remove_stale
from utils.grading.sandbox.shared import PLACE, shared_place

JUDGE = "utils.grading.classroom.judging:judge_notebook"

_READY, _RESULT, _ERROR, _NO_SANDBOX = b"r", b"+", b"-", b"!"
_START_SECONDS = 300.0
_STARTS = 3  # tries before it counts as a fault of ours
_TRIES = 2  # of a job whose process died
_JOBS_A_PROCESS = 500  # then a fresh one: whatever libraries have piled up goes with the old one
_LARGEST_ANSWER = 64 << 20
_PATIENCE = 600.0
_POLL_SECONDS = 0.5
_TEXT = ("utf-8", "surrogatepass")


class Station:
    """Where jobs are judged one after the other, in a process that is replaced when it dies.

    Parameters
    ----------
    judge : str
        ``"module:function"``, called in the process as ``function(job, unsafe=unsafe) → NotebookResult``.
    unsafe : bool
        Whether to judge without a sandbox.
    environment : mapping of str to str, optional
        The process's environment variables; this process's own by default.
    log : Path, optional
        File to which the process's own messages are added; by default they go where this process's go.
    """

    def __init__(
        self,
        judge: str = JUDGE,
        *,
        unsafe: bool = False,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ):
        self._judge, self._unsafe, self._log = judge, unsafe, log
        self._environment = dict(os.environ if environment is None else environment)
        self._process: subprocess.Popen | None = None
        self._channel: Connection | None = None
        self._folder: Path | None = None
        self._done = 0
        self._closed = False
        self._starting = threading.Lock()

    def judge(self, job: Job) -> NotebookResult:
        """Judge a job, whatever it takes the process through.

        Raises
        ------
        CannotGrade
            When no process can be started, it has no sandbox, or the station was closed.
        """
        began = time.monotonic()
        for _ in range(_TRIES):
            self._make_ready()
            try:
                answer = self._ask(job)
            except TimeoutError:
                self._stop()
                return self._give_up(
                    job, "timeout", "Judging this notebook took too long and was stopped.", began
                )
            except (EOFError, OSError):
                self._stop()
                continue
            return self._read(job, answer, began)
        says = "Judging this notebook ended the grader's own process, twice."
        return self._give_up(job, "crashed", says, began)

    def close(self) -> None:
        """End the process at once; may be called from another thread, and more than once."""
        with self._starting:
            self._closed = True
        self._kill()
        if folder := self._folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _give_up(self, job: Job, status: str, says: str, began: float) -> NotebookResult:
        return unjudged(job, status, says, boxed=not self._unsafe, seconds=time.monotonic() - began)

    def _read(self, job: Job, answer: bytes, began: float) -> NotebookResult:
        if answer[:1] == _NO_SANDBOX:
            raise CannotGrade(answer[1:].decode(*_TEXT))
        if answer[:1] == _RESULT:
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                result = NotebookResult.from_json(answer[1:].decode(*_TEXT))
                whose = (result.student, result.week, result.notebook)
                if result.fingerprint == job.fingerprint and whose == job.place:
                    return result
        says = (
            "The grader could not judge this notebook, for a fault of its own; your teacher has the details."
        )
        return self._give_up(job, "crashed", says, began)

    def _ask(self, job: Job) -> bytes:
        """Send a job and wait for the answer; EOFError or OSError when the process dies, TimeoutError when it hangs."""
        self._channel.send_bytes(pickle.dumps((job, self._unsafe)))
        self._done += 1
        return self._receive(patience(job))

    def _receive(self, seconds: float) -> bytes:
        process, channel, deadline = self._process, self._channel, time.monotonic() + seconds
        while not channel.poll(_POLL_SECONDS):
            # A process that it has left behind may hold the socket open: then there is no end of file to read.
            if process.poll() is not None and not channel.poll(0):
                raise EOFError
            if time.monotonic() > deadline:
                raise TimeoutError
        return channel.recv_bytes(_LARGEST_ANSWER)

    def _make_ready(self) -> None:
        if self._done >= _JOBS_A_PROCESS:
            self._stop()
        if self._process is not None and self._process.poll() is None:
            return
        for _ in range(_STARTS):
            self._stop()
            self._start()
            with suppress(EOFError, OSError, TimeoutError):
                if self._receive(_START_SECONDS) == _READY:
                    return
        self._stop()
        where = f" {self._log} has the details." if self._log else ""
        raise CannotGrade(f"The processes that judge cannot be started.{where}")

    def _start(self) -> None:
        ours, theirs = Pipe()
        code = str(Path(utils.__file__).resolve().parents[1])
        paths = [code, *filter(None, [self._environment.get("PYTHONPATH")])]
        with self._starting, theirs:
            if self._closed:
                ours.close()
                raise CannotGrade("Grading was stopped.")
            # What a killed process leaves behind in its own folder for temporary files goes with it.
            self._folder = Path(tempfile.mkdtemp(prefix="judge-"))
            arguments = [self._judge, str(theirs.fileno()), str(self._folder)]
            log = self._log.open("ab") if self._log else None
            try:
                # -P: the teacher's folder may be full of files that students have named.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__, *arguments],
                    env={
                        **self._environment,
                        "PYTHONPATH": os.pathsep.join(paths),
                        "TMPDIR": str(self._folder),
                        PLACE: str(shared_place()),
                    },
                    stdin=subprocess.PIPE,  # its end tells the process that this one is gone
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for this process, which then ends that one
                )
            finally:
                if log:
                    log.close()
            self._channel, self._done = ours, 0

    def _stop(self) -> None:
        """Leave the process and its socket behind; for the thread that judges."""
        self._kill()
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.stdin.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = self._channel = self._folder = None

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def patience(job: Job) -> float:
    """Return after how many seconds a job has certainly hung: the judge's own limits end it long before."""
    limits = [exercise(f"{job.notebook}/{name}").time_limit for name in job.exercises]
    return _PATIENCE + 2 * (job.limits.submission_seconds + sum(limits))


def _work(judge: Callable[..., NotebookResult], channel: Connection) -> None:
    """Judge what comes until nobody sends any more."""
    channel.send_bytes(_READY)
    while True:
        try:
            job, unsafe = pickle.loads(channel.recv_bytes())
        except EOFError:
            return
        try:
            answer = _RESULT + judge(job, unsafe=unsafe).to_json().encode(*_TEXT)
        except NoSandbox as error:
            answer = _NO_SANDBOX + str(error).encode(*_TEXT)
        except Exception:
            print(f"{job.place}:", traceback.format_exc(), sep="\n", file=sys.stderr, flush=True)
            answer = _ERROR
        channel.send_bytes(answer)


def _end_with_parent(folder: Path) -> None:
    """Wait until the process that started this one is gone, then take everything that belongs to this one along."""
    with suppress(OSError):
        os.read(0, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def find_judge(name: str) -> Callable[..., NotebookResult]:
    """Return the function ``"module:function"``."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def main(judge: str, descriptor: int, folder: Path) -> None:
    """Run one process: the judge's name, the number of its socket and its own folder come from the command line."""
    remove_stale()
    os.set_inheritable(descriptor, False)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    with suppress(BrokenPipeError, ConnectionResetError):
        _work(find_judge(judge), Connection(descriptor))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
