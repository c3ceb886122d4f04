"""Right answers of week 3's lesson 3, written in other ways than the notebook's: all must be accepted."""

import numpy as np


def boxes_to_corners__columns(boxes):
    x, y, w, h = boxes.T
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)


def boxes_to_corners__loop(boxes):
    result = np.empty_like(boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        result[i] = x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h
    return result


def iou__early_return(box1, box2):
    x1, y1 = max(box1[0], box2[0]), max(box1[1], box2[1])
    x2, y2 = min(box1[2], box2[2]), min(box1[3], box2[3])
    if x2 <= x1 or y2 <= y1:
        return 0
    inter = (x2 - x1) * (y2 - y1)
    return inter / (
        (box1[2] - box1[0]) * (box1[3] - box1[1]) + (box2[2] - box2[0]) * (box2[3] - box2[1]) - inter
    )


def iou__numpy(box1, box2):
    box1, box2 = np.asarray(box1), np.asarray(box2)
    sides = np.clip(np.minimum(box1[2:], box2[2:]) - np.maximum(box1[:2], box2[:2]), 0, None)
    inter = sides.prod()
    union = (box1[2:] - box1[:2]).prod() + (box2[2:] - box2[:2]).prod() - inter
    return np.float64(0) if union == 0 else inter / union


def iou_matrix__loops(boxes1, boxes2):
    result = np.zeros((len(boxes1), len(boxes2)))
    for i, a in enumerate(boxes1):
        for j, b in enumerate(boxes2):
            result[i, j] = iou__early_return(a, b)
    return result


def iou_matrix__axes(boxes1, boxes2):
    w = np.minimum(boxes1[:, 2, None], boxes2[None, :, 2]) - np.maximum(
        boxes1[:, 0, None], boxes2[None, :, 0]
    )
    h = np.minimum(boxes1[:, 3, None], boxes2[None, :, 3]) - np.maximum(
        boxes1[:, 1, None], boxes2[None, :, 1]
    )
    inter = w.clip(0) * h.clip(0)
    a1 = (boxes1[:, 2] - boxes1[:, 0]) * (boxes1[:, 3] - boxes1[:, 1])
    a2 = (boxes2[:, 2] - boxes2[:, 0]) * (boxes2[:, 3] - boxes2[:, 1])
    return inter / (a1.reshape(-1, 1) + a2.reshape(1, -1) - inter)


def non_max_suppression__lists(boxes, scores, classes, iou_threshold):
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if all(
            classes[i] != classes[k] or iou__early_return(boxes[i], boxes[k]) <= iou_threshold for k in kept
        ):
            kept.append(i)
    return kept


def non_max_suppression__class_by_class(boxes, scores, classes, iou_threshold):
    kept = []
    for label in set(classes.tolist()):
        rows = [i for i in np.argsort(scores)[::-1] if classes[i] == label]
        while rows:
            best = rows.pop(0)
            kept.append(best)
            rows = [i for i in rows if iou__early_return(boxes[best], boxes[i]) <= iou_threshold]
    return np.array(sorted(kept, key=lambda i: -scores[i]), dtype=np.int64)


def soft_nms__lists(boxes, scores, sigma, score_threshold):
    waiting = {i: float(s) for i, s in enumerate(scores)}
    rows, values = [], []
    while waiting:
        best = max(waiting, key=waiting.get)
        value = waiting.pop(best)
        if value < score_threshold:
            break
        rows.append(best)
        values.append(value)
        for i in waiting:
            waiting[i] *= np.exp(-(iou__early_return(boxes[best], boxes[i]) ** 2) / sigma)
    return rows, values


def soft_nms__shrinking_arrays(boxes, scores, sigma, score_threshold):
    index, scores, boxes = np.arange(len(scores)), np.array(scores), np.array(boxes)
    rows, values = np.zeros(0, int), np.zeros(0)
    while len(index) and scores.max() >= score_threshold:
        best = scores.argmax()
        rows, values = np.append(rows, index[best]), np.append(values, scores[best])
        overlap = iou_matrix__axes(boxes[best : best + 1], boxes)[0]
        scores = np.delete(scores * np.exp(-(overlap**2) / sigma), best)
        index, boxes = np.delete(index, best), np.delete(boxes, best, axis=0)
    return rows, values
