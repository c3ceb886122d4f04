"""Targets that decoding turns back into boxes, and a loss with known values, minima and gradients."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from utils.detection.average_precision import Truth
from utils.detection.heads import decode_head
from utils.detection.loss import YoloLoss
from utils.detection.targets import encode_batch, encode_targets

ANCHORS = np.array([[1, 1], [3, 1], [2, 4]], np.float32)
GRID = (5, 7)
CLASSES = 4


def random_boxes(rng, n: int) -> np.ndarray:
    """Relative corners with centres inside the picture, float32."""
    centres, sizes = rng.uniform(0.02, 0.98, (n, 2)), rng.uniform(0.05, 0.6, (n, 2))
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1).astype(np.float32)


def perfect_output(target: np.ndarray) -> np.ndarray:
    """The raw output (rows, columns, k · (5 + classes)) of a network that knows the target."""
    rows, columns, k, _ = target.shape
    raw = np.zeros((rows, columns, k, 5 + CLASSES), np.float32)
    raw[..., 4] = -20
    for row, column, anchor in zip(*np.nonzero(target[..., 4]), strict=True):
        x, y, w, h, _, label = target[row, column, anchor]
        raw[row, column, anchor, :2] = logit(np.clip([x - column, y - row], 1e-6, 1 - 1e-6))
        raw[row, column, anchor, 2:4] = np.log([w, h] / ANCHORS[anchor])
        raw[row, column, anchor, 4] = 20
        raw[row, column, anchor, 5 + int(label)] = 20
    return raw.reshape(rows, columns, -1)


@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
@settings(max_examples=50)
def test_decoding_a_perfect_output_gives_the_boxes_back(seed, n):
    rng = np.random.default_rng(seed)
    boxes, labels = random_boxes(rng, n), rng.integers(0, CLASSES, n)
    target = encode_targets(boxes, labels, ANCHORS, GRID)
    assert target[..., 4].sum() == n
    found = decode_head(perfect_output(target), ANCHORS, 0.5)
    assert len(found) == n
    by_x1 = np.argsort(found.boxes[:, 0]), np.argsort(boxes[:, 0])
    np.testing.assert_allclose(found.boxes[by_x1[0]], boxes[by_x1[1]], atol=1e-4)
    np.testing.assert_array_equal(found.classes[by_x1[0]], labels[by_x1[1]])


def test_the_largest_of_a_full_cell_choose_first():
    centre = np.array([0.5, 0.5])
    sizes = np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]])
    boxes = np.concatenate([centre - sizes / 2, centre + sizes / 2], axis=1)
    target = encode_targets(boxes, np.arange(4), ANCHORS, GRID)
    assert target[..., 4].sum() == 3
    assert sorted(target[2, 3, :, 5]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([(0.1, 0.1, 0.1, 0.5)], "sides greater than 0"),
        ([(0.9, 0.1, 1.3, 0.5)], "centres inside"),
        ([(0.5, 0.1, 0.3, 0.5)], "x1 ≤ x2"),
    ],
)
def test_boxes_that_no_cell_can_hold_are_refused(boxes, message):
    with pytest.raises(ValueError, match=message):
        encode_targets(boxes, [0], ANCHORS, GRID)


def batch(seed: int, n: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    truth = [Truth(random_boxes(rng, n), rng.integers(0, CLASSES, n)) for _ in range(2)]
    return encode_batch(truth, ANCHORS, GRID)


def test_a_perfect_output_costs_nothing():
    target = batch(0)
    raw = np.stack([perfect_output(one) for one in target])
    assert float(YoloLoss(ANCHORS)(target, raw)) < 1e-3


def test_parts_agree_with_the_errors_counted_place_by_place():
    rng = np.random.default_rng(1)
    target = batch(1)
    raw = rng.normal(0, 1, (*target.shape[:4], 5 + CLASSES)).astype(np.float32)
    place = objects = nothing = classes = 0.0
    for picture, row, column, anchor in np.ndindex(target.shape[:4]):
        t, p = target[picture, row, column, anchor], raw[picture, row, column, anchor]
        box = [column + expit(p[0]), row + expit(p[1]), *(np.exp(p[2:4]) * ANCHORS[anchor])]
        truths = target[picture][target[picture][..., 4] == 1]
        if t[4]:
            scale = 2 - t[2] * t[3] / (GRID[0] * GRID[1])
            error = (box[0] - t[0]) ** 2 + (box[1] - t[1]) ** 2
            error += sum((p[2 + i] - np.log(t[2 + i] / ANCHORS[anchor][i])) ** 2 for i in (0, 1))
            place += scale * error
            objects += 5 * (expit(p[4]) - centre_iou(box, t)) ** 2
            classes += -p[5 + int(t[5])] + np.log(np.exp(p[5:]).sum())
        elif max(centre_iou(box, other) for other in truths) <= 0.6:
            nothing += expit(p[4]) ** 2
    parts = YoloLoss(ANCHORS).parts(target, raw.reshape(*target.shape[:3], -1))
    found = [float(keras.ops.sum(part)) for part in parts]
    np.testing.assert_allclose(found, [place, objects, nothing, classes], rtol=1e-4)


def centre_iou(first, second) -> float:
    """IoU of two boxes given by centre and size."""
    sides = [
        max(0, min(a + s / 2, b + t / 2) - max(a - s / 2, b - t / 2))
        for a, s, b, t in ((first[i], first[i + 2], second[i], second[i + 2]) for i in (0, 1))
    ]
    common = sides[0] * sides[1]
    return common / (first[2] * first[3] + second[2] * second[3] - common)


def test_a_good_box_of_an_empty_anchor_is_not_blamed():
    target = batch(2, n=1)[:1]
    raw = perfect_output(target[0]).reshape(*target.shape[1:4], -1)
    row, column, anchor = (int(where[0]) for where in np.nonzero(target[0, ..., 4]))
    other = (anchor + 1) % len(ANCHORS)
    raw[row, column, other] = raw[row, column, anchor]
    raw[row, column, other, 2:4] += np.log(ANCHORS[anchor] / ANCHORS[other]) - 0.05  # IoU e⁻⁰·¹
    raw = raw.reshape(1, *GRID, -1)
    assert float(YoloLoss(ANCHORS).parts(target, raw)[2][0]) < 1e-6
    assert float(YoloLoss(ANCHORS, ignored_above=1.0).parts(target, raw)[2][0]) > 0.99


def test_gradients_are_finite_for_pictures_without_objects():
    import tensorflow as tf

    raw = tf.Variable(np.random.default_rng(3).normal(0, 30, (2, *GRID, 3 * 9)).astype("float32"))
    with tf.GradientTape() as tape:
        loss = YoloLoss(ANCHORS)(np.zeros((2, *GRID, 3, 6), np.float32), raw)
    gradient = tape.gradient(loss, raw).numpy().reshape(2, *GRID, 3, 9)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[..., 4]).max() > 0
    assert not gradient[..., [0, 1, 2, 3, 5, 6, 7, 8]].any()


def test_the_loss_can_be_saved_with_a_model():
    loss = YoloLoss(ANCHORS, 0.5)
    again = YoloLoss.from_config(loss.get_config())
    np.testing.assert_array_equal(again.anchors, ANCHORS)
    assert again.ignored_above == 0.5


def test_anchors_without_size_are_refused():
    with pytest.raises(ValueError, match="anchors must be positive"):
        YoloLoss([[0, 1]])
