"""Every exercise can be run where only the public half exists: the answer key cannot even be imported there."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import utils
from utils.exercises.case import pack_case
from utils.exercises.index import NOTEBOOKS, split_key
from utils.exercises.run import unpack_outcome
from utils.grading.judge import Trial, trial
from utils.grading.notebooks import course_root, solution_cell, surroundings

pytestmark = pytest.mark.gate

PRIVATE = ("answers", "grading", "gate", "course")


@pytest.fixture
def public_half(tmp_path) -> Path:
    """A folder with all but the private packages; site-packages without the editable install's hook."""
    package = tmp_path / "public" / "utils"
    package.mkdir(parents=True)
    for source in Path(utils.__file__).parent.iterdir():
        if source.name not in (*PRIVATE, "__pycache__"):
            (package / source.name).symlink_to(source)
    (package.parent / "data").symlink_to(course_root() / "data")
    return package.parent


def _python(public_half: Path, *arguments: str) -> subprocess.CompletedProcess:
    # -S leaves .pth files unread, so that nothing but PYTHONPATH says where `utils` is.
    path = os.pathsep.join([str(public_half), sysconfig.get_path("purelib")])
    environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        env=environment,
        cwd=public_half,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("package", ["utils.answers", "utils.grading", "utils.gate"])
def test_the_private_half_is_out_of_reach(public_half, package):
    done = _python(public_half, "-c", f"import utils.exercises.run, {package}")
    assert done.returncode == 1
    assert f"No module named '{package}'" in done.stderr


@pytest.mark.parametrize("week", sorted({n[:2] for n, row in NOTEBOOKS.items() if row.exercises}))
@pytest.mark.timeout(600)
def test_solutions_run_with_the_public_half_alone(public_half, tmp_path, week):
    # A whole week in one process, since each has to load TensorFlow.
    jobs = {}
    for notebook in (n for n in NOTEBOOKS if n.startswith(week)):
        for name in NOTEBOOKS[notebook].exercises:
            key = f"{notebook}/{name}"
            jobs[key] = tmp_path / notebook / name, trial(key, seed=7)
            _write_job(key, *jobs[key])
    done = _python(public_half, "-m", "utils.exercises.worker", *(str(folder) for folder, _ in jobs.values()))
    assert done.returncode == 0, done.stderr
    for key, (folder, cases) in jobs.items():
        outcomes = [unpack_outcome(path.read_bytes()) for path in sorted(folder.glob("outcome_*.npz"))]
        verdict = cases.judge_outcomes(outcomes)
        assert verdict.passed, f"{key}: {verdict.problem}"


def _write_job(key: str, folder: Path, cases: Trial) -> None:
    source = surroundings(split_key(key)[0]) + solution_cell(key).source
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"key": key, "source": source}))
    for number, case in enumerate(cases.cases):
        (folder / f"case_{number:03}.npz").write_bytes(pack_case(case))
