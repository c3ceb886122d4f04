"""The public half as a process of its own: cases in, arrays out, no answer within reach.

``python -m utils.exercises.worker FOLDER…`` reads in each folder ``job.json`` (``{"key": …, "source": …}``) and
``case_*.npz``, runs the function that ``source`` defines on each case and writes ``outcome_*.npz`` beside it.
"""

import json
import sys
from pathlib import Path

from utils.exercises.case import unpack_case
from utils.exercises.index import exercise
from utils.exercises.run import pack_outcome, run_all


def work(folder: Path) -> int:
    """Do the job in the folder; returns the number of cases run."""
    job = json.loads((folder / "job.json").read_text())
    entry = exercise(job["key"])
    namespace = {"__name__": "learner", "NOTEBOOK": entry.notebook}
    exec(compile(job["source"], "<learner>", "exec"), namespace)
    paths = sorted(folder.glob("case_*.npz"))
    cases = [unpack_case(path.read_bytes()) for path in paths]
    for path, outcome in zip(paths, run_all(entry, namespace[entry.function], cases), strict=True):
        path.with_name(path.name.replace("case_", "outcome_")).write_bytes(pack_outcome(outcome))
    return len(paths)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        work(Path(argument))
