"""Attacks on the judging itself: what compares, calls, watches or carries results is replaced by something kinder."""

import pytest

from tests.grading.attacks.ground import Attack, assert_gains_nothing, code

BANK = (
    Attack(
        "check of the course",
        "nbgrader believes the notebook's own check",
        cells=("check = check_answer = passed = lambda *args: True\nprint('3/3')",),
    ),
    Attack(
        "comparisons of numpy",
        "asserts in the kernel compare with the student's NumPy",
        cells=("np.allclose = np.isclose = np.array_equal = lambda *args, **kwargs: True",),
        rest=False,
    ),
    Attack(
        "numpy.testing",
        "full marks in nbgrader for this and a fake array",
        cells=("for name in dir(np.testing):\n    setattr(np.testing, name, lambda *a, **k: None)",),
        rest=False,
    ),
    Attack(
        "builtins",
        "a judge in the same process uses the same `all` and `isinstance`",
        cells=("import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *args: True",),
        status=("graded", "crashed", "failed", "flagged"),
        rest=False,
    ),
    Attack(
        "a module in sys.modules",
        "what is imported later comes from there",
        cells=(
            code("""
            import sys, types
            fake = types.ModuleType("compare")
            fake.difference = lambda *args: ""
            sys.modules["utils.grading.compare"] = sys.modules["utils.grading.judge"] = fake
            """),
        ),
        rest=False,
    ),
    Attack(
        "the runner",
        "the runner in the box says what became of a call",
        cells=(
            code("""
            from utils.exercises.boxed import serve
            from utils.exercises.run import Outcome
            serve.run = lambda entry, function, case, seconds: Outcome(arrays={"result": case.arrays["X"]})
            """),
        ),
        status=("graded", "flagged", "crashed"),
        rest=False,
    ),
    Attack(
        "the exercise's own call",
        "an exercise may say how its function is called and its result read",
        cells=(
            code("""
            from dataclasses import replace
            import utils.exercises.boxed.serve as serve
            old = serve.exercise
            serve.exercise = lambda key: replace(
                old(key), call=lambda f, args, kwargs: args[0], probe=lambda r: {"result": r}
            )
            """),
        ),
        status=("graded", "flagged"),
        rest=False,
    ),
    Attack(
        "the channel",
        "every answer leaves through one method",
        cells=(
            code("""
            from utils.exercises.boxed.frames import Channel
            send = Channel.send
            good = {"trouble": "", "ok": True, "used": [], "passed": True, "points": 3, "score": 1.0}
            Channel.send = lambda self, header, *rest: send(self, {**header, **good}, *rest)
            """),
        ),
        rest=False,
    ),
    Attack(
        "the watch",
        "without it nobody sees which library functions are called",
        solution=code("""
        def zero_pad(X, pad):
            from utils.layers import pad2d
            return pad2d(X, pad)
        """),
        cells=(
            "from utils.exercises.boxed import tracing\ntracing.Watch.over = lambda self, function: function",
        ),
        status=("graded", "flagged"),
        rest=False,
    ),
    Attack(
        "the answer's class",
        "an outcome that calls itself right",
        cells=("import utils.exercises.run as r\nr.Outcome.trouble = property(lambda self: '')",),
        status=("graded", "crashed", "flagged"),
        rest=False,
    ),
    Attack(
        "the arguments",
        "cases whose arrays are empty are easy",
        cells=(
            code("""
            import utils.exercises.entry as entry
            entry.Exercise.arguments = lambda self, case: ((np.zeros((0, 0, 0, 0)), 0), {})
            """),
        ),
        status=("graded", "flagged"),
        rest=False,
    ),
    Attack(
        "an AST transformer",
        "8 of 8 points in nbgrader: every assert that the kernel runs becomes true",
        cells=(
            code("""
            import ast
            class Agree(ast.NodeTransformer):
                def visit_Assert(self, node):
                    node.test = ast.Constant(True)
                    return ast.fix_missing_locations(node)
            get_ipython().ast_transformers.append(Agree())
            """),
        ),
        rest=False,
    ),
    Attack(
        "an input transformer",
        "cells are text before they are code",
        cells=(
            code("""
            change = lambda lines: [line.replace("return X", "return np.ones(3)") for line in lines]
            exit._ip.input_transformers_cleanup.append(change)
            """),
        ),
        rest=False,
    ),
    Attack(
        "an import hook",
        "what the judge imports after the student's cells is the student's",
        cells=(
            code("""
            import sys
            class Finder:
                def find_spec(self, name, path=None, target=None):
                    if "grading" in name or "exercises" in name:
                        raise SystemExit
            sys.meta_path.insert(0, Finder())
            sys.path_hooks.clear()
            sys.path_importer_cache.clear()
            """),
        ),
        status=("graded", "crashed"),
        rest=False,
    ),
    Attack(
        "files that Python runs by itself",
        "the next process of the same user begins with them",
        cells=(
            code("""
            import os, site, sys
            home = ["/tmp/.local/lib/python3.11/site-packages", "/tmp/ipython/profile_default/startup"]
            for folder in [*home, "/box", site.getsitepackages()[0], sys.prefix]:
                for name in ("sitecustomize.py", "usercustomize.py", "a.pth", "0.py", "numpy.py"):
                    try:
                        os.makedirs(folder, exist_ok=True)
                        with open(os.path.join(folder, name), "w") as file:
                            file.write("import builtins; builtins.all = lambda x: True")
                    except OSError:
                        pass
            """),
        ),
        solution="import os\ndef zero_pad(X, pad):\n    os._exit(0)",
        status=("crashed",),
    ),
    Attack(
        "what nbgrader reads",
        "nbgrader takes the first number that a cell shows for its points",
        cells=("3", "print(3.0)", "from IPython.display import display\ndisplay(3)"),
        rest=False,
    ),
    Attack(
        "cases made when asked",
        "a judge that draws its cases in the box can be told what to draw",
        cells=("np.random.default_rng = lambda seed=None: np.random.RandomState(0)\nnp.random.seed(0)",),
        rest=False,
    ),
)
LEAK = code("""
import linecache
def zero_pad(X, pad):
    data = f"L{pad}" + X.tobytes().hex()[:400]
    linecache.getline = lambda *args: data
    linecache.getlines = lambda *args: [data] * 99
    namespace = {"data": data}
    source = "\\n" * pad * 1000 + f"def {data}():\\n raise type(data, (Exception,), {{}})(data)"
    exec(compile(source, data, "exec"), namespace)
    namespace[data]()
""")


@pytest.mark.parametrize("attack", BANK, ids=lambda attack: attack.name)
def test_a_patch_changes_no_points(attack):
    assert_gains_nothing(attack)


def test_values_do_not_get_out_through_an_error():
    """A hidden case in a feedback page would be hidden no longer."""
    row = assert_gains_nothing(Attack("leak", "", LEAK, rest=False)).exercises[0]
    assert "an error of its own" in row.says
    assert "L1" not in row.says + row.trace
    assert not any(len(word) > 60 for word in (row.says + row.trace + row.hint).split())
