"""A detector's boxes before any threshold, so that a slider can filter them as often as it moves.

The network looks once at a picture; all that the thresholds and the suppression do afterwards is arithmetic on these
boxes. The kinds of suppression hold two that are wrong, as learners write them, to see what they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.detection.detections import Detections, join
from utils.detection.heads import decode_head
from utils.detection.letterbox import Placement, boxes_in_picture
from utils.detection.nms import kept_rows, lowered_scores

FLOOR = 0.05  # no slider goes below; thousands of boxes without anything in them are left out
KINDS = ("greedy", "soft", "none", "best k", "blind to classes")


@dataclass(frozen=True)
class Candidates:
    """What a detector proposes on one picture.

    Attributes
    ----------
    found : Detections
        All boxes with a score of at least `FLOOR`, relative to the network's square, not clipped.
    origins : ndarray of int, (n, 4)
        Of each box: number of its head, row and column of its cell, number of its anchor.
    anchors : tuple of ndarray, (boxes, 2)
        Of each head: widths and heights of the box shapes in cells.
    grids : tuple of (int, int)
        Of each head: rows and columns of cells.
    placement : Placement
        Where the picture lies in the network's square.
    """

    found: Detections
    origins: np.ndarray
    anchors: tuple[np.ndarray, ...]
    grids: tuple[tuple[int, int], ...]
    placement: Placement

    def boxes(self, rows: np.ndarray) -> np.ndarray:
        """Return the chosen boxes in pixels of the picture, clipped to it, (n, 4)."""
        return boxes_in_picture(self.found.boxes[rows], self.placement)

    def cells(self, rows: np.ndarray) -> np.ndarray:
        """Return the cells that the chosen boxes come from, in pixels of the picture, clipped to it, (n, 4)."""
        head, row, column, _ = self.origins[rows].T
        grid = np.array(self.grids).reshape(-1, 2)[head]
        corners = np.stack([column, row, column + 1, row + 1], axis=1) / grid[:, [1, 0, 1, 0]]
        return boxes_in_picture(corners, self.placement)

    def anchor_boxes(self, rows: np.ndarray) -> np.ndarray:
        """Return the anchors of the chosen boxes about the middle of their cells, as `cells`, (n, 4)."""
        head, row, column, anchor = self.origins[rows].T
        sizes = [self.anchors[h][a] for h, a in zip(head, anchor, strict=True)]
        grid = np.array(self.grids).reshape(-1, 2)[head][:, ::-1]
        half = np.array(sizes).reshape(-1, 2) / 2
        middle = np.stack([column, row], axis=1) + 0.5
        corners = np.concatenate([(middle - half) / grid, (middle + half) / grid], axis=1)
        return boxes_in_picture(corners, self.placement)

    def grid_lines(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return, for each head, where its cells' borders cross the picture: columns x and rows y in pixels."""
        place = self.placement
        lines = []
        for rows, columns in self.grids:
            x = (np.arange(columns + 1) / columns * place.size - place.left) / place.scales[0]
            y = (np.arange(rows + 1) / rows * place.size - place.top) / place.scales[1]
            lines.append((x[(x >= 0) & (x <= place.width)], y[(y >= 0) & (y <= place.height)]))
        return lines


@dataclass(frozen=True)
class Choice:
    """Which candidates are shown.

    Attributes
    ----------
    kept : ndarray of int, (k,)
        Rows of the candidates, the best first.
    scores : ndarray, (k,)
        Their scores; lowered ones where suppression is soft.
    removed : ndarray of int, (r,)
        Rows that reach the score threshold and that suppression took away.
    """

    kept: np.ndarray
    scores: np.ndarray
    removed: np.ndarray


def collect_candidates(
    heads: Sequence[np.ndarray], anchors: Sequence[np.ndarray], placement: Placement, class_activation: str
) -> Candidates:
    """Decode all heads of one picture.

    Parameters
    ----------
    heads : sequence of ndarray, (rows, columns, boxes · (5 + classes))
        Raw outputs.
    anchors : sequence of ndarray, (boxes, 2)
        Of each head, in its grid cells.
    placement : Placement
        What `letterbox` gave.
    class_activation : {"softmax", "sigmoid"}
        As `decode_head` takes it.
    """
    parts, origins = [], []
    for number, (head, shapes) in enumerate(zip(heads, anchors, strict=True)):
        grid = (*head.shape[:2], len(shapes))
        everything = decode_head(head, shapes, 0.0, class_activation)  # by cell, then by anchor
        rows = np.flatnonzero(everything.scores >= FLOOR)
        parts.append(everything[rows])
        origins.append(np.stack([np.full(len(rows), number), *np.unravel_index(rows, grid)], axis=1))
    return Candidates(
        join(parts),
        np.concatenate(origins),
        tuple(anchors),
        tuple(head.shape[:2] for head in heads),
        placement,
    )


def choose(
    found: Detections, kind: str, score_threshold: float, iou_threshold: float, sigma: float, k: int
) -> Choice:
    """Filter boxes by score, and suppress in one of five ways.

    Parameters
    ----------
    found : Detections
        Boxes in any one unit.
    kind : str
        One of `KINDS`: greedy by class; soft by class; none; wrong, the k best boxes whatever they show; wrong, greedy
        with all classes as one.
    score_threshold : float
        Kept is score ≥ threshold, before greedy suppression and after soft one.
    iou_threshold : float
        Of the two greedy kinds, in [0, 1].
    sigma : float
        Of the soft kind, above 0.
    k : int
        Of "best k", at least 1.

    Raises
    ------
    ValueError
        For a kind that there is not, and for numbers out of range.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k!r}")
    rows = np.flatnonzero(found.scores >= score_threshold)
    some = found[rows]
    scores = some.scores
    if kind == "soft":
        scores = lowered_scores(some.boxes, some.scores, some.classes, sigma)
        kept = np.argsort(-scores, kind="stable")
        kept = kept[scores[kept] >= score_threshold]
    elif kind in ("greedy", "blind to classes"):
        classes = some.classes if kind == "greedy" else None
        kept = kept_rows(some.boxes, some.scores, classes, iou_threshold)
    else:
        kept = np.argsort(-scores, kind="stable")[: k if kind == "best k" else None]
    removed = np.setdiff1d(np.arange(len(rows)), kept)
    return Choice(rows[kept], scores[kept], rows[removed])
