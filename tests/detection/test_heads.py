"""Decoding of YOLO heads against OpenCV's own layers for them, and suppression against OpenCV's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data.boxes import corners_to_centres
from utils.data.darknet import network_layers, parse_cfg, write_weights
from utils.detection.detections import Detections, join
from utils.detection.heads import decode_head
from utils.detection.nms import suppress

cv2 = pytest.importorskip("cv2")

CLASSES, SIDE = 3, 6
# Small boxes, so that few overlap: OpenCV's region layer suppresses overlapping ones by itself.
ANCHORS = np.array([(0.2, 0.3), (0.35, 0.1)])
HEADS = {
    # One convolution that hands the picture on, then the head: OpenCV decodes just what it is given.
    "softmax": "[region]\nanchors=0.2,0.3, 0.35,0.1\nclasses=3\ncoords=4\nnum=2\nsoftmax=1\n",
    "sigmoid": "[yolo]\nmask=0,1\nanchors=0.2,0.3, 0.35,0.1\nclasses=3\nnum=2\n",
}


def opencv_decodes(features: np.ndarray, head: str, folder) -> np.ndarray:
    """Rows (cells · boxes, 5 + classes): centre, size, objectness, then scores, by OpenCV's Darknet importer."""
    channels = features.shape[-1]
    text = (
        f"[net]\nwidth={SIDE}\nheight={SIDE}\nchannels={channels}\n\n"
        f"[convolutional]\nfilters={channels}\nsize=1\nstride=1\npad=1\nactivation=linear\n\n{head}"
    )
    sections = parse_cfg(text)
    identity = {
        "conv_0/kernel": np.eye(channels, dtype=np.float32)[None, None],
        "conv_0/bias": np.zeros(channels, np.float32),
    }
    (folder / "n.cfg").write_text(text)
    write_weights(folder / "n.weights", network_layers(sections), identity)
    net = cv2.dnn.readNetFromDarknet(str(folder / "n.cfg"), str(folder / "n.weights"))
    net.setInput(np.ascontiguousarray(features.transpose(2, 0, 1)[None]))
    return net.forward()


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_decoding_agrees_with_opencv(tmp_path, activation):
    rng = np.random.default_rng(3)
    features = rng.normal(0, 1.5, (SIDE, SIDE, 2 * (5 + CLASSES))).astype(np.float32)
    rows = opencv_decodes(features, HEADS[activation], tmp_path)
    threshold = 0.3
    # OpenCV gives objectness · probability for each class, 0 below its own threshold of .2.
    scores = rows[:, 5:].max(axis=1)
    expected = rows[scores >= threshold]
    # YOLOv3's anchors are pixels of the network's input, which is as large as the grid here.
    found = decode_head(features, ANCHORS, threshold, activation)
    assert 5 < len(found) == len(expected)
    np.testing.assert_allclose(corners_to_centres(found.boxes), expected[:, :4], atol=1e-5)
    np.testing.assert_allclose(found.scores, expected[:, 5:].max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(found.classes, expected[:, 5:].argmax(axis=1))


def test_a_head_without_classes_scores_by_objectness():
    features = np.full((2, 3, 5), -20, np.float32)
    features[1, 2] = (0, 0, 0, 0, 2)
    found = decode_head(features, [(1, 1)], 0.5)
    np.testing.assert_allclose(found.boxes, [[2 / 3, 1 / 2, 1, 1]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-2)), rtol=1e-6)
    assert found.classes.tolist() == [0]


def test_a_score_equal_to_the_threshold_is_kept():
    features = np.zeros((1, 1, 5), np.float32)
    assert len(decode_head(features, [(1, 1)], 0.5)) == 1
    assert len(decode_head(features, [(1, 1)], np.nextafter(0.5, 1))) == 0


def test_wild_features_give_finite_boxes():
    features = np.full((2, 2, 7), 1e4, np.float32)
    found = decode_head(features, [(1, 1)], 0.1)
    assert np.isfinite(found.boxes).all()
    assert len(decode_head(-features, [(1, 1)], 0.1)) == 0


@pytest.mark.parametrize(
    ("features", "anchors", "activation", "message"),
    [
        (np.zeros((2, 2, 9)), [(1, 1), (2, 2)], "softmax", "features must have shape"),
        (np.zeros((1, 2, 2, 10)), [(1, 1)], "softmax", "features must have shape"),
        (np.zeros((2, 2, 5)), [(1, 0)], "softmax", "anchors must be positive"),
        (np.zeros((2, 2, 5)), [1, 2], "softmax", "anchors must be positive"),
        (np.zeros((2, 2, 5)), [(1, 1)], "relu", "class_activation must be one of"),
    ],
)
def test_bad_arguments_are_named(features, anchors, activation, message):
    with pytest.raises(ValueError, match=message):
        decode_head(features, anchors, 0.5, activation)


@st.composite
def detections(draw):
    """Up to 30 boxes of three classes on whole pixels, crowded, with scores that differ."""
    count = draw(st.integers(0, 30))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    low = rng.integers(0, 20, (count, 2))
    boxes = np.concatenate([low, low + rng.integers(1, 20, (count, 2))], axis=1).astype(np.float32)
    scores = rng.permutation(np.linspace(0.1, 0.9, count)).astype(np.float32)
    return Detections(boxes, scores, rng.integers(0, 3, count))


@given(detections(), st.sampled_from([0.213, 0.457, 0.731]))
@settings(deadline=None)
def test_suppression_agrees_with_opencv(found, iou_threshold):
    kept = suppress(found, iou_threshold, max_boxes=1000)
    corner_size = np.concatenate([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]], axis=1)
    rows = []
    for label in range(3):
        own = np.flatnonzero(found.classes == label)
        chosen = cv2.dnn.NMSBoxes(corner_size[own].tolist(), found.scores[own].tolist(), 0.0, iou_threshold)
        rows += own[np.asarray(chosen, dtype=int).ravel()].tolist()
    rows = sorted(rows, key=lambda row: -found.scores[row])
    np.testing.assert_array_equal(kept.boxes, found.boxes[rows])
    np.testing.assert_array_equal(kept.classes, found.classes[rows])
    assert (np.diff(kept.scores) <= 0).all()


def test_equal_boxes_of_two_classes_both_stay_and_the_limit_holds():
    found = Detections(
        np.tile(np.float32([[0, 0, 2, 2]]), (3, 1)), np.float32([0.5, 0.9, 0.7]), np.array([0, 1, 1])
    )
    assert suppress(found).scores.tolist() == pytest.approx([0.9, 0.5])
    assert suppress(found, max_boxes=1).classes.tolist() == [1]
    assert len(suppress(join([]))) == 0


def test_an_overlap_equal_to_the_threshold_is_kept():
    found = Detections(np.float32([[0, 0, 2, 1], [1, 0, 2, 1]]), np.float32([0.9, 0.8]), np.array([0, 0]))
    assert len(suppress(found, iou_threshold=0.5)) == 2


def test_bad_detections_and_limits_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(n, 4\)"):
        Detections(np.zeros((2, 4)), np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="iou_threshold"):
        suppress(join([]), iou_threshold=1.5)
    with pytest.raises(ValueError, match="max_boxes"):
        suppress(join([]), max_boxes=0)
