"""Our YOLOv2 for tree crowns, trained on three aerial photographs and tested on a fourth: lesson 4 of week 3."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import load_tree_crowns
from utils.data.augment import crop, mirror, random_color_shift, resize
from utils.detection.average_precision import Truth, average_precision, precision_recall
from utils.detection.detections import Detections
from utils.experiments.experiment import Experiment, Report, Row

TRAIN_PLACES = ("yellowstone_1", "florida", "california")
TEST_PLACE = "yellowstone_2"
# The right fifth of the largest photograph trains nothing: the score threshold is chosen there.
CHOOSING = 0.8
IOU_THRESHOLD = 0.4  # of DeepForest's evaluation
SCALES = 0.7, 1.35
VISIBLE = 0.4  # a crown that a crop shows less of is none
LIGHT = 30  # levels of 255 that each colour is shifted by at most


def work(part: Mapping[str, Any], folder: Path, report: Report) -> Row:
    """Train the detector on crops of three photographs and measure it on the fourth.

    Parameters
    ----------
    part : mapping
        ``crops`` to train on, ``steps``, ``fine_steps``, ``rate``, ``fine_rate``, ``dropout`` and ``seed``.
    folder : Path
        Where checkpoints are; the weights are left there as ``weights.h5``.
    report : callable
        Told how far the training is.

    Returns
    -------
    dict
        ``anchors``; ``parameters`` (of the tail); curves; ``score_threshold``, the one with the best harmonic mean of
        precision and recall on a strip of the first photograph that trains nothing; and by place, ``"strip"`` and the
        test's: ``crowns``, ``average_precision`` at IoU .4, ``precision`` and ``recall`` at the threshold. The test's
        photograph chooses nothing.
    """
    import keras

    from utils.experiments.detector_training import Phase, save_tail, stem_features, train_tail
    from utils.models.tree_crowns import ANCHORS, tree_crown_detector
    from utils.models.yolov2_efficientnet import unfreeze_tail

    keras.utils.set_random_seed(part["seed"])
    model = tree_crown_detector(None, part["dropout"])
    report(0.0, "cutting crops")
    photographs = load_tree_crowns()
    part_of_first, strip = divided(*photographs[TRAIN_PLACES[0]])
    sources = [part_of_first, *(photographs[place] for place in TRAIN_PLACES[1:])]
    images, truth = crops(sources, part["crops"], np.random.default_rng([part["seed"], 3]))
    features = stem_features(model, images, lambda done: report(0.0, f"features, {done:.0%}"))
    phases = (
        Phase("head", part["steps"], part["rate"]),
        Phase("fine", part["fine_steps"], part["fine_rate"], unfreeze_tail),
    )
    progress = train_tail(model, features, truth, ANCHORS, phases, part["seed"], folder, report)
    save_tail(model, folder / "weights.h5")
    asked = {"strip": strip, TEST_PLACE: photographs[TEST_PLACE]}
    found = {place: detections(model, image) for place, (image, _) in asked.items()}
    threshold = best_threshold(found["strip"], strip[1])
    return {
        "anchors": ANCHORS.round(3).tolist(),
        "parameters": model.get_layer("tail").count_params(),
        "curves": {phase.name: one.curve for phase, one in zip(phases, progress, strict=True)},
        "training_seconds": sum(one.training_seconds for one in progress),
        "resumed_at": {phase.name: one.resumed_at for phase, one in zip(phases, progress, strict=True)},
        "score_threshold": round(threshold, 3),
        "places": {place: measure(found[place], boxes, threshold) for place, (_, boxes) in asked.items()},
    }


def divided(
    image: np.ndarray, boxes: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Divide a photograph by an upright line; crowns that the line cuts belong to the side that shows more of them.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The photograph.
    boxes : ndarray, (n, 4)
        Corners in its pixels.

    Returns
    -------
    (image, boxes), (image, boxes)
        The left part, to train on, and the right one, each with boxes in its own pixels.
    """
    line, height = int(CHOOSING * image.shape[1]), image.shape[0]
    left = crop(image, 0, 0, height, line, boxes, 0.5)
    right = crop(image, 0, line, height, image.shape[1] - line, boxes, 0.5)
    return (left.image, left.boxes), (right.image, right.boxes)


