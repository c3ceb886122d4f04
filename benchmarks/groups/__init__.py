"""The groups: one module each, with a list `CASES`; every group is measured in a process of its own.

This file imports nothing of them: the number of threads has to be fixed before their libraries are loaded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """One group.

    Attributes
    ----------
    threads : int
        Of every library in it.
    says : str
        What is measured.
    passes : int
        In so many processes, one at the start of a run and one when all other groups are done: 2 where a pass is short.
    by_default : bool
        Whether it is run when no group is named.
    """

    threads: int
    says: str
    passes: int = 1
    by_default: bool = True


GROUPS = {
    "conv": Group(1, "the NumPy layers: convolution forward and backward, pooling", passes=2),
    "nms": Group(1, "non-max suppression", passes=2),
    "decode": Group(1, "decoding of a detector's output", passes=2),
    "windows": Group(1, "a classifier at all places of a picture", passes=2),
    "resnet": Group(2, "ResNet-50: a training step and inference"),
    "style": Group(2, "a step of painting with VGG-19"),
    "faces": Group(1, "looking a face up, and the hardest triplets of a batch", passes=2),
    "check": Group(2, "how long a learner waits for a check", passes=2),
    "startup": Group(2, "how long a learner waits for a start", passes=2),
    "grade": Group(2, "grading a class"),
    "course": Group(2, "every notebook under nbval; takes a quarter of an hour", by_default=False),
    "demos": Group(2, "the demos in a browser", by_default=False),
}
