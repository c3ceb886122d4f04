"""Grade a simulated class on a cluster while its workers are killed and its client is, then see that nothing is lost.

``python scripts/soak.py 1000 [--log FILE]`` hands in that many notebooks of week 1's second lesson (right, wrong,
blank, crashing and looping ones), grades them by ``course grade`` on a Dask cluster of separate processes with a worker
killed every minute and the client killed once, and compares every mark with what it must be. Then it grades some of
them on this machine with ``course grade`` killed at ten random moments, and compares the gradebooks. Status 1 when
anything differs.
"""

import argparse
import csv
import json
import os
import platform
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from utils.course.environment import kernel_environment
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.notebooks import notebook_path, stub

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "w1l2"
WEEK = NOTEBOOKS[NOTEBOOK].week
NAMES = NOTEBOOKS[NOTEBOOK].exercises
WORKERS, KILLS = 2, 10
ENVIRONMENT = {**kernel_environment(progress_bars=False), "PYTHONPATH": str(ROOT)}
LIMITS = ("--cell-seconds", "3")
# Of ten students: what they hand in.
KINDS = ("right",) * 4 + ("wrong",) * 2 + ("blank",) * 2 + ("crashing", "looping")


def solved(name: str, source: str, kind: str) -> str:
    """Return what a student of this kind writes into the cell of an exercise."""
    if kind == "blank":
        return stub(source, name)
    if (kind, name) == ("wrong", "conv_output_size"):
        return source.replace("### BEGIN SOLUTION", "return -1\n    ### BEGIN SOLUTION")
    if (kind, name) == ("crashing", "same_padding"):
        return source.replace("### BEGIN SOLUTION", "import os\n    os._exit(1)\n    ### BEGIN SOLUTION")
    if (kind, name) == ("looping", "zero_pad"):
        return source + "\n\nimport time\nwhile True:\n    time.sleep(0.01)\n"
    return source


def expected(kind: str) -> dict[str, float]:
    """Return the points that each exercise must get."""
    lost = {"wrong": {"conv_output_size"}, "crashing": {"same_padding"}, "looping": {"zero_pad"}}
    lost = {*NAMES} if kind == "blank" else lost.get(kind, set())
    return {name: 0.0 if name in lost else float(exercise(f"{NOTEBOOK}/{name}").points) for name in NAMES}


def hand_in(folder: Path, number: int) -> dict[str, str]:
    """Write the submissions; returns each student's kind."""
    path = notebook_path(NOTEBOOK)
    document = json.loads(path.read_text(encoding="utf-8"))
    texts = {}
    for kind in dict.fromkeys(KINDS):
        cells = []
        for cell in document["cells"]:
            source = "".join(cell["source"])
            for name in NAMES:
                if cell["metadata"].get("nbgrader", {}).get("solution") and f"def {name}(" in source:
                    source = solved(name, source, kind)
            cells.append({**cell, "source": source, **({"outputs": []} if "outputs" in cell else {})})
        texts[kind] = json.dumps({**document, "cells": cells})
    kinds = {f"student-{index:04}": KINDS[index % len(KINDS)] for index in range(number)}
    for student, kind in kinds.items():
        (folder / student / WEEK).mkdir(parents=True)
        (folder / student / WEEK / path.name).write_text(texts[kind], encoding="utf-8")
    return kinds


class Cluster:
    """A scheduler and workers, each a process of its own; a worker is killed now and then, and another one started."""

    def __init__(self, stack: ExitStack, say: Callable[[str], None]):
        self._stack, self._say = stack, say
        dask = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        scheduler = self._start(dask)
        self.address = _address(scheduler)
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.killed = 0

    def _worker(self) -> subprocess.Popen:
        worker = (
            "distributed.cli.dask_worker",
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
        )
        process = self._start(worker)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        return process

    def _start(self, command: tuple[str, ...]) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=ENVIRONMENT,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    def kill_one(self) -> None:
        """Kill a worker with everything it holds, and start another."""
        process = self.workers.pop(0)
        process.kill()
        self.workers.append(self._worker())
        self.killed += 1
        self._say(f"worker {self.killed} killed")


