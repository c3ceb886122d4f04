"""Week 3, lesson 5, region proposals: what is asked. The answers stand elsewhere."""

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, as_array, named_results


def _build_proposals(case: Case) -> tuple[tuple, dict]:
    scales, results = case.params["scales"], case.arrays["segmentations"]

    def segment(image: np.ndarray, scale: float) -> np.ndarray:
        if np.shape(image) != case.arrays["image"].shape:
            raise ValueError(f"segment wants the whole image, {case.arrays['image'].shape}")
        if scale not in scales:
            raise ValueError(f"segment wants one of the scales {scales}, one at a time; got {scale!r}")
        return results[scales.index(scale)].copy()

    return (case.arrays["image"], segment, scales), {}


def _probe_proposals(result) -> Arrays:
    """Sort the rows, since any order will do; whole or floating numbers will do as well."""
    boxes = as_array(result)
    if boxes.ndim == 2 and boxes.dtype.kind in "iuf" and len(boxes):
        boxes = boxes[np.lexsort(boxes.T[::-1])].astype(float)
    return {"result": boxes}


def _build_detection(case: Case) -> tuple[tuple, dict]:
    weights = case.arrays["weights"]

    def classify(crop: np.ndarray) -> np.ndarray:
        crop = np.asarray(crop, float)
        if crop.ndim != 3 or crop.shape[2] != 3 or not crop.size:
            raise ValueError(f"classify wants one crop, (height, width, 3), with pixels; got {crop.shape}")
        # Mean colour, and where the brightness lies: enough for each crop to have its own answer.
        grey = crop.mean(axis=2)
        slope = [grey[: len(grey) // 2 + 1].mean(), grey[:, : grey.shape[1] // 2 + 1].mean()]
        logits = np.concatenate([crop.mean(axis=(0, 1)), slope, [1]]) @ weights
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()

    names = ("image", "boxes")
    rest = (case.params["score_threshold"], case.params["iou_threshold"])
    return (*(case.arrays[name] for name in names), classify, *rest), {}


EXERCISES = (
    Exercise(
        notebook="w3l5",
        function="propose_regions",
        signature="(image, segment, scales)",
        points=1,
        task="Return a box around each region of several segmentations, each box once.",
        hints=(
            "`regions == number` is a mask of one region. In which rows does it have a True, in which columns?",
            "`rows, columns = np.nonzero(regions == number)`: the box begins at the smallest column and row, and ends "
            "one behind the largest.",
            "Collect the boxes of all scales in one list. `np.unique(boxes, axis=0)` drops repetitions.",
        ),
        build=_build_proposals,
        probe=_probe_proposals,
        answered_by=("utils.detection.proposals.propose_regions",),
    ),
    Exercise(
        notebook="w3l5",
        function="rcnn_detect",
        signature="(image, boxes, classify, score_threshold, iou_threshold)",
        points=2,
        task="Detect as R-CNN does: classify each proposed box, keep one box a thing.",
        hints=(
            "Cut each box out, `image[y1:y2, x1:x2]`, rows first, and stack the answers of `classify` to (n, classes + "
            "1). The best class of a row is its argmax, its score the maximum.",
            "Two kinds of rows go: those whose best class is the last one, background, and those whose score is below "
            "the threshold. One mask does both.",
            "`kept_rows(boxes, scores, classes, iou_threshold)` gives the rows that suppression keeps, of the boxes "
            "that you hand to it. Apply it to what the mask has left, and pick the same rows of all three arrays.",
        ),
        build=_build_detection,
        probe=named_results("boxes", "scores", "classes"),
        answered_by=("utils.detection.proposals.rcnn_detect",),
    ),
)
