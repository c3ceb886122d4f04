"""A case is measured in turns, judged by its goals, and refused on a noisy machine; time passes by order only."""

import numpy as np
import pytest

from benchmarks.cases import Case, Detail, Form, Missing, Work
from benchmarks.runner import ATTEMPTS, LEAST_ROUNDS, MOST_ROUNDS, PROBES, measure
from tests.benchmarks.fakes import Clock, meter


@pytest.fixture
def clock():
    return Clock()


def case(work: Work, **changes) -> Case:
    return Case(**{"name": "a case", "work": "some work", "build": lambda: work} | changes)


def by_name(result):
    return {form.name: form for form in result.forms}


def test_ratios_are_our_time_over_theirs(clock):
    work = Work(Form(clock.work(3.0)), {"peer": Form(clock.work(2.0))}, {"limit": Form(clock.work(1.0))})
    result = measure(case(work, goals={"peer": 1.6, "limit": 2.5}), meter(clock))
    forms = by_name(result)
    assert [form.role for form in result.forms] == ["ours", "peer", "limit"]
    assert forms["ours"].seconds == (3.0, 3.0, 3.0)
    assert forms["peer"].ratio == (1.5, 1.5, 1.5)
    assert forms["limit"].ratio == (3.0, 3.0, 3.0)
    assert [(goal.found, goal.reached) for goal in result.goals] == [(1.5, True), (3.0, False)]


def test_one_slow_probe_a_round_is_no_noise(clock):
    work = Work(Form(clock.work(1.0)), {"peer": Form(clock.work(2.0))})
    result = measure(case(work, goals={"peer": 1.0}), meter(clock, probes=[1.0] * (PROBES - 1) + [1.6]))
    assert result.refused == ""
    assert result.goals[0].found == 0.5


def test_ratios_are_paired_within_a_round(clock):
    speeds = [1.0, 5.0, 1.0, 2.0, 9.0, 1.0, 1.0]
    before = [1.0]  # the call by which the rounds are planned
    ours, theirs = clock.work([*before, *(2 * s for s in speeds)]), clock.work([*before, *speeds])
    result = measure(case(Work(Form(ours), {"peer": Form(theirs)})), meter(clock))
    assert result.rounds == LEAST_ROUNDS == len(speeds)
    assert by_name(result)["peer"].ratio == (2.0, 2.0, 2.0)


def test_forms_take_turns_and_another_one_begins_each_round(clock):
    called = []

    def form(name):
        def call():
            called.append(name)
            clock.now += 1.0

        return Form(call)

    measure(case(Work(form("a"), {"b": form("b"), "c": form("c")}), rounds=3), meter(clock))
    assert "".join(called) == "abcbcacab"


def test_rounds_fill_the_budget_within_bounds(clock):
    def rounds(seconds, budget):
        return measure(case(Work(Form(clock.work(seconds))), budget=budget), meter(clock)).rounds

    assert rounds(0.5, 5.0) == 10
    assert rounds(60.0, 5.0) == LEAST_ROUNDS
    assert rounds(0.01, 5.0) == MOST_ROUNDS


def test_a_fast_form_is_called_several_times_in_a_row(clock):
    calls = 0

    def fast():
        nonlocal calls
        calls += 1
        clock.now += 0.001

    result = measure(case(Work(Form(fast)), budget=0.0), meter(clock))
    assert calls == 1 + 4 * LEAST_ROUNDS
    assert by_name(result)["ours"].seconds.median == pytest.approx(0.001)


def test_a_form_that_does_a_part_of_the_work_is_scaled_up(clock):
    work = Work(Form(clock.work(1.0)), {"loops": Form(clock.work(2.0), times=50.0)})
    assert by_name(measure(case(work), meter(clock)))["loops"].ratio.median == pytest.approx(0.01)


def test_a_form_with_a_clock_of_its_own_is_believed(clock):
    def call():
        clock.now += 100.0
        return 0.25

    result = measure(case(Work(Form(call, own_clock=True)), rounds=2, most_seconds=0.3), meter(clock))
    assert by_name(result)["ours"].seconds.median == 0.25
    assert result.goals[0].reached


def test_a_missing_peer_is_a_row_that_says_so_and_its_goal_is_not_judged(clock):
    work = Work(Form(clock.work(1.0)), {"peer": Missing("not installed")})
    result = measure(case(work, goals={"peer": 1.0}), meter(clock))
    row = by_name(result)["peer"]
    assert (row.role, row.missing, row.seconds, row.ratio) == ("peer", "not installed", None, None)
    assert result.goals[0].found is None
    assert result.goals[0].reached is None


