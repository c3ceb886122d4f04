"""How a group declares what it measures: cases, the forms of the same work, goals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

OURS = "ours"


@dataclass(frozen=True)
class Form:
    """One way to do a case's work.

    Attributes
    ----------
    call : callable
        Does the work once, without arguments.
    times : float
        What the time is multiplied by: textbook loops do a small part of the work, and say here how small.
    own_clock : bool
        Whether `call` returns the seconds itself, because not all that it does counts.
    """

    call: Callable[[], object]
    times: float = 1.0
    own_clock: bool = False


@dataclass(frozen=True)
class Missing:
    """A peer that cannot be measured here, and the sentence that says why."""

    reason: str


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Work:
    """A case made ready: its inputs lie in memory, its forms have been called once and agree.

    Attributes
    ----------
    ours : Form
        This project's.
    peers : mapping of str to Form or Missing
        Other ways, by name.
    limits : mapping of str to Form
        What nobody can do without, by name: the bare matrix products, one read of the memory, an empty process.
    output_bytes : int
        Size of what our form returns, where its memory is a question.
    close : callable
        Called at the end, to stop servers and remove folders.
    """

    ours: Form
    peers: Mapping[str, Form | Missing] = field(default_factory=dict)
    limits: Mapping[str, Form] = field(default_factory=dict)
    output_bytes: int = 0
    close: Callable[[], None] = _nothing


@dataclass(frozen=True)
class Case:
    """One piece of work.

    Attributes
    ----------
    name : str
        Unique in its group.
    work : str
        What is done, in words and shapes.
    build : callable
        Makes the inputs and the forms, and raises where two forms disagree.
    goals : mapping of str to float
        At most so many times the time of the form of this name.
    most_seconds : float, optional
        At most so many seconds.
    most_memory : float, optional
        At most so much memory at the peak, output included, in sizes of the output. Seen is what NumPy allocates.
    series, size : str and float
        Cases of one series differ in size only: their times show how the cost grows. The name says what is counted.
    budget : float
        About how many seconds the rounds may take.
    rounds : int
        Exactly so many rounds, without a call to warm up, where one call takes very long; 0: as the budget allows.
    """

    name: str
    work: str
    build: Callable[[], Work]
    goals: Mapping[str, float] = field(default_factory=dict)
    most_seconds: float | None = None
    most_memory: float | None = None
    series: str = ""
    size: float = 0
    budget: float = 5.0
    rounds: int = 0


@dataclass(frozen=True)
class Detail:
    """Something about our work that is listed beside its time: a form's call returns a list of these.

    Attributes
    ----------
    name : str
        What it is.
    value : float
        The figure.
    unit : str
        Its unit.
    """

    name: str
    value: float
    unit: str = "s"
