"""The face door: the right people in, others out, and a sentence for every picture that cannot be judged."""

import numpy as np
import pytest

from utils.data import photograph, portrait
from utils.faces.door import Visit, decide, look, rates_at
from utils.faces.encoding import THRESHOLD, face_encoder
from utils.faces.verification import roc
from utils.faces.visitors import ENROLLED, VISITORS, in_grey, in_the_dark, printed, side_by_side, tiny

HERE = np.array([[0.0, 0.0, 1.0, 1.0]])
PEOPLE = {"Ada": np.array([1.0, 0.0]), "Bo": np.array([0.0, 1.0])}


def visit(*encoding: float) -> Visit:
    return Visit(HERE, np.array(encoding), "")


def test_it_opens_for_the_nearest_person_near_enough():
    door = decide(visit(0.8, 0.6), PEOPLE, 0.7)
    assert (door.opens, door.name) == (True, "Ada")
    assert door.names == ("Ada", "Bo")
    assert door.distances == pytest.approx((np.sqrt(0.4), np.sqrt(0.8)))


def test_nearest_but_too_far_is_nobody():
    door = decide(visit(0.8, 0.6), PEOPLE, 0.6)
    assert (door.opens, door.name) == (False, None)
    assert "nobody of the database" in door.says


def test_a_distance_at_the_threshold_opens():
    assert decide(visit(-1.0, 0.0), {"Ada": PEOPLE["Ada"]}, 2.0).opens


def test_who_claims_a_name_is_compared_with_that_person_alone():
    door = decide(visit(0.8, 0.6), PEOPLE, 0.7, claim="Bo")
    assert (door.opens, door.name) == (False, None)
    assert decide(visit(0.8, 0.6), PEOPLE, 0.9, claim="Bo").name == "Bo"


def test_an_unknown_claim_is_an_error_that_tells_the_names():
    with pytest.raises(KeyError, match="Ada, Bo"):
        decide(visit(0.8, 0.6), PEOPLE, 0.7, claim="Cy")
    with pytest.raises(KeyError, match="nobody"):
        decide(visit(0.8, 0.6), {}, 0.7, claim="Cy")


def test_an_empty_database_opens_for_nobody():
    door = decide(visit(0.8, 0.6), {}, 2.0)
    assert (door.opens, door.name, door.distances) == (False, None, ())


def test_without_an_encoding_it_stays_shut_and_says_why():
    door = decide(Visit(HERE[:0], None, "Nobody is to be seen."), PEOPLE, 2.0)
    assert (door.opens, door.says) == (False, "Nobody is to be seen.")


@pytest.mark.parametrize("threshold", [-0.1, float("nan")])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        decide(visit(0.8, 0.6), PEOPLE, threshold)


def test_rates_count_pairs_on_the_wrong_side():
    rng = np.random.default_rng(0)
    apart, same = rng.integers(0, 8, 60) / 8, rng.random(60) < 0.4
    curve = roc(apart, same)
    for threshold in (-0.5, 0.0, 0.3, 0.5, 0.875, 2.0):
        accept, reject = rates_at(curve, threshold)
        assert accept == pytest.approx((apart[~same] <= threshold).mean())
        assert reject == pytest.approx((apart[same] > threshold).mean())


@pytest.fixture(scope="module")
def encoder():
    return face_encoder()


@pytest.fixture(scope="module")
def database(encoder):
    return {name: look(portrait(picture), encoder).encoding for name, picture in ENROLLED.items()}


CASES = {
    "the right person, another day": (lambda: portrait("obama-2"), "Barack"),
    "the right person, from the side": (lambda: portrait("obama-3"), "Barack"),
    "the stored picture": (lambda: portrait("hopper-1"), "Grace"),
    "somebody else": (lambda: portrait("collins-1"), None),
    "somebody else, in profile": (lambda: photograph("camera"), None),
    "greyscale": (lambda: in_grey(portrait("obama-2")), "Barack"),
    "grey without an axis for colours": (lambda: in_grey(portrait("obama-2"))[..., 0], "Barack"),
    "little light": (lambda: in_the_dark(portrait("obama-3")), "Barack"),
    "a print of a photograph": (lambda: printed("obama-2"), "Barack"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_who_stands_before_it(encoder, database, case):
    picture, name = CASES[case]
    seen = look(picture(), encoder)
    assert seen.problem == ""
    assert len(seen.boxes) == 1
    assert decide(seen, database, THRESHOLD).name == name


SHUT = {
    "nobody": (lambda: photograph("coffee"), "Nobody is to be seen"),
    "a plain wall": (lambda: np.full((200, 300, 3), 130, np.uint8), "Nobody is to be seen"),
    "two faces": (lambda: side_by_side(portrait("obama-1"), portrait("biden-1")), "There are 2 faces"),
    "one pixel": (lambda: np.zeros((1, 1, 3), np.uint8), "Nobody is to be seen"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", SHUT)
def test_it_stays_shut_with_a_sentence(encoder, database, case):
    picture, says = SHUT[case]
    door = decide(look(picture(), encoder), database, 2.0)
    assert (door.opens, door.name) == (False, None)
    assert door.says.startswith(says)


@pytest.mark.slow
@pytest.mark.parametrize("size", [24, 40])
def test_a_tiny_picture_opens_for_the_right_person_or_for_nobody(encoder, database, size):
    assert decide(look(tiny("obama-2", size), encoder), database, THRESHOLD).name in ("Barack", None)


@pytest.mark.parametrize("series", VISITORS)
def test_every_visitor_of_the_demo_is_a_picture(series):
    for picture in VISITORS[series]():
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
