"""Lesson 1 beyond its gate: the course's signs and weights, and SciPy's and NumPy's word on the oracles."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from utils.answers.week1 import w1l1


def test_light_to_dark_is_positive():
    step = np.repeat([[1.0, 1, 1, 0, 0, 0]], 6, axis=0)
    for family in ("", "sobel_", "scharr_"):
        upright, flat = (w1l1.edge_kernel_oracle(family + word) for word in ("vertical", "horizontal"))
        assert w1l1.correlate2d_oracle(step, upright).max() > 0
        assert w1l1.correlate2d_oracle(step, upright).min() == 0
        assert not w1l1.correlate2d_oracle(step, flat).any()
        assert w1l1.correlate2d_oracle(step.T, flat).max() > 0


def test_libraries_filters_are_those_of_the_lectures():
    assert w1l1.edge_kernel_oracle("sobel_vertical").tolist() == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    np.testing.assert_allclose(
        w1l1.edge_kernel_oracle("scharr_horizontal"), [[3, 10, 3], [0, 0, 0], [-3, -10, -3]]
    )


sides = st.integers(1, 7)


@settings(deadline=None)
@given(sides, sides, sides, sides, st.integers(0, 1000))
def test_oracles_agree_with_scipy_signal(height, width, more_rows, more_columns, seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(height, width))
    image = rng.normal(size=(height + more_rows, width + more_columns))
    correlated = signal.correlate2d(image, kernel, mode="valid")
    np.testing.assert_allclose(w1l1.correlate2d_oracle(image, kernel), correlated, atol=1e-12)
    flipped = w1l1.flip_kernel_oracle(kernel)
    np.testing.assert_allclose(signal.convolve2d(image, flipped, mode="valid"), correlated, atol=1e-12)


def test_descent_ends_at_least_squares():
    rng = np.random.default_rng(0)
    image, target = rng.normal(size=(9, 9)), rng.normal(size=(7, 7))
    patches = np.lib.stride_tricks.sliding_window_view(image, (3, 3)).reshape(-1, 9)
    best = np.linalg.lstsq(patches, target.ravel())[0].reshape(3, 3)
    np.testing.assert_allclose(w1l1.learn_kernel_oracle(image, target, 20_000, 0.1), best, atol=1e-8)


def test_first_step_is_the_numerical_gradient():
    rng = np.random.default_rng(1)
    image, target, h = rng.normal(size=(6, 5)), rng.normal(size=(4, 3)), 1e-6

    def loss(kernel):
        return np.mean((signal.correlate2d(image, kernel, mode="valid") - target) ** 2)

    gradient = [(loss(h * e) - loss(-h * e)) / (2 * h) for e in np.eye(9).reshape(9, 3, 3)]
    step = w1l1.learn_kernel_oracle(image, target, 1, 0.5)
    np.testing.assert_allclose(step.ravel(), -0.5 * np.array(gradient), atol=1e-8)


@pytest.mark.parametrize("notebook", ["w1l1", "w1l2"])
def test_checks_of_numpy_lessons_start_no_tensorflow(notebook):
    code = (
        f"import sys; from utils.answers.week1 import {notebook} as n; from utils.grading.judge import judge;"
        f"[judge('{notebook}/' + name, a.oracle) for name, a in n.ANSWERS.items()];"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
