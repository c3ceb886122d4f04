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
    by_default : bool
        Whether it is run when no group is named.
    """

    threads: int
    says: str
    by_default: bool = True


GROUPS = {
    "conv": Group(1, "the NumPy layers: convolution forward and backward, pooling"),
    "nms": Group(1, "non-max suppression"),
    "decode": Group(1, "decoding of a detector's output"),
    "windows": Group(1, "a classifier at all places of a picture"),
    "resnet": Group(2, "ResNet-50: a training step and inference"),
    "style": Group(2, "a step of painting with VGG-19"),
    "faces": Group(1, "looking a face up, and the hardest triplets of a batch"),
    "check": Group(2, "how long a learner waits for a check"),
    "startup": Group(2, "how long a learner waits for a start"),
    "grade": Group(2, "grading a class"),
    "course": Group(2, "every notebook under nbval; takes 20 minutes", by_default=False),
    "demos": Group(2, "the demos in a browser", by_default=False),
}
