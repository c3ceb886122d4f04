"""Right answers of week 3's assignment, written in other ways than the notebook's: all must be accepted."""

import numpy as np


def yolo_head__by_hand(features, anchors, num_classes):
    *lead, rows, columns, _ = features.shape
    t = features.reshape(*lead, rows, columns, len(anchors), 5 + num_classes).astype(float)
    sigmoid = 1 / (1 + np.exp(-t[..., :5]))
    x = (sigmoid[..., 0] + np.arange(columns)[None, :, None]) / columns
    y = (sigmoid[..., 1] + np.arange(rows)[:, None, None]) / rows
    w = np.exp(t[..., 2]) * anchors[:, 0] / columns
    h = np.exp(t[..., 3]) * anchors[:, 1] / rows
    powers = np.exp(t[..., 5:] - t[..., 5:].max(axis=-1, keepdims=True))
    return (
        np.stack([x, y], axis=-1),
        np.stack([w, h], axis=-1),
        sigmoid[..., 4:],
        powers / powers.sum(axis=-1, keepdims=True),
    )


def yolo_head__box_after_box(features, anchors, num_classes):
    from scipy.special import expit, log_softmax

    rows, columns = features.shape[-3:-1]
    xy, wh, confidence, probabilities = [], [], [], []
    row, column = np.indices((rows, columns))
    for box, (width, height) in enumerate(anchors):
        t = features[..., box * (5 + num_classes) : (box + 1) * (5 + num_classes)]
        xy.append(np.stack([(column + expit(t[..., 0])) / columns, (row + expit(t[..., 1])) / rows], -1))
        wh.append(np.stack([width / columns * np.exp(t[..., 2]), height / rows * np.exp(t[..., 3])], -1))
        confidence.append(expit(t[..., 4:5]))
        probabilities.append(np.exp(log_softmax(t[..., 5:], axis=-1)))
    return [np.stack(part, axis=-2) for part in (xy, wh, confidence, probabilities)]


def yolo_filter_boxes__loop(boxes, box_confidence, box_class_probs, threshold=0.6):
    scores, kept, classes = [], np.zeros((0, 4)), []
    for place in np.ndindex(boxes.shape[:3]):
        all_scores = box_confidence[place] * box_class_probs[place]
        if all_scores.max() >= threshold:
            scores.append(all_scores.max())
            kept = np.concatenate([kept, boxes[place][None]])
            classes.append(int(all_scores.argmax()))
    return scores, kept, classes


def yolo_filter_boxes__flat(boxes, box_confidence, box_class_probs, threshold=0.6):
    probs = box_class_probs.reshape(-1, box_class_probs.shape[-1])
    classes = probs.argmax(axis=1)
    scores = probs[np.arange(len(probs)), classes] * box_confidence.ravel()
    rows = np.flatnonzero(~(scores < threshold))
    return scores[rows], boxes.reshape(-1, 4)[rows], classes[rows]


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
    union = (box1[2:] - box1[:2]).prod() + (box2[2:] - box2[:2]).prod() - sides.prod()
    return np.float64(0) if union == 0 else sides.prod() / union


def yolo_non_max_suppression__shrinking_queue(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    from utils.detection.overlap import iou_matrix

    overlaps, waiting, kept = iou_matrix(boxes, boxes), np.argsort(scores)[::-1], []
    while len(waiting) and len(kept) < max_boxes:
        best = waiting[0]
        kept.append(int(best))
        beaten = (overlaps[best, waiting] > iou_threshold) & (classes[waiting] == classes[best])
        beaten[0] = True
        waiting = waiting[~beaten]
    kept = np.array(kept, dtype=int)
    return scores[kept], boxes[kept], classes[kept]


def yolo_non_max_suppression__class_by_class(scores, boxes, classes, max_boxes=10, iou_threshold=0.5):
    kept = []
    for label in set(classes.tolist()):
        rows = sorted(np.flatnonzero(classes == label).tolist(), key=lambda row: scores[row], reverse=True)
        while rows:
            best, *rest = rows
            kept.append(best)
            rows = [row for row in rest if iou__early_return(boxes[best], boxes[row]) <= iou_threshold]
    kept = sorted(kept, key=lambda row: -scores[row])[:max_boxes]
    return (
        [scores[i] for i in kept],
        np.array([boxes[i] for i in kept]).reshape(-1, 4),
        [classes[i] for i in kept],
    )


def scale_boxes__tile(boxes, image_shape):
    return boxes * np.tile(image_shape, 2)


def scale_boxes__columns(boxes, image_shape):
    height, width = image_shape
    y1, x1, y2, x2 = boxes.T
    return np.stack([y1 * height, x1 * width, y2 * height, x2 * width], axis=1)


def yolo_eval__own_steps(
    yolo_outputs, image_shape=(720, 1280), max_boxes=10, score_threshold=0.6, iou_threshold=0.5
):
    xy, wh, confidence, probs = yolo_outputs
    x1, y1 = np.moveaxis(xy - wh / 2, -1, 0)
    x2, y2 = np.moveaxis(xy + wh / 2, -1, 0)
    boxes = np.stack([y1, x1, y2, x2], axis=-1)
    found = yolo_filter_boxes__flat(boxes, confidence, probs, score_threshold)
    scores, boxes, classes = yolo_non_max_suppression__class_by_class(*found, max_boxes, iou_threshold)
    return scores, scale_boxes__tile(boxes, image_shape), classes


def yolo_eval__pixels_first(
    yolo_outputs, image_shape=(720, 1280), max_boxes=10, score_threshold=0.6, iou_threshold=0.5
):
    xy, wh, confidence, probs = (part.reshape(-1, part.shape[-1]) for part in yolo_outputs)
    height, width = image_shape
    centres, sizes = xy[:, ::-1] * (height, width), wh[:, ::-1] * (height, width)
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    found = yolo_filter_boxes__flat(boxes, confidence, probs, score_threshold)
    return yolo_non_max_suppression__shrinking_queue(*found, max_boxes, iou_threshold)
