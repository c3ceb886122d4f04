"""Right answers of week 4's lesson 2, written in other ways than the notebook's: all must be accepted."""

import numpy as np


def triplet_loss__loop(y_true, y_pred, alpha=0.2):
    total = 0.0
    for a, p, n in zip(*y_pred, strict=True):
        total += max(0.0, float(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + alpha))
    return total


def triplet_loss__norms(y_true, y_pred, alpha=0.2):
    near = np.linalg.norm(y_pred[0] - y_pred[1], axis=1) ** 2
    far = np.linalg.norm(y_pred[0] - y_pred[2], axis=1) ** 2
    loss = near - far + alpha
    return loss[loss > 0].sum()


def triplet_loss__keras_ops(y_true, y_pred, alpha=0.2):
    from keras import ops

    anchor, positive, negative = y_pred
    near = ops.sum(ops.square(anchor - positive), axis=-1)
    far = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.sum(ops.maximum(near - far + alpha, 0.0))


def pairwise_distances__differences(encodings):
    return np.sum((encodings[:, None] - encodings[None]) ** 2, axis=-1)


def pairwise_distances__rows(encodings):
    result = np.empty((len(encodings), len(encodings)))
    for i, one in enumerate(encodings):
        result[i] = np.square(encodings - one).sum(axis=1)
    return result


def pairwise_distances__gram(encodings):
    gram = encodings.dot(encodings.T)
    squares = np.diag(gram)
    return (squares.reshape(-1, 1) + squares.reshape(1, -1) - 2 * gram).clip(min=0)


def hardest_triplets__lists(distances, labels):
    rows = []
    for a in range(len(labels)):
        positives = [i for i in range(len(labels)) if labels[i] == labels[a] and i != a]
        negatives = [i for i in range(len(labels)) if labels[i] != labels[a]]
        if positives and negatives:
            p = max(positives, key=lambda i: distances[a, i])
            n = min(negatives, key=lambda i: distances[a, i])
            rows.append((a, p, n))
    return rows


def hardest_triplets__masked_arrays(distances, labels):
    same = np.equal.outer(labels, labels)
    other = ~same
    same = same & ~np.eye(len(labels), dtype=bool)
    positive = np.ma.array(distances, mask=~same).argmax(axis=1)
    negative = np.ma.array(distances, mask=same | np.eye(len(labels), dtype=bool)).argmin(axis=1)
    triplets = np.column_stack([np.arange(len(labels)), positive, negative])
    return triplets[same.any(1) & other.any(1)]


def semi_hard_triplets__lists(distances, labels, alpha=0.2):
    rows, n = [], len(labels)
    for a in range(n):
        for p in range(n):
            if p == a or labels[p] != labels[a]:
                continue
            zone = [
                q
                for q in range(n)
                if labels[q] != labels[a] and distances[a, p] < distances[a, q] < distances[a, p] + alpha
            ]
            if zone:
                rows.append([a, p, min(zone, key=lambda q: distances[a, q])])
    return np.array(rows)


def semi_hard_triplets__sorted_rows(distances, labels, alpha=0.2):
    rows = []
    order = np.argsort(distances, axis=1, kind="stable")
    for a, p in np.argwhere(labels[:, None] == labels):
        if a == p:
            continue
        for q in order[a]:
            if labels[q] != labels[a] and distances[a, q] > distances[a, p]:
                if distances[a, q] < distances[a, p] + alpha:
                    rows.append((a, p, q))
                break
    return np.array(rows, dtype=int).reshape(-1, 3)


def roc_and_equal_error_rate__loop(distances, same, thresholds):
    false_accept, true_accept = [], []
    for t in thresholds:
        accepted = distances <= t
        false_accept.append((accepted & ~same).sum() / (~same).sum())
        true_accept.append((accepted & same).sum() / same.sum())
    gaps = [abs(f - (1 - t)) for f, t in zip(false_accept, true_accept, strict=True)]
    best = gaps.index(min(gaps))
    return false_accept, true_accept, (false_accept[best] + 1 - true_accept[best]) / 2


def roc_and_equal_error_rate__sorted(distances, same, thresholds):
    rates = []
    for some in (distances[~same], distances[same]):
        rates.append(np.searchsorted(np.sort(some), thresholds, side="right") / len(some))
    false_reject = 1 - rates[1]
    best = np.argmin(np.abs(rates[0] - false_reject))
    return rates[0], rates[1], np.mean([rates[0][best], false_reject[best]])