NOISES = {
    "other programs": {"others": 0.8},
    "a fixed piece of work": {"probes": [1.0] * PROBES + [1.6] * PROBES},
}


@pytest.mark.parametrize("why", NOISES)
def test_a_noisy_machine_is_not_reported(clock, why):
    work = Work(Form(clock.work(0.01)), {"peer": Form(clock.work(0.02)), "gone": Missing("not installed")})
    result = measure(case(work, goals={"peer": 1.0}), meter(clock, **NOISES[why]))
    assert why in result.refused
    assert result.goals == ()
    assert all(form.seconds is form.ratio is None for form in result.forms)
    assert by_name(result)["gone"].missing == "not installed"


def test_a_disturbed_round_is_measured_again_and_does_not_count(clock):
    # One round in four is slow, for our form twice as slow as for the peer's: the look before it tells.
    before = [0.1]  # the call by which the rounds are planned
    ours = clock.work([*before, *[0.1, 0.1, 0.1, 0.8] * LEAST_ROUNDS])
    theirs = clock.work([*before, *[0.1, 0.1, 0.1, 0.4] * LEAST_ROUNDS])
    looks = [1.0] * 3 * PROBES + [1.5] * PROBES
    work = Work(Form(ours), {"peer": Form(theirs)})
    result = measure(case(work, goals={"peer": 1.0}, budget=0.0), meter(clock, looks))
    assert not result.refused
    assert by_name(result)["peer"].ratio == (1.0, 1.0, 1.0)
    assert (result.rounds, result.disturbed) == (LEAST_ROUNDS, 6)


@pytest.mark.parametrize(("seconds", "rounds"), [(60.0, 2), (0.6, 0)])
def test_rounds_that_are_few_or_long_all_count(clock, seconds, rounds):
    result = measure(
        case(Work(Form(clock.work(seconds))), rounds=rounds), meter(clock, [1.0] * 5 + [2.0] * 5)
    )
    assert (result.rounds, result.disturbed, result.refused) == (rounds or 8, 0, "")


def test_a_ratio_with_a_goal_that_jumps_is_not_reported(clock):
    work = Work(Form(clock.work([1.0, 1.0, 4.0, 2.0])), {"peer": Form(clock.work(1.0))})
    assert "peer" in measure(case(work, goals={"peer": 1.0}), meter(clock)).refused
    assert not measure(case(work), meter(clock)).refused


def test_a_moment_of_noise_is_measured_again(clock):
    moments = iter(
        [0.9] * 4 * (ATTEMPTS - 1) + [0.0, 0.0]
    )  # before and after; looked at twice where others compute
    quiet = meter(clock)
    passing = type(quiet)(clock, quiet.probe, lambda: next(moments))
    result = measure(case(Work(Form(clock.work(1.0)))), passing)
    assert not result.refused
    assert list(moments) == []


def test_a_program_that_is_just_ending_disturbs_nobody(clock):
    moments = iter([0.9, 0.0, 0.9, 0.0])
    quiet = meter(clock)
    ending = type(quiet)(clock, quiet.probe, lambda: next(moments))
    assert not measure(case(Work(Form(clock.work(1.0)))), ending).refused


def test_where_the_system_does_not_tell_what_others_do_the_probe_decides(clock):
    assert not measure(case(Work(Form(clock.work(1.0)))), meter(clock, others=None)).refused


def test_a_smoke_run_bears_noise_and_is_short(clock):
    result = measure(case(Work(Form(clock.work(0.001)))), meter(clock, others=2.0), smoke=True)
    assert (result.rounds, result.refused) == (2, "")


def test_memory_is_the_peak_in_outputs(clock):
    def ours():
        clock.now += 1.0
        first = np.zeros(250_000)
        return first + 1  # two arrays at once

    result = measure(case(Work(Form(ours), output_bytes=2_000_000), most_memory=1.5), meter(clock))
    assert result.memory == pytest.approx(2.0, abs=0.01)
    assert result.goals[0].reached is False


def test_details_are_kept(clock):
    def ours():
        clock.now += 1.0
        return [Detail("a notebook", 0.5)]

    assert measure(case(Work(Form(ours)), rounds=1), meter(clock)).details == (Detail("a notebook", 0.5),)


def test_a_case_is_closed_even_when_a_form_raises(clock):
    closed = []

    def broken():
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        measure(case(Work(Form(broken), close=lambda: closed.append(True))), meter(clock))
    assert closed == [True]
