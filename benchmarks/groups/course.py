"""Every notebook of the course under nbval, as `make test` runs them: two at a time, outputs compared."""

import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.cases import Case, Detail, Form, Work
from utils.course.environment import kernel_environment
from utils.course.stages import all_stages
from utils.grading.notebooks import course_root

MOST_SECONDS = 20 * 60


def run_notebooks() -> list[Detail]:
    """Run the stage and return each notebook's seconds; together they are more than the whole, since two run at a time.

    Raises
    ------
    RuntimeError
        When a notebook fails.
    """
    stage = next(stage for stage in all_stages(course_root()) if stage.name == "notebooks")
    with tempfile.TemporaryDirectory(prefix="bench-course-") as folder:
        report = Path(folder, "report.xml")
        done = subprocess.run(
            [*stage.commands[0], "-q", "--junitxml", str(report)],
            cwd=course_root(),
            env=kernel_environment(progress_bars=False),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"the notebooks do not pass: {done.stdout[-1500:]}")
        return seconds_by_notebook(report.read_text(encoding="utf-8"))


def seconds_by_notebook(report: str) -> list[Detail]:
    """Add up the cells' seconds of a report in JUnit's XML, the longest notebook first."""
    seconds: dict[str, float] = defaultdict(float)
    for test in ElementTree.fromstring(report).iter("testcase"):
        week, _, file = test.get("classname").partition(".")  # pytest writes dots for slashes
        seconds[f"{week}/{file}"] += float(test.get("time"))
    return [Detail(name, value) for name, value in sorted(seconds.items(), key=lambda row: -row[1])]


CASES = [
    Case(
        "all notebooks",
        "every notebook under nbval, two at a time",
        lambda: Work(Form(run_notebooks)),
        most_seconds=MOST_SECONDS,
        rounds=1,
    )
]
