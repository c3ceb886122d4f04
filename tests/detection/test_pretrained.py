"""Known answers of the bundled detectors on real pictures, looked at once by eye, offline."""

import keras
import numpy as np
import pytest

from utils.data import CUT_OUT_CLASSES, load_street_clip, load_tree_crowns, photograph
from utils.data.boxes import box_areas
from utils.data.runs import load_run
from utils.detection.pretrained import find_faces, find_kinds, find_objects
from utils.experiments import yolo_six_kinds, yolo_tree_crowns
from utils.models.six_kinds import six_kinds_detector
from utils.models.tiny_face_detector import tiny_face_detector
from utils.models.tree_crowns import tree_crown_detector
from utils.models.yolov3 import coco_classes, yolov3_tiny

pytestmark = pytest.mark.slow
# The astronaut's face from brow to chin and the persons of the first street frame, drawn by hand: corners in pixels.
FACE = (172, 70, 272, 188)
PERSONS = [
    (586, 127, 614, 202), (197, 165, 229, 228), (362, 215, 391, 290),
    (586, 217, 622, 310), (498, 222, 534, 307),
]  # fmt: skip
CAR = (726, 50, 768, 95)
FLOWER = (132, 66, 368, 296)


def iou(a, b) -> float:
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(overlap / (box_areas(a) + box_areas(b) - overlap))


@pytest.fixture(scope="module")
def face_detector() -> keras.Model:
    return tiny_face_detector()


@pytest.fixture(scope="module")
def coco_detector() -> keras.Model:
    return yolov3_tiny()


@pytest.fixture(scope="module")
def kinds_detector() -> keras.Model:
    return six_kinds_detector()


def test_the_astronauts_face_is_found(face_detector):
    found = find_faces(face_detector, photograph("astronaut"))
    assert len(found) == 1
    assert found.scores[0] > 0.95
    assert iou(found.boxes[0], np.array(FACE)) > 0.6


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "china", "flower", "motorcycle", "hubble"])
def test_no_face_where_there_is_none(face_detector, name):
    assert len(find_faces(face_detector, photograph(name))) == 0


def test_the_streets_persons_and_the_car_are_found(coco_detector):
    found = find_objects(coco_detector, load_street_clip()[0])
    names = np.array(coco_classes())[found.classes]
    for name, wanted in [("person", box) for box in PERSONS] + [("car", CAR)]:
        boxes = found.boxes[names == name]
        assert max(iou(box, np.array(wanted)) for box in boxes) > 0.6, (name, wanted)


def test_motorcycle_and_cup(coco_detector):
    names = coco_classes()
    for photo, name in (("motorcycle", "motorbike"), ("coffee", "cup")):
        assert names[find_objects(coco_detector, photograph(photo)).classes[0]] == name


def test_floats_and_bytes_give_the_same(face_detector):
    image = photograph("astronaut")
    a, b = (find_faces(face_detector, picture) for picture in (image, image.astype(np.float32) / 255))
    np.testing.assert_allclose(a.boxes, b.boxes, atol=1e-3)


def test_a_model_without_a_fixed_square_is_refused():
    with pytest.raises(ValueError, match="square pictures"):
        find_faces(tiny_face_detector(None, (None, None, 3)), np.zeros((8, 8, 3), np.uint8))


def test_the_flower_is_found(kinds_detector):
    found = find_kinds(kinds_detector, photograph("flower"))
    assert CUT_OUT_CLASSES[found.classes[0]] == "flower"
    assert iou(found.boxes[0], np.array(FLOWER)) > 0.6


@pytest.mark.parametrize("name", ["astronaut", "china", "coffee", "coins", "hubble", "rocket"])
def test_none_of_the_six_kinds_where_there_is_none(kinds_detector, name):
    assert len(find_kinds(kinds_detector, photograph(name))) == 0


def test_six_kinds_of_things_that_it_never_saw(kinds_detector):
    # The whole test has 200 scenes; 60 of them are off by a few hundredths.
    scenes = yolo_six_kinds.composed_test("unseen things, unseen backgrounds", 60)
    assert yolo_six_kinds.measure(kinds_detector, scenes) > 0.62


def test_tree_crowns_of_a_photograph_that_it_never_saw():
    image, boxes = load_tree_crowns()[yolo_tree_crowns.TEST_PLACE]
    threshold = load_run("yolo-tree-crowns")["rows"][0]["score_threshold"]
    row = yolo_tree_crowns.measure(
        yolo_tree_crowns.detections(tree_crown_detector(), image), boxes, threshold
    )
    assert row["precision"] >= 0.5
    assert row["recall"] >= 0.5
