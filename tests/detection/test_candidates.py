"""A detector's boxes before any threshold: every slider's result is what the library finds at once."""

import numpy as np
import pytest

from utils.data.boxes import clip_boxes
from utils.detection.candidates import FLOOR, KINDS, choose, collect_candidates
from utils.detection.detections import Detections
from utils.detection.heads import decode_head
from utils.detection.letterbox import boxes_in_picture, letterbox
from utils.detection.nms import lowered_scores, soft_suppress, suppress

ANCHORS = (np.array([[1.0, 2.0], [3.0, 1.5]], np.float32), np.array([[0.8, 0.9]], np.float32))
CLASSES = 3
SETTINGS = {"iou_threshold": 0.45, "sigma": 0.5, "k": 4}


def make(seed: int = 0, height: int = 120, width: int = 200):
    """Return the raw heads of a made-up network of two grids, and its candidates."""
    rng = np.random.default_rng(seed)
    _, placement = letterbox(np.zeros((height, width, 3), np.uint8), 64)
    shapes = ((4, 4, 2 * (5 + CLASSES)), (8, 8, 5 + CLASSES))
    heads = [rng.normal(0, 1.5, shape).astype(np.float32) for shape in shapes]
    return heads, collect_candidates(heads, ANCHORS, placement, "softmax")


@pytest.fixture(scope="module")
def found():
    return make()[1].found


@pytest.mark.parametrize("score", [FLOOR, 0.1, 0.3, 0.6, 0.95])
def test_a_filter_afterwards_is_a_threshold_before(score):
    heads, candidates = make()
    direct = [decode_head(head, anchors, score) for head, anchors in zip(heads, ANCHORS, strict=True)]
    chosen = choose(candidates.found, "none", score, **SETTINGS)
    assert len(chosen.kept) == sum(map(len, direct))
    wanted = np.sort(np.concatenate([part.scores for part in direct]))[::-1]
    np.testing.assert_allclose(chosen.scores, wanted, rtol=1e-5)


def test_origins_name_head_cell_and_anchor():
    heads, candidates = make()
    for row in range(0, len(candidates.found), 7):
        head, i, j, anchor = candidates.origins[row]
        alone = np.full_like(heads[head], -50.0)  # an objectness of nothing everywhere else
        values = slice(anchor * (5 + CLASSES), (anchor + 1) * (5 + CLASSES))
        alone[i, j, values] = heads[head][i, j, values]
        only = decode_head(alone, ANCHORS[head], FLOOR)
        assert len(only) == 1
        np.testing.assert_allclose(only.boxes[0], candidates.found.boxes[row], atol=1e-6)
        assert only.classes[0] == candidates.found.classes[row]


def test_cells_and_anchors_lie_where_the_grid_says():
    """Without letterbox borders cells are counted from the picture's corner."""
    _, candidates = make(height=64, width=64)
    rows = np.arange(len(candidates.found))
    head, i, j, anchor = candidates.origins.T
    side = np.where(head == 0, 16, 8)
    np.testing.assert_allclose(
        candidates.cells(rows), np.stack([j * side, i * side, (j + 1) * side, (i + 1) * side], axis=1)
    )
    for row in rows[::5]:
        w, h = ANCHORS[head[row]][anchor[row]] * side[row]
        x, y = (j[row] + 0.5) * side[row], (i[row] + 0.5) * side[row]
        wanted = clip_boxes(np.array([[x - w / 2, y - h / 2, x + w / 2, y + h / 2]]), 64, 64)
        np.testing.assert_allclose(candidates.anchor_boxes(rows[row : row + 1]), wanted, rtol=1e-5)


def test_grid_lines_stop_at_the_picture():
    _, candidates = make(height=100, width=200)  # 64 pixels wide and 32 high in the middle of the square
    (x, y), (fine_x, fine_y) = candidates.grid_lines()
    np.testing.assert_allclose(x, [0, 50, 100, 150, 200])
    np.testing.assert_allclose(y, [0, 50, 100])
    assert (len(fine_x), len(fine_y)) == (9, 5)


