"""Right answers of week 3's lesson 4, written in other ways than the notebook's: all must be accepted."""

import numpy as np


def _size_overlap(a, b):
    common = min(a[0], b[0]) * min(a[1], b[1])
    return common / (a[0] * a[1] + b[0] * b[1] - common)


def kmeans_anchors__loops(wh, k, seed):
    different = sorted({tuple(row) for row in wh.tolist()})
    np.random.default_rng(seed).shuffle(different)
    anchors = [list(size) for size in different[:k]]
    owner = None
    while True:
        nearest = [max(range(k), key=lambda i: _size_overlap(size, anchors[i])) for size in wh]
        if nearest == owner:
            return np.array(sorted(anchors, key=lambda a: a[0] * a[1]))
        owner = nearest
        for i in range(k):
            mine = [size for size, own in zip(wh, owner, strict=True) if own == i]
            if mine:
                anchors[i] = list(np.mean(mine, axis=0))


def kmeans_anchors__one_hot(wh, k, seed):
    rng = np.random.default_rng(seed)
    anchors = rng.permutation(np.unique(wh, axis=0))[:k]
    for _ in range(200):
        common = np.minimum(wh[:, None], anchors).prod(axis=2)
        distance = 1 - common / (wh.prod(axis=1, keepdims=True) + anchors.prod(axis=1) - common)
        member = np.eye(k)[distance.argmin(axis=1)]
        counts = member.sum(axis=0)[:, None]
        anchors = np.where(counts > 0, member.T @ wh / np.maximum(counts, 1), anchors)
    return anchors[np.argsort(anchors[:, 0] * anchors[:, 1])].tolist()


def encode_targets__lists(boxes, classes, anchors, grid):
    rows, columns = grid
    target = np.zeros((rows, columns, len(anchors), 6))
    things = []
    for (x1, y1, x2, y2), label in zip(boxes, classes, strict=True):
        things.append(
            ((x1 + x2) / 2 * columns, (y1 + y2) / 2 * rows, (x2 - x1) * columns, (y2 - y1) * rows, label)
        )
    for x, y, w, h, label in sorted(things, key=lambda t: t[2] * t[3], reverse=True):
        cell = target[int(np.floor(y)), int(np.floor(x))]
        free = [a for a in range(len(anchors)) if cell[a, 4] == 0]
        if free:
            cell[max(free, key=lambda a: _size_overlap((w, h), anchors[a]))] = x, y, w, h, 1, label
    return target


def encode_targets__flat(boxes, classes, anchors, grid):
    rows, columns = grid
    scale = np.array([columns, rows], np.float32)
    middle, size = (boxes[:, :2] + boxes[:, 2:]) * scale / 2, (boxes[:, 2:] - boxes[:, :2]) * scale
    target = np.zeros((rows * columns, len(anchors), 6), np.float32)
    cell = np.floor(middle[:, 1]).astype(int) * columns + np.floor(middle[:, 0]).astype(int)
    for i in np.argsort(size[:, 0] * size[:, 1])[::-1]:
        fit = np.array([_size_overlap(size[i], anchor) for anchor in anchors])
        fit[target[cell[i], :, 4] == 1] = -1
        if fit.max() >= 0:
            target[cell[i], fit.argmax()] = np.concatenate([middle[i], size[i], [1, classes[i]]])
    return target.reshape(rows, columns, len(anchors), 6)


def _boxes(y_pred, anchors):
    import tensorflow as tf

    rows, columns = y_pred.shape[1:3]
    x, y = tf.meshgrid(tf.range(columns, dtype=tf.float32), tf.range(rows, dtype=tf.float32))
    corner = tf.stack([x, y], axis=-1)[None, :, :, None]
    return tf.sigmoid(y_pred[..., :2]) + corner, tf.exp(y_pred[..., 2:4]) * anchors


def _iou(centre1, size1, centre2, size2):
    import tensorflow as tf

    side = tf.minimum(centre1 + size1 / 2, centre2 + size2 / 2) - tf.maximum(
        centre1 - size1 / 2, centre2 - size2 / 2
    )
    common = tf.reduce_prod(tf.nn.relu(side), axis=-1)
    return common / (tf.reduce_prod(size1, -1) + tf.reduce_prod(size2, -1) - common + 1e-9)


