"""`course bench` as a program: what it runs, what it refuses, its exit status."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import program
from benchmarks.cases import Case, Detail
from benchmarks.child import chosen
from benchmarks.groups import GROUPS
from benchmarks.groups.course import seconds_by_notebook
from benchmarks.noise import others_busy
from benchmarks.peers import optional
from benchmarks.results import GroupResult, read_run, write_run
from tests.benchmarks.fakes import case_result, run, with_ratio
from utils import cli
from utils.course.bench import run_bench
from utils.course.refusal import Refusal

ROOT = Path(__file__).resolve().parents[2]


def course(*arguments):
    return CliRunner().invoke(cli.app, ["bench", *map(str, arguments)])


def test_every_group_has_a_module_with_cases_and_a_docstring():
    for name in GROUPS:
        tree = ast.parse((ROOT / "benchmarks" / "groups" / f"{name}.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), name
        assigned = [ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)]
        assert "CASES" in assigned, name


def test_groups_and_beginnings_of_cases_are_selected():
    assert "course" not in program.select([])
    assert set(program.select([])) == {name for name, group in GROUPS.items() if group.by_default}
    assert program.select(["conv/forward", "nms", "conv/max"]) == {"conv": ["forward", "max"], "nms": []}
    assert program.select(["conv/forward", "conv"]) == {"conv": []}
    cases = [Case(name, "", lambda: None) for name in ("forward, first", "backward")]
    assert [case.name for case in chosen(cases, ["forw"])] == ["forward, first"]
    assert len(chosen(cases, [])) == 2


def test_a_group_that_is_not_there_is_refused_with_those_that_are():
    result = course("convolution")
    assert result.exit_code == 1
    assert "convolution" in result.output
    assert all(name in result.output for name in GROUPS)


def test_a_busy_machine_is_refused_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(program, "others_busy", lambda seconds: 1.5)
    monkeypatch.setattr(program, "_run_group", lambda *arguments: pytest.fail("something was measured"))
    result = course("conv")
    assert result.exit_code == 1
    assert "other programs use 1.50" in result.output


def test_a_folder_that_is_not_there_is_said_first(tmp_path):
    result = course("conv", "--json", tmp_path / "no" / "run.json")
    assert result.exit_code == 1
    assert "no folder" in result.output


def test_threads_are_fixed_for_every_library():
    found = program.group_environment(
        ROOT, 1, {"PATH": "/bin", "OMP_NUM_THREADS": "64", "PYTHONPATH": "/more"}
    )
    names = ("OMP", "OPENBLAS", "MKL")
    assert {found[f"{name}_NUM_THREADS"] for name in names} == {found["TF_NUM_INTRAOP_THREADS"]} == {"1"}
    assert found["PYTHONPATH"] == os.pathsep.join([str(ROOT), "/more"])


def test_a_library_that_is_not_installed_is_a_peer_that_says_so():
    assert "not installed" in optional("a_library_that_nobody_has").reason


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="only Linux tells what others use")
def test_what_others_use_is_a_share_of_the_processors():
    assert 0 <= others_busy(0.05) <= 2 * os.cpu_count()


STATUS = {"all reached": 0, "missed": 1, "refused": 1, "failed": 1}


@pytest.mark.parametrize("what", STATUS)
def test_the_exit_status_tells_whether_everything_is_well(what, tmp_path, capsys):
    cases = {
        "missed": case_result(),
        "refused": case_result(refused="others compute", goals=()),
    }
    found = run(cases.get(what, with_ratio(1.0, 1.0, 1.0)))
    if what == "failed":
        found = run(groups=(type(found.groups[0])("conv", 1, (), failed="its process ended"),))
    said = []
    assert program.finish(found, tmp_path / "run.json", said.append) == STATUS[what]
    assert ("Every goal is reached." in said) == (STATUS[what] == 0)


@pytest.fixture
def quiet_machine(monkeypatch):
    monkeypatch.setattr(program, "others_busy", lambda seconds: 0.0)


def test_a_run_is_kept_in_its_file(tmp_path, monkeypatch, quiet_machine, capsys):
    monkeypatch.setattr(
        program, "_run_group", lambda root, name, *_: GroupResult(name, 1, (with_ratio(1, 1, 1),))
    )
    assert program.bench(ROOT, ["conv", "grade"], tmp_path / "run.json", lambda line: None) == 0
    assert [group.name for group in read_run(tmp_path / "run.json").groups] == ["conv", "grade"]


def test_an_interruption_keeps_the_groups_that_were_done(tmp_path, monkeypatch, quiet_machine):
    def measure(root, name, *_):
        if name == "nms":
            raise KeyboardInterrupt
        return GroupResult(name, 1, (case_result(),))

    monkeypatch.setattr(program, "_run_group", measure)
    with pytest.raises(Refusal, match=r"run\.json holds the groups that were done: conv"):
        program.bench(ROOT, ["conv", "nms"], tmp_path / "run.json", lambda line: None)
    assert [group.name for group in read_run(tmp_path / "run.json").groups] == ["conv"]
    with pytest.raises(Refusal, match="nothing was written"):
        program.bench(ROOT, ["nms"], tmp_path / "other.json", lambda line: None)
    assert not (tmp_path / "other.json").exists()


def test_two_runs_are_compared(tmp_path):
    first, second, third = (tmp_path / f"{name}.json" for name in "abc")
    write_run(run(with_ratio(1.0, 1.1, 1.2)), first)
    write_run(run(with_ratio(1.15, 1.2, 1.3)), second)
    write_run(run(with_ratio(1.9, 2.0, 2.1), machine={"processor": "another"}), third)
    agreeing, differing = course("--compare", first, second), course("--compare", first, third)
    assert (agreeing.exit_code, differing.exit_code) == (0, 1)
    assert "1 of 1 ratios agree" in agreeing.output
    assert "0 of 1 ratios agree" in differing.output
    assert "the machine of the two runs are not the same" in differing.output


def test_runs_without_a_common_ratio_cannot_be_compared(tmp_path):
    write_run(run(with_ratio(1, 1, 1)), tmp_path / "a.json")
    write_run(run(with_ratio(1, 1, 1, name="other")), tmp_path / "b.json")
    result = course("--compare", tmp_path / "a.json", tmp_path / "b.json")
    assert result.exit_code == 1
    assert "no ratio in common" in result.output


@pytest.mark.parametrize(
    "options", [("--write", "conv"), ("--write", "--smoke"), ("--write", "--json", "x.json")]
)
def test_options_that_exclude_each_other_are_refused(options):
    result = course(*options)
    assert result.exit_code == 1
    assert "measure nothing" in result.output


def test_a_course_without_benchmarks_says_so(tmp_path):
    with pytest.raises(Refusal, match="no benchmarks"):
        run_bench(tmp_path, [], None, print)


def test_the_cells_of_a_notebook_are_added_up_the_longest_notebook_first():
    # As pytest writes it.
    cell = '<testcase classname="week1_conv_basics.{}.ipynb" name="Cell {}" time="{}" />'
    cells = "".join(cell.format(*row) for row in [("1_a", 0, 0.5), ("1_a", 1, 0.25), ("2_b.new", 0, 2.0)])
    assert seconds_by_notebook(f"<testsuites><testsuite>{cells}</testsuite></testsuites>") == [
        Detail("week1_conv_basics/2_b.new.ipynb", 2.0),
        Detail("week1_conv_basics/1_a.ipynb", 0.75),
    ]


@pytest.mark.slow
def test_a_group_is_measured_from_end_to_end(tmp_path):
    file = tmp_path / "run.json"
    command = [sys.executable, "-m", "utils.cli", "bench", "--smoke", "decode", "--json", str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (group,) = json.loads(file.read_text())["groups"]
    assert (group["name"], group["threads"], group["failed"]) == ("decode", 1, "")
    assert group["cases"][0]["forms"][0]["name"] == "ours"
    assert file.with_name("run-ratios.png").is_file()
    assert "mean nothing" in done.stdout
