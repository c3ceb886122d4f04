"""The NumPy layers start fast because they import nothing large."""

import subprocess
import sys


def test_importing_the_layers_imports_neither_tensorflow_nor_keras_nor_scipy():
    program = (
        "import sys, utils.layers; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'scipy', 'torch', 'jax'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
