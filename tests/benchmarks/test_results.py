"""A run keeps all it has found in its file; two runs are compared ratio by ratio."""

import json

import pytest

from benchmarks.cases import Detail
from benchmarks.results import Run, common_ratios, complaints, growths, read_run, write_run
from tests.benchmarks.fakes import case_result, of_size, run, with_ratio
from utils.course.refusal import Refusal


def test_what_is_written_is_read(tmp_path):
    whole = run(case_result(details=(Detail("a part", 1.5, "MiB"),)), case_result(name="b", refused="noise"))
    write_run(whole, tmp_path / "run.json")
    assert read_run(tmp_path / "run.json") == whole


def test_the_file_is_plain_json_with_these_names(tmp_path):
    write_run(run(), tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text())
    assert set(content) == {"taken", "machine", "versions", "groups", "smoke", "format"}
    (group,) = content["groups"]
    assert set(group) == {"name", "threads", "cases", "seconds", "failed"}
    (case,) = group["cases"]
    assert set(case) >= {"name", "work", "rounds", "forms", "goals", "memory", "refused", "series", "size"}
    assert case["forms"][1] == {
        "name": "TensorFlow",
        "role": "peer",
        "seconds": [0.4, 0.5, 0.6],
        "ratio": [1.8, 2.0, 2.2],
        "missing": "",
    }
    assert case["goals"][0] == {"what": "time over TensorFlow", "at_most": 1.5, "found": 2.0}


BROKEN = {
    "no JSON": "{",
    "no run": "{}",
    "a list": "[]",
    "another format": json.dumps({"format": 0}),
    "no groups": json.dumps({"format": 1}),
    "a strange role": None,
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_no_run_is_refused_in_a_sentence(tmp_path, what):
    file = tmp_path / "run.json"
    write_run(run(), file)
    text = file.read_text().replace('"peer"', '"stranger"') if what == "a strange role" else BROKEN[what]
    file.write_text(text)
    with pytest.raises(Refusal, match=r"run\.json"):
        read_run(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no file"):
        read_run(tmp_path / "run.json")


def test_complaints_name_missed_goals_refused_cases_and_failed_groups():
    groups = run(case_result(), case_result(name="other", refused="noise", goals=())).groups
    failed = type(groups[0])("nms", 1, (), failed="300 boxes failed: an error")
    found = complaints(Run("", {}, {}, (*groups, failed)))
    assert len(found) == 3
    assert "time over TensorFlow is 2, at most 1.5" in found[0]
    assert "too noisy: noise" in found[1]
    assert "an error" in found[2]


def test_only_ratios_that_both_have_with_a_spread_are_compared():
    first = run(
        with_ratio(1.0, 1.1, 1.2), with_ratio(1, 1, 1, name="once", rounds=1), with_ratio(1, 1, 1, name="a")
    )
    second = run(
        with_ratio(1.3, 1.4, 1.5), with_ratio(1, 1, 1, name="once", rounds=1), with_ratio(1, 1, 1, name="b")
    )
    (pair,) = common_ratios(first, second)
    assert (pair.group, pair.case, pair.form, pair.agree) == ("conv", "forward", "TensorFlow", False)


def test_growth_is_fitted_to_three_sizes_or_more():
    cubic = run(*(of_size(size, 1e-9 * size**3) for size in (100, 10, 1000)))
    (found,) = growths(cubic)
    assert (found.series, found.form, found.sizes) == ("boxes", "ours", (10, 100, 1000))
    assert found.exponent.value == pytest.approx(3.0)
    assert growths(run(of_size(1, 1.0), of_size(2, 2.0))) == []