def crops(
    photographs: Sequence[tuple[np.ndarray, np.ndarray]], count: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[Truth]]:
    """Cut square pieces at random places and scales out of photographs, turned, mirrored and lit at random.

    Parameters
    ----------
    photographs : sequence of (image, boxes)
        uint8 RGB (height, width, 3), and corners (n, 4) in its pixels. Each is as likely as its crowns are many.
    count : int
        How many pieces; each shows at least one crown.
    rng : numpy.random.Generator
        Chooses everything.

    Returns
    -------
    images : ndarray, (count, 256, 256, 3)
        uint8.
    truth : list of Truth
        Boxes relative to the piece, cut at its border; crowns of which little is seen are left out.
    """
    from utils.models.tree_crowns import SIDE, TILE

    crowns = np.array([len(boxes) for _, boxes in photographs])
    images, truth = np.empty((count, SIDE, SIDE, 3), np.uint8), []
    while len(truth) < count:
        image, boxes = photographs[rng.choice(len(crowns), p=crowns / crowns.sum())]
        side = int(TILE * rng.uniform(*SCALES))
        top, left = (int(rng.integers(0, length - side + 1)) for length in image.shape[:2])
        piece, seen, _ = crop(image, top, left, side, side, boxes, VISIBLE)
        if not len(seen):
            continue
        piece, seen, _ = resize(piece, (SIDE, SIDE), seen)
        for flipped in rng.random(2) < 0.5:
            if flipped:
                piece, seen, _ = mirror(piece, seen)
            # Rows become columns: with the mirror before and after, all ways to turn a photograph from above.
            if rng.random() < 0.5:
                piece, seen = piece.transpose(1, 0, 2), seen[:, [1, 0, 3, 2]]
        images[len(truth)] = random_color_shift(piece, LIGHT, rng=rng)
        truth.append(Truth((seen / SIDE).astype(np.float32), np.zeros(len(seen), np.int64)))
    return images, truth


def detections(model, image: np.ndarray, score_threshold: float = 0.05) -> Detections:
    """Find crowns with low scores too, as curves of precision and recall want."""
    from utils.detection.pretrained import find_tree_crowns

    return find_tree_crowns(model, image, score_threshold)


def best_threshold(found: Detections, boxes: np.ndarray) -> float:
    """Return the score at which precision and recall have their highest harmonic mean."""
    curve = _curve(found, boxes)
    mean = 2 * curve.precision * curve.recall / np.maximum(curve.precision + curve.recall, 1e-9)
    return float(curve.scores[mean.argmax()])


def measure(found: Detections, boxes: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the row of one photograph: crowns, average precision, and precision and recall at the threshold."""
    curve = _curve(found, boxes)
    last = int((curve.scores >= threshold).sum()) - 1
    return {
        "crowns": len(boxes),
        "average_precision": round(average_precision(curve.recall, curve.precision), 4),
        "precision": round(float(curve.precision[last]), 4) if last >= 0 else 0.0,
        "recall": round(float(curve.recall[last]), 4) if last >= 0 else 0.0,
    }


def _curve(found: Detections, boxes: np.ndarray):
    truth = Truth(boxes, np.zeros(len(boxes), np.int64))
    return precision_recall([found], [truth], 0, IOU_THRESHOLD)


EXPERIMENT = Experiment(
    name="yolo-tree-crowns",
    says="Our YOLOv2 for tree crowns, trained on three aerial photographs and tested on a fourth.",
    minutes=12,
    parts={
        "YOLOv2": {
            "crops": 2000,
            "steps": 300,
            "fine_steps": 450,
            "rate": 2e-3,
            "fine_rate": 3e-4,
            "dropout": 0.15,
            "seed": 1,
        }
    },
    work=work,
    seed=1,
    reports=True,
)
