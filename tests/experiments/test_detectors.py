"""The long runs that train detectors: pictures and boxes that belong together, weights that are read back."""

import keras
import numpy as np
import pytest

from utils.detection.average_precision import Truth
from utils.detection.detections import Detections
from utils.experiments import yolo_six_kinds, yolo_tree_crowns
from utils.experiments.detector_training import BATCH, Phase, save_tail, stem_features, train_tail
from utils.models.weights import assign_weights, load_weights
from utils.models.yolov2_efficientnet import unfreeze_tail, yolov2_efficientnet

BORDER = 88  # pixels: √VISIBLE of a crown's longer side, in the smallest crop
ANCHORS = np.array([[1.0, 1.0], [2.0, 1.5]], np.float32)


def tiny_detector():
    keras.utils.set_random_seed(0)
    return yolov2_efficientnet((64, 64, 3), 2, 3, 32, filters=8, dropout=0.1)


def some_pictures(count):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 0.5, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0.2, 0.5, (count, 2))], axis=1)
    truth = [
        Truth(box[None].astype(np.float32), np.array([label]))
        for box, label in zip(boxes, rng.integers(0, 3, count), strict=True)
    ]
    return rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8), truth


@pytest.mark.slow
def test_a_tail_is_trained_in_phases_and_read_back(tmp_path):
    images, truth = some_pictures(2 * BATCH + 3)
    phases = (Phase("head", 60, 3e-3), Phase("fine", 60, 1e-3, unfreeze_tail))
    model, heard = tiny_detector(), []
    features = stem_features(model, images)
    assert features.shape == (len(images), 4, 4, 112)
    before = {weight.path: np.array(weight) for weight in model.weights}
    progress = train_tail(
        model, features, truth, ANCHORS, phases, 1, tmp_path, lambda done, says: heard.append(done)
    )
    assert heard == pytest.approx(np.arange(1, 121) / 120)
    assert [one.step for one in progress] == [60, 60]
    assert progress[1].curve["loss"][-1] < 0.5 * progress[0].curve["loss"][0]
    moved = {path for path, value in before.items() if not np.array_equal(value, _weight(model, path))}
    assert any(path.startswith("block15") for path in moved)
    assert all(
        path.startswith("head") or path.endswith("_conv/kernel") for path in moved if "seed" not in path
    )

    # A second call finds everything done, and the written weights make the same network but for float16.
    again = tiny_detector()
    train_tail(again, features, truth, ANCHORS, phases, 1, tmp_path)
    x = images[:4].astype(np.float32) / 255
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(again.predict(x, verbose=0), expected, atol=1e-5)
    save_tail(model, tmp_path / "weights.h5")
    read = tiny_detector()
    assign_weights(read.get_layer("tail"), load_weights(tmp_path / "weights.h5", "none"))
    assert np.abs(read.predict(x, verbose=0) - expected).max() < 0.02 * np.abs(expected).max()


def _weight(model, path):
    return np.array(next(weight for weight in model.weights if weight.path == path))


def test_crops_of_a_photograph_keep_their_boxes():
    # Crowns are the only bright places, so pixels tell where the boxes must be.
    image, boxes = np.zeros((400, 500, 3), np.uint8), []
    for y in range(20, 380, 90):
        for x in range(15, 480, 110):
            image[y : y + 40, x : x + 60] = 255
            boxes.append((x, y, x + 60, y + 40))
    images, truth = yolo_tree_crowns.crops(
        [(image, np.array(boxes, np.float32))], 40, np.random.default_rng(0)
    )
    for picture, real in zip(images, truth, strict=True):
        assert len(real.boxes)
        mask = np.zeros(picture.shape[:2], bool)
        for x1, y1, x2, y2 in (real.boxes * len(picture)).round().astype(int):
            mask[y1:y2, x1:x2] = True
            assert (picture[y1 + 3 : y2 - 3, x1 + 3 : x2 - 3].mean(axis=-1) > 150).mean() > 0.9
        # Other crowns are seen in part only, so they lie at the border.
        assert not ((picture.mean(axis=-1) > 150) & ~mask)[BORDER:-BORDER, BORDER:-BORDER].any()


def test_a_photograph_is_divided_with_its_crowns():
    image = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)
    boxes = np.array([[1, 1, 5, 5], [13, 2, 18, 6], [15, 2, 18, 6]], np.float32)
    (left, lefts), (right, rights) = yolo_tree_crowns.divided(image, boxes)
    np.testing.assert_array_equal(np.concatenate([left, right], axis=1), image)
    np.testing.assert_array_equal(lefts, [[1, 1, 5, 5], [13, 2, 16, 6]])
    np.testing.assert_array_equal(rights, [[0, 2, 2, 6]])


def test_threshold_with_the_best_harmonic_mean():
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], np.float32)
    wrong = np.array([[100, 100, 110, 110]], np.float32)
    found = Detections(
        np.concatenate([boxes[:2], wrong, wrong + 50]),
        np.array([0.9, 0.8, 0.5, 0.3], np.float32),
        np.zeros(4, int),
    )
    threshold = yolo_tree_crowns.best_threshold(found, boxes)
    assert threshold == pytest.approx(0.8)
    row = yolo_tree_crowns.measure(found, boxes, threshold)
    assert row == {"crowns": 3, "average_precision": 0.6667, "precision": 1.0, "recall": 0.6667}


def test_scenes_of_test_and_training_share_neither_things_nor_backgrounds():
    names = yolo_six_kinds.TRAIN_PHOTOGRAPHS, yolo_six_kinds.TEST_PHOTOGRAPHS
    assert not set(names[0]) & set(names[1])
    first = yolo_six_kinds.composed_test("unseen things, unseen backgrounds", 2)
    more = yolo_six_kinds.composed_test("unseen things, unseen backgrounds", 3)
    for one, other in zip(first, more, strict=False):
        np.testing.assert_array_equal(one.image, other.image)
    assert {image.image.shape for image in more} == {(320, 320, 3)}
    with pytest.raises(ValueError, match="name must be one of unseen things"):
        yolo_six_kinds.composed_test("all", 2)
