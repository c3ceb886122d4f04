"""What a long run is: a name, a sentence, and parts that are done one after another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A row is what a part leaves behind: plain JSON, drawn by a notebook later.
Row = dict[str, Any]

# How a part tells that it moves: (done, from 0 to 1; a few words such as "epoch 2 of 5").
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Experiment:
    """A long run.

    Attributes
    ----------
    name : str
        As on the command line, ``"resnet50-fashion"``.
    says : str
        One sentence: what is found out.
    minutes : float
        About how long it takes on two cores.
    parts : mapping of str to JSON object
        Independent pieces in order, by name: one training each, usually. An interrupted run goes on with the first
        piece that has no row yet.
    work : callable
        ``(part, folder) → row``. ``folder`` is the part's own and outlives an interruption: checkpoints go there. A
        part that finds a checkpoint goes on from it. With ``reports`` it is called as ``(part, folder, report)``.
    seed : int
        Written into the log; parts take their seeds from their own values.
    reports : bool
        Whether a part is so long that ``work`` tells how far it is: ``report(fraction, says)``.
    """

    name: str
    says: str
    minutes: float
    parts: Mapping[str, Mapping[str, Any]]
    work: Callable[..., Row]
    seed: int = 0
    reports: bool = False
