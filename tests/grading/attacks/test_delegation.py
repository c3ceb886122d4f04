"""Attempts to let a library do the exercise: its function is not there, or its use is noticed."""

import ast

import pytest

from tests.grading.attacks.ground import assert_full, code, job_of, right, row_of
from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.classroom.delegation import delegated
from utils.grading.classroom.judging import judge_notebook
from utils.grading.classroom.records import PlannedCell
from utils.grading.classroom.suspicion import suspicious
from utils.grading.notebooks import defined_functions, notebook_path, read_cells, stub

# In assignment 1 `utils.layers.pad2d` stays, since another exercise's given code builds on it: here it is watched.
WATCHED = {
    "directly": ((), "from utils.layers import pad2d\ndef zero_pad(X, pad):\n    return pad2d(X, pad)"),
    "by an alias of an alias": (
        ("import utils.layers as tools\nborder = tools.pad2d",),
        "again = border\ndef zero_pad(X, pad):\n    return again(X, pad)",
    ),
    "by a computed name": (
        (),
        "import utils.layers\ndef zero_pad(X, pad):\n    return getattr(utils.layers, 'pad' + '2d')(X, pad)",
    ),
    "through sys.modules": (
        (),
        "import sys\ndef zero_pad(X, pad):\n    return sys.modules['utils.layers.shapes'].pad2d(X, pad)",
    ),
    "by the garbage collector": (
        (),
        code("""
        import gc, types
        def zero_pad(X, pad):
            for thing in gc.get_objects():
                if type(thing) is types.FunctionType and thing.__name__[:4] == "pad2":
                    return thing(X, pad)
        """),
    ),
    "by a copy of its code": (
        ("from utils.layers import pad2d as other\nimport types",),
        "zero_pad = types.FunctionType(other.__code__, other.__globals__, 'zero_pad')\n"
        "def zero_pad(X, pad, _f=zero_pad):\n    return _f(X, pad)",
    ),
    "from the file": (
        (),
        code("""
        import utils.layers.shapes as shapes
        text = open(shapes.__file__).read()
        space = {}
        exec(text, space)
        def zero_pad(X, pad):
            return space["pad2d"](X, pad)
        """),
    ),
    "by a closure made before": (
        (
            "def make():\n    from utils.layers import pad2d\n    return lambda X, pad: pad2d(X, pad)\nhelper = make()",
        ),
        "def zero_pad(X, pad):\n    return helper(X, pad)",
    ),
    "by a thread that was there before": (
        (
            code("""
        import queue, threading
        from utils.layers import pad2d
        asked, answered = queue.Queue(), queue.Queue()
        def work():
            while True:
                answered.put(pad2d(*asked.get()))
        threading.Thread(target=work, daemon=True).start()
        """),
        ),
        "def zero_pad(X, pad):\n    asked.put((X, pad))\n    return answered.get()",
    ),
    "with the watch taken off": (
        ("from utils.layers import pad2d",),
        "import sys\ndef zero_pad(X, pad):\n    sys.setprofile(None)\n    return pad2d(X, pad)",
    ),
    "with the watch taken off and put on again": (
        ("from utils.layers import pad2d",),
        code("""
        import sys
        def zero_pad(X, pad):
            mine = sys.getprofile()
            sys.setprofile(None)
            result = pad2d(X, pad)
            sys.setprofile(mine)
            return result
        """),
    ),
    "while the watch itself is asked": (
        ("from utils.layers import pad2d",),
        code("""
        class Sly(list):
            @property
            def __class__(self):
                Sly.result = pad2d(*Sly.arguments)
                return list
        def zero_pad(X, pad):
            Sly.arguments = X, pad
            Sly().append(1)
            isinstance(Sly(), dict)
            return Sly.result
        """),
    ),
    "in a method of a class": (
        (),
        "from utils.layers import *\nimport utils.layers as L\nclass Tools:\n    pad = staticmethod(L.pad2d)\n"
        "def zero_pad(X, pad):\n    return Tools.pad(X, pad)",
    ),
    "from another exercise's cell": (
        ("def iou(a, b):\n    pass\nfrom utils.layers import pad2d as iou_helper",),
        "def zero_pad(X, pad):\n    return iou_helper(X, pad)",
    ),
    "behind a magic": (
        ("%%time\nfrom utils.layers import pad2d as quick",),
        "def zero_pad(X, pad):\n    return quick(X, pad)",
    ),
}
# In lesson 2 the packages are not there, and neither is the body of our own function.
ABSENT = {
    "scipy": "from scipy import ndimage\ndef zero_pad(X, pad):\n    return ndimage.shift(X, pad)",
    "tensorflow": "def zero_pad(X, pad):\n    import tensorflow as tf\n"
    "    return tf.pad(X, [[0, 0], [pad, pad], [pad, pad], [0, 0]]).numpy()",
    "keras": "def zero_pad(X, pad):\n    import keras\n    return keras.layers.ZeroPadding2D(pad)(X)",
    "our own": "def zero_pad(X, pad):\n    from utils.layers import pad2d\n    return pad2d(X, pad)",
    "our own by its file": "def zero_pad(X, pad):\n    from utils.layers.shapes import pad2d\n    return pad2d(X, pad)",
    "the solution that a hint gives out": "def zero_pad(X, pad):\n    return solution(zero_pad)(X, pad)",
}


