"""Week 4, lesson 2, triplets, their mining, and how well distances tell people apart: what is asked.

The answers stand elsewhere.
"""

from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, as_array, named_results


def _three_encodings(case: Case) -> tuple[tuple, dict]:
    """Pass anchor, positive and negative as one tuple, and the margin only where the case has one."""
    three = tuple(case.arrays[name] for name in ("anchor", "positive", "negative"))
    return (None, three), dict(case.params)


def _rows_of_triplets(result: Any) -> Arrays:
    """Read triplets; nothing found may come in any empty form."""
    triplets = as_array(result, "The array of triplets")
    return {"triplets": np.zeros((0, 3), int) if triplets.size == 0 else triplets}


EXERCISES = (
    Exercise(
        notebook="w4l2",
        function="triplet_loss",
        signature="(y_true, y_pred, alpha=0.2)",
        points=2,
        task="Return the triplet loss of a batch of triplets: a sum over the batch.",
        hints=(
            "Unpack first: `anchor, positive, negative = y_pred`. Each is (batch, d), and each triplet gets one "
            "distance to the positive and one to the negative.",
            "A squared distance is a sum over the *last* axis: with `axis=-1` what comes out has the shape (batch,).",
            "The maximum with 0 belongs to each triplet: `np.maximum(near - far + alpha, 0)` first, the sum over the "
            "batch last.",
        ),
        build=_three_encodings,
        answered_by=(
            "utils.faces.losses.triplet_loss",
            "torch.nn.functional.triplet_margin_loss",
            "torch.nn.TripletMarginLoss",
        ),
    ),
    Exercise(
        notebook="w4l2",
        function="pairwise_distances",
        signature="(encodings)",
        points=2,
        task="Return the squared distance of each encoding from each other one.",
        hints=(
            "‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b. What of this does `encodings @ encodings.T` give for all pairs?",
            "The squared lengths are `np.sum(encodings**2, axis=1)`, shape (n,). As a column, `[:, np.newaxis]`, and "
            "as a row they add up to an (n, n) array.",
            "Rounding can leave −0.0000001 where 0 was meant: `np.maximum(..., 0)` at the end.",
        ),
        answered_by=(
            "utils.faces.distances.squared_distances",
            "utils.faces.distances.distances",
            "utils.faces.losses.squared_distance_matrix",
            "scipy.spatial.distance.cdist",
            "scipy.spatial.distance.pdist",
            "scipy.spatial.distance_matrix",
            "sklearn.metrics.pairwise_distances",
            "sklearn.metrics.euclidean_distances",
            "sklearn.metrics.pairwise.pairwise_distances",
            "sklearn.metrics.pairwise.euclidean_distances",
        ),
    ),
    Exercise(
        notebook="w4l2",
        function="hardest_triplets",
        signature="(distances, labels)",
        points=2,
        task="Return, for each anchor, its farthest positive and its nearest negative.",
        hints=(
            "`labels[:, np.newaxis] == labels` says for every pair whether the two show one person. Nobody is a "
            "positive of themselves: `np.fill_diagonal(same, False)`, once the different ones have been noted.",
            "To take a maximum over some places of a row only, fill the others with what never wins: "
            "`np.where(same, distances, -np.inf).argmax(axis=1)`. For a minimum that is +np.inf.",
            "Rows without any positive or any negative are no anchors: `same.any(axis=1) & different.any(axis=1)`. "
            "`np.flatnonzero` gives the rows that are, `np.stack([...], axis=1)` the three columns.",
        ),
        probe=_rows_of_triplets,
        answered_by=("utils.faces.mining.hardest_triplets", "utils.faces.mining.all_triplets"),
    ),
    Exercise(
        notebook="w4l2",
        function="semi_hard_triplets",
        signature="(distances, labels, alpha=0.2)",
        points=2,
        task="Return, for each anchor and positive, the nearest negative that is farther, by less than the margin.",
        hints=(
            "Begin with the pairs: `anchor, positive = np.nonzero(same)`, without the diagonal, gives them in the "
            "wanted order.",
            "For a pair, `distances[a, p]` is the inner border and `distances[a, p] + alpha` the outer one. Which "
            "negatives of `distances[a]` lie strictly between?",
            "If there are any, the nearest of them joins the pair; if there are none, the pair is left out.",
        ),
        probe=_rows_of_triplets,
        answered_by=("utils.faces.mining.semi_hard_triplets", "utils.faces.mining.all_triplets"),
    ),
    Exercise(
        notebook="w4l2",
        function="roc_and_equal_error_rate",
        signature="(distances, same, thresholds)",
        points=2,
        task="Return the rates of false and true accepts at each threshold, and the equal error rate.",
        hints=(
            "`distances <= thresholds[:, np.newaxis]` says for each threshold which pairs are accepted, (k, n).",
            "Of the pairs of *different* people, the share accepted is the false-accept rate: take those columns and "
            "average over them. Likewise for the pairs of one person.",
            "The false-*reject* rate is 1 − true accepts. Find the row where it comes nearest to the false-accept "
            "rate, `np.abs(...).argmin()`, and return the mean of the two rates there.",
        ),
        probe=named_results("false_accept", "true_accept", "equal_error_rate"),
        answered_by=(
            "utils.faces.verification.roc",
            "sklearn.metrics.roc_curve",
            "sklearn.metrics.det_curve",
        ),
    ),
)
