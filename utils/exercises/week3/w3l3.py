"""Week 3, lesson 3, boxes, overlap and suppression: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise, named_results

_SUPPRESSION = (
    "utils.detection.nms.kept_rows",
    "utils.detection.nms.suppress",
    "utils.detection.nms.soft_suppress",
    "tensorflow.image.non_max_suppression",
    "tensorflow.image.non_max_suppression_with_scores",
    "cv2.dnn.NMSBoxes",
    "cv2.dnn.NMSBoxesBatched",
    "cv2.dnn.softNMSBoxes",
)
_OVERLAP = ("utils.detection.overlap.iou", "utils.detection.overlap.iou_matrix", "keras.utils.bounding_boxes")

EXERCISES = (
    Exercise(
        notebook="w3l3",
        function="boxes_to_corners",
        signature="(boxes)",
        points=1,
        task="Turn boxes given by centre and size into corners.",
        hints=(
            "From the centre to the left edge it is half a width.",
            "The first two columns are the centres, the last two the sizes: `boxes[:, :2]`, `boxes[:, 2:]`. Both "
            "corners follow from them, and `np.concatenate(..., axis=1)` lays them side by side.",
        ),
        answered_by=("utils.data.boxes.centres_to_corners",),
    ),
    Exercise(
        notebook="w3l3",
        function="iou",
        signature="(box1, box2)",
        points=2,
        task="Return the intersection over union of two boxes.",
        hints=(
            "Begin with one axis. Where does the common part begin, given both left edges? Where does it end?",
            "It begins at the larger of the left edges and ends at the smaller of the right ones. When that is "
            "negative, the boxes lie apart along this axis: `max(0, ...)`, for each axis by itself.",
            "The union is the sum of both areas, less the common part, which the sum counts twice. Boxes without area "
            "have a union of 0; ask before you divide.",
        ),
        answered_by=_OVERLAP,
    ),
    Exercise(
        notebook="w3l3",
        function="iou_matrix",
        signature="(boxes1, boxes2)",
        points=2,
        task="Return the intersection over union of each box of one set with each of another.",
        hints=(
            "What `iou` does with numbers, do it with arrays that have one more axis: `boxes1[:, None]` has the shape "
            "(n, 1, 4), `boxes2[None]` (1, m, 4).",
            "`np.maximum` and `np.minimum` of two such arrays have the shape (n, m, …). Widths are the last axis' "
            "difference, clamped with `np.maximum(..., 0)`.",
        ),
        answered_by=_OVERLAP,
    ),
    Exercise(
        notebook="w3l3",
        function="non_max_suppression",
        signature="(boxes, scores, classes, iou_threshold)",
        points=3,
        task="Return which boxes greedy non-max suppression keeps.",
        hints=(
            "`np.argsort(-scores)` gives the rows from the best score down. The first of them is kept for certain.",
            "Of the others, those stay whose IoU with it is not greater than the threshold, or whose class is another. "
            "Then the first of *those* is kept, and so on.",
            "A boolean mask does one round: `beaten = (overlaps > iou_threshold) & (classes[waiting] == "
            "classes[best])`, and `waiting = waiting[~beaten]`.",
        ),
        answered_by=_SUPPRESSION,
    ),
    Exercise(
        notebook="w3l3",
        function="soft_nms",
        signature="(boxes, scores, sigma, score_threshold)",
        points=3,
        task="Lower the scores of boxes that overlap better ones.",
        hints=(
            "Work on a copy of the scores. In each round, choose the best of those that still wait, with their *new* "
            "scores.",
            "After a choice, multiply all waiting scores by np.exp(-overlap**2 / sigma), with their overlap with the "
            "box just chosen.",
            "Stop when the best waiting score is below the threshold. Return the rows in the order of choice, and the "
            "scores that they had then.",
        ),
        probe=named_results("rows", "new_scores"),
        answered_by=_SUPPRESSION,
    ),
)
