"""The soak in small: sixty submissions on a cluster that loses workers and a client, and a grading killed ten times."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_nothing_is_lost_doubled_or_changed(system_part):
    system_part("bubblewrap")
    done = subprocess.run(
        [sys.executable, "scripts/soak.py", "60"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was lost, doubled or changed" in done.stdout
