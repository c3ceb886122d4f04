"""Losses that bring one person's encodings together and drive two people's apart, in `keras.ops`.

All use squared Euclidean distances; all are means, so that the size of a batch does not change the learning rate.
"""

import keras
from keras import ops

_LEAST = 1e-12


def squared_distance_matrix(encodings: keras.KerasTensor) -> keras.KerasTensor:
    """Return ‖a − b‖² for all pairs of rows of (n, d), (n, n), at least 0, by one matrix product."""
    squares = ops.sum(ops.square(encodings), axis=1)
    product = ops.matmul(encodings, ops.transpose(encodings))
    return ops.maximum(squares[:, None] + squares[None] - 2 * product, 0.0)


def triplet_loss(anchor, positive, negative, alpha: float = 0.2):
    """Return the mean of max(‖a − p‖² − ‖a − n‖² + α, 0).

    Parameters
    ----------
    anchor, positive, negative : tensor, (batch, d)
        Encodings.
    alpha : float
        The margin.

    References
    ----------
    Schroff et al. 2015 (arXiv:1503.03832), equation 3, which sums.
    """
    near = ops.sum(ops.square(anchor - positive), axis=-1)
    far = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.mean(ops.maximum(near - far + alpha, 0.0))


def batch_hard_loss(labels, encodings, alpha: float = 0.2):
    """Return the triplet loss of anchors with their farthest positive and nearest negative, the mean over anchors.

    Parameters
    ----------
    labels : tensor of int, (n,)
        Who is seen in each row.
    encodings : tensor, (n, d)
        Encodings.
    alpha : float
        The margin.

    Notes
    -----
    Anchors without a positive or a negative do not count; 0 when none counts. Hermans et al. 2017 (arXiv:1703.07737),
    equation 5, with squared distances.
    """
    squares = squared_distance_matrix(encodings)
    same, different = _who_with_whom(labels, squares.dtype)
    farthest = ops.max(squares * same, axis=1)
    nearest = ops.min(squares + (1 - different) * (ops.max(squares) + 1), axis=1)
    counts = ops.max(same, axis=1) * ops.max(different, axis=1)
    return _mean_of(ops.maximum(farthest - nearest + alpha, 0.0), counts)


def batch_all_loss(labels, encodings, alpha: float = 0.2):
    """Return the mean triplet loss of those triplets of the batch that have one, so that settled ones do not dilute it.

    Parameters as in :func:`batch_hard_loss`. Hermans et al. 2017, equation 6 and section 2, "BA≠0".
    """
    squares = squared_distance_matrix(encodings)
    same, different = _who_with_whom(labels, squares.dtype)
    loss = squares[:, :, None] - squares[:, None, :] + alpha
    loss = ops.maximum(loss, 0.0) * same[:, :, None] * different[:, None, :]
    return _mean_of(loss, ops.cast(loss > 0, loss.dtype))


def semi_hard_loss(labels, encodings, alpha: float = 0.2):
    """Return the mean triplet loss of pairs with their nearest negative that is farther than the positive.

    Where there is none, the farthest negative is taken. Parameters as in :func:`batch_hard_loss`. Schroff et al. 2015,
    section 3.2, in the batch form of TensorFlow Addons.
    """
    squares = squared_distance_matrix(encodings)
    same, different = _who_with_whom(labels, squares.dtype)
    border, row = squares[:, :, None], squares[:, None, :]
    outside = ops.cast(row > border, squares.dtype) * different[:, None, :]
    large = ops.max(squares) + 1
    nearest = ops.min(row + (1 - outside) * large, axis=2)
    farthest = ops.max(squares * different, axis=1)[:, None]
    negative = ops.where(ops.max(outside, axis=2) > 0, nearest, farthest)
    counts = same * ops.max(different, axis=1)[:, None]
    return _mean_of(ops.maximum(squares - negative + alpha, 0.0), counts)


def contrastive_loss(same, first, second, margin: float = 1.0):
    """Return the mean of ‖a − b‖² for pairs of one person and max(margin − ‖a − b‖, 0)² for pairs of two.

    Parameters
    ----------
    same : tensor, (batch,)
        1 for pairs of one person, 0 for pairs of two.
    first, second : tensor, (batch, d)
        Encodings.
    margin : float
        Distance from which two people are far enough apart.

    References
    ----------
    Hadsell, Chopra and LeCun 2006, "Dimensionality reduction by learning an invariant mapping", equation 4, without ½.
    """
    squares = ops.sum(ops.square(first - second), axis=-1)
    same = ops.cast(same, squares.dtype)
    # The root has no finite slope at 0.
    short = ops.maximum(margin - ops.sqrt(ops.maximum(squares, _LEAST)), 0.0)
    return ops.mean(same * squares + (1 - same) * ops.square(short))


def n_pair_loss(anchors, positives):
    """Return the cross-entropy of finding each anchor's own positive among all positives, by inner products.

    Parameters
    ----------
    anchors, positives : tensor, (people, d)
        One encoding each of so many different people, in the same order.

    References
    ----------
    Sohn 2016, "Improved deep metric learning with multi-class N-pair loss objective", equation 7.
    """
    similarity = ops.matmul(anchors, ops.transpose(positives))
    own = ops.sum(anchors * positives, axis=-1)
    return ops.mean(ops.logsumexp(similarity, axis=1) - own)


def _who_with_whom(labels, dtype: str):
    labels = ops.reshape(labels, (-1,))
    same = ops.cast(labels[:, None] == labels[None], dtype)
    return same - ops.eye(ops.shape(labels)[0], dtype=dtype), 1 - same


def _mean_of(values, counts):
    return ops.sum(values * counts) / ops.maximum(ops.sum(counts), 1.0)
