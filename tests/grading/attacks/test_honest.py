"""Honest ways to write a solution, as people write them: none may lose points or be flagged."""

from dataclasses import replace

import pytest

from tests.grading.attacks.ground import IMPORTS, SEED, assert_full, code
from tests.grading.classroom.handed_in import WEEK
from utils.grading.classroom.judging import judge_notebook
from utils.grading.classroom.records import Job, PlannedCell
from utils.grading.notebooks import defined_functions

# Exercise → idiom → its cell. Each notebook below takes one of each.
IDIOMS = {
    "conv_output_size": {
        "type hints and a default": """
            def conv_output_size(n: int, f: int, pad: int = 0, stride: int = 1) -> int:
                return (n + 2 * pad - f) // stride + 1
            """,
        "a walrus and an f-string": """
            def conv_output_size(n, f, pad, stride):
                if (room := n + 2 * pad - f) < 0:
                    raise ValueError(f"{f=} is larger than {n + 2 * pad}")
                return room // stride + 1
            """,
        "a generator": """
            def places(length, f, stride):
                start = 0
                while start + f <= length:
                    yield start
                    start += stride
            def conv_output_size(n, f, pad, stride):
                return sum(1 for _ in places(n + 2 * pad, f, stride))
            """,
        "math.floor": """
            import math
            from math import floor
            def conv_output_size(n, f, pad, stride):
                assert stride > 0, "stride"
                return int(floor((n + 2 * pad - f) / stride + 1))
            """,
    },
    "same_padding": {
        "match": """
            def same_padding(f):
                match f % 2:
                    case 0:
                        raise ValueError("even")
                    case _:
                        return f // 2
            """,
        "recursion and a cache": """
            from functools import lru_cache
            @lru_cache(maxsize=None)
            def same_padding(f):
                if f == 1:
                    return 0
                if f <= 0:
                    raise ValueError("f must be odd")
                return 1 + same_padding(f - 2)
            """,
        "an error of its own": """
            class EvenFilter(ValueError):
                pass
            def same_padding(f):
                try:
                    if not f % 2:
                        raise EvenFilter(f)
                except EvenFilter as error:
                    raise ValueError(str(error)) from error
                return (f - 1) // 2
            """,
        "a lambda": "check_odd = lambda f: f % 2\ndef same_padding(f):\n    if not check_odd(f):\n"
        "        raise ValueError('f must be odd')\n    return (f - 1) // 2",
    },
    "zero_pad": {
        "np.pad": """
            import numpy as np
            def zero_pad(X, pad):
                return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="constant", constant_values=0)
            """,
        "loops and prints": """
            def zero_pad(X, pad):
                print("shape", X.shape)
                m, h, w, c = X.shape
                out = np.zeros((m, h + 2 * pad, w + 2 * pad, c))
                for i in range(m):
                    for y in range(h):
                        for x in range(w):
                            out[i, y + pad, x + pad] = X[i, y, x]
                return out
            """,
        "a helper class": """
            from dataclasses import dataclass, field
            @dataclass
            class Border:
                width: int
                notes: list = field(default_factory=list)
                @property
                def pairs(self):
                    return (0, 0), (self.width,) * 2, (self.width,) * 2, (0, 0)
                def __call__(self, X):
                    self.notes.append(X.shape)
                    return np.pad(X, self.pairs)
            def zero_pad(X, pad):
                return Border(pad)(X)
            """,
        "warnings, logging and time": """
            import logging, sys, time, warnings
            def zero_pad(X, pad):
                started = time.time()
                warnings.warn("slow")
                out = np.zeros([X.shape[0], X.shape[1] + 2 * pad, X.shape[2] + 2 * pad, X.shape[3]], dtype=X.dtype)
                out[:, pad:out.shape[1] - pad, pad:out.shape[2] - pad, :] = X
                logging.getLogger("me").warning("took %s", time.time() - started)
                print("done", file=sys.stderr)
                return out
            """,
    },
    "conv_single_step": {
        "einsum": "def conv_single_step(a_slice_prev, W, b):\n"
        "    return np.einsum('ijk,ijk->', a_slice_prev, W) + float(b[0, 0, 0])",
        "ravel and @": "def conv_single_step(a_slice_prev, W, b):\n"
        "    return a_slice_prev.ravel() @ W.ravel() + b.item()",
        "a long comment": "def conv_single_step(a_slice_prev, W, b):\n"
        "    # sys.modules, eval(x), __globals__: only words\n"
        "    '''exec(\"import ctypes\")'''\n    s = np.multiply(a_slice_prev, W)\n"
        "    return float(np.sum(s)) + b.item()",
        "zip and sum": "def conv_single_step(a_slice_prev, W, b):\n"
        "    return sum(float(x) * float(y) for x, y in zip(a_slice_prev.flat, W.flat, strict=True)) + b.item()",
    },
    "parameter_count": {
        "np.prod": "def parameter_count(f, n_C_prev, n_C):\n    return int(np.prod((f, f, n_C_prev, n_C))) + n_C",
        "keyword only inside": "def count(*, side, depth, bias=True):\n    return side ** 2 * depth + bias\n"
        "def parameter_count(f, n_C_prev, n_C):\n    return count(side=f, depth=n_C_prev) * n_C",
        "a closure": "def per_filter(f):\n    def inner(depth):\n        return f * f * depth + 1\n    return inner\n"
        "def parameter_count(f, n_C_prev, n_C):\n    return per_filter(f)(n_C_prev) * n_C",
        "NumPy numbers": "def parameter_count(f, n_C_prev, n_C):\n    return np.int64(f * f * n_C_prev + 1) * n_C",
    },
}
# What people leave in a notebook beside the exercises.
OWN_CELLS = (
    "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    "plt.rcParams['figure.figsize'] = (5, 3)\nplt.plot([1, 2])\nplt.show()",
    "%timeit -n 2 -r 1 np.zeros(3)\n%time x = 3",
    "%%time\ntotal = sum(range(10))\ntotal",
    "import sys, os, platform\nprint(sys.version, sys.float_info.max, os.getcwd(), platform.platform())",
    "try:\n    import pandas as pd\nexcept ImportError:\n    pd = None",
    "import random, itertools, collections, typing, pathlib\nrandom.seed(1)\n"
    "np.random.seed(0)\nnp.set_printoptions(precision=3)",
    "X = np.random.rand(1, 3, 3, 1)\ntheirs = np.pad(X, 1)\nhelp(np.pad)\nX?",
    "print('é 王 \\U0001f600')\nprint('x' * 10_000)\n!ls",
    "1 / 0",
    "this is no Python",
    "check(zero_pad)\nhint(zero_pad)\npassed(zero_pad)",
    "from utils.grading import check, hint\nfrom utils.data import photograph",
    "import warnings\nwarnings.filterwarnings('ignore')\nwith open('notes.txt', 'w') as file:\n    file.write('mine')",
    "%pip install seaborn\n%load_ext autoreload\n%autoreload 2",
)


