"""The engine itself, on a small exercise made up here: what is accepted, what is rejected and what is said."""

import numpy as np
import pytest

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case, pack_case, unpack_case
from utils.exercises.entry import Exercise, named_results
from utils.exercises.run import pack_outcome, run, unpack_outcome
from utils.grading.judge import Trial


def _negated(x, scale):
    return -np.asarray(x) * scale


def _cases(rng):
    for shape in ((3,), (2, 4)):
        yield Case("scale of one", {"x": rng.normal(size=shape).astype(np.float32)}, {"scale": 1})
    yield Case("other scales", {"x": rng.normal(size=(5,))}, {"scale": 3})


EXERCISE = Exercise("w1l1", "scaled", "(x, scale)", 4, "Scale an array.", ("Multiply.",), time_limit=1.0)
ANSWER = Answer(
    _cases,
    oracle=lambda x, scale: np.multiply(x, scale),
    mistakes=(
        Mistake("sign", "The sign is turned round.", _negated),
        Mistake("scale ignored", "The scale is not used.", lambda x, scale: x * 1),
    ),
)


def judge(function, exercise=EXERCISE, answer=ANSWER):
    cases = list(answer.cases(np.random.default_rng(0)))
    return Trial(exercise, answer, cases).judge(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, scale: x * scale,
        lambda x, scale: x.astype(np.float64) * scale,
        lambda x, scale: (x * scale).tolist(),
        lambda x, scale: tuple((x * scale).tolist()) if x.ndim == 1 else x * scale,
        lambda scale, x: x * scale if isinstance(x, np.ndarray) else scale * x,
    ],
)
def test_right_value_in_a_harmless_form_is_accepted(function):
    assert judge(function).passed


def test_each_group_is_a_share_of_the_points():
    verdict = judge(lambda x, scale: x * 1)
    assert verdict.groups == {"scale of one": True, "other scales": False}
    assert verdict.score == 0.5
    assert verdict.points == 2
    assert verdict.mistake.name == "scale ignored"


def test_a_mistake_is_named_only_when_it_agrees_on_every_case():
    assert judge(_negated).mistake.name == "sign"
    assert judge(lambda x, scale: -x * scale if x.ndim == 1 else x).mistake is None


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x, scale: (x * scale)[:-1], "shape (2,); it should be (3,)"),
        (lambda x, scale: x * np.nan, "3 NaN of 3 values, the first at [0]"),
        (lambda x, scale: None, "gives None"),
        (lambda x, scale: ..., "still to be filled in"),
        (lambda x, scale: print, "pair of brackets"),
        (lambda x, scale: [[1], [1, 2]], "cannot be read as an array"),
        (lambda x, scale: x > 0, "holds booleans (bool); it should hold numbers"),
        (lambda x, scale: x + 1j, "complex numbers"),
        (lambda x: x, "raised TypeError"),
        (lambda x, scale: x / "a", "raised TypeError: ufunc"),
        (lambda x, scale: exec("raise SystemExit(3)"), "raised SystemExit: 3"),
    ],
)
def test_says_what_is_wrong(function, sentence):
    verdict = judge(function)
    assert not verdict.passed
    assert sentence in verdict.problem


def test_largest_difference_and_its_place():
    def off_by_five_at_the_end(x, scale):
        y = x * scale
        y.flat[-1] += 5
        return y

    verdict = judge(off_by_five_at_the_end)
    assert "1 of 3 values differ. The largest difference is at [2]" in verdict.problem


def test_endless_loop_is_stopped_once_with_a_sentence():
    def endless(x, scale):
        while True:
            try:
                scale += 1
            except Exception:
                continue

    verdict = judge(endless)
    assert verdict.score == 0
    assert "after 1 seconds and was stopped" in verdict.problem


def test_a_bare_except_does_not_escape_the_limit():
    def swallows(x, scale):
        for _ in range(2):
            try:
                while True:
                    scale += 1
            except:  # noqa: E722
                continue

    assert judge(swallows).outcome.trouble in ("time", "kind")


def test_inputs_changed_in_place_are_told():
    def in_place(x, scale):
        x *= scale
        return x

    verdict = judge(in_place)
    assert "`x` in place" in verdict.problem


def test_nested_arguments_changed_in_place_are_told():
    exercise = Exercise("w1l1", "f", "(options)", 1, ".", (".",))
    case = Case("any", {}, {"options": {"stride": 2, "names": ["a"]}})
    outcome = run(exercise, lambda options: options["names"].append("b"), case)
    assert outcome.trouble == "changed"
    assert "`options['names']`" in outcome.message


def test_a_case_may_demand_an_error():
    def oracle(x, scale):
        if scale == 3:
            raise ValueError("no threes")
        return x * scale

    answer = Answer(_cases, oracle=oracle)
    assert judge(oracle, answer=answer).passed
    assert "should raise ValueError (no threes)" in judge(lambda x, scale: x * scale, answer=answer).problem

    def other_kind(x, scale):
        return {1: 1}[scale] * x

    assert "it raised KeyError" in judge(other_kind, answer=answer).problem


