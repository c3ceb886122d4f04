"""Right answers of week 3's lesson 5, written in other ways than the notebook's: all must be accepted."""

import numpy as np
from scipy.ndimage import find_objects
from skimage.measure import regionprops

from utils.detection.nms import kept_rows


def propose_regions__regionprops(image, segment, scales):
    boxes = set()
    for scale in scales:
        for region in regionprops(segment(image, scale) + 1):
            y1, x1, y2, x2 = region.bbox
            boxes.add((x1, y1, x2, y2))
    return list(boxes)


def propose_regions__find_objects(image, segment, scales):
    boxes = []
    for scale in reversed(scales):
        for found in find_objects(segment(image, scale) + 1):
            if found is not None:
                box = [found[1].start, found[0].start, found[1].stop, found[0].stop]
                if box not in boxes:
                    boxes.append(box)
    return np.array(boxes, float)


def rcnn_detect__loop(image, boxes, classify, score_threshold, iou_threshold):
    rows = []
    for x1, y1, x2, y2 in boxes:
        p = classify(image[y1:y2, x1:x2])
        best = int(np.argmax(p))
        if best != len(p) - 1 and p[best] >= score_threshold:
            rows.append(((x1, y1, x2, y2), p[best], best))
    if not rows:
        return np.zeros((0, 4)), np.zeros(0), np.zeros(0, int)
    found, scores, classes = (np.array(part) for part in zip(*rows, strict=True))
    kept = kept_rows(found, scores, classes, iou_threshold)
    return found[kept], scores[kept], classes[kept]


def rcnn_detect__class_by_class(image, boxes, classify, score_threshold, iou_threshold):
    p = np.stack([classify(image[b[1] : b[3], b[0] : b[2], :]) for b in boxes])
    kept = []
    for label in range(p.shape[1] - 1):
        rows = np.flatnonzero((p.argmax(axis=1) == label) & (p[:, label] >= score_threshold))
        kept += list(rows[kept_rows(boxes[rows], p[rows, label], None, iou_threshold)])
    kept = np.array(sorted(kept, key=lambda row: -p[row].max()), int)
    return boxes[kept], p.max(axis=1)[kept], p.argmax(axis=1)[kept]
