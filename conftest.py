"""Puts every test, and every kernel that a test starts, into the course's fixed environment."""

import os

import hypothesis
import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager

from utils.course.environment import find_system_part, in_ci, kernel_environment
from utils.course.kernels import private_connection

os.environ.update(kernel_environment(progress_bars=False))

# No test is timed: a machine with other work would make it fail.
hypothesis.settings.register_profile("course", deadline=None)
hypothesis.settings.load_profile("course")


def _manager_with_its_own_sockets(**traits) -> KernelManager:
    return KernelManager(**private_connection(), **traits)


_start_kernel = nbval.kernel.start_new_kernel


def _start_kernel_with_a_second_try(*arguments, **options):
    """Start a kernel; once more when the first died before a single cell of the notebook was sent to it."""
    try:
        return _start_kernel(*arguments, **options)
    except RuntimeError:
        return _start_kernel(*arguments, **options)


# nbval has no setting for either.
nbval.kernel.KernelManager = _manager_with_its_own_sockets
nbval.kernel.start_new_kernel = _start_kernel_with_a_second_try


@pytest.fixture
def system_part():
    """Return a function that finds a system package's program; without it the test is skipped, in CI it fails."""

    def find(package: str) -> str:
        path = find_system_part(package)
        if path is None:
            missing = f"the system package {package} is not installed"
            (pytest.fail if in_ci() else pytest.skip)(missing)
        return path

    return find


def pytest_terminal_summary(terminalreporter):
    """Add the gate's totals to the closing lines.

    Here rather than beside the gate's tests: with several workers the process that prints reads no other conftest.
    """
    found = [
        value
        for outcome in ("passed", "failed")
        for test in terminalreporter.getreports(outcome)
        for name, value in test.user_properties
        if name == "gate"
    ]
    if not found:
        return
    from utils.gate.inspect import Report, totals

    reports = [Report(**value) for value in found]
    terminalreporter.section("the gate")
    for report in reports:
        for change, reason in report.excused.items():
            terminalreporter.write_line(
                f"{report.key}: survives, since it changes nothing: {change} ({reason})"
            )
    dearest = sorted(reports, key=lambda report: report.seconds, reverse=True)[:10]
    dear = ", ".join(f"{report.key} {report.seconds:.0f}" for report in dearest)
    terminalreporter.write_line(
        f"{sum(report.seconds for report in reports):.0f} s of processor time; most for {dear}"
    )
    terminalreporter.write_line(", ".join(f"{value} {name}" for name, value in totals(reports).items()))