def test_own_lines_of_a_traceback_are_kept():
    def outer(x, scale):
        def inner():
            return 1 / 0

        return inner()

    trace = judge(outer).outcome.trace
    assert "in outer" in trace.splitlines()[-2]
    assert "in inner: return 1 / 0" in trace.splitlines()[-1]


def test_whole_numbers_must_be_whole():
    exercise = Exercise("w1l1", "f", "(n)", 1, ".", (".",))
    answer = Answer(lambda rng: [Case("any", {}, {"n": 6})], oracle=lambda n: n // 2)
    assert judge(lambda n: n // 2, exercise, answer).passed
    assert (
        "holds numbers (float64); it should hold whole numbers"
        in judge(lambda n: n / 2, exercise, answer).problem
    )


def test_several_results_by_name():
    exercise = Exercise("w1l1", "f", "(n)", 1, ".", (".",), probe=named_results("half", "rest"))
    answer = Answer(lambda rng: [Case("any", {}, {"n": 7})], oracle=lambda n: divmod(n, 2))
    assert judge(lambda n: [n // 2, n % 2], exercise, answer).passed
    assert "2 values, (half, rest); it returned one int" in judge(lambda n: n, exercise, answer).problem
    assert "it returned 3" in judge(lambda n: (1, 2, 3), exercise, answer).problem
    assert "Your `rest` is 2; it should be 1" in judge(lambda n: (3, 2), exercise, answer).problem


def test_prints_pass_through(capsys):
    run(EXERCISE, lambda x, scale: print("hello"), next(_cases(np.random.default_rng(0))))
    assert capsys.readouterr().out == "hello\n"


def test_cases_and_outcomes_survive_the_way_through_bytes():
    case = Case("grün", {"x": np.arange(3, dtype=np.float32)}, {"deep": {"a": [1, None, "b"]}})
    back = unpack_case(pack_case(case))
    assert back.group == case.group
    assert back.params == case.params
    assert back.arrays["x"].dtype == np.float32
    outcome = run(EXERCISE, lambda x, scale: x * scale, next(_cases(np.random.default_rng(0))))
    again = unpack_outcome(pack_outcome(outcome))
    np.testing.assert_array_equal(again.arrays["result"], outcome.arrays["result"])
    assert (again.trouble, again.message) == ("", "")


def test_objects_cannot_be_packed():
    with pytest.raises(ValueError, match="x: arrays of Python objects"):
        pack_case(Case("any", {"x": np.array([object()])}))


def test_a_function_may_be_called_in_its_exercises_own_way():
    entry = Exercise(
        "w1l1",
        "f",
        "(x)",
        1,
        "Add.",
        ("a", "b"),
        call=lambda function, args, kwargs: function(*args) + function(1),
    )
    assert run(entry, lambda x: x + 1, Case("g", params={"x": 5})).arrays["result"] == 8


def _counted(function, calls):
    def count(x, scale):
        calls.append(scale)
        return function(x, scale)

    return count


def _bank(*functions):
    """An answer whose mistakes are these functions, and a list for each in which its calls are counted."""
    calls = [[] for _ in functions]
    mistakes = tuple(
        Mistake(f"mistake {i}", f"Sentence {i}.", _counted(function, calls[i]))
        for i, function in enumerate(functions)
    )
    return Answer(_cases, oracle=lambda x, scale: x * scale, mistakes=mistakes), calls


def _trial(answer):
    return Trial(EXERCISE, answer, list(answer.cases(np.random.default_rng(0))))


@pytest.mark.parametrize("anew", [False, True])
def test_a_banked_mistake_is_judged_as_a_learners_function_would_be(anew):
    functions = (
        _negated,
        lambda x, scale: x * 1,  # wrong on the last case only
        lambda x, scale: (
            -x * scale if x.ndim == 1 else x * scale
        ),  # is the first one where it is 1-dimensional
        lambda x, scale: 1 / 0,
        lambda x, scale: x * np.nan,
        lambda x, scale: -np.asarray(x) * scale,  # the first one once more
        lambda x, scale: x * scale,  # right
    )
    answer, _ = _bank(*functions)
    trial = _trial(answer)
    for mistake, function in zip(answer.mistakes, functions, strict=True):
        verdict = judge(function, answer=answer)
        assert trial.judge_mistake(mistake, anew) == (verdict.problem, verdict.mistake)
    assert trial.judge_mistake(answer.mistakes[5])[1] is answer.mistakes[0]
    assert trial.judge_mistake(answer.mistakes[6]) == ("", None)


def test_a_banked_mistake_runs_no_further_than_it_must():
    answer, calls = _bank(lambda x, scale: x * 1, _negated)
    trial = _trial(answer)
    for mistake in answer.mistakes:
        assert trial.judge_mistake(mistake)[1] is mistake
    assert [len(made) for made in calls] == [3, 1]


def test_a_banked_mistake_that_behaves_otherwise_the_second_time_is_not_recognised():
    draws = iter(range(1, 100))
    answer, _ = _bank(lambda x, scale: x * scale + next(draws))
    problem, recognised = _trial(answer).judge_mistake(answer.mistakes[0], anew=True)
    assert problem
    assert recognised is None
