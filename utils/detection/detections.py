"""What a detector found: boxes, scores and classes side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Boxes with their scores and classes; row i of each array belongs to one detection.

    Attributes
    ----------
    boxes : ndarray, (n, 4)
        Corners (x1, y1, x2, y2), float32; relative or in pixels, as the function that made them says.
    scores : ndarray, (n,)
        Objectness times class probability, float32 in [0, 1].
    classes : ndarray, (n,)
        Class numbers from 0, integers.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    def __post_init__(self) -> None:
        """Refuse arrays that do not lie side by side."""
        shapes = self.boxes.shape, self.scores.shape, self.classes.shape
        if shapes != ((len(self.scores), 4), (len(self.scores),), (len(self.scores),)):
            raise ValueError(f"boxes, scores and classes must have shapes (n, 4), (n,), (n,), got {shapes}")

    def __len__(self) -> int:
        """Return the number of detections."""
        return len(self.scores)

    def __getitem__(self, which: np.ndarray | slice) -> "Detections":
        """Return the chosen rows, by indices, a mask or a slice."""
        return Detections(self.boxes[which], self.scores[which], self.classes[which])


def join(parts: Sequence[Detections]) -> Detections:
    """Put detections of several heads into one, in the given order."""
    if not parts:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    fields = ("boxes", "scores", "classes")
    return Detections(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))
