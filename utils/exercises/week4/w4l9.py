"""Week 4, lesson 9, deep one-class classification: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

EXERCISES = (
    Exercise(
        notebook="w4l9",
        function="anomaly_score",
        signature="(features, known, k=5)",
        points=1,
        task="Return the mean Euclidean distance of each vector to its k nearest known ones.",
        hints=(
            "All distances first, (n, m): `np.linalg.norm(features[:, None] - known[None], axis=-1)`.",
            "Sort along the *known* ones, axis 1, and keep the first k columns.",
            "The mean along axis 1 gives one number a row.",
        ),
        answered_by=(
            "utils.models.one_class.anomaly_scores",
            "utils.faces.distances.distances",
            "scipy.spatial.distance.cdist",
            "scipy.spatial.KDTree.query",
        ),
    ),
    Exercise(
        notebook="w4l9",
        function="compactness_loss",
        signature="(features)",
        points=1,
        task="Return how far the feature vectors of a batch are from the means of their fellows, squared and averaged.",
        hints=(
            "The mean of all but x_i: (sum of all − x_i) / (n − 1). For all rows at once: "
            "`(ops.sum(features, axis=0) - features) / (n - 1)`.",
            "Then the squared differences of features and these means, an array (n, d).",
            "1 / (n d) · Σ is `ops.mean` over all of them.",
        ),
        answered_by=("utils.models.one_class.compactness_loss",),
    ),
)
