"""`utils.data.augment` against scipy.ndimage, scikit-image and Keras, and boxes against painted rectangles."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import transform

from utils.data import augment, photograph

RNG = np.random.default_rng(1)
CAT = photograph("chelsea", (40, 60))
FLOAT_CAT = CAT.astype(np.float32) / 255
pictures = hnp.arrays(
    st.sampled_from([np.uint8, np.float32]),
    st.tuples(st.integers(3, 12), st.integers(3, 12), st.integers(1, 3)),
    elements=st.integers(0, 1),
)
seeds = st.integers(0, 2**32 - 1)


def painted(box, height=40, width=60):
    """White where the box is."""
    image = np.zeros((height, width, 1), np.float32)
    x1, y1, x2, y2 = box
    image[y1:y2, x1:x2] = 1
    return image


def bounds(image, level=0.5):
    """The box around what is white."""
    rows, columns = np.nonzero(image[..., 0] > level)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_importing_it_does_not_import_tensorflow():
    code = "import sys, utils.data.augment; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(pictures)
def test_mirroring_twice_changes_nothing(image):
    boxes = np.array([[0, 1, 2, 3]], dtype=np.float32)
    once = augment.mirror(image, boxes)
    np.testing.assert_array_equal(once.image, np.fliplr(image))
    twice = augment.mirror(once.image, once.boxes)
    np.testing.assert_array_equal(twice.image, image)
    np.testing.assert_array_equal(twice.boxes, boxes)


def test_a_mirrored_box_is_where_its_contents_are():
    out = augment.mirror(painted((3, 5, 20, 17)), [[3, 5, 20, 17]])
    assert out.boxes[0].tolist() == bounds(out.image)


def test_crop_clips_boxes_and_drops_those_with_too_little_left():
    boxes = [[0, 0, 10, 10], [8, 8, 18, 18], [30, 20, 50, 35], [9, 9, 19, 19]]
    out = augment.crop(CAT, top=5, left=10, height=20, width=30, boxes=boxes, keep=0.5)
    np.testing.assert_array_equal(out.image, CAT[5:25, 10:40])
    assert out.kept.tolist() == [1, 3]
    assert out.boxes.tolist() == [[0, 3, 8, 13], [0, 4, 9, 14]]
    assert augment.crop(CAT, 5, 10, 20, 30, boxes, keep=0).kept.tolist() == [0, 1, 2, 3]
    assert augment.crop(CAT, 5, 10, 20, 30, boxes, keep=0.1).kept.tolist() == [1, 2, 3]


@pytest.mark.parametrize("size", [(40, 60), (20, 30), (57, 31), (80, 120)])
def test_resize_agrees_with_tensorflow(size):
    import tensorflow as tf

    out = augment.resize(FLOAT_CAT, size, [[0, 0, 60, 40], [6, 10, 30, 20]])
    np.testing.assert_allclose(out.image, tf.image.resize(FLOAT_CAT, size, antialias=True).numpy(), atol=2e-3)
    height, width = size
    np.testing.assert_allclose(out.boxes[0], [0, 0, width, height], rtol=1e-6)
    np.testing.assert_allclose(out.boxes[1], [width / 10, height / 4, width / 2, height / 2], rtol=1e-6)


@pytest.mark.parametrize("degrees", [-170, -30, 10, 45, 90, 180])
def test_rotation_agrees_with_scikit_image(degrees):
    ours = augment.rotate(FLOAT_CAT, degrees).image
    theirs = transform.rotate(FLOAT_CAT, degrees, order=1, mode="constant")
    seen = transform.rotate(np.ones_like(FLOAT_CAT), degrees, order=1, mode="constant") > 0.999
    inner = ndimage.binary_erosion(seen[..., 0])[..., None] & np.ones_like(seen)
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=1e-4)


def test_a_quarter_turn_is_exact():
    square = CAT[:, :40]
    np.testing.assert_array_equal(augment.rotate(square, 90).image, np.rot90(square))


@pytest.mark.parametrize("amount", [-0.6, 0.25, 1.0])
def test_shear_agrees_with_numpy_row_by_row(amount):
    ours = augment.shear(FLOAT_CAT, amount).image
    x = np.arange(60)
    for y in (0, 7, 20, 39):
        source = x - amount * (y - 19.5)
        for channel in range(3):
            row = np.interp(source, x, FLOAT_CAT[y, :, channel], left=0, right=0)
            np.testing.assert_allclose(ours[y, :, channel], row, atol=1e-5)


@pytest.mark.parametrize(
    "move",
    [
        lambda image, boxes: augment.rotate(image, 25, boxes),
        lambda image, boxes: augment.rotate(image, -70, boxes),
        lambda image, boxes: augment.shear(image, 0.4, boxes),
        lambda image, boxes: augment.random_warp(image, 2, 6, boxes, rng=np.random.default_rng(4)),
        lambda image, boxes: augment.random_view(image, (40, 60), boxes, rng=np.random.default_rng(4)),
    ],
)
def test_boxes_follow_what_is_painted_in_them(move):
    box = (22, 14, 40, 28)
    out = move(painted(box), [box])
    assert np.abs(out.boxes[0] - bounds(out.image, 0.3)).max() <= 1.6


def test_a_warp_is_scipys_and_without_displacement_changes_nothing():
    still = augment.warp(CAT, np.zeros((2, 40, 60)), [[3, 4, 20, 30]])
    np.testing.assert_array_equal(still.image, CAT)
    assert still.boxes.tolist() == [[3, 4, 20, 30]]
    down = np.stack([np.full((40, 60), 1.5), np.zeros((40, 60))])
    shifted = ndimage.shift(FLOAT_CAT, (-1.5, 0, 0), order=1, mode="nearest")
    np.testing.assert_allclose(augment.warp(FLOAT_CAT, down).image, shifted, atol=1e-6)


@given(seeds, st.floats(0, 5), st.floats(0.5, 8))
@settings(max_examples=20)
def test_the_elastic_field_is_as_strong_as_asked(seed, strength, smoothness):
    field = augment.elastic_field(20, 30, strength, smoothness, rng=np.random.default_rng(seed))
    assert field.shape == (2, 20, 30)
    np.testing.assert_allclose(np.sqrt((field**2).mean(axis=(1, 2))), strength, rtol=1e-6, atol=1e-12)


def test_a_smoother_field_has_smaller_steps():
    rough, smooth = (augment.elastic_field(64, 64, 2, s, rng=np.random.default_rng(0)) for s in (2, 8))
    assert np.abs(np.diff(smooth)).mean() < 0.5 * np.abs(np.diff(rough)).mean()


def test_colour_shifts_are_clipped_not_wrapped():
    image = np.array([[[250, 5, 100]]], np.uint8)
    assert augment.shift_color(image, [10, -10, 20.4]).tolist() == [[[255, 0, 120]]]
    np.testing.assert_allclose(
        augment.shift_color(np.array([[[0.9, 0.5]]]), [0.2, -0.1]), [[[1, 0.4]]], atol=1e-12
    )


def test_colour_axes_are_the_spread_of_the_colours():
    flower = photograph("flower", (30, 40))
    axes = augment.color_axes(flower)
    pixels = flower.reshape(-1, 3) / 255
    centred = pixels - pixels.mean(axis=0)
    np.testing.assert_allclose(axes @ axes.T, centred.T @ centred / len(pixels), atol=1e-12)
    spread = np.linalg.svd(centred, compute_uv=False) / np.sqrt(len(pixels))
    np.testing.assert_allclose(np.linalg.norm(axes, axis=0), spread, rtol=1e-9)


def test_the_unit_of_the_pixels_does_not_matter():
    axes = augment.color_axes(CAT)
    np.testing.assert_allclose(axes, augment.color_axes(FLOAT_CAT), atol=1e-6)
    whole = augment.pca_color(CAT, axes, [0.3, -0.2, 0.1])
    shares = augment.pca_color(FLOAT_CAT, axes, [0.3, -0.2, 0.1])
    assert np.abs(whole - 255 * shares).max() <= 0.51


def test_random_colour_has_the_covariance_of_the_pixels():
    axes = augment.color_axes(CAT)
    grey = np.full((1, 1, 3), 0.5)
    rng = np.random.default_rng(3)
    shifts = np.array([augment.random_pca_color(grey, axes, 0.2, rng=rng)[0, 0] for _ in range(4000)]) - 0.5
    white = np.linalg.solve(axes, shifts.T) / 0.2
    np.testing.assert_allclose(white @ white.T / 4000, np.eye(3), atol=0.15)


def test_random_mirror_and_crop_reach_every_place():
    rng = np.random.default_rng(5)
    mirrored = [not np.array_equal(augment.random_mirror(CAT, rng=rng).image, CAT) for _ in range(400)]
    assert 140 < sum(mirrored) < 260
    image = np.arange(20.0).reshape(4, 5, 1)
    corners = [augment.random_crop(image, (2, 3), rng=rng).image[0, 0, 0] for _ in range(900)]
    values, counts = np.unique(corners, return_counts=True)
    assert values.tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert counts.min() > 50


RANDOM = {
    "mirror": lambda image, boxes, rng: augment.random_mirror(image, boxes, rng=rng),
    "crop": lambda image, boxes, rng: augment.random_crop(image, (3, 3), boxes, rng=rng),
    "view": lambda image, boxes, rng: augment.random_view(image, (6, 5), boxes, rng=rng),
    "rotation": lambda image, boxes, rng: augment.random_rotation(image, 40, boxes, rng=rng),
    "shear": lambda image, boxes, rng: augment.random_shear(image, 0.5, boxes, rng=rng),
    "warp": lambda image, boxes, rng: augment.random_warp(image, 1, 2, boxes, rng=rng),
    "colour": lambda image, boxes, rng: (
        augment.random_color_shift(image, 0.4, rng=rng),
        boxes,
        np.arange(3),
    ),
}


@pytest.mark.parametrize("name", RANDOM)
@given(image=pictures, seed=seeds, places=hnp.arrays(np.float32, (3, 4), elements=st.integers(0, 12)))
@settings(max_examples=25, deadline=None)
def test_a_seed_decides_and_what_comes_back_is_whole(name, image, seed, places):
    boxes = np.sort(places.reshape(3, 2, 2), axis=1).reshape(3, 4)
    before = image.copy(), boxes.copy()
    first = RANDOM[name](image, boxes, np.random.default_rng(seed))
    second = RANDOM[name](image, boxes, np.random.default_rng(seed))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(boxes, before[1])
    out, moved, kept = first
    assert out.dtype == image.dtype
    assert out.shape[-1] == image.shape[-1]
    assert len(moved) == len(kept)
    assert (np.diff(kept) > 0).all()
    if name in ("crop", "view", "rotation", "shear", "warp"):
        height, width = out.shape[:2]
        assert (moved >= 0).all()
        assert (moved[:, [0, 2]] <= width).all()
        assert (moved[:, [1, 3]] <= height).all()


def test_a_view_keeps_labels_and_boxes_together():
    rng = np.random.default_rng(8)
    boxes = [[0, 0, 6, 6], [25, 15, 40, 30], [54, 34, 60, 40]]
    seen = set()
    for _ in range(40):
        image = np.stack([painted(box)[..., 0] for box in boxes], axis=-1)
        out = augment.random_view(image, (40, 60), boxes, (0.5, 0.9), keep=0.5, rng=rng)
        assert out.image.shape == (40, 60, 3)
        for box, which in zip(out.boxes, out.kept, strict=True):
            assert np.abs(box - bounds(out.image[..., which : which + 1], 0.4)).max() <= 1.6
        seen.add(tuple(out.kept.tolist()))
    assert len(seen) > 2


def test_keras_flips_alike():
    import keras

    flip = keras.layers.RandomFlip("horizontal", seed=1)
    out = np.asarray(flip(np.stack([FLOAT_CAT] * 20), training=True))
    both = {tuple(augment.mirror(FLOAT_CAT).image.ravel()), tuple(FLOAT_CAT.ravel())}
    assert {tuple(picture.ravel()) for picture in out} == both


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: augment.mirror(CAT[..., 0]), ValueError, "image must have shape"),
        (lambda: augment.mirror(CAT[:0]), ValueError, "image must have shape"),
        (lambda: augment.mirror(CAT.astype(int)), TypeError, "uint8 or floating, got int64"),
        (lambda: augment.mirror(CAT, [[5, 5, 1, 1]]), ValueError, "boxes must be corners"),
        (lambda: augment.mirror(CAT, [1, 2, 3, 4]), ValueError, r"boxes must have shape \(n, 4\)"),
        (lambda: augment.crop(CAT, 30, 0, 20, 20), ValueError, "the window must lie in the picture of 40×60"),
        (lambda: augment.crop(CAT, 0, 0, 20, 20, keep=2), ValueError, "keep must be a share"),
        (lambda: augment.random_crop(CAT, (41, 10), rng=RNG), ValueError, "size must fit into the picture"),
        (lambda: augment.random_crop(CAT, (4.5, 10), rng=RNG), ValueError, "size must be"),
        (
            lambda: augment.random_mirror(CAT, rng=3),
            TypeError,
            "rng must be a numpy.random.Generator, got int",
        ),
        (lambda: augment.rotate(CAT, np.nan), ValueError, "degrees must be a finite number"),
        (lambda: augment.rotate(CAT, 3, mode="black"), ValueError, "mode must be one of"),
        (
            lambda: augment.random_shear(CAT, -1, rng=RNG),
            ValueError,
            "max_shear must be a finite number of at",
        ),
        (lambda: augment.warp(CAT, np.zeros((2, 3, 3))), ValueError, "field must hold finite floats"),
        (lambda: augment.elastic_field(4, 4, 1, 0, rng=RNG), ValueError, "smoothness above 0"),
        (lambda: augment.shift_color(CAT, [1, 2]), ValueError, "shift must be 3 finite numbers"),
        (lambda: augment.pca_color(CAT, np.eye(2), [1, 1]), ValueError, "axes must have shape"),
        (lambda: augment.color_axes(CAT.astype(int)), TypeError, "images must be uint8 or floating"),
        (lambda: augment.random_view(CAT, (9, 9), scale=(0, 1), rng=RNG), ValueError, "scale must be"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
