"""The stages of `make test`: all of them run, each with its time, and one that fails makes the whole fail."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from utils.course.environment import SYSTEM_PARTS, find_system_part, in_ci, kernel_environment

_CLOSING = re.compile(r"^=+ (.*(?:passed|failed|skipped|deselected|no tests|error).*) =+$")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NO_TESTS_COLLECTED = 5


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes
    ----------
    name : str
        What it is called with ``--only``.
    commands : tuple of tuple of str
        Command lines; all of them run.
    minutes : float
        Its budget for the whole course on two cores. It is shown, not enforced: machines differ.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    minutes: float


@dataclass(frozen=True)
class Finished:
    """What came of a stage: whether it passed, its seconds, and pytest's closing line or another short word."""

    stage: Stage
    passed: bool
    seconds: float
    closing: str


def all_stages(root: Path) -> list[Stage]:
    """Return the stages in order, the fast ones first."""
    python = sys.executable
    pytest = (python, "-m", "pytest", *(("--color=yes",) if sys.stdout.isatty() else ()))
    two = ("-n", "2")
    own = "gate or browser or blank"  # have stages of their own
    notebooks = sorted(str(path.relative_to(root)) for path in root.glob("week[0-9]*/*.ipynb"))
    run_notebooks = (*pytest, "--nbval", "--nbval-cell-timeout=300", *two, "--dist=loadfile", *notebooks)
    return [
        Stage("style", ((python, "-m", "ruff", "check"), (python, "-m", "ruff", "format", "--check")), 1),
        Stage("imports", ((str(Path(python).with_name("lint-imports")),),), 1),
        Stage("fast", ((*pytest, *two, "-m", f"not slow and not ({own})"),), 5),
        # Neighbours stay together, for what they share; a worker that has nothing left takes from the other's end.
        Stage("slow", ((*pytest, *two, "--dist=worksteal", "-m", f"slow and not ({own})"),), 8),
        Stage("blank", ((*pytest, *two, "--dist=worksteal", "-m", "blank"),), 12),
        Stage("demos", ((*pytest, "-m", "browser"),), 8),
        # tests/gate/conftest.py puts the dear ones first.
        Stage("gate", ((*pytest, *two, "--dist=worksteal", "-m", "gate"),), 15),
        Stage("notebooks", (run_notebooks,) if notebooks else (), 20),
    ]


def run_stages(root: Path, only: Sequence[str] = ()) -> bool:
    """Run the stages and print a summary; returns whether everything passed.

    Parameters
    ----------
    root : Path
        The course.
    only : sequence of str
        Names of the stages; all by default.

    Raises
    ------
    ValueError
        When there is no stage of such a name.
    """
    # A log has no width of its own: the summary's lines should stay whole there.
    console = Console(width=None if sys.stdout.isatty() else 140)
    stages = all_stages(root)
    if unknown := set(only) - {stage.name for stage in stages}:
        raise ValueError(
            f"only must name stages ({', '.join(s.name for s in stages)}), got {', '.join(sorted(unknown))}"
        )
    parts_are_there = only or _system_parts(console)
    finished = [_run(stage, root, console) for stage in stages if not only or stage.name in only]
    console.print(_summary(finished))
    return bool(parts_are_there) and all(stage.passed for stage in finished)


def _system_parts(console: Console) -> bool:
    """Name missing system packages: in CI a failure, elsewhere the reason why some tests will be skipped."""
    missing = [package for package in SYSTEM_PARTS if not find_system_part(package)]
    if missing:
        what = "a failure, since CI is set" if in_ci() else "tests that need it are skipped"
        console.print(f"Not installed: {', '.join(missing)} ({what}).", style="yellow")
    return not (missing and in_ci())


def _run(stage: Stage, root: Path, console: Console) -> Finished:
    console.rule(f"[bold]{stage.name}[/]")
    began = time.monotonic()
    passed, closing = True, "" if stage.commands else "nothing there yet"
    for command in stage.commands:
        status, last = _stream(command, root)
        passed &= status == 0 or (status == _NO_TESTS_COLLECTED and "pytest" in command)
        closing = "; ".join(part for part in (closing, last) if part)
    seconds = time.monotonic() - began
    console.print(
        f"{stage.name}: {'passed' if passed else 'FAILED'} in {seconds:.0f} s",
        style="green" if passed else "bold red",
    )
    return Finished(stage, passed, seconds, closing)


def _stream(command: Sequence[str], root: Path) -> tuple[int, str]:
    """Run a command, pass its lines on as they come, and return its exit status and pytest's closing line."""
    environment = {**kernel_environment(progress_bars=False), "PYTHONUNBUFFERED": "1"}
    closing = ""
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if found := _CLOSING.match(_COLOURS.sub("", line.rstrip())):
                closing = found.group(1)
    return process.returncode, closing


def _summary(finished: Sequence[Finished]) -> Table:
    table = Table("stage", "", "time", "budget, whole course", "", title="make test")
    for row in finished:
        mark = "[green]passed[/]" if row.passed else "[bold red]FAILED[/]"
        table.add_row(row.stage.name, mark, f"{row.seconds:.0f} s", f"{row.stage.minutes:g} min", row.closing)
    total = sum(row.seconds for row in finished)
    table.add_row("all", "", f"{total / 60:.1f} min", "", f"on {os.cpu_count()} cores", style="bold")
    return table
