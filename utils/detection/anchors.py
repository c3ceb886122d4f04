"""Find the shapes that a detector starts from: k-means over the sizes of boxes, with overlap as nearness.

Redmon and Farhadi 2017, "YOLO9000" (arXiv:1612.08242), section 2, "Dimension clusters": with Euclidean distance large
boxes would count more than small ones; 1 − IoU of two boxes with a common corner does not depend on the scale.
"""

import numpy as np
from numpy.typing import ArrayLike


def size_iou(sizes: ArrayLike, anchors: ArrayLike) -> np.ndarray:
    """Return the intersection over union of sizes and anchors laid corner on corner.

    Parameters
    ----------
    sizes : array_like, (n, 2)
        Widths and heights, greater than 0.
    anchors : array_like, (k, 2)
        In the same unit.

    Returns
    -------
    ndarray, (n, k)
        In (0, 1].
    """
    sizes, anchors = _sizes(sizes, "sizes"), _sizes(anchors, "anchors")
    common = np.minimum(sizes[:, None], anchors[None]).prod(axis=-1)
    return common / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1)[None] - common)


def kmeans_anchors(sizes: ArrayLike, k: int, rng: np.random.Generator, rounds: int = 100) -> np.ndarray:
    """Cluster box sizes into k anchors by k-means with the distance 1 − IoU.

    Parameters
    ----------
    sizes : array_like, (n, 2)
        Widths and heights, greater than 0, at least k different ones.
    k : int
        Number of anchors, at least 1.
    rng : numpy.random.Generator
        Chooses k different sizes to start from.
    rounds : int
        Most rounds; it ends before when no size changes its cluster.

    Returns
    -------
    ndarray, (k, 2)
        Mean width and height of each cluster, by growing area; float64.
    """
    sizes = _sizes(sizes, "sizes")
    different = np.unique(sizes, axis=0)
    if not 1 <= k <= len(different):
        raise ValueError(f"k must be from 1 to the {len(different)} different sizes, got {k!r}")
    anchors = rng.choice(different, k, replace=False)
    owner = None
    for _ in range(rounds):
        nearest = size_iou(sizes, anchors).argmax(axis=1)
        if owner is not None and np.array_equal(nearest, owner):
            break
        owner = nearest
        for cluster in range(k):
            # A cluster that lost all its sizes stays where it was.
            if (owner == cluster).any():
                anchors[cluster] = sizes[owner == cluster].mean(axis=0)
    return anchors[np.argsort(anchors.prod(axis=1), kind="stable")]


def mean_best_iou(sizes: ArrayLike, anchors: ArrayLike) -> float:
    """Return how well anchors cover sizes: the mean, over sizes (n, 2), of the IoU with the best of (k, 2) anchors."""
    return float(size_iou(sizes, anchors).max(axis=1).mean())


def _sizes(sizes: ArrayLike, name: str) -> np.ndarray:
    sizes = np.asarray(sizes, dtype=np.float64)
    if sizes.ndim != 2 or sizes.shape[1] != 2 or not len(sizes):
        raise ValueError(f"{name} must have shape (n, 2) with n of at least 1, got {sizes.shape}")
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise ValueError(f"{name} must be finite and greater than 0, got {sizes.min():g}")
    return sizes
