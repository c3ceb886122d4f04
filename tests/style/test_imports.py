"""What a NumPy notebook of week 1 imports never brings TensorFlow or Keras along, in fact and not only by contract."""

import subprocess
import sys

import pytest

PARTS = ["utils.layers", "utils.plots", "utils.data", "utils.grading", "utils.course.start"]


@pytest.mark.parametrize("part", PARTS)
def test_importing_brings_no_framework(part):
    code = f"import sys, {part}\nprint([name for name in ('tensorflow', 'keras', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
