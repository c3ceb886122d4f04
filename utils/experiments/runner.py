"""Do a long run: part by part, each result kept at once, the log written whole."""

import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from utils.experiments.experiment import Experiment, Report, Row

_VERSIONS = ("keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy")


def run_experiment(
    experiment: Experiment,
    folder: Path,
    tell: Callable[[str, float, int], None] = lambda part, done, of: None,
) -> Path:
    """Do what is left of a run and write its log.

    Parameters
    ----------
    experiment : Experiment
        The run.
    folder : Path
        Where runs are kept; this one gets a folder of its own name below.
    tell : callable
        ``(part, done, of)``, called before each part and once at the end, and while a part reports; ``done`` parts
        then have a fraction, and ``part`` has what was reported behind its name.

    Returns
    -------
    Path
        The log, ``<folder>/<name>/log.json``.
    """
    home = folder / experiment.name
    rows: list[Row] = []
    for number, (name, part) in enumerate(experiment.parts.items()):
        tell(name, number, len(experiment.parts))

        def report(fraction: float, says: str, name: str = name, number: int = number) -> None:
            tell(f"{name}: {says}", number + fraction, len(experiment.parts))

        rows.append(_do_part(experiment, name, part, home / name, report))
    tell("", len(rows), len(experiment.parts))
    log = home / "log.json"
    _write_json(log, {**describe(experiment), "rows": rows})
    return log


def finished_parts(experiment: Experiment, folder: Path) -> list[str]:
    """Return the names of the parts that have their row."""
    return [name for name in experiment.parts if (folder / experiment.name / name / "row.json").exists()]


def describe(experiment: Experiment) -> dict[str, Any]:
    """Return what a reader needs to repeat a run: command, seed, backend, versions, machine and day."""
    return {
        "name": experiment.name,
        "says": experiment.says,
        "command": f"course run {experiment.name}",
        "seed": experiment.seed,
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "versions": {"python": platform.python_version(), **_installed(_VERSIONS)},
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "finished": datetime.now(UTC).date().isoformat(),
    }


def _do_part(experiment: Experiment, name: str, part: Any, home: Path, report: Report) -> Row:
    """Return the part's row: the kept one, or a new one."""
    kept = home / "row.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    home.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    further = (report,) if experiment.reports else ()
    row = {"part": name, **part, **experiment.work(part, home, *further)}
    row["seconds"] = round(time.monotonic() - began, 1)
    _write_json(kept, row)
    return row


def _installed(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _write_json(path: Path, value: Any) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)
