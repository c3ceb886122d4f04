"""Week 3, lesson 4, anchors and training YOLO: what is asked. The answers stand elsewhere."""

from collections.abc import Callable

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array, by_name, named_results
from utils.exercises.randomness import call_with_seeds, probe_draws


def build_targets(case: Case) -> tuple[tuple, dict]:
    """Give the grid as a tuple, which a case keeps as a list."""
    params = {**case.params, "grid": tuple(case.params["grid"])}
    return by_name(("boxes", "classes", "anchors", "grid"), Case(case.group, case.arrays, params))


def call_with_gradient(function: Callable, args: tuple, kwargs: dict) -> tuple:
    """Call a loss ``function(y_true, y_pred, anchors)`` on tensors; return its value and its gradient by `y_pred`.

    Raises
    ------
    WrongKind
        When what comes back is not one number that a gradient can be taken of.
    """
    import tensorflow as tf

    y_true, y_pred, anchors = args
    y_true, y_pred = tf.constant(y_true), tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        loss = function(y_true, y_pred, anchors, **kwargs)
    if not tf.is_tensor(loss):
        as_array(loss, "The loss")  # says by itself when there is nothing at all
        raise WrongKind(
            f"The loss should be a tensor, so that Keras can differentiate it; it is a {type(loss).__name__}. "
            "Compute with `ops`, not with `np`."
        )
    if loss.shape != ():
        raise WrongKind(
            f"The loss should be one number for the whole batch; it has shape {tuple(loss.shape)}."
        )
    gradient = tape.gradient(loss, y_pred)
    if gradient is None:
        raise WrongKind(
            "No gradient reaches y_pred: the network would learn nothing. Somewhere y_pred goes through `np`, through "
            "`float` or through `ops.stop_gradient` as a whole; compute with `ops`."
        )
    return loss, gradient


def probe_loss(result: tuple) -> Arrays:
    """Read value and gradient as arrays."""
    return named_results("loss", "gradient")(tuple(as_array(part) for part in result))


EXERCISES = (
    Exercise(
        notebook="w3l4",
        function="kmeans_anchors",
        signature="(wh, k, seed)",
        points=3,
        task="Find k typical box sizes by k-means with overlap as nearness.",
        hints=(
            "One round has two steps. Each box goes to the anchor that it overlaps most; then each anchor moves to the "
            "mean of its boxes.",
            "`size_iou(wh, anchors)` has a row a box and a column an anchor, so that `.argmax(axis=1)` says which "
            "anchor a box goes to. `wh[owner == i].mean(axis=0)` is the new anchor i, if it has any box.",
            "To start: `rng.choice(np.unique(wh, axis=0), k, replace=False)`. To end: stop when a round changes "
            "nothing, then sort with `np.argsort(anchors.prod(axis=1))`.",
        ),
        call=call_with_seeds,
        probe=probe_draws,
        answered_by=("utils.detection.anchors.kmeans_anchors",),
    ),
    Exercise(
        notebook="w3l4",
        function="encode_targets",
        signature="(boxes, classes, anchors, grid)",
        points=3,
        task="Write the boxes of a picture into the cells and anchors that are responsible for them.",
        hints=(
            "First bring everything into grid cells: multiply x by the columns, y by the rows. The centre's whole part "
            "is then the cell; x gives the column, y the row.",
            "`size_iou(sizes, anchors)` says how well each box fits each anchor. Go through the boxes from the largest "
            "to the smallest, and through the anchors of each from the best fit to the worst.",
            "`target[row, column, anchor, 4] == 0` asks whether an anchor is free. The first free one gets "
            "`(x, y, w, h, 1, class)`; then `break`.",
        ),
        build=build_targets,
        answered_by=("utils.detection.targets.encode_targets", "utils.detection.targets.encode_batch"),
    ),
    Exercise(
        notebook="w3l4",
        function="yolo_loss",
        signature="(y_true, y_pred, anchors)",
        points=2,
        task="Return the loss of YOLOv2 for a batch.",
        hints=(
            "`y_true[..., 4]` is 1 where an object is and 0 elsewhere: multiplied by it, an error counts only where it "
            "should. `1 - y_true[..., 4]` is the mask of the empty places.",
            "The network's t_x and t_y go through a sigmoid and are compared with the centre's place within its cell, "
            "`y_true[..., :2] - ops.floor(y_true[..., :2])`. t_w and t_h are compared as they are, with the logarithm "
            "of size over anchor; keep the 0 of empty places out of the logarithm with `ops.maximum(..., 1e-3)`.",
            "Confidence is the sigmoid of `y_pred[..., 4]`. Where an object is, it is compared with "
            "`ops.stop_gradient(overlap(boxes, y_true[..., :4]))`; elsewhere with 0, unless "
            "`best_overlap(boxes, y_true)` is greater than .6.",
            "Class: `keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)` with whole-number "
            'labels, `ops.cast(y_true[..., 5], "int32")`. In the end sum over the axes 1, 2 and 3, and take the mean.',
        ),
        call=call_with_gradient,
        probe=probe_loss,
        answered_by=("utils.detection.loss.YoloLoss",),
        time_limit=30.0,
    ),
    Exercise(
        notebook="w3l4",
        function="average_precision",
        signature="(boxes, scores, pictures, true_boxes, true_pictures, iou_threshold)",
        points=2,
        task="Return the average precision of a detector for one class.",
        hints=(
            "Go through the detections of *all* pictures together, from the best score down. Each is a hit or not.",
            "`iou_matrix(boxes, true_boxes)` has a row a detection and a column an object. Set to 0 what belongs to "
            "different pictures, `pictures[:, None] != true_pictures`, and the columns that are taken already.",
            "With `hits` in order: `found = np.cumsum(hits)`; precision is found divided by 1, 2, 3, …, recall is "
            "found divided by the number of objects.",
            "`np.maximum.accumulate(precision[::-1])[::-1]` is the best precision at this or a higher recall. The area "
            "is the sum of it times the steps of recall, `np.diff(recall, prepend=0)`.",
        ),
        answered_by=(
            "utils.detection.average_precision.average_precision",
            "utils.detection.average_precision.precision_recall",
            "utils.detection.average_precision.mean_average_precision",
            "sklearn.metrics.average_precision_score",
        ),
    ),
)