@pytest.mark.parametrize("name", WATCHED)
def test_a_library_function_that_is_there_is_noticed(name):
    cells, source = WATCHED[name]
    job = job_of(source, cells, notebook="w1a1", honest=("im2col",))
    row = row_of(judge_notebook(job), "zero_pad")
    assert row.points == 0
    assert row.status == "flagged", row
    assert row.flagged_for


@pytest.mark.parametrize("name", ABSENT)
def test_a_library_function_that_is_not_there_helps_nobody(name):
    row = row_of(judge_notebook(job_of(ABSENT[name])), "zero_pad")
    assert row.points == 0
    assert row.status in ("graded", "failed", "flagged")


# What an answer does with the refusal: the exercise is flagged all the same, and nothing else is.
WITHHELD = {
    "lets it out": ABSENT["our own"],
    "lets it out, imported by its file": ABSENT["our own by its file"],
    "catches it and returns what it can": code("""
        from utils.layers import pad2d
        def zero_pad(X, pad):
            try:
                return pad2d(X, pad)
            except Exception:
                return X
    """),
    "catches it and does the exercise": code("""
        from utils.layers import pad2d
        def zero_pad(X, pad):
            try:
                return pad2d(X, pad)
            except Exception:
                return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    """),
    "ends the process": code("""
        import os, utils.layers
        def zero_pad(X, pad):
            try:
                return utils.layers.pad2d(X, pad)
            except Exception:
                os._exit(0)
    """),
    "never ends": code("""
        import utils.layers
        def zero_pad(X, pad):
            while True:
                try:
                    utils.layers.pad2d(X, pad)
                except BaseException:
                    pass
    """),
    "in a thread": code("""
        import threading
        import utils.layers
        def zero_pad(X, pad):
            thread = threading.Thread(target=utils.layers.pad2d, args=(X, pad))
            thread.start()
            thread.join()
            return X
    """),
    "under the exercise's own name": "from utils.layers import pad2d as zero_pad",
}


@pytest.mark.parametrize("name", WITHHELD)
def test_calling_a_withheld_function_is_for_the_teacher_to_decide(name, short_exercises):
    result = judge_notebook(job_of(WITHHELD[name]))
    row, honest = result.exercises
    assert (row.exercise, row.points, row.status) == ("zero_pad", 0, "flagged"), row
    assert any("pad2d`, which would answer the exercise" in reason for reason in row.flagged_for)
    assert "teacher" in row.says
    assert "pad2d" not in row.says
    assert (honest.status, honest.points, honest.flagged_for) == ("graded", honest.max_points, ())


def test_a_withheld_function_of_another_exercise_is_named_too():
    source = "from utils.layers import pad2d\ndef parameter_count(*args):\n    return pad2d(np.ones((1, 2, 2, 1)), 1)"
    job = job_of(source, attacked="parameter_count", honest=("zero_pad",))
    row = row_of(judge_notebook(job), "parameter_count")
    assert (row.points, row.status) == (0, "flagged")
    assert row.flagged_for == (
        "It called `utils.layers.shapes.pad2d`, which is withheld from this notebook.",
    )


IMPORTED = {
    "at the top": "from utils.layers import pad2d\nimport utils.layers as layers\n",
    "under the exercise's name": "from utils.layers import pad2d as zero_pad\n",
    "and compared with outside": "from utils.layers import pad2d\nprint(pad2d.__name__)\n",
}


