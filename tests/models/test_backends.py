"""The networks need no certain backend: under JAX and PyTorch they give what they give under TensorFlow."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.models.on_backend import outputs
from utils.course.environment import in_ci

ALWAYS_IN_CI = ("jax",)
# JAX compiles each operation for each shape and runs it once, so that optimising it is not worth the time.
QUICK_COMPILATION = "--xla_backend_optimization_level=0"


@pytest.fixture(scope="module")
def under_tensorflow():
    yield outputs()
    keras.backend.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_gives_what_tensorflow_gives(backend, under_tensorflow, tmp_path):
    if importlib.util.find_spec(backend) is None:
        stop = pytest.fail if in_ci() and backend in ALWAYS_IN_CI else pytest.skip
        stop(f"{backend} is not installed")
    file = tmp_path / "outputs.npz"
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.on_backend", str(file)],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": QUICK_COMPILATION},
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = dict(np.load(file))
    assert found.pop("backend") == backend
    assert found.keys() == under_tensorflow.keys()
    for name, wanted in under_tensorflow.items():
        assert not np.allclose(wanted[..., :1], wanted[..., 1:], atol=1e-2), f"{name}: nothing to compare"
        np.testing.assert_allclose(
            found[name], wanted, rtol=1e-4, atol=1e-4, err_msg=f"{name} under {backend}"
        )
