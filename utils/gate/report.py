"""Run the gate over many exercises, one after another or on several cores, and print what it found."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from utils.exercises.index import NOTEBOOKS, all_keys, split_key
from utils.gate.inspect import Report, inspect_exercise, totals


def select(names: Sequence[str]) -> list[str]:
    """Return the exercise keys meant by notebook ids and keys; all exercises for none.

    Raises
    ------
    KeyError
        When a name is neither; the message lists what there is.
    """
    keys: list[str] = []
    for name in names:
        if name in NOTEBOOKS:
            keys += [f"{name}/{function}" for function in NOTEBOOKS[name].exercises]
        else:
            split_key(name)
            keys.append(name)
    return keys or all_keys()


def run_gate(keys: Sequence[str], jobs: int = 2) -> Iterator[Report]:
    """Yield a report for each exercise, in order.

    Parameters
    ----------
    keys : sequence of str
        Exercise keys.
    jobs : int
        Processes. They are spawned, not forked: a process that has used TensorFlow cannot be forked.
    """
    if jobs <= 1 or len(keys) <= 1:
        yield from map(inspect_exercise, keys)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(inspect_exercise, keys)


def print_gate(names: Sequence[str], jobs: int = 2) -> bool:
    """Run the gate for notebook ids or exercise keys, print a table and the totals; returns whether all passed."""
    console = Console()
    table = Table(
        "exercise", "mistakes named", "other right answers", "mutants killed", "excused", "CPU s", ""
    )
    reports = []
    for report in run_gate(select(names), jobs):
        reports.append(report)
        mark = "[green]passes[/]" if not report.problems else "[red]fails[/]"
        killed = f"{report.killed}/{report.mutants}"
        counts = (str(report.mistakes), str(report.alternatives), killed, str(len(report.excused)))
        table.add_row(report.key, *counts, f"{report.seconds:.1f}", mark)
    console.print(table)
    for report in reports:
        for problem in report.problems:
            console.print(f"{report.key}: {problem}", style="red", markup=False)
        for change, reason in report.excused.items():
            console.print(f"{report.key}: excused: {change} ({reason})", markup=False)
    sums = totals(reports)
    console.print(", ".join(f"{value} {name}" for name, value in sums.items()))
    return sums["problems"] == 0
