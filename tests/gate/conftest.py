"""Adds the gate's totals to pytest's closing lines, also when several workers share the exercises."""

from utils.gate.inspect import Report, totals


def pytest_terminal_summary(terminalreporter):
    reports = [
        Report(**value)
        for outcome in ("passed", "failed")
        for test in terminalreporter.getreports(outcome)
        for name, value in test.user_properties
        if name == "gate"
    ]
    if not reports:
        return
    terminalreporter.section("the gate")
    for report in reports:
        for change, reason in report.excused.items():
            terminalreporter.write_line(
                f"{report.key}: survives, since it changes nothing: {change} ({reason})"
            )
    terminalreporter.write_line(", ".join(f"{value} {name}" for name, value in totals(reports).items()))