def yolo_loss__tensorflow(y_true, y_pred, anchors):
    import tensorflow as tf

    rows, columns, k = y_true.shape[1:4]
    centre, size = _boxes(tf.stop_gradient(y_pred), anchors)
    there = y_true[..., 4]
    overlap = _iou(centre, size, y_true[..., :2], y_true[..., 2:4])
    things = tf.reshape(y_true * there[..., None], (-1, 1, 1, 1, rows * columns * k, 6))
    best = tf.reduce_max(
        _iou(centre[..., None, :], size[..., None, :], things[..., :2], things[..., 2:4]), axis=-1
    )
    confidence = tf.sigmoid(y_pred[..., 4])
    target = tf.where(there == 1, overlap, 0.0)
    weight = tf.where(there == 1, 5.0, tf.where(best > 0.6, 0.0, 1.0))
    scale = there * (2 - y_true[..., 2] * y_true[..., 3] / (rows * columns))
    wanted = tf.concat(
        [y_true[..., :2] % 1, tf.math.log(tf.where(there[..., None] == 1, y_true[..., 2:4], 1.0) / anchors)],
        axis=-1,
    )
    got = tf.concat([tf.sigmoid(y_pred[..., :2]), y_pred[..., 2:4]], axis=-1)
    place = scale * tf.reduce_sum((got - wanted) ** 2, axis=-1)
    label = tf.one_hot(tf.cast(y_true[..., 5], tf.int32), y_pred.shape[-1] - 5)
    surprise = -tf.reduce_sum(label * tf.nn.log_softmax(y_pred[..., 5:]), axis=-1)
    total = tf.reduce_sum(place + weight * (confidence - target) ** 2 + there * surprise)
    return total / y_true.shape[0]


def yolo_loss__gathered(y_true, y_pred, anchors):
    import tensorflow as tf

    rows, columns = y_true.shape[1:3]
    where = tf.where(y_true[..., 4] == 1)
    true, raw = tf.gather_nd(y_true, where), tf.gather_nd(y_pred, where)
    own = tf.gather(tf.constant(anchors), where[:, 3])
    centre, size = _boxes(y_pred, anchors)
    overlap = _iou(tf.gather_nd(centre, where), tf.gather_nd(size, where), true[:, :2], true[:, 2:4])
    scale = 2 - true[:, 2] * true[:, 3] / (rows * columns)
    error = tf.square(tf.sigmoid(raw[:, :2]) - (true[:, :2] - tf.floor(true[:, :2])))
    error += tf.square(raw[:, 2:4] - tf.math.log(true[:, 2:4] / own))
    loss = tf.reduce_sum(scale[:, None] * error)
    loss += 5 * tf.reduce_sum(tf.square(tf.sigmoid(raw[:, 4]) - tf.stop_gradient(overlap)))
    loss += tf.reduce_sum(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(true[:, 5], tf.int32), logits=raw[:, 5:]
        )
    )
    for picture in range(y_true.shape[0]):
        things = true[where[:, 0] == picture]
        best = tf.zeros(y_true.shape[1:4])
        for thing in things:
            best = tf.maximum(best, _iou(centre[picture], size[picture], thing[:2], thing[2:4]))
        blamed = tf.cast((y_true[picture, ..., 4] == 0) & (best <= 0.6), tf.float32)
        loss += tf.reduce_sum(blamed * tf.square(tf.sigmoid(y_pred[picture, ..., 4])))
    return loss / y_true.shape[0]


def _iou_corners(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def average_precision__lists(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold):
    free = set(range(len(true_boxes)))
    hits = []
    for i in sorted(range(len(scores)), key=lambda i: scores[i], reverse=True):
        best = max(
            (j for j in free if true_pictures[j] == pictures[i]),
            key=lambda j: _iou_corners(boxes[i], true_boxes[j]),
            default=None,
        )
        hit = best is not None and _iou_corners(boxes[i], true_boxes[best]) >= iou_threshold
        if hit:
            free.remove(best)
        hits.append(hit)
    area, best_precision = 0, 0
    for i in reversed(range(len(hits))):
        best_precision = max(best_precision, sum(hits[: i + 1]) / (i + 1))
        area += hits[i] * best_precision / len(true_boxes)
    return area


def average_precision__padded_curve(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold):
    order = np.argsort(scores)[::-1]
    hit, taken = np.zeros(len(order), bool), np.zeros(len(true_boxes), bool)
    for place, i in enumerate(order):
        overlaps = [
            -1 if taken[j] or true_pictures[j] != pictures[i] else _iou_corners(boxes[i], true_boxes[j])
            for j in range(len(true_boxes))
        ]
        j = int(np.argmax(overlaps))
        hit[place] = overlaps[j] >= iou_threshold
        taken[j] |= hit[place]
    recall = np.concatenate([[0], np.cumsum(hit) / len(true_boxes), [1]])
    precision = np.concatenate([[0], np.cumsum(hit) / (np.arange(len(hit)) + 1), [0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return np.sum((recall[steps + 1] - recall[steps]) * precision[steps + 1])
