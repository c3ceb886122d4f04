"""The bundled COCO detector: the same network as its `.cfg`, little lost by packing, and known answers, offline."""

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from utils.data import asset_path, load_asset, load_street_clip, photograph
from utils.data.compact import unpack_kernels
from utils.data.darknet import network_heads, network_layers, read_cfg, write_weights
from utils.models.darknet import darknet_model
from utils.models.yolov3 import ANCHORS, CLASSES, MASKS, coco_classes, yolov3_tiny

pytestmark = pytest.mark.slow

SIDE = 416
# Layers whose features were kept from the float32 weights (tests/models/known), every fourth row and column of them.
FEATURES = ("leaky_2", "leaky_6", "leaky_10", "leaky_12", "leaky_21", "conv_15", "conv_22")
Found = list[tuple[str, float, np.ndarray]]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return yolov3_tiny()


def letterbox(image: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """The picture in the middle of a grey square (1, 416, 416, 3), its scale and its corner (x, y)."""
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = round(width * scale), round(height * scale)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    square = np.full((1, SIDE, SIDE, 3), 0.5, np.float32)
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    square[0, top : top + size[1], left : left + size[0]] = small
    return square, scale, np.array([left, top, left, top])


def detect(model: keras.Model, image: np.ndarray, threshold: float = 0.3) -> Found:
    """What is found, best first: (class name, score, corners x1 y1 x2 y2 in pixels of the picture)."""
    square, scale, corner = letterbox(image)
    names, boxes, scores, classes = coco_classes(), [], [], []
    for raw, mask in zip(model.predict_on_batch(square), MASKS, strict=True):
        rows, columns = raw.shape[1:3]
        raw = raw[0].reshape(rows, columns, len(mask), 5 + CLASSES).astype(np.float64)
        cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)[:, :, None]
        centre = (1 / (1 + np.exp(-raw[..., :2])) + cell) * (SIDE / columns, SIDE / rows)
        half = np.exp(raw[..., 2:4]) * ANCHORS[list(mask)] / 2
        score = 1 / (1 + np.exp(-raw[..., 4:5])) / (1 + np.exp(-raw[..., 5:]))
        *place, kind = np.nonzero(score >= threshold)
        place = tuple(place)
        boxes += list((np.concatenate([centre - half, centre + half], -1)[place] - corner) / scale)
        scores += list(score[(*place, kind)])
        classes += list(kind)
    found: Found = []
    for i in np.argsort(scores)[::-1]:
        name = names[classes[i]]
        if all(other != name or iou(box, boxes[i]) <= 0.45 for other, _, box in found):
            found.append((name, float(scores[i]), boxes[i]))
    return found


def features(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """A thinned sample of the features of several layers, early to late."""
    part = keras.Model(model.input, [model.get_layer(name).output for name in FEATURES])
    return [
        np.asarray(output)[:, 1 :: max(4, output.shape[1] // 6), 2 :: max(4, output.shape[2] // 6)]
        for output in part.predict_on_batch(x)
    ]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def count(found: Found, name: str) -> int:
    return sum(other == name for other, _, _ in found)


def test_persons_and_a_car_in_the_street(model):
    found = detect(model, load_street_clip()[0])
    assert count(found, "person") >= 4
    assert count(found, "car") >= 1
    assert found[0][1] > 0.6
    for name, _, (x1, y1, x2, y2) in found:
        if name == "person":
            assert y2 - y1 > x2 - x1  # standing or walking people
            assert -20 < x1 < x2 < 788
            assert -20 < y1 < y2 < 596


def test_known_answers_on_photographs(model):
    motorcycle = detect(model, photograph("motorcycle"))
    assert motorcycle[0][0] == "motorbike"
    assert "cup" in {name for name, _, _ in detect(model, photograph("coffee"), 0.2)}


def test_the_fine_head_was_trained_with_boxes_1_2_3(model):
    """With the mask 0, 1, 2 that many a cfg has, people in the street come out at about half their height."""
    image = load_street_clip()[0]
    found = [box for name, _, box in detect(model, image) if name == "person"]
    heights = [box[3] - box[1] for box in found]
    assert 60 < np.median(heights) < 160  # a person of this clip is about 90 pixels tall


def test_packing_costs_little_of_the_features(model):
    """Relative error of the features against the authors' float32 weights: at most 3 %, measured 0.1 to 2 %."""
    with np.load(Path(__file__).parent / "known" / "yolov3_tiny.npz") as known:
        got = features(model, letterbox(load_street_clip()[0])[0])
        errors = {
            name: np.linalg.norm(output - known[name]) / np.linalg.norm(known[name].astype(np.float32))
            for name, output in zip(FEATURES, got, strict=True)
        }
    assert max(errors.values()) <= 0.03, errors
    assert min(errors.values()) > 1e-5, "the reference was made from the packed weights themselves"


def test_it_is_the_network_of_the_bundled_cfg(model, tmp_path):
    sections = read_cfg(asset_path("yolov3-tiny-cfg"))
    weights = unpack_kernels(load_asset("yolov3-tiny"))
    path = tmp_path / "yolov3-tiny.weights"
    write_weights(path, network_layers(sections), weights)
    x = np.random.default_rng(1).random((1, 96, 64, 3), dtype=np.float32)
    ours = yolov3_tiny(path, input_shape=(None, None, 3)).predict_on_batch(x)
    theirs = darknet_model(sections, path, (96, 64, 3)).predict_on_batch(x)
    bundled = yolov3_tiny(input_shape=(96, 64, 3)).predict_on_batch(x)
    for a, b, c in zip(ours, theirs, bundled, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
        np.testing.assert_allclose(a, c, atol=1e-4)
    assert [head.anchors.tolist() for head in network_heads(sections)] == [
        ANCHORS[list(m)].tolist() for m in MASKS
    ]
    assert all(head.classes == CLASSES for head in network_heads(sections))


def test_opencv_reads_the_bundled_network(model, tmp_path):
    cv2 = pytest.importorskip("cv2")
    cfg, path = asset_path("yolov3-tiny-cfg"), tmp_path / "yolov3-tiny.weights"
    write_weights(path, network_layers(read_cfg(cfg)), unpack_kernels(load_asset("yolov3-tiny")))
    reader = cv2.dnn.readNetFromDarknet(str(cfg), str(path))
    square, _, _ = letterbox(load_street_clip()[0])
    reader.setInput(np.ascontiguousarray(square.transpose(0, 3, 1, 2)))
    for a, b in zip(model.predict_on_batch(square), reader.forward(["conv_15", "conv_22"]), strict=True):
        np.testing.assert_allclose(a, b.transpose(0, 2, 3, 1), atol=2e-3)


def test_names_of_the_classes():
    names = coco_classes()
    assert len(set(names)) == CLASSES
    assert (names[0], names[2], names[-1]) == ("person", "car", "toothbrush")


def test_published_size_of_the_network():
    # 35,434,956 bytes of Darknet file: a header of 20 and four bytes a float.
    assert yolov3_tiny(None).count_params() == (35_434_956 - 20) // 4


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="multiples of 32"):
        yolov3_tiny(None, (400, 416, 3))
    with pytest.raises(FileNotFoundError, match="weights must be"):
        yolov3_tiny(tmp_path / "none.h5")
    (tmp_path / "foreign.weights").write_bytes(b"<html>" * 100)
    with pytest.raises(ValueError, match="no Darknet weights file"):
        yolov3_tiny(tmp_path / "foreign.weights")
