"""Two passes become one result: the spread takes both in, and nothing that one pass has is lost."""

import pytest

from benchmarks.groups import GROUPS
from benchmarks.merge import merge_groups
from benchmarks.program import passes
from benchmarks.results import GroupResult
from tests.benchmarks.fakes import case_result, with_ratio


def merged(first, second):
    (case,) = merge_groups(
        GroupResult("conv", 1, (first,), 4.0), GroupResult("conv", 1, (second,), 5.0)
    ).cases
    return case


def test_the_spread_takes_both_passes_in():
    case = merged(with_ratio(1.0, 2.0, 2.2), with_ratio(4.0, 8.0, 8.5))
    assert case.forms[1].ratio == (1.0, 4.0, 8.5)
    assert case.rounds == 18


def test_goals_are_judged_by_what_both_found():
    case = merged(case_result(), case_result())
    assert [goal.found for goal in case.goals] == [2.0, None, 1.0, 1.1]
    assert case.memory == 1.1
    by_name = {form.name: form for form in case.forms}
    assert by_name["TensorFlow"].ratio.median == case.goals[0].found
    assert by_name["PyTorch"].missing == "not installed"


@pytest.mark.parametrize("which", [0, 1])
def test_a_refused_case_is_the_other_passes(which):
    pair = [with_ratio(1.0, 2.0, 3.0), with_ratio(1.0, 2.0, 3.0)]
    pair[which] = case_result(refused="noise", goals=())
    assert merged(*pair) == pair[1 - which]


def test_no_case_and_no_failure_is_lost():
    first = GroupResult("conv", 1, (case_result(name="a"), case_result(name="b")), 4.0, "c failed")
    second = GroupResult("conv", 1, (case_result(name="b"), case_result(name="c")), 5.0)
    group = merge_groups(first, second)
    assert [case.name for case in group.cases] == ["a", "b", "c"]
    assert [case.rounds for case in group.cases] == [9, 18, 9]
    assert (group.seconds, group.failed) == (9.0, "c failed")


def test_second_passes_come_when_every_group_had_its_first():
    twice = [name for name, group in GROUPS.items() if group.passes == 2]
    assert passes(GROUPS) == [*GROUPS, *twice]
    assert passes(["grade", "conv"]) == ["grade", "conv", "conv"]
    assert passes(GROUPS, smoke=True) == list(GROUPS)
