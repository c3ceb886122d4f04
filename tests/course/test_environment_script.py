"""scripts/environment.sh on machines that lack something: one sentence, status 1; and no work done twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "environment.sh"
TOOLS = [
    "bash",
    "env",
    "dirname",
    "cat",
    "cksum",
    "head",
    "tail",
    "tr",
    "grep",
    "df",
    "awk",
    "rm",
    "sleep",
    "flock",
]
NOWHERE = "http://127.0.0.1:9/simple"


@pytest.fixture
def machine(tmp_path):
    """A course without requirements, and a PATH with nothing on it but what the script calls."""
    root, tools = tmp_path / "course", tmp_path / "bin"
    (root / "scripts").mkdir(parents=True)
    tools.mkdir()
    shutil.copy(SCRIPT, root / "scripts")
    (root / "requirements.txt").write_text("")
    (root / "pyproject.toml").write_text("")
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))
    return Machine(root, tools)


class Machine:
    def __init__(self, root, tools):
        self.root, self.tools = root, tools

    def program(self, name, text):
        (self.tools / name).write_text(f"#!{shutil.which('sh')}\n{text}\n")
        (self.tools / name).chmod(0o755)

    def python(self, name="python3.11", instead=""):
        self.program(name, f'{instead}\nexec "{sys._base_executable}" "$@"')

    def run(self, **environment):
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_", "PYTHON"))
        }
        clean |= {
            "PATH": str(self.tools),
            "PIP_RETRIES": "0",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
        }
        return subprocess.run(
            [self.root / "scripts" / "environment.sh"],
            env=clean | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


def one_sentence(done):
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    lines = [
        line
        for line in done.stderr.splitlines()
        if not line.startswith(("Making .venv", "Installing the course"))
    ]
    assert len(lines) == 1, done.stderr
    assert lines[0].endswith(".")
    return lines[0]


def test_without_python(machine):
    assert one_sentence(machine.run()).startswith("No Python 3.11, 3.12 or 3.13 was found: install one")


def test_a_python_that_does_not_fit_is_passed_over(machine):
    machine.program("python3", "exit 1")
    assert one_sentence(machine.run()).startswith("No Python 3.11, 3.12 or 3.13 was found")


def test_without_the_venv_module(machine):
    machine.python(instead='case "$*" in *ensurepip*) exit 1;; esac')
    assert "has no venv module: install it" in one_sentence(machine.run())
    assert not (machine.root / ".venv").exists()


def test_with_too_little_disk(machine):
    machine.python()
    sentence = one_sentence(machine.run(COURSE_NEEDED_MB="999999999"))
    assert sentence.startswith("The disk is nearly full: the course needs about 999999999 MB")
    assert not (machine.root / ".venv").exists()


@pytest.mark.slow
def test_when_the_disk_fills_up_half_way(machine):
    machine.python()
    machine.program(
        "uv", FAKE_UV.format(install='echo "error: No space left on device (os error 28)" >&2; exit 2')
    )
    assert one_sentence(machine.run()).startswith("The disk is full")


@pytest.mark.slow
def test_without_network(machine):
    machine.python()
    (machine.root / "requirements.txt").write_text("no-such-package-anywhere==1.0\n")
    sentence = one_sentence(machine.run(PIP_NO_INDEX="0", PIP_INDEX_URL=NOWHERE))
    assert sentence.startswith("The package index cannot be reached")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_without_network_with_uv(machine):
    machine.python()
    uv = subprocess.run(["uv", "--version"], capture_output=True, check=False)
    if uv.returncode:
        pytest.skip("uv does not run here")
    machine.program("uv", f'exec "{shutil.which("uv")}" "$@"')
    (machine.root / "requirements.txt").write_text("no-such-package-anywhere==1.0\n")
    path = f"{machine.tools}:{os.environ['PATH']}"
    sentence = one_sentence(
        machine.run(PATH=path, UV_INDEX_URL=NOWHERE, UV_NO_CONFIG="1", UV_HTTP_RETRIES="0")
    )
    assert sentence.startswith("The package index cannot be reached")


@pytest.mark.slow
def test_a_package_that_does_not_exist_points_to_the_log(machine):
    machine.python()
    machine.program("uv", FAKE_UV.format(install='echo "error: nothing provides x" >&2; exit 1'))
    assert one_sentence(machine.run()).startswith("The packages could not be installed")
    assert "nothing provides x" in (machine.root / ".venv" / "install.log").read_text()


# Stands in for uv: makes an environment without packages, and notes each installation.
FAKE_UV = """case "$1" in
--version) echo uv 0;;
venv) "{python}" -m venv --without-pip .venv;;
pip) {install};;
esac""".replace("{python}", sys._base_executable)


@pytest.mark.slow
def test_second_run_does_nothing_until_the_requirements_change(machine):
    machine.python()
    machine.program("uv", FAKE_UV.format(install="echo x >> installs"))
    installs = machine.root / "installs"
    assert machine.run().returncode == 0
    second = machine.run()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert installs.read_text().split() == ["x"]
    (machine.root / "requirements.txt").write_text("# changed\n")
    assert machine.run().returncode == 0
    assert installs.read_text().split() == ["x", "x"]


@pytest.mark.slow
def test_an_interrupted_installation_starts_afresh(machine):
    machine.python()
    machine.program("uv", FAKE_UV.format(install=": > .venv/half; exit 1"))
    assert machine.run().returncode == 1
    assert (machine.root / ".venv" / "half").exists()
    machine.program("uv", FAKE_UV.format(install="true"))
    assert machine.run().returncode == 0
    assert not (machine.root / ".venv" / "half").exists()
    assert machine.run().stderr == ""


@pytest.mark.slow
def test_a_moved_course_gets_a_new_environment(machine):
    machine.python()
    machine.program("uv", FAKE_UV.format(install=": > .venv/there"))
    assert machine.run().returncode == 0
    machine.root = machine.root.rename(machine.root.with_name("moved"))
    machine.program("uv", FAKE_UV.format(install="true"))
    assert machine.run().returncode == 0
    assert not (machine.root / ".venv" / "there").exists()
