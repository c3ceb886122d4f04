"""Lesson 5 of week 2: right answers are never refused by bad luck, and the public pipeline keeps its promises."""

import numpy as np
import pytest

from utils.data import augment
from utils.data.pipeline import input_pipeline
from utils.exercises.case import Case
from utils.exercises.entry import WrongKind
from utils.exercises.index import exercise
from utils.exercises.randomness import call_with_generators, call_with_seeds, probe_draws
from utils.exercises.run import run
from utils.grading.judge import judge

SEEDS = range(40)


def mirror(images, rng):
    return np.stack([augment.random_mirror(image, rng=rng).image for image in images])


def crop(images, size, rng):
    return np.stack([augment.random_crop(image, size, rng=rng).image for image in images])


def shear(images, max_shear, rng):
    return np.stack([augment.random_shear(image, max_shear, rng=rng).image for image in images])


def color(images, max_shift, rng):
    return np.stack([augment.random_color_shift(image, max_shift, rng=rng) for image in images])


def pca(images, std, seed):
    shifts = np.random.default_rng(seed).normal(0, std, (len(images), 3)) @ augment.color_axes(images).T
    return images + shifts[:, None, None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("random_mirror", mirror),
        ("random_crop", crop),
        ("random_shear", shear),
        ("color_shift", color),
        ("pca_color_augment", pca),
    ],
)
def test_the_librarys_distortions_pass_for_any_seed(name, function):
    for seed in SEEDS:
        verdict = judge(f"w2l5/{name}", function, seed)
        assert verdict.passed, (seed, verdict.problem)


def test_one_seed_is_used_twice_and_the_others_once():
    numbers = call_with_generators(lambda x, rng: x + rng.random(), (np.zeros(3), [5, 6, 7]), {})
    assert len(numbers) == 4
    np.testing.assert_array_equal(numbers[0], numbers[1])
    assert len({float(n[0]) for n in numbers}) == 3
    assert call_with_seeds(lambda x, seed: seed, (0, [5, 6]), {}) == [5, 5, 6]


def test_draws_of_different_shapes_are_refused():
    with pytest.raises(WrongKind, match="other shapes"):
        probe_draws([np.zeros(2), np.zeros(3)])


def test_a_function_that_spoils_its_argument_is_told():
    def spoil(images, rng):
        images[:] = 0
        return images

    case = Case("g", {"images": np.ones((2, 2, 2, 1))}, {"seeds": [1, 2]})
    assert run(exercise("w2l5/random_mirror"), spoil, case).trouble == "changed"


@pytest.mark.slow
def test_the_librarys_pipeline_passes_and_repeats_its_order():
    assert judge("w2l5/input_pipeline", input_pipeline).passed

    def load(path):
        import tensorflow as tf

        return tf.fill((2, 2, 1), tf.strings.to_number(path))

    def orders(seed):
        data = input_pipeline([str(i) for i in range(20)], range(20), load, lambda x: x, 6, True, seed)
        return [[int(n) for _, labels in data for n in labels] for _ in range(2)]

    first, second = orders(3)
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert orders(3) == [first, second]


@pytest.mark.parametrize(
    ("paths", "labels", "batch_size", "words"),
    [
        ([], [], 2, "as many, one at least"),
        (["a"], [1, 2], 2, "as many"),
        (["a"], [1], 0, "batch_size must be at least 1"),
    ],
)
def test_bad_input_of_the_pipeline_is_named(paths, labels, batch_size, words):
    with pytest.raises(ValueError, match=words):
        input_pipeline(paths, labels, str, str, batch_size, True)
