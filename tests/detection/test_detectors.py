"""The detectors of the demo find what the one-call functions find."""

import numpy as np
import pytest

from utils.data import load_street_clip, photograph
from utils.detection.candidates import choose
from utils.detection.detectors import DETECTORS, load_detector


def the_same(name, picture, find, build, score):
    """Look once and filter; compare with the function that does all at once."""
    detector = load_detector(name)
    candidates = detector.look(picture)
    choice = choose(candidates.found, "greedy", score, 0.45, 0.5, 1)
    wanted = find(build(), picture, score, 0.45)
    assert len(wanted)
    np.testing.assert_allclose(candidates.boxes(choice.kept), wanted.boxes, atol=0.01)
    np.testing.assert_allclose(choice.scores, wanted.scores, rtol=1e-4)
    np.testing.assert_array_equal(candidates.found.classes[choice.kept], wanted.classes)
    return [detector.classes[i] for i in wanted.classes]


@pytest.mark.slow
def test_everyday_things_on_the_street():
    from utils.detection.pretrained import find_objects
    from utils.models.yolov3 import yolov3_tiny

    found = the_same(DETECTORS[0], load_street_clip()[0], find_objects, yolov3_tiny, 0.3)
    assert found.count("person") >= 5
    assert "car" in found


@pytest.mark.slow
def test_six_kinds_on_a_flower():
    from utils.detection.pretrained import find_kinds
    from utils.models.six_kinds import six_kinds_detector

    assert "flower" in the_same(DETECTORS[1], photograph("flower"), find_kinds, six_kinds_detector, 0.3)


@pytest.mark.slow
def test_faces_on_an_astronaut():
    from utils.detection.pretrained import find_faces
    from utils.models.tiny_face_detector import tiny_face_detector

    found = the_same(DETECTORS[2], photograph("astronaut"), find_faces, tiny_face_detector, 0.5)
    assert found == ["face"]


def test_an_unknown_detector_is_refused():
    with pytest.raises(ValueError, match="name must be one of 80 everyday things"):
        load_detector("dogs")
