"""Attacks with what a function returns: things that agree with everything, cannot be compared, or cost a lot."""

import pytest

from tests.grading.attacks.ground import Attack, assert_gains_nothing, code
from utils.grading.classroom.records import Limits

BANK = (
    Attack(
        "equal to everything",
        "5 of 5 points in nbgrader, with a patched numpy.testing",
        code("""
        class Yes(np.ndarray):
            __eq__ = __ge__ = __le__ = lambda self, other: np.ones(self.shape, bool)
            __ne__ = lambda self, other: np.zeros(self.shape, bool)
            __array_ufunc__ = lambda self, *args, **kwargs: np.True_
            __array_function__ = lambda self, *args, **kwargs: np.True_
        def zero_pad(X, pad):
            return np.zeros((len(X), X.shape[1] + 2 * pad, X.shape[2] + 2 * pad, X.shape[3])).view(Yes)
        """),
    ),
    Attack(
        "made when it is asked",
        "__array__ is called by the judge and could ask what it is compared with",
        code("""
        class Lazy:
            def __array__(self, dtype=None, copy=None):
                return np.full(4, 7.0)
        def zero_pad(X, pad):
            return Lazy()
        """),
    ),
    Attack(
        "another array each time",
        "what is checked first and what is compared later are two calls",
        code("""
        class Twice:
            calls = 0
            def __array__(self, dtype=None, copy=None):
                Twice.calls += 1
                return np.zeros(Twice.calls)
            shape = property(lambda self: np.random.randint(0, 9, 4))
        def zero_pad(X, pad):
            return Twice()
        """),
    ),
    Attack(
        "a result by counting calls",
        "somebody who knows the order of the cases could keep a table",
        "calls = []\ndef zero_pad(X, pad):\n    calls.append(1)\n    return np.full(X.shape, len(calls))",
    ),
    Attack(
        "remembered cases",
        "a judge that draws the same cases again could be answered from memory",
        code("""
        memory = {}
        def zero_pad(X, pad):
            return memory.setdefault((X.tobytes(), pad), X)
        """),
    ),
    Attack(
        "guessed seeds",
        "with the seed the cases are known beforehand",
        code("""
        import zlib
        def zero_pad(X, pad):
            for seed in [0, 1, 42, 1234, zlib.crc32(b"w1l2/zero_pad"), *range(2000)]:
                if np.array_equal(np.random.default_rng(seed).normal(size=X.shape).astype(X.dtype), X):
                    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
            return X
        """),
    ),
    Attack(
        "Python objects",
        "objects travel as pickles, which run code",
        code("""
        class Evil:
            def __reduce__(self):
                return print, ("unpickled",)
        def zero_pad(X, pad):
            return np.array([Evil()] * 3, dtype=object)
        """),
    ),
    Attack(
        "a subclass of float",
        "a number that equals every number",
        code("""
        class Number(float):
            __eq__ = lambda self, other: True
            __sub__ = __rsub__ = lambda self, other: 0.0
        def zero_pad(X, pad):
            return Number(1)
        """),
    ),
    Attack(
        "not a number",
        "NaN is near everything in some comparisons",
        "def zero_pad(X, pad):\n    return X * np.nan",
    ),
    Attack(
        "a masked array",
        "what is masked is not compared",
        code("""
        def zero_pad(X, pad):
            shape = (len(X), X.shape[1] + 2 * pad, X.shape[2] + 2 * pad, X.shape[3])
            return np.ma.masked_all(shape)
        """),
    ),
    Attack(
        "a structured array",
        "a field by the name of the result",
        code("""
        def zero_pad(X, pad):
            return np.zeros(X.shape, dtype=[("result", "f8"), ("more", "O")])
        """),
    ),
    Attack(
        "negative strides",
        "memory before the array's beginning",
        code("""
        def zero_pad(X, pad):
            return np.lib.stride_tricks.as_strided(X[::-1, ::-1], strides=(-8, -8, -8, -8))
        """),
        status=("graded", "crashed"),
    ),
    Attack(
        "stride tricks of a terabyte",
        "few bytes here, many when they are copied",
        code("""
        def zero_pad(X, pad):
            return np.broadcast_to(np.float64(0), (1 << 40,))
        """),
    ),
    Attack(
        "a memory-mapped array",
        "a file that changes after it was looked at",
        code("""
        def zero_pad(X, pad):
            shape = (len(X), X.shape[1] + 2 * pad, X.shape[2] + 2 * pad, X.shape[3])
            return np.memmap("/tmp/result", X.dtype, "w+", shape=shape)
        """),
    ),
    Attack(
        "as large as a message may be",
        "sixty megabytes a case are gigabytes in the grader",
        "def zero_pad(X, pad):\n    return np.zeros(60 << 20, np.uint8)",
        status=("failed", "timeout", "graded"),
    ),
    Attack(
        "larger than a message may be",
        "the grader reads until its memory is full",
        "def zero_pad(X, pad):\n    return np.zeros(200 << 20, np.uint8)",
        status=("crashed", "timeout"),
    ),
    Attack(
        "lists in lists in lists",
        "a copy of it takes a stack for each level",
        code("""
        def zero_pad(X, pad):
            nested = []
            for _ in range(100_000):
                nested = [nested]
            return nested
        """),
    ),
    Attack(
        "a list that holds itself",
        "a walk through it never ends",
        code("""
        def zero_pad(X, pad):
            endless = []
            endless.append(endless)
            return endless
        """),
    ),
    Attack(
        "a sequence without an end",
        "whoever makes an array of it never comes back",
        code("""
        class Endless:
            __len__ = lambda self: 1 << 40
            __getitem__ = lambda self, index: 0.0
        def zero_pad(X, pad):
            return Endless()
        """),
        status=("graded", "timeout"),
    ),
    Attack("long text", "numbers were asked for", "def zero_pad(X, pad):\n    return np.array('x' * 99_999)"),
    Attack(
        "very long text",
        "more than a message's kind can say",
        "def zero_pad(X, pad):\n    return 'x' * 9_999_999",
        status=("graded", "crashed"),
    ),
    Attack(
        "dates",
        "neither numbers nor text",
        "def zero_pad(X, pad):\n    return np.array(['2026-01-01'], 'M8[D]')",
    ),
    Attack(
        "the argument itself, changed",
        "what is compared might be the judge's own array",
        code("""
        def zero_pad(X, pad):
            X[:] = 0
            pad = 0
            return X
        """),
    ),
    Attack(
        "an error that cannot be told",
        "whoever prints it fails",
        code("""
        class Unspeakable(Exception):
            __str__ = __repr__ = lambda self: 1 / 0
        def zero_pad(X, pad):
            raise Unspeakable
        """),
        status=("graded", "crashed"),
    ),
    Attack(
        "an error that takes for ever to tell",
        "outside of the time limit of the call",
        code("""
        class Slow(Exception):
            def __str__(self):
                while True:
                    pass
        def zero_pad(X, pad):
            raise Slow
        """),
        status=("timeout", "crashed"),
    ),
    Attack(
        "an error in surrogates",
        "text that no file can hold",
        code("""
        def zero_pad(X, pad):
            raise type("\\udcff\\ud800\\x00" * 9, (Exception,), {})("\\udfff\\x00" * 9)
        """),
        status=("graded", "crashed"),
    ),
    Attack(
        "an error with a megabyte to say",
        "texts are limited, are they",
        code("""
        def zero_pad(X, pad):
            raise ValueError("<script>" * 200_000)
        """),
    ),
    Attack(
        "the stub's own error",
        "not done is not wrong",
        "def zero_pad(X, pad):\n    raise NotImplementedError('3/3')",
    ),
    Attack(
        "SystemExit", "a judge that catches Exception ends", "def zero_pad(X, pad):\n    raise SystemExit(0)"
    ),
    Attack(
        "KeyboardInterrupt",
        "as if the teacher had pressed Ctrl-C",
        "def zero_pad(X, pad):\n    raise KeyboardInterrupt",
        status=("graded", "crashed"),
    ),
    Attack(
        "GeneratorExit from a generator",
        "the caller gets a generator, not a result",
        "def zero_pad(X, pad):\n    yield X",
    ),
    Attack(
        "a class in place of the function",
        "calling it makes an object",
        code("""
        class zero_pad:
            def __init__(self, X, pad):
                self.X = X
        """),
        status=("graded", "failed"),
    ),
    Attack("no function at all", "a name that is no function", "zero_pad = 3", status=("failed",)),
)


@pytest.mark.parametrize("attack", BANK, ids=lambda attack: attack.name)
def test_a_strange_result_gets_no_points(attack, short_exercises):
    assert_gains_nothing(attack, limits=Limits(memory_mb=2048))