def _address(process: subprocess.Popen) -> str:
    for line in process.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return found.group(1)
    raise RuntimeError("the scheduler did not start")


def course_grade(submissions: Path, out: Path, *options: str) -> subprocess.Popen:
    """Start ``course grade``; it goes on with what is there."""
    command = ["grade", str(submissions), "--out", str(out), "--resume", *LIMITS, *options]
    return subprocess.Popen(
        [sys.executable, "-m", "utils.cli", *command], env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.DEVNULL
    )


def judged(out: Path, number: int) -> int:
    """Return how many of the submissions are judged.

    The week's other notebooks have their results too, as missing ones: of those before this one they are there first.
    """
    week = [name for name, row in NOTEBOOKS.items() if row.week == WEEK and row.exercises]
    kept = len(list(out.glob(".grading/results/*.json")))
    return min(max(kept - week.index(NOTEBOOK) * number, 0), number)


def memory(process: subprocess.Popen) -> int:
    """Return a process's resident memory in MB, 0 when it is gone."""
    with suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        return int(found.group(1)) // 1024 if found else 0
    return 0


def on_a_cluster(
    submissions: Path, out: Path, number: int, period: float, say: Callable[[str], None]
) -> list[int]:
    """Grade on a cluster that loses workers, with a client that is killed once; returns the client's memory in MB."""
    sizes: list[int] = []
    with ExitStack() as stack:
        cluster = Cluster(stack, say)
        say(f"{WORKERS} workers; one is killed every {period:.0f} s")
        client = course_grade(submissions, out, "--scheduler", cluster.address)
        stack.callback(lambda: client.kill())
        restarted, next_kill, next_word = False, time.monotonic() + period, 1
        at_last_kill = 0
        while client.poll() is None:
            time.sleep(0.5)
            done = judged(out, number)
            if 0 < done < number:
                sizes.append(memory(client))
            if done >= next_word:
                say(f"{done} of {number} judged, client {memory(client)} MB")
                next_word = done + max(number // 20, 1)
            # On a busy machine a worker needs longer to begin than it would live: let the class get on in between.
            if time.monotonic() > next_kill and at_last_kill + WORKERS < done < number:
                cluster.kill_one()
                next_kill, at_last_kill = time.monotonic() + period, done
            if not restarted and done > number / 2:
                client.kill()
                client.wait()
                restarted = True
                say(f"client killed at {judged(out, number)} of {number}, and started again")
                client = course_grade(submissions, out, "--scheduler", cluster.address)
        if client.returncode:
            raise RuntimeError(f"course grade ended with status {client.returncode}")
        say(f"{cluster.killed} workers were killed, the client {'once' if restarted else 'never'}")
    return [size for size in sizes if size]


def marks(out: Path) -> dict[tuple[str, str], tuple[float, str]]:
    """Return points and status by student and exercise, from ``grades.csv``; a doubled row is an error."""
    found: dict[tuple[str, str], tuple[float, str]] = {}
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = (row["student"], row["exercise"])
            if row["notebook"] == NOTEBOOK:
                if place in found:
                    raise RuntimeError(f"two rows for {place}")
                found[place] = (float(row["points"]), row["status"])
    return found


def compare(kinds: dict[str, str], out: Path) -> list[str]:
    """Return what is not as it must be."""
    found = marks(out)
    wanted = {
        (student, name): points for student, kind in kinds.items() for name, points in expected(kind).items()
    }
    troubles = [f"no row for {place}" for place in wanted if place not in found]
    troubles += [f"a row too many for {place}" for place in found if place not in wanted]
    troubles += [
        f"{place} ({kinds[place[0]]}): {found[place][0]} points ({found[place][1]}), not {points}"
        for place, points in wanted.items()
        if place in found and found[place][0] != points
    ]
    results = [json.loads(path.read_text()) for path in out.glob(".grading/results/*.json")]
    doubled = Counter((row["student"], row["notebook"]) for row in results)
    return troubles + [f"{number} results for {place}" for place, number in doubled.items() if number > 1]


def gradebook(out: Path) -> list[tuple]:
    """Return every grade in nbgrader's gradebook."""
    query = (
        "select s.student_id, b.name, c.name, g.auto_score, g.manual_score, g.needs_manual_grade from grade g"
        " join base_cell c on c.id = g.cell_id join submitted_notebook n on n.id = g.notebook_id"
        " join submitted_assignment s on s.id = n.assignment_id join notebook b on b.id = n.notebook_id"
    )
    with sqlite3.connect(out / "gradebook.db") as book:
        return sorted(book.execute(query).fetchall(), key=str)


def killed_at_random(
    submissions: Path, out: Path, students: int, rng: random.Random, say: Callable[[str], None]
) -> None:
    """Grade on this machine, killed again and again, and at last to the end."""
    for number in range(KILLS):
        run = course_grade(submissions, out, "--jobs", str(WORKERS))
        moment = rng.uniform(1, 15)
        with suppress(subprocess.TimeoutExpired):
            run.wait(moment)
        run.send_signal(signal.SIGKILL)
        run.wait()
        say(f"kill -9 number {number + 1} after {moment:.1f} s, {judged(out, students)} of {students} judged")
    run = course_grade(submissions, out, "--jobs", str(WORKERS))
    if run.wait():
        raise RuntimeError(f"course grade ended with status {run.returncode}")


@contextmanager
def log(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints a line with the seconds, and adds it to the file."""
    began = time.monotonic()
    with open(path or os.devnull, "w", encoding="utf-8") as file:

        def say(line: str) -> None:
            for target in (sys.stdout, file):
                print(f"{time.monotonic() - began:7.1f} s  {line}", file=target, flush=True)

        yield say


def soak(number: int, folder: Path, say: Callable[[str], None]) -> list[str]:
    """Do all of it; returns what is not as it must be."""
    names = ("numpy", "nbgrader", "distributed")
    say(f"make soak N={number}: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
    say(", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]))
    kinds = hand_in(folder / "class", number)
    say(f"{number} submissions of {NOTEBOOK}: {dict(Counter(kinds.values()))}")
    period = min(60.0, max(12.0, 0.06 * number))
    sizes = on_a_cluster(folder / "class", folder / "out", number, period, say)
    troubles = compare(kinds, folder / "out")
    third = max(len(sizes) // 3, 1)
    early, late = max(sizes[:third], default=0), max(sizes[-third:], default=0)
    say(f"memory of the client: at most {early} MB in the first third, {late} MB in the last")
    if late > 1.25 * early + 20:
        troubles.append(f"the client's memory grew from {early} to {late} MB")
    say(f"{number} results compared with what each must be: {len(troubles)} differ")

    some = list(kinds)[: max(10, min(40, number // 5))]
    for student in some:
        (folder / "some" / student).parent.mkdir(exist_ok=True)
        (folder / "class" / student).rename(folder / "some" / student)
    (folder / "out2" / ".grading").mkdir(parents=True)
    for kept in (folder / "out" / ".grading").glob("*"):
        if kept.name == "secret" or kept.name.startswith("release-"):
            (folder / "out2" / ".grading" / kept.name).write_bytes(kept.read_bytes())
    killed_at_random(folder / "some", folder / "out2", len(some), random.Random(number), say)
    first = [row for row in gradebook(folder / "out") if row[0] in some]
    same = first == gradebook(folder / "out2") and bool(first)
    say(
        f"{len(some)} students graded again through {KILLS} kills: gradebook {'the same' if same else 'DIFFERS'}"
    )
    return troubles + ([] if same else ["the gradebook differs after kills"])


def main() -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("number", type=int, help="submissions, at least 10")
    parser.add_argument("--log", type=Path, help="write the lines there as well")
    given = parser.parse_args()
    if given.number < 10:
        parser.error(f"number must be at least 10, got {given.number}")
    signal.signal(signal.SIGTERM, lambda *given: sys.exit(143))  # so that the cluster is taken down
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, log(given.log) as say:
        troubles = soak(given.number, Path(folder), say)
        for line in troubles[:20]:
            say(line)
        say("something is wrong" if troubles else "nothing was lost, doubled or changed")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
