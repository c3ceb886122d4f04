"""Lesson 3 of week 2: what the gate does not show."""

import subprocess
import sys
from math import prod

import numpy as np
import pytest

from utils.answers.week2.w2l3 import ANSWERS
from utils.grading.judge import judge
from utils.models import inception


class _Counted(float):
    """A number that counts in how many multiplications it took part as the left factor."""

    count = 0

    def __mul__(self, other):
        _Counted.count += 1
        return float(self) * float(other)


def _count_in_loops(shape, size, filters):
    """Run a same convolution number by number and count the products."""
    x = np.vectorize(_Counted, otypes=[object])(np.ones((shape[0] + size - 1, shape[1] + size - 1, shape[2])))
    before = _Counted.count
    for i, j, _ in np.ndindex(shape[0], shape[1], filters):
        for value in x[i : i + size, j : j + size].flat:
            value * 1.0
    return _Counted.count - before


@pytest.mark.parametrize(
    ("shape", "size", "filters"), [((4, 4, 3), 3, 2), ((5, 2, 4), 5, 3), ((3, 6, 2), 1, 4)]
)
def test_the_oracle_counts_what_loops_do(shape, size, filters):
    oracle = ANSWERS["multiplications"].oracle
    assert oracle(shape, size, filters) == _count_in_loops(shape, size, filters)
    narrow = (*shape[:2], 2)
    expected = _count_in_loops(shape, 1, 2) + _count_in_loops(narrow, size, filters)
    assert oracle(shape, size, filters, bottleneck=2) == expected


def test_the_lectures_numbers():
    oracle = ANSWERS["multiplications"].oracle
    assert oracle((28, 28, 192), 5, 32) == 120_422_400
    assert oracle((28, 28, 192), 5, 32, bottleneck=16) == 12_443_648


def test_the_answer_key_alone_needs_no_tensorflow():
    code = "import sys, utils.answers.week2.w2l3; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("seed", [None, 11, 12])
def test_the_librarys_networks_are_the_ones_that_are_asked_for(seed):
    def inception_module(x, *filters):
        return inception.inception_module(x, *filters)

    def googlenet(table, input_shape, classes, auxiliary=True):
        return inception.googlenet(table, input_shape, classes, auxiliary)

    assert judge("w2l3/inception_module", inception_module, seed).passed
    assert judge("w2l3/googlenet", googlenet, seed).passed


@pytest.mark.parametrize("seed", range(8))
def test_no_two_layers_of_a_case_have_equal_kernels(seed):
    """Else their weights, which are given by shape, could be exchanged in a right answer."""
    for case in ANSWERS["inception_module"].cases(np.random.default_rng(seed)):
        n1, n3_reduce, _, n5_reduce, _, n_pool = case.params["filters"]
        assert len({n1, n3_reduce, n5_reduce, n_pool}) == 4


def test_messages_say_what_came_back():
    import keras

    verdict = judge("w2l3/inception_module", lambda x, *filters: keras.Model(x, x))
    assert "Keras tensor" in verdict.problem
    verdict = judge("w2l3/googlenet", lambda *args, **kwargs: None)
    assert "None" in verdict.problem
    assert prod(verdict.groups.values()) == 0
