"""Proposals around shapes that were painted, and a detector with a classifier that knows colours."""

import numpy as np
import pytest
from skimage.measure import label, regionprops

from utils.data.images import photograph
from utils.detection.overlap import iou_matrix
from utils.detection.proposals import _boxes_of_regions, cut_out, propose_regions, rcnn_detect

SHAPES = {(10, 15, 40, 60): (1.0, 0, 0), (60, 20, 95, 45): (0, 1.0, 0), (50, 60, 110, 90): (0, 0, 1.0)}


def painting() -> np.ndarray:
    image = np.full((100, 120, 3), 0.5, np.float32)
    for (x1, y1, x2, y2), colour in SHAPES.items():
        image[y1:y2, x1:x2] = colour
    return image


def test_every_painted_shape_is_proposed():
    overlaps = iou_matrix(np.array(list(SHAPES), float), propose_regions(painting()))
    assert (overlaps.max(axis=1) > 0.9).all()


def test_boxes_of_regions_agree_with_scikit_image():
    regions = label(np.random.default_rng(0).random((30, 40)) > 0.6, background=-1)
    regions -= regions.min()
    expected = {(p.bbox[1], p.bbox[0], p.bbox[3], p.bbox[2]) for p in regionprops(regions + 1)}
    found = _boxes_of_regions(regions)[: regions.max() + 1]
    assert {tuple(box) for box in found.astype(int).tolist()} == expected


def test_boxes_lie_inside_the_picture_and_within_the_sizes():
    image = photograph("coffee", size=(120, 180))
    boxes = propose_regions(image, smallest=0.1, largest=0.6)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / 180
    assert len(boxes) > 20
    assert len(np.unique(boxes, axis=0)) == len(boxes)
    assert sides.min() >= 0.1
    assert sides.max() <= 0.6
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= (180, 120)).all()


def test_detects_with_a_classifier_of_colours():
    def classify(crops):
        colour = crops.mean(axis=(1, 2))
        pure = np.concatenate([colour, np.full((len(colour), 1), 0.7)], axis=1)
        return pure

    found = rcnn_detect(painting(), classify, (16, 16), background=3, score_threshold=0.8)
    assert set(found.classes) == {0, 1, 2}
    assert found.scores.min() >= 0.8
    overlaps = iou_matrix(np.array(list(SHAPES), float), found.boxes)
    assert (overlaps.max(axis=1) > 0.7).all()


def test_cut_out_resizes_each_box():
    image = painting()
    crops = cut_out(image, np.array(list(SHAPES), np.float32), (8, 6))
    np.testing.assert_allclose(
        crops, np.broadcast_to(np.array(list(SHAPES.values()))[:, None, None], (3, 8, 6, 3))
    )
    assert cut_out(image, np.zeros((0, 4)), (8, 6)).shape == (0, 8, 6, 3)


def test_a_picture_of_one_colour_has_nothing_to_find():
    found = rcnn_detect(np.zeros((40, 40, 3), np.float32), lambda crops: crops, (8, 8), 0)
    assert len(found) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((0, 4, 3))}, "pixels"),
        ({"image": np.zeros((4, 4))}, "shape"),
        ({"colour_spaces": ("cmyk",)}, "cmyk"),
        ({"smallest": 0.5, "largest": 0.4}, "smallest < largest"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        propose_regions(**{"image": np.zeros((8, 8, 3), np.float32), **arguments})