def notebook(index: int, own: tuple[str, ...] = OWN_CELLS) -> Job:
    """Return a notebook with the idioms of one number, cells of the student's own between them."""
    planned = [
        PlannedCell("imports", IMPORTS, False),
        PlannedCell("imports-changed", IMPORTS + "\nimport time", True),
    ]
    planned += [PlannedCell(f"own-{i}", source, True) for i, source in enumerate(own)]
    for name, idioms in IDIOMS.items():
        source = code(list(idioms.values())[index])
        planned.append(PlannedCell(name, source, True, tuple(defined_functions(source))))
    return Job("alice", WEEK, "w1l2", tuple(planned), tuple(IDIOMS), seed=SEED)


@pytest.mark.parametrize(
    "index", range(4), ids=lambda index: ", ".join(list(i)[index] for i in IDIOMS.values())
)
def test_honest_idioms_keep_their_points(index):
    assert_full(judge_notebook(notebook(index)))


def test_a_librarys_result_to_compare_with_is_no_crime():
    """Only what the function itself leads to counts."""
    own = (
        "from utils.layers import pad2d\nX = np.ones((1, 2, 2, 1))\ntheirs = pad2d(X, 1) if 0 else None\n"
        "if theirs is not None:\n    np.testing.assert_allclose(zero_pad(X, 1), theirs)",
    )
    assert_full(judge_notebook(notebook(0, own)))


def test_cells_that_fail_are_told_and_cost_nothing_else():
    result = judge_notebook(notebook(1))
    assert {"own-8", "own-9"} <= {cell for cell, _ in result.failed_cells}
    assert not {"conv_output_size", "zero_pad"} & {cell for cell, _ in result.failed_cells}


def test_equal_jobs_have_equal_results():
    job = replace(notebook(2, ()), student="carol")
    assert replace(judge_notebook(job), seconds=0) == replace(judge_notebook(job), seconds=0)