def test_boxes_are_brought_back_to_the_picture():
    _, candidates = make()
    rows = np.array([3, 1])
    wanted = boxes_in_picture(candidates.found.boxes[rows], candidates.placement)
    np.testing.assert_array_equal(candidates.boxes(rows), wanted)
    assert wanted[:, 2].max() <= 200


@pytest.mark.parametrize("score", [FLOOR, 0.2, 0.5])
def test_the_right_kinds_are_the_librarys(found, score):
    some = found[found.scores >= score]
    greedy = choose(found, "greedy", score, **SETTINGS)
    wanted = suppress(some, 0.45, None)
    np.testing.assert_array_equal(found.boxes[greedy.kept], wanted.boxes)
    np.testing.assert_array_equal(greedy.scores, wanted.scores)
    soft = choose(found, "soft", score, **SETTINGS)
    wanted = soft_suppress(some, 0.5, score)
    np.testing.assert_array_equal(found.boxes[soft.kept], wanted.boxes)
    np.testing.assert_allclose(soft.scores, wanted.scores, rtol=1e-6)


def test_the_wrong_kinds_do_what_their_names_say(found):
    blind = choose(found, "blind to classes", 0.2, **SETTINGS)
    one_class = Detections(found.boxes, found.scores, np.zeros_like(found.classes))
    np.testing.assert_array_equal(blind.kept, choose(one_class, "greedy", 0.2, **SETTINGS).kept)
    assert set(blind.kept) < set(choose(found, "greedy", 0.2, **SETTINGS).kept)
    best = choose(found, "best k", 0.2, **SETTINGS)
    np.testing.assert_array_equal(best.scores, np.sort(found.scores)[::-1][:4])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("score", [0.2, 0.999])
def test_every_box_above_the_threshold_is_kept_or_removed(found, kind, score):
    chosen = choose(found, kind, score, **SETTINGS)
    both = np.concatenate([chosen.kept, chosen.removed])
    np.testing.assert_array_equal(np.sort(both), np.flatnonzero(found.scores >= score))
    assert (np.diff(chosen.scores) <= 0).all()
    assert len(chosen.kept) == len(chosen.scores)


@pytest.mark.parametrize("kind", KINDS)
def test_no_boxes_give_no_boxes(kind):
    nothing = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    chosen = choose(nothing, kind, 0.2, **SETTINGS)
    assert len(chosen.kept) == len(chosen.removed) == 0


def test_a_network_that_sees_nothing_has_no_candidates():
    _, placement = letterbox(np.zeros((50, 80, 3), np.uint8), 64)
    candidates = collect_candidates([np.full((4, 4, 16), -30.0)], ANCHORS[:1], placement, "softmax")
    nothing = np.zeros(0, np.int64)
    assert len(candidates.found) == 0
    assert candidates.origins.shape == (0, 4)
    for boxes in (candidates.boxes, candidates.cells, candidates.anchor_boxes):
        assert boxes(nothing).shape == (0, 4)


def test_lowered_scores_follow_the_formula():
    """Two boxes that share a third of their union."""
    boxes = [[0, 0, 2, 2], [1, 0, 3, 2], [9, 9, 10, 10]]
    lowered = lowered_scores(boxes, [0.9, 0.8, 0.3], sigma=0.25)
    np.testing.assert_allclose(lowered, [0.9, 0.8 * np.exp(-(1 / 9) / 0.25), 0.3], rtol=1e-6)
    np.testing.assert_allclose(lowered_scores(boxes, [0.9, 0.8, 0.3], [0, 1, 0]), [0.9, 0.8, 0.3], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("hard", {}, "kind must be one of greedy, soft"),
        ("best k", {"k": 0}, "k must be at least 1, got 0"),
        ("greedy", {"iou_threshold": 1.2}, "iou_threshold"),
        ("soft", {"sigma": 0.0}, "sigma must be greater than 0"),
    ],
)
def test_bad_settings_are_refused(found, kind, change, message):
    with pytest.raises(ValueError, match=message):
        choose(found, kind, 0.2, **{**SETTINGS, **change})