@pytest.mark.parametrize("name", IMPORTED)
def test_importing_without_calling_is_honest(name):
    source = IMPORTED[name] + right("w1l2", "zero_pad")
    assert_full(judge_notebook(job_of(source)))
    inside = right("w1l2", "zero_pad").replace("\n    ", "\n    from utils.layers import pad2d\n    ", 1)
    assert "pad2d" in inside
    assert_full(judge_notebook(job_of(inside)))


def test_what_an_exercise_leaves_running_does_not_flag_the_next():
    # zero_pad's thread goes on calling what conv_single_step must not, while conv_single_step is judged.
    source = code("""
        import threading, time
        import utils.layers
        def call():
            for _ in range(2000):
                try:
                    utils.layers.pad2d(np.ones((1, 2, 2, 1)), 1)
                except Exception:
                    time.sleep(0.01)
        def zero_pad(X, pad):
            if threading.active_count() < 4:
                threading.Thread(target=call, daemon=True).start()
            return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    """)
    rows = judge_notebook(job_of(source, honest=("conv_single_step", "parameter_count"))).exercises
    assert [row.status for row in rows] == ["flagged", "graded", "graded"]
    assert [row.points for row in rows[1:]] == [row.max_points for row in rows[1:]]
    assert not any(row.flagged_for for row in rows[1:])


def test_assignment_1_is_judged_with_what_stays_there():
    assert_full(judge_notebook(job_of(right("w1a1", "zero_pad"), notebook="w1a1", honest=("im2col",))))


@pytest.mark.parametrize("notebook", [name for name, one in NOTEBOOKS.items() if one.exercises])
def test_the_courses_own_solutions_are_not_suspicious(notebook):
    path = notebook_path(notebook)
    if not path.exists():
        pytest.skip("this notebook is not written yet")
    cells = [
        PlannedCell(cell.id, cell.source, cell.is_solution, tuple(defined_functions(cell.source)))
        for cell in read_cells(path)
        if cell.kind == "code"
    ]
    for name in NOTEBOOKS[notebook].exercises:
        assert suspicious(cells, name, exercise(f"{notebook}/{name}").answered_by) == [], name


# Cells, and whether they lead to the listed function.
IMPORTS_AND_USES = (
    ("from a.b import f\ndef mine(x):\n    return x", False),
    ("from a.b import f as mine\ndef mine(x):\n    return x", False),
    ("def mine(x):\n    from a.b import f\n    return x", False),
    ("def mine(x):\n    from a.b import f\n    return f(x)", True),
    ("def mine(x):\n    from a.b import f as g\n    return g(x)", True),
    ("def mine(x):\n    return x\nfrom a.b import f as mine", True),
    ("from a.b import f as mine", True),
    ("from a.b import f as mine\nold = mine\ndef mine(x):\n    return old(x)", True),
    ("import a.b\ndef mine(x):\n    return x", False),
    ("import a.b\ndef mine(x):\n    return a.b.f(x)", True),
    ("try:\n    from a.b import f as mine\nexcept ImportError:\n    pass", True),
)


@pytest.mark.parametrize(("source", "leads"), IMPORTS_AND_USES)
def test_an_import_counts_where_its_name_is_read(source, leads):
    assert delegated([ast.parse(source)], [], "mine", ["a.b.f"]) == (["a.b.f"] if leads else [])


@pytest.mark.parametrize("notebook", [name for name, one in NOTEBOOKS.items() if one.exercises])
def test_the_blank_leads_nowhere(notebook):
    path = notebook_path(notebook)
    if not path.exists():
        pytest.skip("this notebook is not written yet")
    cells = []
    for cell in read_cells(path):
        names = tuple(defined_functions(cell.source)) if cell.kind == "code" else ()
        done = [name for name in names if cell.is_solution and name in NOTEBOOKS[notebook].exercises]
        source = stub(cell.source, done[0]) if done else cell.source
        cells += [PlannedCell(cell.id, source, cell.is_solution, names)] if cell.kind == "code" else []
    for name in NOTEBOOKS[notebook].exercises:
        assert suspicious(cells, name, exercise(f"{notebook}/{name}").answered_by) == [], name


def test_delegation_of_nothing():
    assert delegated([], [], "f", ["a.b"]) == []


