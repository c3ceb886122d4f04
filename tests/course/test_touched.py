"""Which cells of a blank notebook need a run of their own."""

import pytest

from tests.course.touched import cells_to_run, names_of


@pytest.mark.parametrize(
    ("source", "reads", "assigns", "changes"),
    [
        ("y = f(x)", {"f", "x"}, {"y"}, set()),
        ("x = 1\ny = x", set(), {"x", "y"}, set()),
        ("y = x\nx = 1", {"x"}, {"x", "y"}, set()),
        ("x += 1", {"x"}, {"x"}, set()),
        ("for i in numbers:\n    print(i)", {"numbers", "print"}, {"i"}, set()),
        ("total = [a * b for a in rows if a in kept]", {"rows", "b", "kept"}, {"total"}, set()),
        ("def f(a, k=start):\n    b = a\n    return b + c", {"c", "start"}, {"f"}, set()),
        ("def f():\n    global count\n    count = 1", set(), {"f"}, set()),
        ("import numpy as np\nnp.random.seed(0)", set(), {"np"}, set()),
        ("network.fit(x)", {"network", "x"}, set(), {"network"}),
        ("history = network.fit(x).history", {"network", "x"}, {"history"}, {"network"}),
        ("shape = picture.mean(axis=0).shape", {"picture"}, {"shape"}, set()),
        ("table['a'][0] = 1", {"table"}, set(), {"table"}),
        ("model.layers[0].trainable = False", {"model"}, set(), {"model"}),
        ("names.append(name)", {"names", "name"}, set(), {"names"}),
    ],
)
def test_names(source, reads, assigns, changes):
    found = names_of(source)
    assert (found.reads, found.assigns, found.changes) == (reads, assigns, changes)


NOTEBOOK = {
    "imports": "import numpy as np\nfrom utils.grading import check, passed",
    "data": "x, y = np.ones(3), np.zeros(3)",
    "long": "model = train(y)",
    "shown": "print(model)",
    "solution": "def scale(a):\n    raise NotImplementedError",
    "check": "check(scale)",
    "choice": "use = scale if passed(scale) else np.abs",
    "helper": "def both(a):\n    return use(a) + use(a)",
    "longer": "other = train(x)\nother.fit(x)",
    "result": "z = both(x)",
    "after": "print(other)",
    "reset": "z = 0",
    "last": "print(z)",
}


def test_what_the_learner_reaches_and_what_it_builds_on():
    assert cells_to_run(NOTEBOOK, ["scale"]) == [
        "imports",
        "data",
        "solution",
        "check",
        "choice",
        "helper",
        "result",
    ]


def test_a_function_is_reached_through_what_it_calls():
    assert cells_to_run(NOTEBOOK | {"helper": "def both(a):\n    return scale(a)"}, ["scale"])[-1] == "result"
    later = {"f": "def f():\n    return g()", "g": "def g():\n    return mine()", "call": "y = f()"}
    assert cells_to_run(later, ["mine"]) == ["f", "g", "call"]


def test_what_was_changed_in_place_comes_along():
    cells = {
        "make": "table = {}",
        "fill": "table['a'] = 1",
        "loop": "for name in 'ab':\n    print(name)",
        "unrelated": "for name in 'cd':\n    print(name)",
        "use": "mine(table)\nfor name in 'ef':\n    print(name)",
    }
    assert cells_to_run(cells, ["mine"]) == ["make", "fill", "use"]
    assert cells_to_run(
        {"a": "mine()", "b": "log = []", "c": "log.append(mine)", "d": "log"}, ["mine"]
    ) == list("abcd")
