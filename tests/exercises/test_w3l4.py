"""The answers of week 3's lesson 4 agree with the library, which is tested against other oracles."""

import numpy as np
import pytest

from utils.detection.anchors import kmeans_anchors
from utils.detection.average_precision import Truth, average_precision, precision_recall
from utils.detection.detections import Detections
from utils.detection.targets import encode_targets
from utils.grading.judge import judge

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_clusters_sizes_as_asked(seed):
    def library(wh, k, seed):
        return kmeans_anchors(wh, k, np.random.default_rng(seed))

    assert judge("w3l4/kmeans_anchors", library, seed).passed


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_encodes_targets_as_asked(seed):
    assert judge("w3l4/encode_targets", encode_targets, seed).passed


@pytest.mark.parametrize("seed", SEEDS)
def test_value_and_gradient_are_those_of_the_library(seed):
    from keras import ops

    from utils.detection.loss import YoloLoss

    def library(y_true, y_pred, anchors):
        return YoloLoss(anchors)(y_true, ops.reshape(y_pred, (*y_true.shape[:3], -1)))

    verdict = judge("w3l4/yolo_loss", library, seed)
    assert verdict.passed, verdict.problem


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_measures_average_precision_as_asked(seed):
    def library(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold):
        found, truth = [], []
        for picture in range(1 + max([*pictures, *true_pictures])):
            mine, real = pictures == picture, true_boxes[true_pictures == picture]
            found.append(Detections(boxes[mine], scores[mine], np.zeros(mine.sum(), int)))
            truth.append(Truth(real, np.zeros(len(real), int)))
        curve = precision_recall(found, truth, 0, iou_threshold)
        return average_precision(curve.recall, curve.precision)

    verdict = judge("w3l4/average_precision", library, seed)
    assert verdict.passed, verdict.problem
