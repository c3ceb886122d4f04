"""Which packages a box needs: what the course's own cells import, with what those require."""

from dataclasses import replace

from tests.grading.attacks.ground import honest_job
from utils.grading.classroom.records import PlannedCell
from utils.grading.sandbox.imports import imported_packages, packages_to_hide, with_requirements


def test_imports_are_followed_through_our_modules():
    found = imported_packages(
        "from utils.layers import conv2d\nimport os.path as p\n%matplotlib inline\nimport json"
    )
    assert {"numpy", "json"} <= found
    assert not {"tensorflow", "keras", "utils"} & found
    assert imported_packages("") == frozenset()
    assert imported_packages("def f(:\nimport numpy as np\n!ls") == {"numpy"}


def test_packages_come_with_what_they_require():
    assert {"matplotlib", "numpy", "PIL"} <= with_requirements(frozenset({"matplotlib"}))
    assert {"tensorflow", "numpy"} <= with_requirements(frozenset({"keras"}))
    assert with_requirements(frozenset({"no_such_package"})) == {"no_such_package"}


def test_a_lesson_without_tensorflow_hides_it():
    hidden = packages_to_hide(honest_job())
    assert {"tensorflow", "keras", "scipy"} <= set(hidden)
    assert not {"numpy", "utils", "IPython", "matplotlib"} & set(hidden)
    assert list(hidden) == sorted(hidden)


def test_what_a_student_imports_does_not_count():
    job = honest_job()
    own = PlannedCell("own", "import tensorflow, scipy", True)
    assert packages_to_hide(replace(job, cells=(*job.cells, own))) == packages_to_hide(job)