# Ways around the reading of the text: (cells, what is found).
TRICKS = (
    ("from sys import modules as m", "import sys.modules"),
    ("%timeit -n 10 exec('1')", "exec(…)"),
    ("%%time\nimport ctypes", "import ctypes"),
    ("from functools import reduce\nreduce(getattr, ['a', 'b'], np)", "getattr is passed on"),
    ("read = getattr", "getattr is passed on"),
    ("print.__self__", ".__self__"),
    ("exit._ip", "._ip"),
    ("import utils.exercises as e", "import utils.exercises"),
    ("from utils import exercises", "import utils"),
    ("np.testing.assert_equal = print", "np.….assert_equal is changed"),
    ("setattr(np, 'all', print)", "np.….all is changed"),
    ("__builtins__['ev' + 'al']", "__builtins__(…)"),
    ("import warnings\nwarnings.sys.path", ".sys"),
    ("from operator import attrgetter", "import operator.attrgetter"),
    ("get_ipython().events", "get_ipython()"),
    ("(lambda: 0).__globals__", ".__globals__"),
    ("[c for c in ().__class__.__base__.__subclasses__()]", ".__subclasses__"),
    ("np.testing.runstring('1', {})", ".runstring"),
)


@pytest.mark.parametrize(("source", "found"), TRICKS)
def test_tools_are_seen_in_the_text(source, found):
    given = PlannedCell("imports", "import numpy as np", False)
    assert found in suspicious([given, PlannedCell("own", source, True)], "zero_pad")


@pytest.mark.parametrize(
    "source", ["(" * 5000, "\x00", "\udcff", "def f(:", "x = " + "-" * 3000 + "1", "", "# only"]
)
def test_text_that_is_no_code_is_nothing(source):
    assert suspicious([PlannedCell("own", source, True)], "zero_pad", ["a.b"]) == []


# With TensorFlow there, its operations answer `conv1d_forward`: cells before the exercise, the exercise.
WITH_TENSORFLOW = {
    "directly": (
        (),
        "def conv1d_forward(x, w, b, stride, padding):\n    return tf.nn.conv1d(x, w, stride, padding)",
    ),
    "by raw operations": (
        (),
        "def conv1d_forward(x, w, b, stride, padding):\n"
        "    return tf.raw_ops.Conv2D(input=x, filter=w, strides=stride)",
    ),
    "by a graph that was traced before": (
        (
            "@tf.function\ndef quick(x, w):\n    return tf.nn.conv1d(x, w, 1, 'VALID')\n"
            "quick(tf.ones((1, 4, 1)), tf.ones((2, 1, 1)))",
        ),
        "def conv1d_forward(x, w, b, stride, padding):\n    return quick(x, w) + b",
    ),
    "by a layer that was built before": (
        ("import keras\nlayer = keras.layers.Conv1D(1, 2)\nlayer.build((1, 4, 1))",),
        "def conv1d_forward(x, w, b, stride, padding):\n    layer.set_weights([w, b])\n    return layer(x)",
    ),
    "by another path to the same function": (
        (),
        "def conv1d_forward(x, w, b, stride, padding):\n    return tf.compat.v1.nn.conv1d(x, w, stride, padding)",
    ),
    "from a list that is filled later": (
        ("TOOLS = []", "TOOLS.append(tf.nn.conv1d)"),
        "def conv1d_forward(x, w, b, stride, padding):\n    return TOOLS[0](x, w, stride, padding)",
    ),
}


@pytest.mark.parametrize("name", WITH_TENSORFLOW)
def test_tensorflow_is_seen_in_the_text(name):
    cells, source = WITH_TENSORFLOW[name]
    planned = [PlannedCell("imports", "import tensorflow as tf", False)]
    planned += [PlannedCell(str(i), cell, True) for i, cell in enumerate(cells)]
    planned += [PlannedCell("it", source, True, ("conv1d_forward",))]
    assert suspicious(planned, "conv1d_forward", exercise("w4l5/conv1d_forward").answered_by)


@pytest.mark.slow
def test_tensorflow_gets_nobody_points():
    cells, source = WITH_TENSORFLOW["by a graph that was traced before"]
    job = job_of(
        source,
        ("import tensorflow as tf", *cells),
        notebook="w4l5",
        attacked="conv1d_forward",
        honest=(),
    )
    row = row_of(judge_notebook(job), "conv1d_forward")
    assert row.points == 0
    assert row.status == "flagged"
