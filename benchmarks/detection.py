"""How fast boxes are decoded and suppressed, beside TensorFlow.

Run ``python benchmarks/detection.py [--json FILE] [--rounds N]``. Decoding: one raw output of 19×19 cells, 5 boxes and
80 classes, of which one cell in a hundred or so holds something, against the textbook's decoding of every number as a
`tf.function`. Suppression: boxes around a few objects, of 80 classes, against `tf.image.non_max_suppression` called
class by class, eagerly, and against `tf.image.combined_non_max_suppression`. One thread each; all forms must agree
before they are timed.
"""

import sys

from _threads import limit_threads

limit_threads(1)

import numpy as np
import tensorflow as tf
from timing import arguments, conclude, ratios

from utils.detection.heads import decode_head
from utils.detection.nms import kept_rows

GRID, BOXES, CLASSES = 19, 5, 80
SCORE, IOU = 0.3, 0.45
ANCHORS = np.array([[0.6, 0.7], [1.9, 2.1], [3.3, 5.5], [7.9, 3.5], [9.8, 9.2]], np.float32)
SLOWEST = {"decode": 0.2, "1,000 boxes": 0.8, "10,000 boxes": 0.2}  # times TensorFlow's time
COPIES = 8  # boxes around one object


def raw_output(rng: np.random.Generator) -> np.ndarray:
    """Return a raw output like a trained network's: objectness is low but for a few boxes."""
    features = rng.normal(0, 1, (GRID, GRID, BOXES, 5 + CLASSES)).astype(np.float32)
    features[..., 4] -= 6
    found = rng.random((GRID, GRID, BOXES)) < 0.01
    features[found, 4] += 9
    features[found, 5] += 6
    return features.reshape(GRID, GRID, -1)


@tf.function
def textbook(features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Decode every box, then drop those with a low score."""
    features = tf.reshape(features, (GRID, GRID, BOXES, 5 + CLASSES))
    column, row = tf.meshgrid(tf.range(GRID), tf.range(GRID))
    cells = tf.cast(tf.stack([column, row], axis=-1), tf.float32)[:, :, None]
    centres = (tf.sigmoid(features[..., :2]) + cells) / GRID
    sizes = tf.exp(features[..., 2:4]) * ANCHORS / GRID
    boxes = tf.concat([centres - sizes / 2, centres + sizes / 2], axis=-1)
    scores = tf.sigmoid(features[..., 4:5]) * tf.nn.softmax(features[..., 5:])
    best = tf.reduce_max(scores, axis=-1)
    keep = best >= SCORE
    return (
        tf.boolean_mask(boxes, keep),
        tf.boolean_mask(best, keep),
        tf.boolean_mask(tf.argmax(scores, axis=-1), keep),
    )


def measure_decoding(rounds: int) -> dict[str, list[float]]:
    features = raw_output(np.random.default_rng(0))
    tensor = tf.constant(features)
    ours, theirs = decode_head(features, ANCHORS, SCORE), textbook(tensor)
    np.testing.assert_allclose(ours.boxes, theirs[0], atol=1e-5)
    np.testing.assert_allclose(ours.scores, theirs[1], atol=1e-5)
    np.testing.assert_array_equal(ours.classes, theirs[2])
    forms = {
        "tf.function": lambda: [part.numpy() for part in textbook(tensor)],
        "ours": lambda: decode_head(features, ANCHORS, SCORE),
    }
    return ratios(forms, "tf.function", rounds)


def crowd(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes, scores and classes as a detector gives them: several boxes around every object."""
    objects = -(-count // COPIES)
    places = rng.uniform(0, 1, (objects, 2))
    sizes = rng.uniform(0.02, 0.2, (objects, 2))
    boxes = np.repeat(np.concatenate([places, places + sizes], axis=1), COPIES, axis=0)[:count]
    boxes += rng.normal(0, 0.004, boxes.shape)
    classes = np.repeat(rng.integers(0, CLASSES, objects), COPIES)[:count]
    scores = rng.permutation(np.linspace(0.05, 1, count))  # no two are equal
    return boxes.astype(np.float32), scores.astype(np.float32), classes


def by_class(boxes: tf.Tensor, scores: tf.Tensor, classes: tf.Tensor) -> np.ndarray:
    """Call TensorFlow's suppression once a class."""
    kept = []
    for label in range(CLASSES):
        mine = tf.where(classes == label)[:, 0]
        chosen = tf.image.non_max_suppression(
            tf.gather(boxes, mine), tf.gather(scores, mine), tf.size(mine), IOU
        )
        kept.append(tf.gather(mine, chosen))
    return tf.concat(kept, axis=0).numpy()


def combined(boxes: tf.Tensor, scores: tf.Tensor, most: int):
    return tf.image.combined_non_max_suppression(boxes[None, :, None], scores[None], most, most, IOU, 0.01)


def measure_suppression(count: int, rounds: int) -> dict[str, list[float]]:
    boxes, scores, classes = crowd(count, np.random.default_rng(1))
    tensors = tf.constant(boxes), tf.constant(scores), tf.constant(classes)
    spread = np.zeros((count, CLASSES), np.float32)
    spread[np.arange(count), classes] = scores
    spread = tf.constant(spread)
    ours = kept_rows(boxes, scores, classes, IOU)
    np.testing.assert_array_equal(np.sort(ours), np.sort(by_class(*tensors)))
    forms = {
        "tf.image, class by class": lambda: by_class(*tensors),
        "tf.image, combined": lambda: combined(tensors[0], spread, len(ours)),
        "ours": lambda: kept_rows(boxes, scores, classes, IOU),
    }
    return ratios(forms, "tf.image, class by class", rounds)


def main() -> int:
    given = arguments(__doc__.splitlines()[0], 30)
    results = {
        "decode": measure_decoding(10 * given.rounds),
        "1,000 boxes": measure_suppression(1_000, given.rounds),
        "10,000 boxes": measure_suppression(10_000, given.rounds),
    }
    missed = []
    for name, found in results.items():
        reference = next(iter(found))
        print(f"\n{name}: time over {reference} (quartiles)")
        for form, (low, median, high) in found.items():
            print(f"  {form:<26}{median:.3f} ({low:.3f} to {high:.3f})")
        if found["ours"][1] > SLOWEST[name]:
            missed.append(f"{name}: {found['ours'][1]:.2f} times TensorFlow's time, wanted {SLOWEST[name]}")
    return conclude(results, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
