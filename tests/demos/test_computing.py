"""What the demos compute beyond the library, without a browser and without TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import correlate2d

from utils.demos import face_door
from utils.demos.convolution import FILTERS, OWN, KernelEditor, convolve, name_of, say_window
from utils.demos.detection import say_counts
from utils.demos.face_door import EASY, HARDEST, SEMI_HARD, Measured, find_triplet, flatten, tell_triplet
from utils.demos.style import STROKES, Work, say_notice, say_progress, strip_of
from utils.plots.demo_convolution import place_pointed_at, place_side_by_side
from utils.plots.face_triplets import paint_triplets


def test_the_pages_of_the_demos_need_no_tensorflow_to_open():
    program = """
import sys
import utils.demos.convolution, utils.demos.detection, utils.demos.face_door, utils.demos.latent_plane
import utils.demos.resnet, utils.demos.style, utils.plots
sys.exit("tensorflow" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (3, 2, 1), (2, 5, 3)])
def test_the_window_s_products_sum_to_the_answer(stride, padding, dilation):
    rng = np.random.default_rng(1)
    grey, kernel = rng.random((20, 31), np.float32), rng.normal(size=(3, 3)).astype(np.float32)
    answer = convolve(grey, kernel, stride, padding, dilation, (0.4, 0.9))
    wide = np.zeros((2 * dilation + 1,) * 2)
    wide[::dilation, ::dilation] = kernel
    expected = correlate2d(np.pad(grey, padding), wide, "valid")[::stride, ::stride]
    np.testing.assert_allclose(answer.response, expected, atol=1e-4)
    assert np.sum(answer.pixels * kernel) == pytest.approx(expected[answer.row, answer.column], abs=1e-4)
    assert f"<b>{expected[answer.row, answer.column]:.2f}</b>" in say_window(answer, kernel)


@pytest.mark.parametrize("place", [(0, 0), (1, 1), (0.999, 0)])
def test_every_place_has_a_window(place):
    answer = convolve(np.ones((9, 12), np.float32), np.ones((3, 3), np.float32), 2, 1, 2, place)
    assert answer.pixels.shape == (3, 3)


def test_the_editor_and_the_names_of_filters_agree():
    editor = KernelEditor()
    seen = []
    editor.observe(lambda change: seen.append(change["new"]), "value")
    editor.value = FILTERS["blur"]
    assert name_of(editor.value) == "blur"
    editor.children[4].value = 7.0
    assert name_of(editor.value) == OWN
    assert editor.kernel[1, 1] == 7
    assert len(seen) == 2


def test_frames_and_the_place_under_the_pointer_agree():
    left, right = np.zeros((10, 20, 3), np.uint8), np.full((8, 18, 3), 9, np.uint8)
    plain = place_side_by_side(left, right, 24)
    framed = place_side_by_side(left, right, 24, window=(0, 0, 3), pixel=(4, 9))
    changed = np.argwhere((plain != framed).any(axis=-1))
    assert len(changed)
    assert place_pointed_at((0, 0), [(10, 20), (8, 18)], 24) is None
    # The middle of the right square is the middle of the right picture.
    across = (24 + 12 + 12) / (2 * 24 + 12)
    assert place_pointed_at((across, 0.5), [(10, 20), (8, 18)], 24) == pytest.approx((0.5, 0.5))


def make_measured() -> Measured:
    """Encodings of three people of length 1, close to three axes."""
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(3), 4)
    encodings = np.eye(8)[people] + 0.3 * rng.normal(size=(12, 8))
    encodings /= np.linalg.norm(encodings, axis=1, keepdims=True)
    return Measured(None, 0, 0, encodings, people, flatten(encodings))


@pytest.mark.parametrize("anchor", [0, 5, 11])
def test_triplets_keep_their_promise(anchor):
    measured = make_measured()
    squares = np.square(measured.encodings - measured.encodings[anchor]).sum(axis=1)
    same = measured.people == measured.people[anchor]
    for kind in (HARDEST, EASY, SEMI_HARD):
        triplet = find_triplet(measured, anchor, kind, 0.5)
        if triplet is None:
            assert kind == SEMI_HARD
            continue
        a, p, n = triplet.rows
        assert (a, p != anchor, same[p], same[n]) == (anchor, True, True, False)
        assert triplet.loss == pytest.approx(max(squares[p] - squares[n] + 0.5, 0))
        if kind == HARDEST:
            assert squares[p] == squares[same].max()
            assert squares[n] == squares[~same].min()
        if kind == SEMI_HARD:
            assert squares[p] < squares[n] < squares[p] + 0.5
    assert "no semi-hard triplet" in tell_triplet(None, SEMI_HARD, 0.2)


def test_the_plane_keeps_the_largest_distances():
    measured = make_measured()
    assert measured.plane.min() == 0
    assert measured.plane.max() == 1
    picture = paint_triplets(measured.plane, measured.people, (0, 1, 5))
    assert picture.shape == (500, 1240, 3)
    assert (picture != paint_triplets(measured.plane, measured.people)).any()


@pytest.mark.slow
def test_the_threshold_is_the_library_s():
    from utils.faces.encoding import THRESHOLD

    assert face_door.THRESHOLD == THRESHOLD


def test_a_painting_rests_goes_on_and_is_given_up(monkeypatch):
    import types
    from collections import namedtuple

    step = namedtuple("step", "picture cost")
    steps = types.ModuleType("utils.style.painting")
    steps.painting_steps = lambda *given, **options: (step(np.full((2, 2, 3), 0.5), 9.0) for _ in range(99))
    vgg = types.ModuleType("utils.models.vgg")
    vgg.vgg19_features = object
    monkeypatch.setitem(sys.modules, "utils.style.painting", steps)
    monkeypatch.setitem(sys.modules, "utils.models.vgg", vgg)
    picture, networks, drawn = np.zeros((2, 2, 3), np.uint8), [], []
    work = Work(picture, picture, picture, {}, 0, 3)
    assert "being painted" in say_progress(work)
    work.paint(networks, lambda one: drawn.append(one.count), lambda one: True)
    assert (drawn, len(networks), work.rests) == ([0, 1, 2, 3], 1, True)
    assert "It rests" in say_progress(work)
    work.until = 9
    work.paint(networks, lambda one: drawn.append(one.count), lambda one: one.count < 5)
    assert (drawn, len(networks)) == ([0, 1, 2, 3, 4], 1)
    assert say_progress(work).startswith("Step 5, cost 9.")
    again = Work(picture, picture, work.picture, {}, work.count, work.count)  # as after a moved control
    drawn.clear()
    for _ in range(2):
        again.paint(networks, lambda one: drawn.append(one.count), lambda one: True)
    assert drawn == [5]
    assert say_progress(again).startswith("Step 5, cost 9. It rests")


def test_what_is_said_depends_on_the_controls():
    every = STROKES["all five blocks"]
    assert "turn β down" in say_notice("block4_conv2", every, 100)
    assert "turn β up" in say_notice("block4_conv2", every, 0.1)
    assert "large strokes" in say_notice("block4_conv2", ("block1_conv1",), 1)
    assert strip_of([]) == ""
    assert strip_of([b"a", b"b"]).count("download=") == 2
    assert "try <b>astronaut</b>" in say_counts(0, 0, 0.3, "faces")
    assert "2 kept, 1 removed" in say_counts(2, 1, 0.3, "faces")
