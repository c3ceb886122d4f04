"""`course run`: a long run with a progress bar, safe to interrupt."""

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from utils.course.refusal import Refusal
from utils.experiments.experiment import Experiment
from utils.experiments.index import EXPERIMENTS, load_experiment
from utils.experiments.runner import finished_parts, run_experiment


def do_run(experiment: Experiment, folder: Path) -> Path:
    """Do what is left of a run; returns its log.

    Parameters
    ----------
    experiment : Experiment
        The run.
    folder : Path
        Folder of runs.

    Raises
    ------
    Refusal
        When the user interrupts it, with the command that goes on.
    """
    console = Console()
    done = len(finished_parts(experiment, folder))
    console.print(
        f"{experiment.says} About {experiment.minutes:g} minutes on two cores; {done} parts are done already."
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=len(experiment.parts))
        try:
            log = run_experiment(
                experiment, folder, lambda part, n, of: progress.update(task, description=part, completed=n)
            )
        except KeyboardInterrupt:
            raise Refusal(
                f"Interrupted; `course run {experiment.name}` goes on where this stopped."
            ) from None
    console.print(
        f"Done. The log is {log}; a copy in data/runs/{experiment.name}.json is what notebooks draw."
    )
    return log


def run_table(folder: Path) -> Table:
    """Return a table of all long runs and how far each is."""
    table = Table("run", "what it finds out", "minutes", "parts done")
    for name in EXPERIMENTS:
        experiment = load_experiment(name)
        done = len(finished_parts(experiment, folder))
        table.add_row(name, experiment.says, f"{experiment.minutes:g}", f"{done} of {len(experiment.parts)}")
    return table
