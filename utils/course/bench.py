"""`course bench`: find the benchmarks, which stand beside the package in the repository, and run them."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.course.refusal import Refusal


def run_bench(
    root: Path,
    groups: Sequence[str],
    file: Path | None,
    say: Callable[[str], None],
    *,
    compared: tuple[Path, Path] | None = None,
    write: bool = False,
    smoke: bool = False,
) -> int:
    """Measure groups, compare two runs, or write the table of the committed ones.

    Parameters
    ----------
    root : Path
        The course.
    groups : sequence of str
        What to measure; the default groups when it is empty.
    file : Path, optional
        JSON file of the run.
    say : callable
        Called with lines for the user.
    compared : pair of Path, optional
        Two runs to compare; nothing is measured then.
    write : bool
        Whether to put the committed runs into ``benchmarks/README.md``; nothing is measured then.
    smoke : bool
        Whether to call everything only to see that it works.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    Refusal
        When there are no benchmarks here, or what is asked for cannot be done.
    """
    if not (root / "benchmarks" / "program.py").is_file():
        raise Refusal(f"There are no benchmarks in {root}: they are in the course's repository only.")
    if compared and write:
        raise Refusal("--compare and --write cannot be asked for at once.")
    if (compared or write) and (groups or file or smoke):
        raise Refusal("--compare and --write measure nothing: they take no group, no --json and no --smoke.")
    sys.path.insert(0, str(root))
    try:
        from benchmarks import program

        if compared:
            return program.compare(*compared, say)
        if write:
            return program.write_table(root, say)
        return program.bench(root, groups, file, say, smoke=smoke)
    finally:
        sys.path.remove(str(root))
