"""What the assignment of week 3 asks for: from a YOLO network's raw output to boxes on a picture."""

from utils.exercises.case import Case
from utils.exercises.entry import Exercise, named_results

OUTPUTS = ("box_xy", "box_wh", "box_confidence", "box_class_probs")
_FOUND = named_results("scores", "boxes", "classes")
_DECODING = ("utils.detection.heads.decode_head", "utils.detection.outputs.decode_outputs")


def _options(case: Case) -> dict:
    """Return the parameters by name; `image_shape`, which JSON made a list, becomes a tuple as a picture's shape is."""
    return {
        name: tuple(value) if name == "image_shape" else value for name, value in dict(case.params).items()
    }


def _scale_arguments(case: Case) -> tuple[tuple, dict]:
    return (case.arrays["boxes"], _options(case)["image_shape"]), {}


def _eval_arguments(case: Case) -> tuple[tuple, dict]:
    """Lay the four arrays of a decoded head into one tuple, as `yolo_head` returns them."""
    return (tuple(case.arrays[name] for name in OUTPUTS),), _options(case)


EXERCISES = (
    Exercise(
        notebook="w3a1",
        function="yolo_head",
        signature="(features, anchors, num_classes)",
        points=12,
        task="Turn the network's raw output into centres, sizes, confidences and class probabilities.",
        hints=(
            "First give the last axis its structure: `features.reshape(*features.shape[:-1], boxes, 5 + num_classes)`. "
            "Then `[..., 0:2]` are t_x and t_y, `[..., 2:4]` t_w and t_h, `[..., 4:5]` the confidence.",
            "Each formula is one line of NumPy. Column and row of the cells have to line up with the axes (rows, "
            "columns, boxes, 2): `np.meshgrid(np.arange(columns), np.arange(rows))` gives two arrays (rows, columns), "
            "the column numbers first.",
            "Everything across is divided by the number of columns, everything down by the number of rows: "
            "`/ np.array([columns, rows])`. The sizes are `np.exp(...) * anchors`, divided likewise.",
            "The classes: `softmax(..., axis=-1)`. By hand, take each box's largest logit away before `np.exp`, else "
            "large logits overflow.",
        ),
        probe=named_results(*OUTPUTS),
        answered_by=_DECODING,
    ),
    Exercise(
        notebook="w3a1",
        function="yolo_filter_boxes",
        signature="(boxes, box_confidence, box_class_probs, threshold=.6)",
        points=10,
        task="Keep the boxes whose best class has a score of at least the threshold.",
        hints=(
            "A class's score is confidence times probability. The shapes (..., 1) and (..., classes) multiply as they "
            "are.",
            "The best class and its score: `argmax` and `max` along the last axis. Both have the shape (rows, columns, "
            "boxes).",
            "`mask = best_scores >= threshold` has that shape too, and `best_scores[mask]`, `boxes[mask]`, "
            "`classes[mask]` pick what belongs together.",
        ),
        probe=_FOUND,
        answered_by=(*_DECODING, "utils.detection.outputs.likely_boxes"),
    ),
    Exercise(
        notebook="w3a1",
        function="iou",
        signature="(box1, box2)",
        points=6,
        task="Return the intersection over union of two boxes.",
        hints=(
            "Across, the common part begins at the larger of both left edges and ends at the smaller of both right "
            "ones. Down likewise.",
            "A side that comes out negative means that the boxes lie apart: `max(0, ...)` for each side by itself.",
            "The union is the sum of both areas less the common part. Ask whether it is 0 before you divide.",
        ),
        answered_by=("utils.detection.overlap.iou", "utils.detection.overlap.iou_matrix"),
    ),
    Exercise(
        notebook="w3a1",
        function="yolo_non_max_suppression",
        signature="(scores, boxes, classes, max_boxes=10, iou_threshold=.5)",
        points=12,
        task="Keep the best box of each thing, class by class, at most max_boxes in all.",
        hints=(
            "`np.argsort(-scores)` gives the rows from the best score down. Walk along them and collect the rows that "
            "stay.",
            "A row stays if no row collected so far has its class and overlaps it by more than the threshold. "
            "`iou_matrix(boxes, boxes)` holds all overlaps.",
            "Stop when max_boxes rows are collected, whatever their classes. Then `scores[kept]`, `boxes[kept]`, "
            "`classes[kept]` with an array of whole numbers, also when it is empty: `np.array(kept, dtype=int)`.",
        ),
        probe=_FOUND,
        answered_by=(
            "utils.detection.nms.kept_rows",
            "utils.detection.nms.suppress",
            "tensorflow.image.non_max_suppression",
            "tensorflow.image.combined_non_max_suppression",
            "cv2.dnn.NMSBoxes",
            "cv2.dnn.NMSBoxesBatched",
        ),
    ),
    Exercise(
        notebook="w3a1",
        function="scale_boxes",
        signature="(boxes, image_shape)",
        points=8,
        task="Turn boxes that are relative to the picture into pixels.",
        hints=(
            "1 down is the picture's height, 1 across its width. Which of the four numbers go down, which across?",
            "The boxes are (y1, x1, y2, x2), so multiply the four columns by height, width, height, width: one array "
            "of four numbers, which NumPy stretches over all rows.",
        ),
        build=_scale_arguments,
        answered_by=("utils.data.boxes.to_pixels",),
    ),
    Exercise(
        notebook="w3a1",
        function="yolo_eval",
        signature="(yolo_outputs, image_shape=(720, 1280), max_boxes=10, score_threshold=.6, iou_threshold=.5)",
        points=12,
        task="Go the whole way from a decoded head to the boxes on the picture.",
        hints=(
            "Take the tuple apart: `box_xy, box_wh, box_confidence, box_class_probs = yolo_outputs`. Then four steps, "
            "a line each: corners, filter, suppression, pixels.",
            "Hand every argument on to the step that it belongs to: a step called without its threshold takes its own "
            "default.",
            "`corners(box_xy, box_wh)` gives the boxes for the filter; what the filter returns goes into the "
            "suppression, in the same order; only the boxes of the result are scaled.",
        ),
        build=_eval_arguments,
        probe=_FOUND,
    ),
)
