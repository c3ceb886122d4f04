"""What a learner sees: check, passed, hint, solution, progress; on a real exercise of week 1."""

import subprocess
import sys

import numpy as np
import pytest

from utils.grading import check, hint, passed, progress, solution

NOTEBOOK = "w1l2"


@pytest.fixture(autouse=True)
def learner_folder(tmp_path, monkeypatch):
    """Stand in a learner's folder with an empty progress file."""
    week = tmp_path / "learn" / "week1_conv_basics"
    week.mkdir(parents=True)
    (tmp_path / "learn" / progress.PROGRESS_FILE).write_text("{}")
    monkeypatch.chdir(week)
    return tmp_path / "learn"


def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def wrong_zero_pad():
    def zero_pad(X, pad):
        return np.pad(X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))

    return zero_pad


def blank_zero_pad():
    def zero_pad(X, pad):
        raise NotImplementedError("zero_pad is not done yet.")

    return zero_pad


def test_right_answer_earns_its_points_in_plain_text():
    result = check(zero_pad)
    assert result.passed
    assert result.score == 1
    assert float(repr(result)) == 3
    assert "zero_pad is right: 3 of 3 points" in result._repr_html_()
    assert passed(zero_pad)


def test_wrong_answer_names_the_case_the_problem_and_no_points():
    function = wrong_zero_pad()
    result = check(function)
    assert not result.passed
    assert not passed(function)
    assert "called with X: float" in result.text()
    assert "has shape" in result.text()
    assert float(repr(result)) < 3


def test_blank_stub_is_said_to_be_open_not_wrong():
    result = check(blank_zero_pad())
    assert result.kind == "open"
    assert "zero_pad is not done yet" in result.text()
    assert repr(result) == "0"


def test_progress_is_kept_in_the_learners_folder(learner_folder):
    check(wrong_zero_pad())
    check(zero_pad)
    row = progress.read(learner_folder / progress.PROGRESS_FILE)["w1l2/zero_pad"]
    assert (row.best, row.checks, row.failed) == (1.0, 2, 0)


def test_damaged_progress_costs_nothing_but_the_tally(learner_folder):
    (learner_folder / progress.PROGRESS_FILE).write_text("{ not json")
    assert check(zero_pad).passed


def test_hints_come_one_after_another():
    first, second = hint(zero_pad), hint(zero_pad)
    assert first.heading.startswith("Hint 1 of")
    assert second.heading.startswith("Hint 2 of")
    assert first.lines != second.lines


def test_solution_opens_after_three_failed_checks():
    function = wrong_zero_pad()
    assert "after 3 more failed checks" in solution(function).text()
    for _ in range(2):
        check(function)
    assert "after 1 more failed check." in solution(function).text()
    check(function)
    assert "np.pad" in solution(function).text()


def test_solution_opens_after_a_pass():
    check(zero_pad)
    assert "np.pad" in solution(zero_pad).text()


@pytest.mark.parametrize("thing", ["zero_pad", 3, None, zero_pad(np.zeros((1, 1, 1, 1)), 1)])
def test_something_else_than_a_function(thing):
    with pytest.raises(TypeError, match=r"function must be the function itself, as in check\(zero_pad\)"):
        check(thing)


def test_a_function_that_is_no_exercise():
    def my_padding(X, pad):
        return X

    with pytest.raises(ValueError, match="yours is named 'my_padding'"):
        check(my_padding)


def test_an_unknown_notebook():
    with pytest.raises(ValueError, match="notebook must be a notebook's id"):
        check(zero_pad, notebook="w9l9")


def test_notebook_can_be_given():
    assert check(zero_pad, notebook="w1a1").passed


def test_a_check_of_week_1_never_imports_tensorflow():
    code = (
        "import sys, numpy as np\n"
        "from utils.grading import check\n"
        "NOTEBOOK = 'w1l2'\n"
        "def zero_pad(X, pad): return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))\n"
        "assert check(zero_pad).passed\n"
        "print([m for m in ('tensorflow', 'keras', 'jax', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
