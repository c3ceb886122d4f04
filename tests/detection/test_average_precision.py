"""Average precision against the evaluation of COCO's own authors."""

import contextlib
import io

import numpy as np
import pytest

from utils.detection.average_precision import (
    COCO_THRESHOLDS,
    Truth,
    average_precision,
    mean_average_precision,
    precision_recall,
)
from utils.detection.detections import Detections

coco = pytest.importorskip("pycocotools.coco")
cocoeval = pytest.importorskip("pycocotools.cocoeval")

SIDE = 100


def random_task(rng, pictures: int = 6, classes: int = 3) -> tuple[list[Detections], list[Truth]]:
    """Objects, and detections near some of them, near none and twice near others."""
    found, truth = [], []
    for _ in range(pictures):
        n = rng.integers(0, 7)
        low = rng.uniform(0, 60, (n, 2))
        real = np.concatenate([low, low + rng.uniform(8, 40, (n, 2))], axis=1)
        labels = rng.integers(0, classes, n)
        near = np.repeat(np.arange(n), rng.integers(0, 3, n))
        boxes = np.concatenate([real[near] + rng.normal(0, 3, (len(near), 4)), rng.uniform(0, 40, (3, 4))])
        boxes[-3:, 2:] += 45
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        guesses = np.concatenate([labels[near], rng.integers(0, classes, 3)])
        truth.append(Truth(real, labels))
        found.append(Detections(boxes, rng.permutation(len(boxes)) / 20 + rng.random() / 100, guesses))
    return found, truth


def coco_ap(found: list[Detections], truth: list[Truth], thresholds) -> float:
    """COCO's own mean over classes and thresholds."""
    labels = {int(k) for real in truth for k in real.classes}
    annotations = [
        {"image_id": i, "category_id": int(k), "bbox": [*b[:2], *(b[2:] - b[:2])], "area": 1, "iscrowd": 0}
        for i, real in enumerate(truth)
        for b, k in zip(real.boxes, real.classes, strict=True)
    ]
    results = [
        {"image_id": i, "category_id": int(k), "bbox": [*b[:2], *(b[2:] - b[:2])], "score": float(s)}
        for i, one in enumerate(found)
        for b, s, k in zip(one.boxes, one.scores, one.classes, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        data = coco.COCO()
        data.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(len(truth))],
            "categories": [{"id": k} for k in sorted(labels)],
            "annotations": [{"id": i + 1, **a} for i, a in enumerate(annotations)],
        }
        data.createIndex()
        evaluation = cocoeval.COCOeval(data, data.loadRes(results), "bbox")
        evaluation.params.iouThrs = np.asarray(thresholds)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return float(evaluation.eval["precision"][..., 0, -1].mean())


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("thresholds", [(0.5,), COCO_THRESHOLDS], ids=["0.5", "0.5:0.95"])
def test_agrees_with_coco(seed, thresholds):
    found, truth = random_task(np.random.default_rng(seed))
    expected = coco_ap(found, truth, thresholds)
    assert mean_average_precision(found, truth, thresholds, "101-point") == pytest.approx(expected, abs=1e-6)


def test_the_three_interpolations_by_hand():
    recall, precision = [0.25, 0.25, 0.5, 0.75], [1, 0.5, 2 / 3, 0.75]
    assert average_precision(recall, precision) == pytest.approx(0.25 * 1 + 0.5 * 0.75)
    # At 0, .1, .2: 1. At .3 to .7: .75. At .8, .9, 1: nothing.
    assert average_precision(recall, precision, "11-point") == pytest.approx((3 + 5 * 0.75) / 11)
    assert average_precision(recall, precision, "101-point") == pytest.approx((26 + 50 * 0.75) / 101)
    assert average_precision([], []) == 0


def test_a_perfect_detector_has_1_and_a_blind_one_0():
    _, truth = random_task(np.random.default_rng(0))
    perfect = [Detections(t.boxes, np.ones(len(t.boxes)), t.classes) for t in truth]
    blind = [Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))] * len(truth)
    assert mean_average_precision(perfect, truth, COCO_THRESHOLDS) == 1
    assert mean_average_precision(blind, truth) == 0
    assert np.isnan(mean_average_precision(blind[:1], [Truth(np.zeros((0, 4)), np.zeros(0, int))]))


def test_a_second_box_on_an_object_is_wrong():
    box = np.array([[0, 0, 10, 10.0]])
    found = [Detections(np.repeat(box, 2, 0), np.array([0.9, 0.8]), np.zeros(2, int))]
    curve = precision_recall(found, [Truth(box, np.zeros(1, int))], 0)
    assert curve.precision.tolist() == [1, 0.5]
    assert curve.recall.tolist() == [1, 1]


def test_a_difficult_object_counts_neither_for_nor_against():
    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30.0]])
    truth = [Truth(boxes, np.zeros(2, int), [False, True])]
    found = [Detections(boxes[[1, 1, 0]], np.array([0.9, 0.8, 0.7]), np.zeros(3, int))]
    curve = precision_recall(found, truth, 0)
    assert curve.objects == 1
    assert curve.precision.tolist() == [1]
    assert curve.scores.tolist() == [0.7]


def test_an_overlap_of_exactly_the_threshold_is_a_hit():
    found = [Detections(np.array([[0, 0, 2, 1.0]]), np.ones(1), np.zeros(1, int))]
    assert mean_average_precision(found, [Truth([[0, 0, 1, 1.0]], [0])], 0.5) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: average_precision([0.5, 0.4], [1, 1]), "must not fall"),
        (lambda: average_precision([0.5], [1, 1]), "one shape"),
        (lambda: average_precision([0.5], [1], "7-point"), "interpolation must be one of"),
        (lambda: precision_recall([], [Truth([], [])], 0), "one entry a picture"),
        (lambda: precision_recall([], [], 0, 0), "iou_threshold must be in"),
        (lambda: Truth([[0, 0, 1, 1]], [0, 1]), "must have shapes"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
