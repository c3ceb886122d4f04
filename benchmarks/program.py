"""What `course bench` does: run groups, keep what they found, report; compare two runs; write the table."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import draw_run
from benchmarks.groups import GROUPS
from benchmarks.machine import describe_machine, describe_versions
from benchmarks.merge import merge_groups
from benchmarks.noise import MOST_OTHERS, others_busy
from benchmarks.report import fill_readme, print_comparison, print_run
from benchmarks.results import GroupResult, Run, common_ratios, complaints, read_group, read_run, write_run
from utils.course.environment import kernel_environment
from utils.course.refusal import Refusal

Say = Callable[[str], None]


def bench(root: Path, names: Sequence[str], file: Path | None, say: Say, *, smoke: bool = False) -> int:
    """Measure groups one after the other, print the report, and keep it.

    Parameters
    ----------
    root : Path
        The course.
    names : sequence of str
        Groups, or ``group/beginning of a case's name``; empty for all that are run by default.
    file : Path, optional
        JSON file; the figures go beside it.
    say : callable
        Called with lines for the user.
    smoke : bool
        Call every form twice, to see that everything works.

    Returns
    -------
    int
        0; 1 when a goal is missed, a case was refused for noise or a group failed.

    Raises
    ------
    Refusal
        When there is no such group, the file cannot be written, or the machine is busy before anything has begun.
    """
    wanted = select(names)
    if file is not None and not file.resolve().parent.is_dir():
        raise Refusal(f"--json: there is no folder {file.parent}.")
    if not smoke:
        refuse_when_busy(others_busy(1.0))
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    run = Run(taken, describe_machine(), describe_versions(root), (), smoke)
    for name in passes(wanted, smoke=smoke):
        say(f"{name}: {GROUPS[name].says} ({threads_in_words(GROUPS[name].threads)})")
        try:
            group = _run_group(root, name, wanted[name], smoke)
        except KeyboardInterrupt:
            raise Refusal(_interrupted(run, file)) from None
        done = {group.name: group for group in run.groups}
        done[name] = merge_groups(done[name], group) if name in done else group
        run = replace(run, groups=tuple(done.values()))
        if file is not None:
            write_run(run, file)  # what is measured is kept, whatever comes of the next group
    return finish(run, file, say)


def finish(run: Run, file: Path | None, say: Say) -> int:
    """Print the report of a run, draw its figures beside its file, and return the exit status."""
    print_run(run)
    if file is not None:
        say(f"Written: {', '.join(map(str, (file, *draw_run(run, file))))}")
    wrong = complaints(run)
    for line in wrong:
        say(line)
    if run.smoke:
        say("Every form was called; with so few calls the figures above mean nothing.")
        return 1 if any(group.failed for group in run.groups) else 0
    say("Some goals are missed or could not be judged." if wrong else "Every goal is reached.")
    return 1 if wrong else 0


def passes(names: Iterable[str], *, smoke: bool = False) -> list[str]:
    """Return the groups in the order of their processes: all of them, then those again that are measured twice."""
    names = list(names)
    return names if smoke else names + [name for name in names if GROUPS[name].passes > 1]


def _interrupted(run: Run, file: Path | None) -> str:
    done = ", ".join(group.name for group in run.groups)
    if file is None or not done:
        return "Interrupted; nothing was written."
    return f"Interrupted; {file} holds the groups that were done: {done}."


def select(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the groups that are asked for, and of each the beginnings of its cases' names; empty for all cases.

    Raises
    ------
    Refusal
        When there is no such group.
    """
    asked = names or [name for name, group in GROUPS.items() if group.by_default]
    wanted: dict[str, list[str]] = {}
    for name in asked:
        group, _, case = name.partition("/")
        if group not in GROUPS:
            raise Refusal(f"There is no group {group!r}; there are: {', '.join(GROUPS)}.")
        wanted.setdefault(group, []).append(case)
    return {group: [] if "" in cases else cases for group, cases in wanted.items()}


def refuse_when_busy(others: float | None) -> None:
    """Stop before anything has begun when other programs compute.

    Raises
    ------
    Refusal
        When they use more of a processor than a case may be disturbed by.
    """
    if others is not None and others > MOST_OTHERS:
        raise Refusal(
            f"Nothing was measured: other programs use {others:.2f} of {os.cpu_count()} processors, at most "
            f"{MOST_OTHERS} is borne. Close them, or run again when the machine is idle."
        )


def threads_in_words(threads: int) -> str:
    """Return ``"1 thread"`` or ``"2 threads"``."""
    return f"{threads} thread" if threads == 1 else f"{threads} threads"


def group_environment(root: Path, threads: int, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a group's process: so many threads in every library, no accelerator.

    Parameters
    ----------
    root : Path
        The course; it is found first among modules.
    threads : int
        At least 1.
    given : mapping of str to str, optional
        What it is put over; the environment of a notebook's kernel by default.
    """
    count = str(threads)
    base = kernel_environment(progress_bars=False) if given is None else given
    return {
        **base,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), base.get("PYTHONPATH", "")])),
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        # Threads of one library that wait by computing would disturb the next one.
        "OMP_WAIT_POLICY": "passive",
        "OPENBLAS_THREAD_TIMEOUT": "4",
        # Notebooks switch oneDNN off for equal digits everywhere; here TensorFlow shows its usual speed.
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "KERAS_BACKEND": "tensorflow",
    }


def _run_group(root: Path, name: str, beginnings: Sequence[str], smoke: bool) -> GroupResult:
    threads = GROUPS[name].threads
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        result = Path(folder, "result.json")
        mode = "smoke" if smoke else "measure"
        command = [sys.executable, "-m", "benchmarks.child", name, str(result), mode, *beginnings]
        done = subprocess.run(command, env=group_environment(root, threads), cwd=root)
        if not result.is_file():
            return GroupResult(name, threads, (), failed=f"its process ended with status {done.returncode}")
        return read_group(json.loads(result.read_text(encoding="utf-8")))


def compare(first: Path, second: Path, say: Say) -> int:
    """Say of each ratio of two runs whether they agree within their spread.

    Returns
    -------
    int
        0 when all agree, 1 otherwise.

    Raises
    ------
    Refusal
        When a file is no run, or they have no ratio in common.
    """
    runs = read_run(first), read_run(second)
    pairs = common_ratios(*runs)
    if not pairs:
        raise Refusal(f"{first} and {second} have no ratio in common that was measured several times.")
    for what in ("machine", "versions"):
        if getattr(runs[0], what) != getattr(runs[1], what):
            say(f"Note: the {what} of the two runs are not the same.")
    print_comparison(pairs)
    differing = [pair for pair in pairs if not pair.agree]
    say(f"{len(pairs) - len(differing)} of {len(pairs)} ratios agree within their spread.")
    return 1 if differing else 0


def write_table(root: Path, say: Say) -> int:
    """Put the tables of the runs in ``benchmarks/results`` into ``benchmarks/README.md``; measures nothing.

    Raises
    ------
    Refusal
        When there is no run, or one is a smoke run.
    """
    fill_readme(root / "benchmarks")
    say("The tables of benchmarks/results are in benchmarks/README.md.")
    return 0
