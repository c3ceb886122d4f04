"""Composed scenes: exact boxes, free places, fair classes, nothing changed that was given."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data.scenes import Recipe, background_bank, compose_masked_scene, compose_scene

PLAIN = Recipe(things=(1, 4), angle=0.0, overlap=1e-9, distort=False)


def thing(colour: int, height: int = 20, width: int = 30) -> np.ndarray:
    """A full rectangle of one colour with a border that cannot be seen."""
    picture = np.zeros((height + 6, width + 6, 4), np.uint8)
    picture[3:-3, 3:-3] = (colour, colour, colour, 255)
    return picture


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_boxes_are_exactly_what_was_painted(seed):
    rng = np.random.default_rng(seed)
    bank = np.zeros((1, 96, 96, 3), np.uint8)
    scene = compose_scene(bank, [thing(100), thing(200, 30, 20)], [0, 1], rng, PLAIN)
    painted = np.zeros((96, 96), bool)
    for x1, y1, x2, y2 in np.rint(scene.boxes * 96).astype(int):
        painted[y1:y2, x1:x2] = True
    # Bilinear resizing leaves a faint rim of a pixel around a thing, and nothing further away.
    rim = np.zeros_like(painted)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            rim |= np.roll(painted, (down, right), (0, 1))
    assert not scene.image[~rim].any()
    for (x1, y1, x2, y2), label in zip(np.rint(scene.boxes * 96).astype(int), scene.classes, strict=True):
        inner = scene.image[y1 + 3 : y2 - 3, x1 + 3 : x2 - 3]
        assert inner.size == 0 or (inner == (100, 200)[label]).all()


def test_things_do_not_cover_each_other():
    rng = np.random.default_rng(0)
    bank = np.zeros((1, 96, 96, 3), np.uint8)
    for _ in range(50):
        boxes = compose_scene(bank, [thing(100)], [0], rng, PLAIN).boxes
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart = a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
                assert apart


def test_classes_are_equally_likely_whatever_the_number_of_things():
    rng = np.random.default_rng(1)
    bank = np.zeros((1, 64, 64, 3), np.uint8)
    things, classes = [thing(50)] * 20 + [thing(90)], [0] * 20 + [1]
    labels = np.concatenate(
        [compose_scene(bank, things, classes, rng, Recipe(things=(1, 1))).classes for _ in range(600)]
    )
    # Six standard deviations of 600 fair coins.
    assert abs((labels == 1).sum() - len(labels) / 2) < 6 * np.sqrt(600) / 2


def test_one_seed_gives_one_scene_and_leaves_its_material_alone():
    bank = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3), np.uint8)
    things = [thing(100), thing(200)]
    kept = bank.copy(), [one.copy() for one in things]
    first, second = (compose_scene(bank, things, [0, 1], np.random.default_rng(7)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(bank, kept[0])
    assert all((one == other).all() for one, other in zip(things, kept[1], strict=True))


def test_a_thing_that_cannot_be_seen_or_does_not_fit_is_left_out():
    bank = np.zeros((1, 32, 32, 3), np.uint8)
    unseen = np.zeros((10, 10, 4), np.uint8)
    assert len(compose_scene(bank, [unseen], [0], np.random.default_rng(0)).boxes) == 0
    large = Recipe(sides=(1.5, 2.0), distort=False)
    assert len(compose_scene(bank, [thing(9)], [0], np.random.default_rng(0), large).boxes) == 0


def test_a_bank_holds_crops_of_its_pictures():
    red, blue = np.zeros((40, 60, 3), np.uint8), np.zeros((80, 50, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    bank = background_bank([red, blue], 32, 6, np.random.default_rng(0))
    assert bank.shape == (6, 32, 32, 3)
    assert (bank[::2, ..., 0] == 200).all()
    assert (bank[1::2, ..., 2] == 200).all()


def test_a_mask_says_of_every_pixel_which_thing_is_there():
    bank = np.zeros((1, 96, 96, 3), np.uint8)
    for seed in range(30):
        image, mask = compose_masked_scene(
            bank, [thing(100), thing(200, 30, 20)], [0, 4], np.random.default_rng(seed), PLAIN
        )
        # On black, a pixel of a grey thing is as bright as the thing is opaque there.
        brightness = image[..., 0].astype(float)
        assert (brightness[mask == 0] <= 0.51 * 200).all()
        assert (abs(brightness[mask == 1] / 100 - 0.75) <= 0.26).all()
        assert (abs(brightness[mask == 5] / 200 - 0.75) <= 0.26).all()
        assert set(np.unique(mask)) <= {0, 1, 5}
        assert (mask > 0).any()


def test_a_masked_scene_is_the_scene_with_boxes():
    bank = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3), np.uint8)
    things, classes = [thing(100), thing(200)], [0, 1]
    crowded = Recipe(things=(3, 6), overlap=0.9)
    for seed in range(20):
        scene = compose_scene(bank, things, classes, np.random.default_rng(seed), crowded)
        masked = compose_masked_scene(bank, things, classes, np.random.default_rng(seed), crowded)
        np.testing.assert_array_equal(scene.image, masked.image)
        inside = np.zeros((64, 64), bool)
        for x1, y1, x2, y2 in np.rint(scene.boxes * 64).astype(int):
            inside[y1:y2, x1:x2] = True
        assert not masked.mask[~inside].any()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="at least one picture"):
        background_bank([], 32, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="0 to 254"):
        compose_masked_scene(np.zeros((1, 8, 8, 3), np.uint8), [thing(1)], [255], np.random.default_rng(0))
    with pytest.raises(ValueError, match="things and classes"):
        compose_scene(np.zeros((1, 8, 8, 3), np.uint8), [thing(1)], [], np.random.default_rng(0))
