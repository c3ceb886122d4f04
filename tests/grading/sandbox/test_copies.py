"""The files of a box: where a function is defined, and that what answers an exercise is no longer in them."""

import ast
import marshal
from pathlib import Path

import pytest

from utils.exercises.index import NOTEBOOKS, exercise
from utils.exercises.withheld import Withheld, withheld
from utils.grading.notebooks import course_root
from utils.grading.sandbox.copies import (
    absent_package,
    copy_for,
    definition,
    public_copy,
    take_out,
    taken_out,
)

MODULE = '''
"""A module."""
import math
SIZE = 3
def answer(x, *, scale=2):
    """Say it."""
    return _helper(x) * scale + _shared(x)
def _helper(x):
    return math.sqrt(x) + _deeper(x)
def _deeper(x):
    return 40 + x
def _shared(x):
    return x - 1
def other(x):
    return _shared(x)
class Thing:
    def method(self):
        return answer(3)
'''


def run(source: str) -> dict:
    space: dict = {}
    exec(compile(source, "module", "exec"), space)
    return space


def test_what_answers_is_gone_and_the_rest_works():
    source = take_out(MODULE, Path("utils/some/module.py"), {"answer"})
    space = run(source)
    for call in (lambda: space["answer"](3), lambda: space["_helper"](3), lambda: space["_deeper"](3)):
        with pytest.raises(Withheld, match=r"utils\.some\.module\."):
            call()
    assert space["other"](3) == 2
    assert space["SIZE"] == 3
    assert "40" not in source
    assert "sqrt" not in source


def test_methods_of_a_class_are_taken_out():
    space = run(take_out(MODULE, Path("utils/some/module.py"), {"Thing"}))
    with pytest.raises(Withheld):
        space["Thing"]().method()
    assert space["answer"](4) == run(MODULE)["answer"](4)


def test_withheld_names_what():
    with pytest.raises(Withheld, match=r"some\.name is not available"):
        withheld("some.name")


def test_definitions_are_found_through_packages():
    place, name = definition(course_root(), "utils.layers.conv2d")
    assert (course_root() / place).is_file()
    tree = ast.parse((course_root() / place).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for wrong in ("utils.layers.no_such_thing", "utils.no_such_module.f"):
        with pytest.raises(LookupError):
            definition(course_root(), wrong)


def test_every_listed_function_of_ours_exists():
    for name, notebook in NOTEBOOKS.items():
        for function in notebook.exercises:
            for listed in exercise(f"{name}/{function}").answered_by:
                if listed.startswith("utils."):
                    definition(course_root(), listed)


@pytest.mark.parametrize("notebook", ["w1l2", "w1a1"])
def test_a_copy_holds_nothing_that_answers(notebook):
    folder = copy_for(notebook)
    gone = taken_out(notebook)
    assert gone
    for place, name in gone:
        nodes = ast.parse((folder / place).read_text()).body
        node = next(node for node in nodes if getattr(node, "name", "") == name)
        assert "withheld" in ast.unparse(node)
        for path in (folder / place).parent.glob(f"__pycache__/{place.stem}.*.pyc"):
            module = marshal.loads(path.read_bytes()[16:])
            code = next(one for one in module.co_consts if getattr(one, "co_name", "") == name)
            inner = [code, *(one for one in code.co_consts if hasattr(one, "co_names"))]
            assert any("withheld" in one.co_names for one in inner)
        assert "withheld" not in (course_root() / place).read_text()
        assert "withheld" not in (public_copy() / place).read_text()


def test_copies_are_public_files_only():
    names = {path.relative_to(public_copy()).as_posix() for path in public_copy().rglob("*.py")}
    assert not [
        name for name in names if name.startswith(("utils/answers", "utils/gate", "utils/grading/judge"))
    ]
    assert "utils/exercises/boxed/serve.py" in names


def test_an_absent_package_cannot_be_imported(tmp_path):
    with pytest.raises(ModuleNotFoundError, match="not available while this notebook is judged"):
        exec((absent_package() / "__init__.py").read_text(), {"__name__": "scipy"})
